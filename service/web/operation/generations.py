"""The generation that is served: watched for, loaded beside the old, swapped in one step, freed when idle."""

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
"""How long a generation that could not be served is left alone; another one is tried at once."""


class Source(Protocol):
    """Where generations come from: an index folder, with the models that read it."""

    def current(self) -> str | None:
        """Return the checksum of the current generation's manifest, None where it cannot be told now."""
        ...

    def open(self) -> Answerer:
        """Open, verify and warm the current generation.

        Raises:
            QuothError: it cannot be served.
        """
        ...


@dataclass(slots=True)
class _Held:
    answerer: Answerer
    leases: int = 0
    retired: bool = False

    @property
    def free(self) -> bool:
        return self.retired and self.leases == 0


class Serving:
    """The answerer in use. A request holds a lease on it and so keeps one generation from end to end.

    Safe between threads. A replaced answerer is closed when its last lease ends; the last one in use is not,
    since whoever made it may go on with it.
    """

    def __init__(self, answerer: Answerer) -> None:
        self._lock = threading.Lock()
        self._current = _Held(answerer)

    @contextlib.contextmanager
    def lease(self) -> Iterator[Answerer]:
        """Hold the answerer that is current now for as long as the block lasts."""
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
        """Serve `answerer` from now on; what is under way ends with the one it began with."""
        with self._lock:
            old, self._current = self._current, _Held(answerer)
            old.retired = True
            free = old.free
        if free:
            old.answerer.close()


class Reload(StrEnum):
    """What a look at the index folder came to."""

    UNCHANGED = "unchanged"
    SWAPPED = "swapped"
    REFUSED = "refused"


class Reloader:
    """Swaps in what the index folder has come to name: one check at a time, while answering goes on."""

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
        """Look once, and swap if there is something new that can be served; else all stays as it is."""
        with self._lock:
            outcome = self._check()
        self._on_check(outcome)
        return outcome

    async def watch(self, seconds: float) -> None:
        """Check every so many seconds until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await anyio.to_thread.run_sync(self.check)
            except Exception:  # whatever it is, the next look may do better
                log.exception("looking for a new generation failed")

    def _check(self) -> Reload:
        with self._serving.lease() as answerer:
            served = answerer.index.info
        named = None if self._source is None else self._source.current()
        waits = named == self._failed and self._clock() < self._retry_at
        if self._source is None or named is None or named == served.version or waits:
            return Reload.UNCHANGED
        try:
            opened = self._source.open()
        # Whatever is the matter with the new generation, the one that is served still answers.
        except (QuothError, OSError, MemoryError) as error:
            return self._refuse(named, str(error))
        except Exception as error:
            return self._refuse(named, type(error).__name__)
        found = opened.index.info
        if found.version != named and found.number <= served.number:
            opened.close()
            return self._refuse(named, "it is damaged: run `quoth index` again")
        # A sound one between the served and a damaged one is served; the one that is named is tried again.
        self._failed, self._retry_at = named, self._clock() + RETRY_SECONDS
        self._serving.replace(opened)
        log.info("serving %s", found.generation)
        return Reload.SWAPPED

    def _refuse(self, named: str, reason: str) -> Reload:
        log.error("the new generation cannot be served and the one before it is: %s", reason)
        self._failed, self._retry_at = named, self._clock() + RETRY_SECONDS
        return Reload.REFUSED
