"""A transport that delivers its last response before it closes, and cuts off a client that reads nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from service.web.settings import ConnectionSettings


class LingeringTransport(asyncio.Transport):
    """A connection's transport, whose `close` lets the client read the last response.

    If a socket is closed while the client is still sending, the system resets the connection, and the client
    may lose a response that it has not read yet. So `close` only shuts down our side if `unread()` says that
    more may arrive; that is discarded, for up to `linger_seconds` and `linger_bytes`, until the client
    closes.

    A client that reads nothing for `write_seconds` is cut off, after at most twice that time; asyncio itself
    would wait for ever.
    """

    def __init__(
        self, transport: asyncio.Transport, limits: ConnectionSettings, unread: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._transport = transport
        self._limits = limits
        self._unread = unread
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._linger_left = limits.linger_bytes
        self._written = 0
        self._linger: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send bytes, unless the connection is closing."""
        if self.is_closing():
            return
        self._transport.write(data)
        self._written += len(data)
        if self._stall is None:
            self._watch_writing()

    def close(self) -> None:
        """Shut down our side, and close the connection when the client closes its own or the time is up."""
        if self.is_closing():
            return
        self._closing = True
        if not self._unread() or not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:  # the client has reset the connection
            self._transport.abort()
            return
        self._transport.resume_reading()
        self._linger = self._loop.call_later(self._limits.linger_seconds, self._transport.close)

    def discard(self, size: int) -> None:
        """Count bytes that arrived after `close` and are discarded."""
        self._linger_left -= size
        if self._linger_left < 0:
            self._transport.close()

    def lost(self) -> None:
        """Cancel the timers; the connection is gone."""
        for timer in (self._linger, self._stall):
            if timer is not None:
                timer.cancel()

    def abort(self) -> None:
        """Close the connection at once."""
        self._closing = True
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether `close` or `abort` has been called, or the client has disconnected."""
        return self._closing or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Stop reading; what the client sends stays in the system's buffers."""
        if not self._closing:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Continue reading."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Return asyncio's information about the connection."""
        return self._transport.get_extra_info(name, default)

    def _watch_writing(self) -> None:
        left = self._transport.get_write_buffer_size()
        self._stall = (
            self._loop.call_later(self._limits.write_seconds, self._check_writing, self._written - left)
            if left
            else None
        )

    def _check_writing(self, sent: int) -> None:
        left = self._transport.get_write_buffer_size()
        if left and self._written - left == sent:
            self.abort()
        else:
            self._watch_writing()
