"""A rate of requests, written as `60/minute`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.errors import RateError

WINDOWS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
"""The windows of a rate, with their lengths in seconds."""

_RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(WINDOWS)})")


@dataclass(frozen=True, slots=True)
class Rate:
    """`quota` units (at least 1) in each `window` (one of `WINDOWS`)."""

    quota: int
    window: str

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read a rate: a whole number from 1 to 999,999,999, a slash, and the window.

        Raises:
            RateError: it is written differently.
        """
        match = _RATE.fullmatch(text)
        if match is None:
            raise RateError(f"{text[:40]!r} is not a valid rate: write 60/minute (per {', '.join(WINDOWS)})")
        return cls(int(match[1]), match[2])

    @property
    def seconds(self) -> int:
        """The window's length in seconds."""
        return WINDOWS[self.window]

    def __str__(self) -> str:
        return f"{self.quota}/{self.window}"
