"""Whether the service takes requests: it does until it is told to stop."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web import problems

STOPPING = "The service is stopping and takes no more requests."


class Lifecycle:
    """Set from a signal's handler, read by every request: a plain attribute is enough."""

    stopping = False

    def stop(self) -> None:
        """Take no more requests; those that have been taken are answered."""
        self.stopping = True


class StoppingMiddleware:
    """Once the service stops, answers 503 to all but `open_paths`, by which it is watched."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, open_paths: Collection[str]) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        taken = not self._lifecycle.stopping or scope["type"] != "http" or scope["path"] in self._open_paths
        if taken:
            await self._app(scope, receive, send)
            return
        described = problems.problem(Request(scope), 503, STOPPING)
        # Another process may listen by the time the client asks again, so it has to connect anew.
        response = problems.respond(described, {"connection": "close", "retry-after": "1"})
        await response(scope, receive, send)
