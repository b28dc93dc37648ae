"""Every error as RFC 9457 `application/problem+json`, with a remedy and no internals."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from indexer.errors import QuothError
from service.errors import (
    ArticleUnknownError,
    OverloadedError,
    QuestionError,
    RateLimitedError,
    RequestGoneError,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MAX_FAULTS = 50  # listed in one problem
_MAX_CHARACTERS = 200  # of a field's name that a client sent, or of an error's message

CLIENT_GONE = 499
"""Status in logs and metrics of a request whose client has disconnected; never sent. nginx's number."""

# Status -> (last part of the problem's type, title, remedy).
_KINDS: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", "The request could not be read", "Send valid HTTP/1.1, and JSON in UTF-8."),
    401: (
        "no-key",
        "A key is needed",
        "Send a key made with `quoth keys add`, as `Authorization: Bearer KEY`.",
    ),
    403: (
        "not-allowed",
        "This is not allowed",
        "Use a key of the required scope, from the service's own page or a site in QUOTH_ALLOWED_ORIGINS.",
    ),
    404: ("not-found", "Not found", "See /openapi.json for all endpoints."),
    405: ("method-not-allowed", "This method is not allowed", "Use a method of the Allow header."),
    408: ("too-slow", "The request took too long to arrive", "Send the whole request without a pause."),
    413: ("too-large", "The request is too large", "Send a smaller body, or fewer questions at once."),
    414: ("target-too-long", "The URL is too long", "Send a shorter path or query."),
    415: ("unsupported-media-type", "This media type is not supported", "Send application/json."),
    421: (
        "other-host",
        "This host name is not allowed",
        "Use a host name of the service, or add this one to QUOTH_ALLOWED_HOSTS.",
    ),
    422: (
        "invalid-request",
        "The request is not valid",
        "Correct what the detail names and send the request again.",
    ),
    429: ("rate", "Too many requests", "Wait as long as Retry-After says, then try again."),
    431: ("headers-too-large", "The headers are too large", "Send fewer or shorter headers."),
    CLIENT_GONE: ("gone", "The client has disconnected", "Send the request again."),
    500: ("internal", "Internal error", "Try again; if it happens again, report the request_id."),
    501: (
        "not-implemented",
        "This transfer coding is not supported",
        "Send the body with Content-Length, or chunked.",
    ),
    503: (
        "unavailable",
        "The service cannot answer now",
        "Wait as long as Retry-After says, then try again.",
    ),
    505: ("http-version", "This version of HTTP is not supported", "Use HTTP/1.1."),
}


class ProblemModel(BaseModel):
    """An error as an RFC 9457 problem, with a remedy."""

    type: str = Field(examples=["urn:quoth:problem:invalid-request"])
    title: str = Field(examples=["The request is not valid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["question: the question is empty"])
    remedy: str = Field(examples=["Correct what the detail names and send the request again."])
    instance: str = Field(examples=["/v1/answer"])
    request_id: str
    errors: list[dict[str, str]] | None = Field(
        default=None,
        description="For an invalid request: each error, with a JSON pointer to its field.",
    )


def problem(
    request: Request, status: int, detail: str, *, errors: Sequence[Mapping[str, str]] | None = None
) -> ProblemModel:
    """Return the problem for a status; `detail` is for the person who sent the request."""
    kind, title, remedy = _KINDS.get(status) or (
        "http-error",
        HTTPStatus(status).phrase,
        "See /openapi.json for all endpoints.",
    )
    return ProblemModel(
        type=f"urn:quoth:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        remedy=remedy,
        instance=request.url.path,
        request_id=request_id(request),
        errors=None if errors is None else [dict(error) for error in errors],
    )


def request_id(request: Request) -> str:
    """Return the id that the response's X-Request-ID carries."""
    return str(request.scope.get("quoth.request_id", ""))


def respond(described: ProblemModel, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response for a problem."""
    return JSONResponse(
        described.model_dump(mode="json", exclude_none=True),
        status_code=described.status,
        media_type=MEDIA_TYPE,
        # A problem may be made outside the middleware that sets this header for all other responses.
        headers={**(headers or {}), "x-request-id": described.request_id},
    )


def of_quoth_error(request: Request, error: QuothError) -> ProblemModel:
    """Return the problem for one of our errors: a caller's mistake is shown, anything else only logged."""
    if isinstance(error, QuestionError):
        return problem(request, 422, str(error), errors=[{"pointer": error.field, "message": str(error)}])
    if isinstance(error, ArticleUnknownError):
        return problem(request, 404, str(error))
    if isinstance(error, OverloadedError):
        return problem(request, 503, str(error))
    if isinstance(error, RequestGoneError):
        return problem(request, CLIENT_GONE, str(error))
    if isinstance(error, RateLimitedError):
        return problem(request, 429, str(error))
    return of_failure(request, error)


def of_failure(request: Request, error: Exception) -> ProblemModel:
    """Log an internal error, and return a problem that says nothing about it."""
    log.error("request %s failed", request_id(request), exc_info=error)
    return problem(request, 500, "The request could not be completed.")


def of_validation(request: Request, errors: Sequence[Mapping[str, Any]]) -> ProblemModel:
    """Return the problem for Pydantic's errors; it does not repeat the values that were sent."""
    faults = []
    for error in errors[:_MAX_FAULTS]:
        # The location of invalid JSON is a number of bytes, not a field.
        path = [] if error.get("type") == "json_invalid" else [_clean(str(part)) for part in error["loc"]]
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
        faults.append({"pointer": pointer, "message": _clean(str(error["msg"]))})
    detail = "; ".join(f"{fault['pointer'].strip('/') or 'body'}: {fault['message']}" for fault in faults[:5])
    return problem(request, 422, detail, errors=faults)


def _clean(text: str) -> str:
    # A field's name may be as long as the body, and may hold half a surrogate pair, which UTF-8 cannot
    # encode.
    cut = text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
    return cut.encode("utf-8", "replace").decode("utf-8")


def install(app: FastAPI) -> None:
    """Turn every error of an application into a problem."""

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        found = error.errors()[:_MAX_FAULTS] if isinstance(error, RequestValidationError) else []
        # FastAPI's locations begin with the part of the request: body, query or path.
        return respond(of_validation(request, [{**fault, "loc": fault["loc"][1:]} for fault in found]))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        status = getattr(error, "status_code", 500)
        headers = getattr(error, "headers", None)
        detail = _KINDS.get(status, ("", HTTPStatus(status).phrase, ""))[1]
        return respond(problem(request, status, f"{request.method} {request.url.path}: {detail}."), headers)

    async def on_quoth(request: Request, error: Exception) -> JSONResponse:
        wait = getattr(error, "retry_after", None)
        headers = None if wait is None else {"retry-after": str(wait)}
        known = error if isinstance(error, QuothError) else QuothError()
        return respond(of_quoth_error(request, known), headers)

    async def on_any(request: Request, error: Exception) -> JSONResponse:
        return respond(of_failure(request, error))

    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(QuothError, on_quoth)
    app.add_exception_handler(Exception, on_any)
