"""Request bodies, by length or in chunks, cut out of the bytes that have arrived; faults of requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?")
_CHUNK_LINE = 256  # bytes of a chunk's size and extensions; nobody sends extensions
_END = b"\r\n"

_BY_STATUS = {
    414: "The request target is too long.",
    431: "The request's headers are too many or too long.",
    501: "The only supported transfer coding is chunked.",
    505: "Only HTTP/1.1 and HTTP/1.0 are supported.",
}
_MALFORMED = "This is not a valid HTTP/1.1 request."


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is refused: the status, and a detail that repeats nothing of the request."""

    status: int
    detail: str


class FaultError(Exception):
    """Carries a fault to the connection, which catches it.

    Without a `detail` the status has a standard one; that of 400 is that the request is not valid.
    """

    def __init__(self, status: int = 400, detail: str | None = None) -> None:
        super().__init__(status)
        self.fault = Fault(status, detail or _BY_STATUS.get(status, _MALFORMED))


class Length:
    """A body of a known length in bytes."""

    def __init__(self, length: int) -> None:
        self._left = length

    def take(self, waiting: bytearray) -> bytes:
        """Remove the body's bytes from `waiting` and return them."""
        taken = bytes(waiting[: self._left])
        del waiting[: self._left]
        self._left -= len(taken)
        return taken


class Chunks:
    """A chunked body (RFC 9112, 7.1); all chunks that have arrived are joined to one, however small they are.

    `trailer_bytes`: limit for the trailer fields after the last chunk, which are discarded.
    """

    def __init__(self, trailer_bytes: int) -> None:
        self._step: Callable[[bytearray, int], int | None] = self._size
        self._left = 0  # bytes of the current chunk that have not arrived
        self._trailer_left = trailer_bytes
        self._ended = False
        self._content = bytearray()

    def take(self, waiting: bytearray) -> bytes:
        """Remove the body's bytes from `waiting` and return them as one chunk, or as nothing.

        Raises:
            FaultError: a chunk's size or end is not valid, or a line is too long.
        """
        position = 0
        while not self._ended and (after := self._step(waiting, position)) is not None:
            position = after
        del waiting[:position]
        content, self._content = self._content, bytearray()
        chunk = b"%x\r\n%b\r\n" % (len(content), bytes(content)) if content else b""
        return chunk + (b"0\r\n\r\n" if self._ended else b"")

    # Each step returns the position after what it read, or None if more has to arrive.

    def _size(self, waiting: bytearray, position: int) -> int | None:
        end = _line_end(waiting, position, _CHUNK_LINE)
        if end is None:
            return None
        size = _CHUNK.fullmatch(waiting, position, end)
        if size is None:
            raise FaultError
        self._left = int(size[1], 16)
        self._step = self._data if self._left else self._trailer
        return end + len(_END)

    def _data(self, waiting: bytearray, position: int) -> int | None:
        part = waiting[position : position + self._left]
        if not part:
            return None
        self._content += part
        self._left -= len(part)
        if not self._left:
            self._step = self._data_end
        return position + len(part)

    def _data_end(self, waiting: bytearray, position: int) -> int | None:
        end = waiting[position : position + len(_END)]
        if not _END.startswith(end):
            raise FaultError
        if len(end) < len(_END):
            return None
        self._step = self._size
        return position + len(_END)

    def _trailer(self, waiting: bytearray, position: int) -> int | None:
        end = _line_end(waiting, position, self._trailer_left)
        if end is None:
            return None
        self._trailer_left -= end - position
        self._ended = end == position
        return end + len(_END)


def _line_end(waiting: bytearray, position: int, limit: int) -> int | None:
    end = waiting.find(_END, position, position + limit + len(_END))
    if end < 0 and len(waiting) - position >= limit + len(_END):
        raise FaultError(400, "A line in the body is too long.")
    return None if end < 0 else end
