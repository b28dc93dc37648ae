"""The server process around the application: from a listening socket until it is told to stop."""

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

# After the listener has closed: for the first request of a connection that was accepted just before.
_SETTLE_SECONDS = 0.25
_TELL_SECONDS = 0.2


def serve(
    app: ASGIApp,
    listener: socket.socket,
    limits: ConnectionSettings | None = None,
    *,
    on_stopping: Callable[[], None] | None = None,
) -> None:
    """Serve `app` on a listening socket until SIGTERM or SIGINT; for a process's main thread.

    At the signal `on_stopping` is called, from the event loop, and the service goes on to accept connections
    for `drain_seconds`, each closing after its response. Then the listener closes, with every connection that
    has no request, and the accepted requests are finished. It returns when they are, and when no other thread
    holds the process up. If that takes longer than `grace_seconds` from the signal, the process ends here and
    now with status 0, without the application's own shutdown: a thread may still be within native code, which
    only the end of the process stops. A second signal ends it at once, with that signal's status.

    Raises:
        SystemExit: status 3, if the application's start-up fails.
    """

    def stopping() -> None:
        if server.asked is not None:
            reaper.interval -= time.monotonic() - server.asked
        reaper.start()
        if on_stopping is not None:
            on_stopping()

    server = QuothServer(app, limits, stopping)
    # A thread of its own, so that it needs neither the event loop nor any thread that may be busy.
    reaper = threading.Timer(server.limits.grace_seconds, _end, (server,))
    reaper.daemon = True
    # Connections inherit it. asyncio sets it on sockets that say they are TCP's, which a listener's do not:
    # without it the second piece of an answer waits until the client acknowledges the first, mostly 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        server.run(sockets=[listener])
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    reaper.cancel()


class QuothServer(uvicorn.Server):
    """uvicorn's server, with `GuardedProtocol`, and an end that begins while it still listens.

    `serve` runs one; a test may `run` one in a thread and set `should_exit`.

    Of uvicorn (0.54) it relies on: `Config`'s parameters; `should_exit`; `servers`; `server_state` and
    `lifespan.state`, for a protocol; `handle_exit`, called for each signal; and `shutdown`, called once
    `should_exit` is set, which closes idle connections and waits for the others, for ever without
    `timeout_graceful_shutdown`. Of the signals that uvicorn's own `handle_exit` notes, and raises again after
    the end, it notes none, so that the exit status is 0.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: ConnectionSettings | None = None,
        on_stopping: Callable[[], None] | None = None,
    ) -> None:
        self.limits = limits or ConnectionSettings()
        self.requests = _Requests(app)
        self.asked: float | None = None
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
        """Note the first signal; let the second do what signals do."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.asked = time.monotonic()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the application, drain, close the listener, and finish what was accepted."""
        self.requests.last = True
        if self._on_stopping is not None:
            self._on_stopping()
        await asyncio.sleep(self.limits.drain_seconds)
        waiting = [
            self._take(connected) for listener in sockets or [] for connected in self._waiting(listener)
        ]
        for server in self.servers:
            server.close()
        await asyncio.gather(*waiting, return_exceptions=True)  # a client may have left again
        await asyncio.sleep(_SETTLE_SECONDS)
        await super().shutdown(sockets)

    def _waiting(self, listener: socket.socket) -> Iterator[socket.socket]:
        """Accept what waits at a listener: clients hold it for connected, and its closing would reset it."""
        with contextlib.suppress(OSError):  # BlockingIOError, where no more wait
            for _ in range(self.limits.backlog):
                yield listener.accept()[0]

    async def _take(self, connected: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: self._protocol(self.config, self.server_state, self.lifespan.state), connected
        )


def _end(server: QuothServer) -> None:
    """End the process with status 0, whatever it is doing."""

    def tell() -> None:
        log.warning(
            "stopped %g s after the signal with %d requests unfinished",
            server.limits.grace_seconds,
            server.requests.running,
        )

    # Whoever reads the log may have stopped reading, and this must not wait for it.
    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    telling.join(_TELL_SECONDS)
    os._exit(0)


class _Requests:
    """Counts the requests that are running, and makes each the last of its connection once told to."""

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
