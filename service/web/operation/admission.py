"""Who may be answered now, who waits, and who is refused at once: a bounded queue with a deadline.

Answering is all computing, so more questions at a time than there are slots only slow each other down.
What could not begin within `patience` is refused on arrival, when its sender can still ask elsewhere, and
not after it has waited: a queue longer than its senders' patience answers people who have left.
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

# A question is admitted if it would begin in time even though those before it took so many times as long as
# expected: one that is admitted and then refused has waited for nothing.
_SLOWER = 2
# A new measurement's weight in the moving average of a question's time.
_SMOOTHING = 0.1


class Admission:
    """A bounded queue before a few workers, first come first served. For use within one event loop."""

    def __init__(self, settings: AdmissionSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.slots = settings.workers
        self._limit = settings.queue_size
        self._timeout = settings.queue_timeout
        self._clock = clock
        self._free = self.slots
        # Its own: what is quick shares the default threads, and when it is not must not keep answers waiting.
        self.threads = anyio.CapacityLimiter(self.slots)
        self._admitted = 0
        self._turns: deque[asyncio.Future[None]] = deque()
        self.pace = 0.0
        """Seconds that a question holds a slot, a moving average; 0 before the first."""

    @property
    def running(self) -> int:
        """Questions that are being answered."""
        return self.slots - self._free

    @property
    def waiting(self) -> int:
        """Questions that are admitted and not yet begun."""
        return self._admitted - self.running

    @property
    def expected_wait(self) -> float:
        """Seconds until a question that came now would begin, by the pace of those before it."""
        # Of a batch only as many wait in line as there are slots; the rest come after whoever comes now.
        return len(self._turns) * self.pace / self.slots

    @contextlib.asynccontextmanager
    async def admit(
        self, questions: int = 1, gone: Gone | None = None, *, paced: bool = True
    ) -> AsyncIterator[Ticket]:
        """Admit so many questions, to be answered through the ticket.

        `gone` tells that nobody waits. `paced`: whether the time they take tells of that of the next.

        Raises:
            OverloadedError: they would wait too long, or too many wait already.
        """
        # With nobody waiting and a slot free even a batch that is larger than the queue may begin.
        if self._free == 0 or self.waiting > 0:
            full = self.waiting + questions > self._limit
            if full or self.expected_wait > self._timeout / _SLOWER:
                raise OverloadedError(self.retry_after)
        ticket = Ticket(self, questions, gone, paced=paced)
        self._admitted += questions
        try:
            yield ticket
        finally:
            self._admitted -= ticket.remaining

    @property
    def retry_after(self) -> int:
        """Whole seconds, at least 1, after which half of the queue will have been answered."""
        return max(1, math.ceil(self.waiting * self.pace / self.slots / 2))

    async def take_turn(self) -> None:
        """Wait for a slot, `patience` at most.

        Raises:
            OverloadedError: none came free in time.
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
                self._pass_on()  # the slot came with the cancellation
            else:
                with contextlib.suppress(ValueError):
                    self._turns.remove(turn)
            if isinstance(error, TimeoutError):
                raise OverloadedError(self.retry_after) from error
            raise

    def end_turn(self, seconds: float | None) -> None:
        """Give the slot to the next in the queue; `seconds`: how long it was held, if that tells anything."""
        if seconds is not None:
            self.pace += (seconds - self.pace) * (_SMOOTHING if self.pace else 1.0)
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
        """The clock's time in seconds."""
        return self._clock()


class Ticket:
    """Leave to have some questions answered.

    A batch takes as many turns at a time as there are slots, so that a question which comes after it waits
    for a few of its questions and not for all.
    """

    def __init__(self, admission: Admission, questions: int, gone: Gone | None, *, paced: bool) -> None:
        self.remaining = questions
        self.paced = paced
        self._admission = admission
        self._gone = gone
        self._at_once = asyncio.Semaphore(admission.slots)

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Call a function in a thread when its turn has come, and return what it returns.

        Raises:
            OverloadedError: its turn did not come in time.
            RequestGoneError: nobody waits for the answer any more.
        """
        async with self._at_once:
            await self._admission.take_turn()
            self.remaining -= 1
            seconds = None
            try:
                if self._gone is not None and await self._gone():
                    raise RequestGoneError
                began = self._admission.now()
                result = await _to_the_end(
                    anyio.to_thread.run_sync(partial(function, *arguments), limiter=self._admission.threads)
                )
                if self.paced:
                    seconds = self._admission.now() - began
                return result
            finally:
                self._admission.end_turn(seconds)

    async def run_all(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function with each item, each in its turn, and return the results in the items' order.

        Raises:
            OverloadedError, RequestGoneError: as `run`; the items that have not begun are then left.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.run(function, item)) for item in items]
        except BaseExceptionGroup as group_error:
            # One is as good as the others, and the service's handlers know no groups.
            raise group_error.exceptions[0] from group_error
        return [task.result() for task in tasks]


async def _to_the_end(work: Awaitable[Result]) -> Result:
    """Wait for work in a thread even when cancelled: the slot is free when the processor is.

    anyio shields from its own cancellation, not from asyncio's, by which a task group ends a batch.
    """
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # seen, so that asyncio does not log it, and with it what was asked
        raise
