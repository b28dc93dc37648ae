"""Where a request's body ends: its bytes cut out of what has arrived, and why they may be refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?")
# The size of a chunk and its extensions, which nobody sends.
_CHUNK_LINE = 256
_END = b"\r\n"

_BY_STATUS = {
    414: "The request's target is too long.",
    431: "The request's headers are too many or too long.",
    501: "Only the transfer coding chunked is understood.",
    505: "Only HTTP/1.1 and HTTP/1.0 are understood.",
}
_MALFORMED = "This is not a valid HTTP/1.1 request."


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request cannot be taken: the status to answer with, and words that repeat nothing of it."""

    status: int
    detail: str


class FaultError(Exception):
    """Carries a fault from where it is found to the connection; it goes no further.

    Without a `detail` the status has its own words; those of 400 are that the request is not valid.
    """

    def __init__(self, status: int = 400, detail: str | None = None) -> None:
        super().__init__(status)
        self.fault = Fault(status, detail or _BY_STATUS.get(status, _MALFORMED))


class Length:
    """A body of so many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length

    def take(self, waiting: bytearray) -> bytes:
        """Take from `waiting` what belongs to the body."""
        taken = bytes(waiting[: self._left])
        del waiting[: self._left]
        self._left -= len(taken)
        return taken


class Chunks:
    """A chunked body (RFC 9112, 7.1). However small its chunks are, what has arrived becomes one.

    `trailer_bytes`: the most that the lines after the last chunk may have; they are left out.
    """

    def __init__(self, trailer_bytes: int) -> None:
        self._step: Callable[[bytearray, int], int | None] = self._size
        self._left = 0  # of the chunk that is being read
        self._trailer_left = trailer_bytes
        self._ended = False
        self._content = bytearray()

    def take(self, waiting: bytearray) -> bytes:
        """Take from `waiting` what belongs to the body, and return it as one chunk, or nothing.

        Raises:
            FaultError: a chunk's size or end is not valid, or a line is too long.
        """
        place = 0
        while not self._ended and (after := self._step(waiting, place)) is not None:
            place = after
        del waiting[:place]
        content, self._content = self._content, bytearray()
        chunk = b"%x\r\n%b\r\n" % (len(content), bytes(content)) if content else b""
        return chunk + (b"0\r\n\r\n" if self._ended else b"")

    # Each step returns the place after what it read, or nothing where more has to arrive.

    def _size(self, waiting: bytearray, place: int) -> int | None:
        end = _line_end(waiting, place, _CHUNK_LINE)
        if end is None:
            return None
        size = _CHUNK.fullmatch(waiting, place, end)
        if size is None:
            raise FaultError
        self._left = int(size[1], 16)
        self._step = self._data if self._left else self._trailer
        return end + len(_END)

    def _data(self, waiting: bytearray, place: int) -> int | None:
        part = waiting[place : place + self._left]
        if not part:
            return None
        self._content += part
        self._left -= len(part)
        if not self._left:
            self._step = self._data_end
        return place + len(part)

    def _data_end(self, waiting: bytearray, place: int) -> int | None:
        end = waiting[place : place + len(_END)]
        if not _END.startswith(end):
            raise FaultError
        if len(end) < len(_END):
            return None
        self._step = self._size
        return place + len(_END)

    def _trailer(self, waiting: bytearray, place: int) -> int | None:
        end = _line_end(waiting, place, self._trailer_left)
        if end is None:
            return None
        self._trailer_left -= end - place
        self._ended = end == place
        return end + len(_END)


def _line_end(waiting: bytearray, place: int, limit: int) -> int | None:
    end = waiting.find(_END, place, place + limit + len(_END))
    if end < 0 and len(waiting) - place >= limit + len(_END):
        raise FaultError(400, "A line within the body is too long.")
    return None if end < 0 else end
