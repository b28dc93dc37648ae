"""Whether the service accepts requests: it does until it is stopped."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web import problems

STOPPING = "The service is stopping and accepts no more requests."


class Lifecycle:
    """Set by a signal handler, read by every request: a plain attribute is enough."""

    stopping = False

    def stop(self) -> None:
        """Accept no more requests; those already accepted are answered."""
        self.stopping = True


class StoppingMiddleware:
    """While the service is stopping, answers 503 to all paths but `open_paths`."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, open_paths: Collection[str]) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        accepted = (
            not self._lifecycle.stopping or scope["type"] != "http" or scope["path"] in self._open_paths
        )
        if accepted:
            await self._app(scope, receive, send)
            return
        described = problems.problem(Request(scope), 503, STOPPING)
        # When the client tries again another process may be listening, so it must open a new connection.
        response = problems.respond(described, {"connection": "close", "retry-after": "1"})
        await response(scope, receive, send)
