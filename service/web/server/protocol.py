"""The HTTP protocol of a connection: uvicorn's, with bounds on time and number, and problems for answers."""

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

BUSY = "There are too many connections."
SLOW = "The headers of the request took too long to arrive."
CUT_SHORT = "The request ends before it is complete."
# Connections over the limit that are told so at any time; more are cut off without a word.
_TURNED_AWAY = 64
_TELL_SECONDS = 60.0


def refusal(status: int, detail: str, retry_after: int | None = None) -> bytes:
    """Return a whole response, a problem, to a request that no application sees; the connection closes.

    `detail` must repeat nothing that the client sent. `retry_after`: seconds.
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
    """uvicorn's protocol within `limits`. `within` makes one for a server.

    What is new: headers that do not arrive in time get 408, what is not HTTP/1.1 gets 400, 414, 431, 501 or
    505, a connection over the limit gets 503, all of them problems, and an answer reaches a client that is
    still sending. A client that has ended its side is still answered for `linger_seconds`; after that it
    counts as gone. An upgrade is not made: the request is answered as if it had asked for none. What a client
    sent is never logged.

    Of uvicorn (0.54) it relies on these, which `test_uvicorn_has_what_the_protocol_relies_on` holds to: the
    constructor's parameters, passed on as they are; `access_log`, which is turned off; `conn`, h11's
    connection; `transport`, by which all is written and closed; `connections`, where a connection is until it
    is lost; `cycle`, None or the last request's, with `response_started` and `response_complete`;
    `handle_events`, called after each arrival and each response; `on_response_complete`, `shutdown` and
    `_should_upgrade`.
    """

    limits: ClassVar[ConnectionSettings] = ConnectionSettings()
    _turned_away: ClassVar[set[GuardedProtocol]] = set()
    _told: ClassVar[float] = -_TELL_SECONDS

    @classmethod
    def within(cls, limits: ConnectionSettings) -> type[GuardedProtocol]:
        """Return the protocol of one server, with these limits."""
        return type(cls.__name__, (cls,), {"limits": limits, "_turned_away": set()})

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **kwargs)
        self.access_log = False  # its lines hold the path as it was sent
        self.conn = self._incoming = GuardedConnection(self.limits.header_bytes)
        self._deadline: asyncio.TimerHandle | None = None  # for the headers
        self._patience: asyncio.TimerHandle | None = None  # with a client that has ended its side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, or turn it away if there are too many."""
        self._lingering = LingeringTransport(transport, self.limits, self._may_send_more)
        if len(self.connections) < self.limits.max_connections:
            super().connection_made(self._lingering)
            self._watch_head()
        else:
            self.transport = self._lingering
            self._turn_away()

    def data_received(self, data: bytes) -> None:
        """Handle what the client sent; after the last answer, throw it away."""
        if self.transport.is_closing():
            self._lingering.discard(len(data))
            return
        super().data_received(data)
        self._watch_head()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Say whether to stay open now that the client has ended its side: while an answer is due."""
        if self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(self.limits.linger_seconds, self.transport.close)
            self._end_after_last()
        return not self.transport.is_closing()

    def handle_events(self) -> None:
        """Handle what is complete of what the client sent."""
        super().handle_events()
        if self._incoming.fault is not None and not self.transport.is_closing():
            self._refuse(refusal(self._incoming.fault.status, self._incoming.fault.detail))

    def on_response_complete(self) -> None:
        """Go on to the connection's next request, if it can have one."""
        if self._incoming.their_state is h11.SEND_BODY:
            # Nobody reads the rest of the body, which might go on for ever.
            self.transport.close()
        super().on_response_complete()
        self._end_after_last()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._turned_away.discard(self)
        self._lingering.lost()
        if self._patience is not None:
            self._patience.cancel()
        self._watch_head()

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
        return self._patience is None and (self._incoming.unread or self in self._turned_away)

    def _turn_away(self) -> None:
        if time.monotonic() - type(self)._told >= _TELL_SECONDS:
            type(self)._told = time.monotonic()
            log.warning("all %d connections are in use: further ones get 503", self.limits.max_connections)
        if len(self._turned_away) >= _TURNED_AWAY:
            self.transport.abort()
            return
        self._turned_away.add(self)
        self.transport.write(refusal(503, BUSY, retry_after=1))
        self.transport.close()

    def _watch_head(self) -> None:
        """Keep the clock running while, and only while, a request's headers are awaited."""
        awaited = self._last_cycle is None or self._incoming.begun
        if awaited and not self.transport.is_closing():
            if self._deadline is None:
                self._deadline = self.loop.call_later(self.limits.header_seconds, self._give_up_on_head)
        elif self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up_on_head(self) -> None:
        if self._incoming.begun:
            self._refuse(refusal(408, SLOW))
        else:
            self.transport.close()

    def _end_after_last(self) -> None:
        """Close if the client has ended its side and no answer is due but that this was too early."""
        if self._patience is None or self.transport.is_closing():
            return
        if self._incoming.begun or self._incoming.their_state is h11.SEND_BODY:
            self._refuse(refusal(400, CUT_SHORT))
        elif self._last_cycle is None or self._last_cycle.response_complete:
            self.transport.close()

    def _refuse(self, response: bytes) -> None:
        """Send a last answer, unless the application has begun one, which can only be cut short."""
        cycle = self._last_cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(response)
        self.transport.close()
