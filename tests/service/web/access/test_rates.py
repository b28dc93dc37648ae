"""Rates and their counts, against a bucket of exact fractions, with a clock that the test advances."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import RateError
from service.web.access.rates import Limiter, Taken
from service.web.rate import Rate

SECOND = 1_000_000_000


class Clock:
    """Nanoseconds that a test advances."""

    def __init__(self, now: int = 12_345) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.mark.parametrize(
    ("text", "quota", "seconds"),
    [
        ("60/minute", 60, 60),
        ("5/second", 5, 1),
        ("1000/hour", 1000, 3600),
        ("1000/day", 1000, 86_400),
        ("999999999/day", 999_999_999, 86_400),
    ],
)
def test_a_rate_is_parsed_and_formatted(text: str, quota: int, seconds: int) -> None:
    rate = Rate.parse(text)
    assert (rate.quota, rate.seconds, str(rate)) == (quota, seconds, text)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "60",
            "60/min",
            "0/minute",
            "-1/minute",
            "1.5/second",
            "60 / minute",
            "60/Minute",
            "060/minute",
        ],
        *["60/minute\n", " 60/minute", "6٠/minute", "1000000000/day", "/minute", "60/minute/second"],
    ],
)
def test_an_invalid_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(RateError, match="write 60/minute"):
        Rate.parse(text)
    with pytest.raises(ValueError, match="is not a valid rate"):  # as Pydantic needs it
        Rate.parse(text)


def test_a_full_bucket_gives_its_quota_and_then_one_at_a_time() -> None:
    clock, rate = Clock(), Rate(60, "minute")
    limiter = Limiter(clock=clock)
    for left in range(59, -1, -1):
        taken = limiter.take("a", rate)
        assert (taken.units, taken.remaining, taken.retry_in) == (1, left, 0)
    assert limiter.take("a", rate).units == 0
    clock.now += SECOND - 1
    assert limiter.take("a", rate).units == 0
    clock.now += 1
    assert limiter.take("a", rate).units == 1
    assert limiter.take("a", rate).units == 0


def test_an_idle_client_has_its_quota_again_after_a_window_and_never_more() -> None:
    clock, rate = Clock(), Rate(7, "second")
    limiter = Limiter(clock=clock)
    for idle in (0, 1, 3_600):
        clock.pass_seconds(idle)
        assert [limiter.take("a", rate).units for _ in range(9)] == [1] * 7 + [0] * 2


def test_seconds_are_whole_and_rounded_up() -> None:
    clock, rate = Clock(), Rate(5, "minute")  # one in 12 s
    limiter = Limiter(clock=clock)
    assert limiter.take("a", rate).next_in == 12
    clock.pass_seconds(0.5)
    assert limiter.take("a", rate).next_in == 12  # 11.5
    for _ in range(3):
        limiter.take("a", rate)
    refused = limiter.take("a", rate)
    assert (refused.units, refused.remaining, refused.next_in, refused.retry_in) == (0, 0, 12, 12)
    assert limiter.take("a", rate, 2).retry_in == 24  # 23.5
    clock.now += 11 * SECOND + SECOND // 2 - 1
    assert limiter.take("a", rate).retry_in == 1  # a nanosecond
    clock.now += 1
    assert limiter.take("a", rate).units == 1


def test_waiting_retry_in_seconds_is_enough() -> None:
    clock, rate = Clock(), Rate(7, "hour")
    limiter = Limiter(clock=clock)
    limiter.take("a", rate, 7)
    for units in (1, 3, 7):
        refused = limiter.take("a", rate, units)
        clock.pass_seconds(refused.retry_in)
        assert limiter.take("a", rate, units).units == units


def test_a_refusal_costs_nothing() -> None:
    clock, rate = Clock(), Rate(10, "minute")
    limiter = Limiter(clock=clock)
    limiter.take("a", rate, 6)
    for _ in range(100):
        assert limiter.take("a", rate, 5).units == 0
    assert limiter.take("a", rate, 4).remaining == 0


def test_each_client_and_each_rate_has_its_own_bucket() -> None:
    limiter = Limiter(clock=Clock())
    rate, other = Rate(2, "minute"), Rate(3, "minute")
    assert limiter.take("a", rate, 2).remaining == 0
    assert limiter.take("b", rate, 1).remaining == 1
    assert limiter.take("a", other, 1).remaining == 2
    assert limiter.take("a", rate).units == 0


def test_more_than_the_quota_is_always_refused() -> None:
    clock, rate = Clock(), Rate(3, "second")
    limiter = Limiter(clock=clock)
    for _ in range(3):
        clock.pass_seconds(100)
        assert limiter.take("a", rate, 4).units == 0
    assert limiter.take("a", rate, 3).units == 3


def test_taking_in_two_steps_costs_the_same_as_at_once() -> None:
    clock, rate = Clock(), Rate(10, "minute")
    limiter = Limiter(clock=clock)
    held = limiter.take("a", rate)
    clock.pass_seconds(0.25)
    taken = limiter.take("a", rate, 10, held)
    assert (taken.units, taken.remaining) == (10, 0)


def test_a_refused_second_step_refunds_the_first() -> None:
    rate = Rate(10, "minute")
    limiter = Limiter(clock=Clock())
    limiter.take("a", rate, 6)
    held = limiter.take("a", rate)
    refused = limiter.take("a", rate, 5, held)
    assert (refused.units, refused.remaining, refused.retry_in) == (0, 4, 6)
    assert limiter.take("a", rate, 4).units == 4


def test_a_late_refund_excludes_what_was_refilled() -> None:
    clock, rate = Clock(), Rate(10, "minute")  # one in 6 s
    limiter = Limiter(clock=clock)
    held = limiter.take("a", rate)
    clock.pass_seconds(60)
    limiter.take("a", rate, 10)
    assert limiter.take("a", rate, 2, held).units == 0
    assert limiter.take("a", rate).units == 0


def test_a_refund_of_several_steps_counts_from_the_first() -> None:
    clock, rate = Clock(), Rate(10, "minute")
    limiter = Limiter(clock=clock)
    held = limiter.take("a", rate)
    clock.pass_seconds(60)
    held = limiter.take("a", rate, 2, held)
    limiter.take("a", rate, 9)
    assert limiter.take("a", rate, 3, held).units == 0
    assert limiter.take("a", rate).units == 0


steps = st.lists(
    st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 6), st.booleans()), min_size=1, max_size=60
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(quota=st.integers(1, 7), steps=steps)
def test_counts_equal_those_of_an_exact_bucket(quota: int, steps: list[tuple[int, int, bool]]) -> None:
    clock, rate = Clock(), Rate(quota, "second")
    limiter = Limiter(clock=clock)
    bucket = Fraction(quota)
    for wait, units, _ in steps:
        clock.now += wait
        bucket = min(Fraction(quota), bucket + Fraction(wait * quota, SECOND))
        taken = limiter.take("a", rate, units)
        assert taken.units == (units if units <= bucket else 0)
        if units <= bucket:
            bucket -= units
        elif units <= quota:
            assert taken.retry_in == ceil((units - bucket) / quota)
        assert taken.remaining == int(bucket)
        assert taken.next_in == (ceil((int(bucket) + 1 - bucket) / quota) if bucket < quota else 0)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(quota=st.integers(1, 5), steps=steps)
def test_no_window_allows_twice_the_quota(quota: int, steps: list[tuple[int, int, bool]]) -> None:
    clock, rate = Clock(), Rate(quota, "second")
    limiter = Limiter(clock=clock)
    got: list[int] = []  # when each used unit was taken
    held: list[Taken] = []  # by requests whose cost is not known yet
    for wait, units, two_steps in steps:
        clock.now += wait
        if two_steps and len(held) < 2:
            first = limiter.take("a", rate)
            held += [first] if first.units else []
        elif two_steps:
            first = held.pop(0)
            if limiter.take("a", rate, 1 + units, first).units:
                got += [first.at] + [clock.now] * units
        else:
            got += [clock.now] * limiter.take("a", rate, units).units
    for start in got:
        assert sum(start <= at < start + SECOND for at in got) <= 2 * quota - 1
    for start in got:
        for end in got:
            if start <= end:
                within = sum(start <= at <= end for at in got)
                assert within <= quota + Fraction((end - start) * quota, SECOND)


def test_the_least_recently_seen_client_is_forgotten_first() -> None:
    rate = Rate(2, "day")
    limiter = Limiter(max_clients=3, clock=Clock())
    for client in ("a", "b", "c"):
        limiter.take(client, rate, 2)
    assert limiter.take("a", rate).units == 0  # a refusal also counts as seen
    limiter.take("d", rate, 2)
    assert len(limiter) == 3
    assert limiter.take("a", rate).units == 0
    assert limiter.take("c", rate).units == 0
    assert limiter.take("d", rate).units == 0
    assert limiter.take("b", rate).units == 1


def test_memory_is_bounded_for_any_number_of_clients() -> None:
    limiter = Limiter(max_clients=100)
    for number in range(5_000):
        limiter.take(f"address {number}", Rate(60, "day"))
        assert len(limiter) <= 100


class Slow(str):
    """A client's name that lets other threads run before it is looked up and before it is stored."""

    __slots__ = ()

    def __hash__(self) -> int:
        time.sleep(0.001)
        return super().__hash__()

    __eq__ = str.__eq__


def test_threads_together_take_exactly_the_quota() -> None:
    rate = Rate(12, "day")
    limiter = Limiter(clock=Clock())
    ready = threading.Barrier(4)
    got: list[int] = []

    def take_some() -> None:
        ready.wait()
        got.append(sum(limiter.take(Slow("a"), rate).units for _ in range(6)))

    threads = [threading.Thread(target=take_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert sum(got) == 12
