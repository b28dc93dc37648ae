"""Middleware for every request: an id, security headers, a limit on the body, internal errors as problems."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Collection

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web import problems

# A request id that a client may choose: it cannot forge a line in a log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_POLICY = "content-security-policy"
_NO_FRAMES = "frame-ancestors 'none'"
SECURITY_HEADERS = {
    # The pages load only our own style sheet, images and modules. With Trusted Types and no policy, a browser
    # turns no text into markup or script.
    _POLICY: "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    f"img-src 'self'; form-action 'self'; base-uri 'none'; {_NO_FRAMES}; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


# The rest of the body is not read, so the connection cannot be used again.
_CLOSE = {"connection": "close"}


class RequestIdMiddleware:
    """Gives each request an id, the client's `X-Request-ID` if it is a plain one, and sends it back.

    Every response also carries `SECURITY_HEADERS`. `frame_ancestors`: origins that may frame our pages.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: Collection[str] = ()) -> None:
        self._app = app
        policy = SECURITY_HEADERS[_POLICY]
        if frame_ancestors:
            policy = policy.replace(_NO_FRAMES, f"frame-ancestors {' '.join(frame_ancestors)}")
        self._headers = {**SECURITY_HEADERS, _POLICY: policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        chosen = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
        scope["quoth.request_id"] = chosen

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = chosen
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimitMiddleware:
    """Answers 413 to a body that is too large, counted as it arrives, and 408 to one that is too slow.

    The body is collected here and passed to the application in one piece: Starlette's list of pieces would
    take many times the body's size when each has a few bytes. `max_bytes`: 0 or more. `seconds`: more than 0,
    counted from when the application first reads the body.

    Starlette's own limiter answers in plain text when the application does not read the body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float = 30.0) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            described = problems.problem(Request(scope), 413, self._too_large)
            await problems.respond(described, _CLOSE)(scope, receive, send)
            return
        collected = False

        async def receive_whole() -> Message:
            nonlocal collected
            if collected:
                return await receive()
            collected = True
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._collect(receive)
            except TimeoutError as error:
                detail = f"The body did not arrive within {self._seconds:g} s."
                raise HTTPException(408, detail, _CLOSE) from error

        await self._app(scope, receive_whole, send)

    @property
    def _too_large(self) -> str:
        return f"The body has more than {self._max_bytes:,} bytes."

    async def _collect(self, receive: Receive) -> Message:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message  # the client has disconnected
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                # FastAPI turns other exceptions into 400 and lets HTTPException pass.
                raise HTTPException(413, self._too_large, _CLOSE)
            if not message.get("more_body", False):
                return {**message, "body": bytes(body)}


class FailureMiddleware:
    """Answers 500 to an unexpected error, inside the middleware that sets the headers of every response.

    Starlette's own handler is outside of it: without CORS headers another site's page could not read the
    problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            request = Request(scope)
            await problems.respond(problems.of_failure(request, error))(scope, receive, send)
