"""create_app: an Answerer and Settings -> the web application. A pure factory: it opens nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi

from service import problems, routes
from service.answerer import Answerer
from service.examples import ANSWER
from service.middleware import BodyLimitMiddleware, RequestIdMiddleware
from service.pages import routes as page_routes
from service.schemas import ProblemModel
from service.settings import Settings
from service.widget import routes as widget_routes

_DESCRIPTION = """Answers questions over a body of articles **only in the articles' own words**.

Every answer is an exact span of an article's text, with a citation that anyone can check:
`article.text[start:end]` is the answer, for `text` from `GET /v1/articles/{id}` and offsets in Unicode
code points. Where the articles hold no answer the service abstains. Nothing is ever generated.

Every error is RFC 9457 `application/problem+json`."""


def create_app(answerer: Answerer, settings: Settings) -> FastAPI:
    """Return the application that answers with `answerer`."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Handlers run in this pool. More threads than cores would only slow each other down.
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.workers
        yield

    app = FastAPI(
        title="Quoth",
        summary="Questions answered in the articles' own words, with citations.",
        description=_DESCRIPTION,
        version=version("quoth"),
        # The interactive documentation would load scripts from another host.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.answerer = answerer
    app.state.settings = settings
    app.include_router(routes.router)
    app.include_router(page_routes.router)
    app.include_router(widget_routes.router)
    problems.install(app)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestIdMiddleware)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
            expose_headers=["retry-after", "x-request-id"],
            max_age=600,
        )
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
        components["AnswerResponse"]["examples"] = [ANSWER]  # FastAPI would leave out its nulls
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema
