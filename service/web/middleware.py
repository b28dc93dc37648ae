"""What wraps every request: an id, headers that keep browsers safe, a bound on the body's size."""

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

# What a client may choose as its request's id: nothing that could forge a line in a log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_POLICY = "content-security-policy"
_NO_FRAMES = "frame-ancestors 'none'"
SECURITY_HEADERS = {
    # The pages are HTML, one style sheet and the chat's modules, all our own. No text can become markup or
    # script: where a browser has Trusted Types, no policy may make it so.
    _POLICY: "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    f"img-src 'self'; form-action 'self'; base-uri 'none'; {_NO_FRAMES}; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


# The rest of the body is not read, so the connection cannot be used again.
_LAST = {"connection": "close"}


class RequestIdMiddleware:
    """Gives each request an id, the client's `X-Request-ID` if it is a plain one, and answers with it.

    Every response also carries `SECURITY_HEADERS`. `frame_ancestors`: sites that may show our pages in a frame.
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
        given = Headers(scope=scope).get("x-request-id", "")
        chosen = given if _ID.fullmatch(given) else uuid.uuid4().hex
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
    """Answers 413 as soon as a body is larger than allowed, counted as it arrives, and 408 if it is too slow.

    The body is gathered here and reaches the application in one piece: of pieces of a few bytes each, a list
    would take many times the body's size. `max_bytes`: of a body, 0 or more. `seconds`: more than 0, from
    when the application first asks for the body until all of it must be there.

    Starlette's own limiter answers in plain text where the body goes unread.
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
            await problems.respond(described, _LAST)(scope, receive, send)
            return
        gathered = False

        async def receive_whole() -> Message:
            nonlocal gathered
            if gathered:
                return await receive()
            gathered = True
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._gather(receive)
            except TimeoutError as error:
                detail = f"The body may take {self._seconds:g} s to arrive, and is not complete."
                raise HTTPException(408, detail, _LAST) from error

        await self._app(scope, receive_whole, send)

    @property
    def _too_large(self) -> str:
        return f"The body may have {self._max_bytes:,} bytes, and has more."

    async def _gather(self, receive: Receive) -> Message:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message  # the client has gone
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                # FastAPI lets this kind pass where it turns others into 400; `problems` describes it.
                raise HTTPException(413, self._too_large, _LAST)
            if not message.get("more_body", False):
                return {**message, "body": bytes(body)}


class FailureMiddleware:
    """Answers 500 where the application fails, within what gives every response its headers.

    Starlette's own handler stands outside of them: a page of another site could not read the problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            request = Request(scope)
            await problems.respond(problems.of_failure(request, error))(scope, receive, send)
