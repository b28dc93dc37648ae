"""Runs the application on a listening socket until a signal stops it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.server.protocol import GuardedProtocol
from service.web.settings import ConnectionSettings

log = logging.getLogger(__name__)

# After the listener has closed: time for the first request of a connection that was accepted just before.
_SETTLE_SECONDS = 0.25
_LOG_SECONDS = 0.2


def serve(
    app: ASGIApp,
    listener: socket.socket,
    limits: ConnectionSettings | None = None,
    *,
    on_stopping: Callable[[], None] | None = None,
) -> None:
    """Serve `app` on a listening socket until SIGTERM or SIGINT; call it from the main thread only.

    At the signal `on_stopping` is called from the event loop, and connections are still accepted for
    `drain_seconds`, each closing after its response. Then the listener and all connections without a request
    close, and the accepted requests are finished. It returns when they are, and when all other threads that
    are not daemons have ended. If that takes longer than `grace_seconds` from the signal, the process exits
    at once with status 0, without the application's own shutdown: a thread may be in native code, which only
    the end of the process stops. A second signal ends the process at once, with that signal's status.

    Raises:
        SystemExit: with status 3 if the application fails to start.
    """

    def stopping() -> None:
        if server.signalled_at is not None:
            reaper.interval -= time.monotonic() - server.signalled_at
        reaper.start()
        if on_stopping is not None:
            on_stopping()

    server = QuothServer(app, limits, stopping)
    # A thread of its own: the event loop and all other threads may be busy.
    reaper = threading.Timer(server.limits.grace_seconds, _end, (server,))
    reaper.daemon = True
    # Accepted connections inherit it; asyncio sets it only on sockets with `proto` IPPROTO_TCP, and theirs is
    # 0. Without it the second part of a response waits until the client acknowledges the first, usually 40
    # ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        server.run(sockets=[listener])
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    reaper.cancel()


class QuothServer(uvicorn.Server):
    """uvicorn's server with `GuardedProtocol`; it goes on listening for `drain_seconds` after a signal.

    `serve` runs one; a test may `run` one in a thread and set `should_exit`.

    It relies on these parts of uvicorn (0.54): `Config`'s parameters; `should_exit`; `servers`;
    `server_state` and `lifespan.state`, for a protocol; `handle_exit`, called for each signal; and
    `shutdown`, called once `should_exit` is set, which closes idle connections and waits for the others,
    without a limit if there is no `timeout_graceful_shutdown`. uvicorn's own `handle_exit` records signals
    and raises them again at the end; this one records none, so that the exit status is 0.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: ConnectionSettings | None = None,
        on_stopping: Callable[[], None] | None = None,
    ) -> None:
        self.limits = limits or ConnectionSettings()
        self.requests = _Requests(app)
        self.signalled_at: float | None = None
        self._on_stopping = on_stopping
        self._protocol = GuardedProtocol.within(self.limits)
        super().__init__(
            uvicorn.Config(
                self.requests,
                loop="asyncio",
                http=self._protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=self.limits.backlog,
                timeout_keep_alive=self.limits.idle_seconds,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's own
        """Begin to stop at the first signal; let the second one end the process."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.signalled_at = time.monotonic()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Notify the application, drain, close the listener, and finish the accepted requests."""
        self.requests.last = True
        if self._on_stopping is not None:
            self._on_stopping()
        await asyncio.sleep(self.limits.drain_seconds)
        waiting = [
            self._take(connected) for listener in sockets or [] for connected in self._waiting(listener)
        ]
        for server in self.servers:
            server.close()
        await asyncio.gather(*waiting, return_exceptions=True)  # a client may have disconnected
        await asyncio.sleep(_SETTLE_SECONDS)
        await super().shutdown(sockets)

    def _waiting(self, listener: socket.socket) -> Iterator[socket.socket]:
        """Accept the backlog: clients see its connections as open, and closing the listener resets them."""
        with contextlib.suppress(OSError):  # BlockingIOError when there are no more
            for _ in range(self.limits.backlog):
                yield listener.accept()[0]

    async def _take(self, connected: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: self._protocol(self.config, self.server_state, self.lifespan.state), connected
        )


def _end(server: QuothServer) -> None:
    """End the process with status 0, whatever it is doing."""

    def report() -> None:
        log.warning(
            "stopped %g s after the signal with %d requests unfinished",
            server.limits.grace_seconds,
            server.requests.running,
        )

    # In a thread, because writing blocks if nobody reads the log.
    reporting = threading.Thread(target=report, daemon=True)
    reporting.start()
    reporting.join(_LOG_SECONDS)
    os._exit(0)


class _Requests:
    """Counts running requests; once `last` is set, each response closes its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.running = 0
        self.last = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if self.last and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        self.running += 1
        try:
            await self._app(scope, receive, send_last)
        finally:
            self.running -= 1
