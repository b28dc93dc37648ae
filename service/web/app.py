"""create_app: an Answerer and WebSettings -> the web application. A pure factory: it opens nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, get_args

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi

from service.answering.answerer import Answerer
from service.web import problems, routes
from service.web.access.gate import AccessMiddleware, HostMiddleware, Paths
from service.web.access.keyring import Keyring
from service.web.access.keys import Scope
from service.web.access.rates import Limiter
from service.web.access.throttling import RateMiddleware
from service.web.examples import ANSWER
from service.web.middleware import BodyLimitMiddleware, FailureMiddleware, RequestIdMiddleware
from service.web.operation.admission import Admission
from service.web.operation.generations import Reloader, Serving, Source
from service.web.operation.lifecycle import Lifecycle, StoppingMiddleware
from service.web.operation.metrics import Metrics
from service.web.operation.observation import ObservationMiddleware
from service.web.pages import routes as page_routes
from service.web.settings import WebSettings
from service.web.widget import routes as widget_routes

_DESCRIPTION = """Answers questions over a body of articles **only in the articles' own words**.

Every answer is an exact span of an article's text, with a citation that anyone can check:
`article.text[start:end]` is the answer, with `text` from `GET /v1/articles/{id}` and offsets in Unicode
code points. Where the articles hold no answer the service abstains. Nothing is ever generated.

Every error is RFC 9457 `application/problem+json`."""


# Threads for short work: articles, feedback, checks for a new generation. Answers have threads of their own.
_QUICK_THREADS = 8

MONITORING_PATHS = ("/livez", "/readyz", "/metrics")
"""Paths that still answer while the service is stopping."""


def create_app(answerer: Answerer, settings: WebSettings, source: Source | None = None) -> FastAPI:
    """Return an application that answers with `answerer`, and then with each new generation of `source`."""
    serving = Serving(answerer)
    admission = Admission(settings.admission)
    metrics = Metrics(serving, admission)
    lifecycle = Lifecycle()
    reloader = Reloader(serving, source, on_check=metrics.reloaded)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _QUICK_THREADS
        watching = None
        if source is not None and settings.reload_seconds > 0:
            watching = asyncio.create_task(reloader.watch(settings.reload_seconds))
        yield
        if watching is not None:
            watching.cancel()

    app = FastAPI(
        title="Quoth",
        summary="Questions answered in the articles' own words, with citations.",
        description=_DESCRIPTION,
        version=version("quoth"),
        # The interactive documentation would load scripts from another host.
        docs_url=None,
        redoc_url=None,
        # A redirect is not a problem document, and its address would come from the Host header.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.serving = serving
    app.state.admission = admission
    app.state.metrics = metrics
    app.state.lifecycle = lifecycle
    app.state.reloader = reloader
    app.include_router(routes.router)
    app.include_router(page_routes.router)
    app.include_router(widget_routes.router)
    problems.install(app)
    # The last one added is the first to handle a request.
    app.add_middleware(FailureMiddleware)
    app.add_middleware(
        BodyLimitMiddleware,
        max_bytes=settings.requests.max_body_bytes,
        seconds=settings.connections.body_seconds,
    )
    access = settings.access
    app.add_middleware(RateMiddleware, limiter=Limiter(), default=access.rate_limit)
    keyring = None if access.keys is None else Keyring(access.keys)
    app.add_middleware(AccessMiddleware, keyring=keyring, origins=access.allowed_origins)
    app.add_middleware(StoppingMiddleware, lifecycle=lifecycle, open_paths=MONITORING_PATHS)
    if access.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=access.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
            max_age=600,
        )
    app.add_middleware(HostMiddleware, hosts=access.allowed_hosts)
    app.add_middleware(ObservationMiddleware, metrics=metrics, questions=settings.logs.log_questions)
    app.add_middleware(RequestIdMiddleware, frame_ancestors=access.frame_ancestors)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, object]:
    """FastAPI's OpenAPI description, with our problems in place of its validation errors."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        components = schema["components"]["schemas"]
        components["ProblemModel"] = problems.ProblemModel.model_json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        components["BatchRequest"]["properties"]["requests"]["maxItems"] = (
            app.state.settings.requests.max_batch
        )
        components["AnswerResponse"]["examples"] = [ANSWER]  # FastAPI would drop its nulls
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        if app.state.settings.access.keys is not None:
            _describe_keys(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _describe_keys(schema: dict[str, Any]) -> None:
    """Add to the description which key each path requires."""
    schema["components"]["securitySchemes"] = {
        scope: {
            "type": "http",
            "scheme": "bearer",
            "description": f"A key of scope {scope}, made with `quoth keys add`.",
        }
        for scope in get_args(Scope)
    }
    paths = Paths()
    for path, methods in schema["paths"].items():
        if not paths.is_open(path):
            scope: Scope = "admin" if paths.is_admin(path) else "ask"
            for operation in methods.values():
                operation["security"] = [{scope: []}]
