"""Serves each new generation: checks for it, loads it beside the old one, swaps, and closes the old one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import anyio.to_thread

from indexer.errors import QuothError
from service.answering.answerer import Answerer

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
"""Seconds until a refused generation is tried again; a different one is tried at once."""


class Source(Protocol):
    """Where generations come from: an index folder, with the models that read it."""

    def current(self) -> str | None:
        """Return the version of the current generation, None if it cannot be read now."""
        ...

    def open(self) -> Answerer:
        """Open, verify and warm up the current generation.

        Raises:
            QuothError: it cannot be served.
        """
        ...


@dataclass(slots=True)
class _Leased:
    answerer: Answerer
    leases: int = 0
    retired: bool = False

    @property
    def free(self) -> bool:
        return self.retired and self.leases == 0


class Serving:
    """The current answerer. A request holds a lease on it, and so uses one generation from start to end.

    Safe between threads. A replaced answerer is closed when its last lease ends; the last one is never
    closed, because its creator may still use it.
    """

    def __init__(self, answerer: Answerer) -> None:
        self._lock = threading.Lock()
        self._current = _Leased(answerer)

    @contextlib.contextmanager
    def lease(self) -> Iterator[Answerer]:
        """Keep the current answerer open for the length of the block."""
        with self._lock:
            held = self._current
            held.leases += 1
        try:
            yield held.answerer
        finally:
            with self._lock:
                held.leases -= 1
                free = held.free
            if free:
                held.answerer.close()

    def replace(self, answerer: Answerer) -> None:
        """Serve `answerer` from now on; requests under way keep the one they began with."""
        with self._lock:
            old, self._current = self._current, _Leased(answerer)
            old.retired = True
            free = old.free
        if free:
            old.answerer.close()


class Reload(StrEnum):
    """Outcome of a check for a new generation."""

    UNCHANGED = "unchanged"
    SWAPPED = "swapped"
    REFUSED = "refused"


class Reloader:
    """Swaps in new generations: one check at a time, while answering goes on."""

    def __init__(
        self,
        serving: Serving,
        source: Source | None,
        *,
        on_check: Callable[[Reload], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._serving = serving
        self._source = source
        self._failed: str | None = None
        self._retry_at = 0.0
        self._on_check = on_check
        self._clock = clock
        self._lock = threading.Lock()

    def check(self) -> Reload:
        """Check once, and swap if there is a new generation that can be served."""
        with self._lock:
            outcome = self._check()
        self._on_check(outcome)
        return outcome

    async def watch(self, seconds: float) -> None:
        """Check every `seconds` until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await anyio.to_thread.run_sync(self.check)
            except Exception:  # the next check may succeed
                log.exception("the check for a new generation failed")

    def _check(self) -> Reload:
        with self._serving.lease() as answerer:
            served = answerer.index.info
        current = None if self._source is None else self._source.current()
        too_early = current == self._failed and self._clock() < self._retry_at
        if self._source is None or current is None or current == served.version or too_early:
            return Reload.UNCHANGED
        try:
            opened = self._source.open()
        # Whatever is wrong with the new generation, the served one goes on answering.
        except (QuothError, OSError, MemoryError) as error:
            return self._refuse(current, str(error))
        except Exception as error:
            return self._refuse(current, type(error).__name__)
        found = opened.index.info
        if found.version != current and found.number <= served.number:
            opened.close()
            return self._refuse(current, "it is damaged: run `quoth index` again")
        # If the current one is damaged, a valid one older than it may have opened: try the current one again
        # later.
        self._failed, self._retry_at = current, self._clock() + RETRY_SECONDS
        self._serving.replace(opened)
        log.info("serving %s", found.generation)
        return Reload.SWAPPED

    def _refuse(self, version: str, reason: str) -> Reload:
        log.error("the new generation cannot be served, so the old one still is: %s", reason)
        self._failed, self._retry_at = version, self._clock() + RETRY_SECONDS
        return Reload.REFUSED
