"""The HTTP protocol of a connection: uvicorn's, with limits on time and number, and errors as problems."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from fastapi import Request
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from service.web import problems
from service.web.middleware import SECURITY_HEADERS
from service.web.operation.lifecycle import STOPPING
from service.web.server.lingering import LingeringTransport
from service.web.server.parsing import GuardedConnection
from service.web.settings import ConnectionSettings

log = logging.getLogger(__name__)

BUSY = "Too many connections are open."
SLOW = "The request's headers took too long to arrive."
CUT_SHORT = "The request is incomplete: the client ended it too early."
# At most this many connections over the limit get a 503 at the same time; further ones are closed at once.
_MAX_REFUSED = 64
_LOG_SECONDS = 60.0  # between warnings that the limit is reached


def refusal(status: int, detail: str, retry_after: int | None = None) -> bytes:
    """Return a whole response, a problem, for a request that does not reach the application.

    The connection closes after it. `detail` must not repeat what the client sent. `retry_after`: seconds.
    """
    scope = {"type": "http", "method": "", "path": "", "query_string": b"", "headers": []}
    described = problems.problem(Request({**scope, "quoth.request_id": uuid.uuid4().hex}), status, detail)
    headers = {"connection": "close", "date": formatdate(time.time(), usegmt=True), **SECURITY_HEADERS}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    response = problems.respond(described, headers)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode("ascii")]
    lines += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])


class GuardedProtocol(H11Protocol):
    """uvicorn's protocol with `limits`; `within` makes a class for one server.

    It adds: 408 for headers that do not arrive in time; 400, 414, 431, 501 or 505 for malformed HTTP; 503 for
    a connection over the limit; all of them as problems. A response reaches a client that is still sending. A
    client that has closed its side is still answered for `linger_seconds`; after that it counts as
    disconnected. An upgrade is ignored and the request answered as usual. What a client sent is never logged.

    It relies on these parts of uvicorn (0.54), which `test_uvicorn_has_what_the_protocol_relies_on` checks:
    the constructor's parameters, passed on unchanged; `access_log`, turned off; `conn`, h11's connection;
    `transport`, used for all writing and closing; `connections`, which holds a connection until it is lost;
    `cycle`, None or that of the last request, with `response_started` and `response_complete`;
    `handle_events`, called after each arrival and each response; `on_response_complete`, `shutdown` and
    `_should_upgrade`.
    """

    limits: ClassVar[ConnectionSettings] = ConnectionSettings()
    _refused: ClassVar[set[GuardedProtocol]] = set()
    _logged_at: ClassVar[float] = -_LOG_SECONDS

    @classmethod
    def within(cls, limits: ConnectionSettings) -> type[GuardedProtocol]:
        """Return a protocol class for one server, with these limits."""
        return type(cls.__name__, (cls,), {"limits": limits, "_refused": set()})

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **kwargs)
        self.access_log = False  # its lines hold the path, which may hold a question
        self.conn = self._incoming = GuardedConnection(self.limits.header_bytes)
        self._header_timer: asyncio.TimerHandle | None = None
        self._half_closed_timer: asyncio.TimerHandle | None = None  # set once the client has closed its side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a new connection, or refuse it if there are too many."""
        self._lingering = LingeringTransport(transport, self.limits, self._may_send_more)
        if len(self.connections) < self.limits.max_connections:
            super().connection_made(self._lingering)
            self._watch_headers()
        else:
            self.transport = self._lingering
            self._refuse_connection()

    def data_received(self, data: bytes) -> None:
        """Handle what the client sent; discard it after the last response."""
        if self.transport.is_closing():
            self._lingering.discard(len(data))
            return
        super().data_received(data)
        self._watch_headers()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether to stay open after the client has closed its side: while a response is due."""
        if self._half_closed_timer is None and not self.transport.is_closing():
            self._half_closed_timer = self.loop.call_later(self.limits.linger_seconds, self.transport.close)
            self._end_after_last()
        return not self.transport.is_closing()

    def handle_events(self) -> None:
        """Handle the complete parts of what the client sent."""
        super().handle_events()
        if self._incoming.fault is not None and not self.transport.is_closing():
            self._refuse(refusal(self._incoming.fault.status, self._incoming.fault.detail))

    def on_response_complete(self) -> None:
        """Continue with the connection's next request, if it can have one."""
        if self._incoming.their_state is h11.SEND_BODY:
            # The rest of the body is not read, and might never end.
            self.transport.close()
        super().on_response_complete()
        self._end_after_last()
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._refused.discard(self)
        self._lingering.lost()
        if self._half_closed_timer is not None:
            self._half_closed_timer.cancel()
        self._watch_headers()

    def shutdown(self) -> None:
        """Close the connection, after the response if one is due."""
        if self.transport.is_closing():
            return
        if self._incoming.begun:
            self._refuse(refusal(503, STOPPING, retry_after=1))
        else:
            super().shutdown()

    @property
    def _last_cycle(self) -> RequestResponseCycle | None:
        return self.cycle

    def _should_upgrade(self) -> bool:
        return False

    def _may_send_more(self) -> bool:
        return self._half_closed_timer is None and (self._incoming.unread or self in self._refused)

    def _refuse_connection(self) -> None:
        if time.monotonic() - type(self)._logged_at >= _LOG_SECONDS:
            type(self)._logged_at = time.monotonic()
            log.warning("all %d connections are in use: further ones get 503", self.limits.max_connections)
        if len(self._refused) >= _MAX_REFUSED:
            self.transport.abort()
            return
        self._refused.add(self)
        self.transport.write(refusal(503, BUSY, retry_after=1))
        self.transport.close()

    def _watch_headers(self) -> None:
        """Run the timer for headers while, and only while, a request's headers are awaited."""
        awaited = self._last_cycle is None or self._incoming.begun
        if awaited and not self.transport.is_closing():
            if self._header_timer is None:
                self._header_timer = self.loop.call_later(self.limits.header_seconds, self._time_out_headers)
        elif self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _time_out_headers(self) -> None:
        if self._incoming.begun:
            self._refuse(refusal(408, SLOW))
        else:
            self.transport.close()

    def _end_after_last(self) -> None:
        """Once the client has closed its side: close, or answer 400 to a partial request."""
        if self._half_closed_timer is None or self.transport.is_closing():
            return
        if self._incoming.begun or self._incoming.their_state is h11.SEND_BODY:
            self._refuse(refusal(400, CUT_SHORT))
        elif self._last_cycle is None or self._last_cycle.response_complete:
            self.transport.close()

    def _refuse(self, response: bytes) -> None:
        """Send a last response, unless the application has begun one, which can only be cut short."""
        cycle = self._last_cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(response)
        self.transport.close()
