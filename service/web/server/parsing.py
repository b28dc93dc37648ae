"""Checks requests before h11 parses them, so that none is ambiguous or expensive to parse.

h11 (0.16) parses header lines and chunk lines with regular expressions that take quadratic time over a run of
spaces (30,000 in a header block the process for seconds, 200,000 in a chunk line for minutes), accepts
headers of any length if they arrive in one read, makes an event of every one-byte chunk, and lets
Transfer-Encoding override Content-Length. So the request line and headers are cut out and checked here before
h11 parses them, and a chunked body is read here and passed on in chunks as large as what has arrived. Only
h11's public methods are used. A fault never repeats what a client sent.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import h11

from service.web.server.framing import Chunks, Fault, FaultError, Length

_HEAD_END = re.compile(rb"\n\r?\n")
_REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/[0-9]\.[0-9]\r?\n")
# Lines end in CR LF only: where another server sees a line end and we do not, a second request can be
# smuggled.
_BARE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
# More spaces than anyone aligns a header with, and few enough that quadratic time is no problem.
_SPACES = re.compile(rb"[ \t]{64}")
_FOLD = re.compile(rb"\n[ \t]")
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_AUTHORITY = re.compile(rb"https?://[^/?]*", re.IGNORECASE)
# Browsers send about 20 headers; Apache allows 100.
_MAX_LINES = 128


class GuardedConnection(h11.Connection):
    """The server's side of a connection; a fault is stored in `fault` where h11 would raise.

    `header_bytes`: limit for the request line and headers. After a fault `next_event` returns only NEED_DATA.
    """

    def __init__(self, header_bytes: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=header_bytes)
        self.fault: Fault | None = None
        self._header_bytes = header_bytes
        self._waiting = bytearray()  # arrived, and not yet passed to h11
        self._searched = 0  # the headers do not end before this position
        self._line_seen = False
        self._take: Callable[[bytearray], bytes] = bytes

    @property
    def begun(self) -> bool:
        """Whether part of a request's headers has arrived, but not all."""
        return self.their_state is h11.IDLE and bool(self._waiting)

    @property
    def unread(self) -> bool:
        """Whether the client may still be sending bytes that will not be read."""
        return bool(self._waiting) or self.fault is not None or self.their_state is h11.SEND_BODY

    def receive_data(self, data: bytes) -> None:
        """Add bytes that have arrived."""
        self._waiting += data

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return h11's next event; errors are not raised but stored in `fault`."""
        if self.fault is None:
            try:
                return self._next_event()
            except h11.RemoteProtocolError as error:
                self.fault = FaultError(error.error_status_hint).fault
            except FaultError as error:
                self.fault = error.fault
        return h11.NEED_DATA

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._take = self._body(event)
                return _in_origin_form(event)
            if event is not h11.NEED_DATA:
                return event
            if self.their_state is h11.DONE:
                return h11.PAUSED if self._waiting else h11.NEED_DATA
            if self.their_state is h11.IDLE:
                ready = self._head()
            elif self.their_state is h11.SEND_BODY:
                ready = self._take(self._waiting)
            else:  # nothing more is read on this connection
                self._waiting.clear()
                return h11.NEED_DATA
            if not ready:
                return h11.NEED_DATA
            super().receive_data(ready)

    def _head(self) -> bytes:
        """Return the next request line and headers, checked, once they are complete; until then nothing."""
        waiting = self._waiting
        # RFC 9112, 2.2: one empty line before a request is ignored. It stays in `waiting` until the headers
        # are complete, so that empty lines alone cannot keep a connection open.
        start = 2 if waiting.startswith(b"\r\n") else 0
        if len(waiting) > start and waiting[start] <= ord(" ") and waiting != b"\r":
            raise FaultError  # TLS, for example, which might never send a line end
        line = waiting.find(b"\n", start) + 1
        if line and not self._line_seen:
            if _REQUEST_LINE.fullmatch(waiting, start, line) is None:
                raise FaultError
            self._line_seen = True
        end = _HEAD_END.search(waiting, max(start, self._searched))
        size = (end.end() if end else len(waiting)) - start
        if size > self._header_bytes:
            raise FaultError(431 if 0 < line <= start + self._header_bytes else 414)
        if end is None:
            self._searched = len(waiting) - 2
            return b""
        head = bytes(waiting[start : end.end()])
        del waiting[: end.end()]
        self._searched, self._line_seen = 0, False
        if _BARE_END.search(head) or _FOLD.search(head) or _SPACES.search(head):
            raise FaultError
        if head.count(b"\n") - 2 > _MAX_LINES:
            raise FaultError(431)
        return head

    def _body(self, request: h11.Request) -> Callable[[bytearray], bytes]:
        """Return the function that takes the request's body; an ambiguous length is a fault."""
        if request.http_version not in {b"1.0", b"1.1"}:
            raise FaultError(505)
        headers = dict(request.headers)
        if not _is_host(headers.get(b"host", b"")):
            raise FaultError(400, "The Host header is not valid.")
        if b"transfer-encoding" not in headers:
            return Length(int(headers.get(b"content-length", b"0"))).take
        # RFC 9112, 6.1: both headers, or this one in HTTP/1.0, allow request smuggling.
        if b"content-length" in headers or request.http_version == b"1.0":
            raise FaultError(400, "The length of the body is ambiguous.")
        return Chunks(self._header_bytes).take


def _is_host(value: bytes) -> bool:
    host = _HOST.fullmatch(value)
    if host is None or not host[1].startswith(b"["):
        return host is not None
    try:
        ipaddress.IPv6Address(host[1][1:-1].decode("ascii"))
    except ValueError:
        return False
    return True


def _in_origin_form(request: h11.Request) -> h11.Request:
    """Return the request with a path, or `*`, as its target. RFC 9112, 3.2.2: a URL must be accepted too."""
    target = request.target
    if target.startswith(b"/") or target == b"*":
        return request
    authority = _AUTHORITY.match(target)
    if authority is None:
        raise FaultError(400, "The target of the request is not a path.")
    target = target[authority.end() :]
    return h11.Request(
        method=request.method,
        target=target if target.startswith(b"/") else b"/" + target,
        headers=request.headers,
        http_version=request.http_version,
    )
