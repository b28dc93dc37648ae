"""Admission control: a bounded queue with a deadline, in front of a few workers.

Answering is all computing, so more questions at once than there are slots only slow each other down. A
question that could not begin within the queue timeout is refused on arrival, when its client can still go
elsewhere, and not after it has waited.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

from service.errors import OverloadedError, RequestGoneError
from service.web.settings import AdmissionSettings

Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
Gone = Callable[[], Awaitable[bool]]

# A question is refused on arrival if its expected wait exceeds the timeout divided by this: the questions
# before it may take longer than expected, and one that times out in the queue has waited for nothing.
_MARGIN = 2
# Weight of a new measurement in the moving average of a question's time.
_SMOOTHING = 0.1


class Admission:
    """A bounded first-come-first-served queue in front of a few workers. For use within one event loop."""

    def __init__(self, settings: AdmissionSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.slots = settings.workers
        self._limit = settings.queue_size
        self._timeout = settings.queue_timeout
        self._clock = clock
        self._free = self.slots
        # Answers have threads of their own, so that other work, on the default threads, cannot delay them.
        self.threads = anyio.CapacityLimiter(self.slots)
        self._admitted = 0
        self._turns: deque[asyncio.Future[None]] = deque()
        self.average_seconds = 0.0
        """Seconds that a question holds a slot, as a moving average; 0 before the first."""

    @property
    def running(self) -> int:
        """Questions that are being answered."""
        return self.slots - self._free

    @property
    def waiting(self) -> int:
        """Questions that are admitted and have not begun."""
        return self._admitted - self.running

    @property
    def expected_wait(self) -> float:
        """Seconds until a question that arrived now would begin, by the average time of a question."""
        # At most as many questions of a batch wait for a turn as there are slots; the rest come after a new
        # arrival.
        return len(self._turns) * self.average_seconds / self.slots

    @contextlib.asynccontextmanager
    async def admit(
        self, questions: int = 1, gone: Gone | None = None, *, measured: bool = True
    ) -> AsyncIterator[Ticket]:
        """Admit this many questions, to be answered through the ticket.

        `gone` returns whether the client has disconnected. `measured`: whether the time they take counts
        towards the average.

        Raises:
            OverloadedError: their expected wait is too long, or the queue is full.
        """
        # With an empty queue and a free slot even a batch larger than the queue may begin.
        if self._free == 0 or self.waiting > 0:
            full = self.waiting + questions > self._limit
            if full or self.expected_wait > self._timeout / _MARGIN:
                raise OverloadedError(self.retry_after)
        ticket = Ticket(self, questions, gone, measured=measured)
        self._admitted += questions
        try:
            yield ticket
        finally:
            self._admitted -= ticket.remaining

    @property
    def retry_after(self) -> int:
        """Whole seconds, at least 1, until half of the queue is answered."""
        return max(1, math.ceil(self.waiting * self.average_seconds / self.slots / 2))

    async def take_turn(self) -> None:
        """Wait for a slot, at most for the queue timeout.

        Raises:
            OverloadedError: no slot came free in time.
        """
        if self._free > 0 and not self._turns:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            async with asyncio.timeout(self._timeout):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # the slot was handed over together with the cancellation
            else:
                with contextlib.suppress(ValueError):
                    self._turns.remove(turn)
            if isinstance(error, TimeoutError):
                raise OverloadedError(self.retry_after) from error
            raise

    def end_turn(self, seconds: float | None) -> None:
        """Give the slot to the next in the queue. `seconds`: how long it was held, None if not measured."""
        if seconds is not None:
            weight = _SMOOTHING if self.average_seconds else 1.0
            self.average_seconds += (seconds - self.average_seconds) * weight
        self._admitted -= 1
        self._pass_on()

    def _pass_on(self) -> None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def now(self) -> float:
        """Return the clock's time in seconds."""
        return self._clock()


class Ticket:
    """Permission to run some questions.

    A batch takes at most as many turns at once as there are slots, so that a question which arrives later
    waits for a few of its questions and not for all.
    """

    def __init__(self, admission: Admission, questions: int, gone: Gone | None, *, measured: bool) -> None:
        self.remaining = questions
        self.measured = measured
        self._admission = admission
        self._gone = gone
        self._at_once = asyncio.Semaphore(admission.slots)

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Call a function in a thread when its turn comes, and return its result.

        Raises:
            OverloadedError: its turn did not come in time.
            RequestGoneError: the client has disconnected.
        """
        async with self._at_once:
            await self._admission.take_turn()
            self.remaining -= 1
            seconds = None
            try:
                if self._gone is not None and await self._gone():
                    raise RequestGoneError
                began = self._admission.now()
                result = await _finish(
                    anyio.to_thread.run_sync(partial(function, *arguments), limiter=self._admission.threads)
                )
                if self.measured:
                    seconds = self._admission.now() - began
                return result
            finally:
                self._admission.end_turn(seconds)

    async def run_all(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function with each item, each in its turn, and return the results in the items' order.

        Raises:
            OverloadedError, RequestGoneError: as `run`; items that have not begun are then dropped.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.run(function, item)) for item in items]
        except BaseExceptionGroup as group_error:
            # Any one of them will do: the service's error handlers know no exception groups.
            raise group_error.exceptions[0] from group_error
        return [task.result() for task in tasks]


async def _finish(work: Awaitable[Result]) -> Result:
    """Wait for work in a thread even when cancelled, so that the slot stays taken while the thread runs.

    anyio shields from its own cancellation, not from asyncio's, which a task group uses to end a batch.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it: its message may hold the question
        raise
