"""What wraps every request: an id, headers that keep browsers safe, a bound on the body's size."""

from __future__ import annotations

import re
import uuid

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems

# What a client may choose as its request's id: nothing that could forge a line in a log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY_HEADERS = {
    # The pages are HTML, one style sheet and the chat's modules, all our own. No text can become markup or
    # script: where a browser has Trusted Types, no policy may make it so.
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class RequestIdMiddleware:
    """Gives each request an id, the client's `X-Request-ID` if it is a plain one, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        chosen = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope["quoth.request_id"] = chosen

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = chosen
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimitMiddleware:
    """Answers 413 as soon as a body is larger than allowed, counted as it arrives.

    Starlette's own limiter answers in plain text where the body goes unread.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        detail = f"The body may have {self._max_bytes:,} bytes, and has more."
        # The rest of the body is not read, so the connection cannot be used again.
        headers = {"connection": "close"}
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            described = problems.problem(Request(scope), 413, detail)
            await problems.respond(described, headers)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                # FastAPI lets this kind pass where it turns others into 400; `problems` describes it.
                raise HTTPException(413, detail, headers)
            return message

        await self._app(scope, counted, send)
