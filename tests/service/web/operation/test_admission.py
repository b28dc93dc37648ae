"""The queue in front of the workers, in an event loop of its own for each test."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
import pytest

from service.errors import OverloadedError, RequestGoneError
from service.web.operation.admission import Admission
from service.web.settings import AdmissionSettings


class Bench:
    """Work that ends when the test lets it, and a record of what began in which order."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.most_at_once = 0
        self._running = 0
        self._lock = threading.Lock()
        self.go_on = threading.Event()

    def work(self, number: int) -> int:
        with self._lock:
            self.began.append(number)
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        self.go_on.wait(10)
        with self._lock:
            self._running -= 1
        return number


async def ask(admission: Admission, function: Callable[[int], int], number: int) -> int:
    async with admission.admit() as ticket:
        return await ticket.run(function, number)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("the condition was never true")


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


def test_at_most_as_many_run_as_there_are_slots() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(2, 10, 10))
        asked = [asyncio.create_task(ask(admission, bench.work, number)) for number in range(6)]
        await until(lambda: len(bench.began) == 2)
        await asyncio.sleep(0.02)
        assert (admission.running, admission.waiting) == (2, 4)
        bench.go_on.set()
        assert await asyncio.gather(*asked) == list(range(6))
        assert bench.most_at_once == 2
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_questions_are_answered_in_order_of_arrival() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 10, 10))
        asked = [asyncio.create_task(ask(admission, bench.work, number)) for number in range(6)]
        await until(lambda: admission.waiting == 5)
        bench.go_on.set()
        await asyncio.gather(*asked)
        assert bench.began == list(range(6))

    run(test)


def test_a_full_queue_refuses_at_once_with_retry_after() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 2, 10))
        asked = [asyncio.create_task(ask(admission, bench.work, number)) for number in range(3)]
        await until(lambda: admission.waiting == 2)
        began = time.perf_counter()
        with pytest.raises(OverloadedError) as refused:
            await ask(admission, bench.work, 3)
        assert time.perf_counter() - began < 0.1
        assert refused.value.retry_after >= 1
        bench.go_on.set()
        assert await asyncio.gather(*asked) == [0, 1, 2]
        assert await ask(admission, bench.work, 4) == 4
        assert 3 not in bench.began

    run(test)


def test_a_question_that_could_not_begin_in_time_is_refused_on_arrival() -> None:
    """Four seconds a question, one slot, a timeout of ten seconds: two may wait, a third may not."""

    async def test() -> None:
        now = [0.0]
        bench = Bench()
        admission = Admission(AdmissionSettings(1, 100, 10), clock=lambda: now[0])

        def work(_: int) -> int:
            now[0] += 4.0
            return 0

        await ask(admission, work, 0)
        asked = [asyncio.create_task(ask(admission, bench.work, number)) for number in range(3)]
        await until(lambda: admission.waiting == 2)
        assert admission.expected_wait == pytest.approx(8.0)
        with pytest.raises(OverloadedError) as refused:
            await ask(admission, bench.work, 9)
        assert refused.value.retry_after == 4
        bench.go_on.set()
        await asyncio.gather(*asked)

    run(test)


def test_no_question_waits_longer_than_the_queue_timeout() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 5, 0.2))
        first = asyncio.create_task(ask(admission, bench.work, 0))
        await until(lambda: admission.running == 1)
        began = time.perf_counter()
        with pytest.raises(OverloadedError):
            await ask(admission, bench.work, 1)
        assert 0.15 < time.perf_counter() - began < 2
        assert admission.waiting == 0
        bench.go_on.set()
        assert await first == 0
        assert await ask(admission, bench.work, 2) == 2
        assert bench.began == [0, 2]

    run(test)


def test_a_disconnected_client_s_question_is_not_answered_and_frees_its_slot() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 5, 10))
        bench.go_on.set()

        async def gone() -> bool:
            return True

        with pytest.raises(RequestGoneError):
            async with admission.admit(gone=gone) as ticket:
                await ticket.run(bench.work, 1)
        assert bench.began == []
        assert await ask(admission, bench.work, 2) == 2

    run(test)


def test_a_cancelled_wait_leaves_the_queue() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 5, 10))
        asked = [asyncio.create_task(ask(admission, bench.work, number)) for number in range(3)]
        await until(lambda: admission.waiting == 2)
        asked[1].cancel()
        await until(lambda: admission.waiting == 1)
        bench.go_on.set()
        assert await asked[0] == 0
        assert await asked[2] == 2
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_a_slot_handed_over_during_a_cancellation_is_passed_on() -> None:
    """One question ends and the next is cancelled in the same iteration of the event loop."""

    async def test() -> None:
        admission = Admission(AdmissionSettings(1, 5, 10))
        await admission.take_turn()
        second = asyncio.create_task(admission.take_turn())
        third = asyncio.create_task(admission.take_turn())
        await asyncio.sleep(0)
        admission.end_turn(None)
        second.cancel()
        await asyncio.wait([second, third], timeout=5)
        assert second.cancelled()
        assert third.done()
        assert not third.cancelled()

    run(test)


def test_an_error_frees_the_slot() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 5, 10))
        bench.go_on.set()

        def fail(_: int) -> int:
            raise ZeroDivisionError

        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await ask(admission, fail, 0)
        assert await ask(admission, bench.work, 1) == 1
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_a_question_after_a_batch_does_not_wait_for_all_of_it() -> None:
    """With two slots a batch has two turns at a time, so a later question waits for no more than those."""

    async def test() -> None:
        admission = Admission(AdmissionSettings(2, 50, 10))
        order: list[str] = []

        def work(name: str) -> str:
            time.sleep(0.01)
            order.append(name)
            return name

        async def batch() -> list[str]:
            async with admission.admit(20) as ticket:
                return await ticket.run_all(work, [f"batch {number}" for number in range(20)])

        async def single() -> str:
            async with admission.admit() as ticket:
                return await ticket.run(work, "single")

        first = asyncio.create_task(batch())
        await until(lambda: admission.running == 2)
        assert admission.waiting == 18
        assert await single() == "single"
        assert await first == [f"batch {number}" for number in range(20)]
        assert order.index("single") < 10
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_a_batch_larger_than_the_queue_begins_when_the_queue_is_empty() -> None:
    async def test() -> None:
        admission = Admission(AdmissionSettings(1, 2, 10))
        async with admission.admit(5) as ticket:
            assert await ticket.run_all(lambda number: number * 2, [1, 2, 3, 4, 5]) == [2, 4, 6, 8, 10]

    run(test)


def test_an_error_in_a_batch_is_raised_as_it_is_and_frees_all_slots() -> None:
    async def test() -> None:
        admission = Admission(AdmissionSettings(2, 20, 10))

        def work(number: int) -> int:
            if number == 3:
                raise ZeroDivisionError
            return number

        with pytest.raises(ZeroDivisionError):
            async with admission.admit(8) as ticket:
                await ticket.run_all(work, range(8))
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_counts_return_to_zero_after_errors_timeouts_and_cancellations() -> None:
    async def test() -> None:
        admission = Admission(AdmissionSettings(3, 8, 0.2))

        def work(number: int) -> Any:
            time.sleep(0.002 * (number % 5))
            if number % 2:
                raise ValueError(number)
            return number

        async def one(number: int) -> str:
            await asyncio.sleep(0.001 * (number % 40))
            try:
                await ask(admission, work, number)
            except (OverloadedError, ValueError) as error:
                return type(error).__name__
            return "answered"

        tasks = [asyncio.create_task(one(number)) for number in range(300)]
        await asyncio.sleep(0.02)
        for task in tasks[::11]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {"answered", "OverloadedError", "ValueError"} <= {str(outcome) for outcome in outcomes}
        assert (admission.running, admission.waiting) == (0, 0)
        assert await ask(admission, work, 2) == 2

    run(test)


def test_a_cancelled_batch_keeps_its_slot_until_its_thread_ends() -> None:
    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(2, 10, 10))

        async def batch() -> None:
            async with admission.admit(3) as ticket:
                await ticket.run_all(bench.work, [1, 2, 3])

        asked = asyncio.create_task(batch())
        await until(lambda: len(bench.began) == 2)
        asked.cancel()
        await asyncio.sleep(0.05)
        assert not asked.done()
        assert admission.running == 2
        bench.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert len(bench.began) == 2
        assert (admission.running, admission.waiting) == (0, 0)

    run(test)


def test_busy_default_threads_do_not_delay_answers() -> None:
    """All of the event loop's default threads are busy; a question has a thread of its own."""

    async def test() -> None:
        bench, admission = Bench(), Admission(AdmissionSettings(1, 10, 10))
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = 2
        held = [asyncio.create_task(anyio.to_thread.run_sync(bench.work, number)) for number in (1, 2)]
        await until(lambda: len(bench.began) == 2)
        async with asyncio.timeout(5):
            assert await ask(admission, lambda number: number, 3) == 3
        bench.go_on.set()
        await asyncio.gather(*held)

    run(test)


def test_a_question_after_a_long_batch_is_admitted() -> None:
    """Two seconds a question, ten of a batch: a question after them begins next, and is admitted."""

    async def test() -> None:
        now = [0.0]
        bench = Bench()
        admission = Admission(AdmissionSettings(1, 100, 5), clock=lambda: now[0])

        def work(_: int) -> int:
            now[0] += 2.0
            return 0

        await ask(admission, work, 0)

        async def batch() -> None:
            async with admission.admit(10) as ticket:
                await ticket.run_all(bench.work, list(range(10)))

        asked = asyncio.create_task(batch())
        await until(lambda: bench.began == [0])
        single = asyncio.create_task(ask(admission, bench.work, 99))
        await asyncio.sleep(0.02)
        bench.go_on.set()
        assert await single == 99
        await asked
        assert bench.began.index(99) <= 2

    run(test)


def test_unmeasured_work_leaves_the_average_time_unchanged() -> None:
    async def test() -> None:
        now = [0.0]
        admission = Admission(AdmissionSettings(1, 10, 5), clock=lambda: now[0])

        def work(seconds: int) -> int:
            now[0] += seconds
            return 0

        await ask(admission, work, 4)
        async with admission.admit(measured=False) as ticket:
            await ticket.run(work, 0)
        assert admission.average_seconds == 4
        await ask(admission, work, 0)
        assert admission.average_seconds < 4

    run(test)
