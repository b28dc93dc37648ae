"""create_app: an Answerer and Settings -> the web application. A pure factory: it opens nothing."""

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

from service import problems, routes
from service.access.gate import AccessMiddleware, HostMiddleware, Paths
from service.access.keyring import Keyring
from service.access.keys import Scope
from service.access.rates import Limiter, Rate
from service.access.throttling import RateMiddleware
from service.answerer import Answerer
from service.examples import ANSWER
from service.middleware import BodyLimitMiddleware, FailureMiddleware, RequestIdMiddleware
from service.operation.admission import Admission
from service.operation.generations import Reloader, Serving, Source
from service.operation.lifecycle import Lifecycle, StoppingMiddleware
from service.operation.metrics import Metrics
from service.operation.observation import ObservationMiddleware
from service.pages import routes as page_routes
from service.schemas import ProblemModel
from service.settings import Settings
from service.widget import routes as widget_routes

_DESCRIPTION = """Answers questions over a body of articles **only in the articles' own words**.

Every answer is an exact span of an article's text, with a citation that anyone can check:
`article.text[start:end]` is the answer, for `text` from `GET /v1/articles/{id}` and offsets in Unicode
code points. Where the articles hold no answer the service abstains. Nothing is ever generated.

Every error is RFC 9457 `application/problem+json`."""


# Threads beside those that answer, for what is quick: articles, feedback, a look for a new generation.
_QUICK_THREADS = 8

# Open while the service stops, so that whoever watches it sees it do so.
WATCHED = ("/livez", "/readyz", "/metrics")


def create_app(answerer: Answerer, settings: Settings, source: Source | None = None) -> FastAPI:
    """Return the application that answers with `answerer`, and with what `source` has next if it is given."""
    serving = Serving(answerer)
    admission = Admission(settings.workers, settings.queue, settings.patience)
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
        # A redirection is no problem document, and its address would come from the Host header.
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
    # The last that is added is the first that a request meets.
    app.add_middleware(FailureMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes, seconds=settings.body_seconds)
    rate = None if settings.rate is None else Rate.parse(settings.rate)
    app.add_middleware(RateMiddleware, limiter=Limiter(), default=rate)
    keyring = None if settings.keys is None else Keyring(settings.keys)
    app.add_middleware(AccessMiddleware, keyring=keyring, origins=settings.origins)
    app.add_middleware(StoppingMiddleware, lifecycle=lifecycle, open_paths=WATCHED)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
            max_age=600,
        )
    app.add_middleware(HostMiddleware, hosts=settings.hosts)
    app.add_middleware(ObservationMiddleware, metrics=metrics, questions=settings.log_questions)
    app.add_middleware(RequestIdMiddleware, frames=settings.frames)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, object]:
    """FastAPI's description of the interface, with our problems in place of its validation errors."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        components = schema["components"]["schemas"]
        components["ProblemModel"] = ProblemModel.model_json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        components["BatchRequest"]["properties"]["requests"]["maxItems"] = app.state.settings.max_batch
        components["AnswerResponse"]["examples"] = [ANSWER]  # FastAPI would leave out its nulls
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        if app.state.settings.keys is not None:
            _describe_keys(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _describe_keys(schema: dict[str, Any]) -> None:
    """Say in the description which key each path asks for."""
    schema["components"]["securitySchemes"] = {
        scope: {
            "type": "http",
            "scheme": "bearer",
            "description": f"A key for scope {scope}, of `quoth keys add`.",
        }
        for scope in get_args(Scope)
    }
    paths = Paths()
    for path, methods in schema["paths"].items():
        if not paths.is_open(path):
            scope: Scope = "admin" if paths.is_admin(path) else "ask"
            for operation in methods.values():
                operation["security"] = [{scope: []}]
