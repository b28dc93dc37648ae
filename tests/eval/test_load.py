"""The open-model load generator: arrivals by the clock, latencies from when a question was due."""

from __future__ import annotations

import asyncio
import time

import pytest

from eval.benchmark.load import NO_RESPONSE, Load, Sample, arrivals, offer, percentile, saturate


def test_arrivals_are_independent_and_keep_their_rate() -> None:
    """The gaps of a Poisson process are exponential: their mean is their standard deviation."""
    instants = arrivals(50, 200, seed=1)
    gaps = [after - before for before, after in zip([0.0, *instants], instants, strict=False)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert len(instants) == pytest.approx(10_000, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)
    assert min(gaps) >= 0
    assert instants[0] > 0
    assert instants[-1] < 200
    assert arrivals(50, 200, seed=1) == instants != arrivals(50, 200, seed=2)


@pytest.mark.slow
def test_questions_are_sent_when_due_even_if_none_is_answered() -> None:
    sent: list[float] = []
    began = time.perf_counter()

    async def send(_: int) -> Sample:
        sent.append(time.perf_counter() - began)
        await asyncio.sleep(0.5)
        return Sample(seconds=0.5, status=200)

    samples = asyncio.run(offer(send, [0.02 * number for number in range(10)]))
    assert len(samples) == 10
    assert max(sent) < 0.45
    assert [sample.due for sample in samples] == [0.02 * number for number in range(10)]


def test_latency_counts_from_when_a_question_was_due() -> None:
    """The event loop is blocked for 0.3 s, so the second is sent late; its latency includes the delay."""

    async def send(number: int) -> Sample:
        if number == 0:
            time.sleep(0.3)
        return Sample(seconds=0.0, status=200)

    first, second = asyncio.run(offer(send, [0.0, 0.05]))
    assert first.late < 0.1
    assert second.late >= 0.2
    assert second.seconds >= second.late


def test_a_client_asks_again_as_soon_as_it_has_an_answer() -> None:
    async def send(_: int) -> Sample:
        await asyncio.sleep(0.02)
        return Sample(seconds=0.02, status=200)

    assert 12 <= len(asyncio.run(saturate(send, clients=3, seconds=0.2))) <= 36


def test_a_load_is_summarised() -> None:
    answered = [Sample(seconds=0.1 * number, status=200, due=1.0) for number in range(1, 6)]
    refused = [Sample(seconds=0.02, status=503, due=2.0)] * 2
    failed = [Sample(seconds=0.0, status=status, due=3.0) for status in (NO_RESPONSE, 500)]
    load = Load.of([*answered, *refused, *failed], seconds=3.0)
    assert (load.offered, load.goodput, load.refused, load.failed) == (3.0, 5 / 3, 2, 2)
    assert load.p50 == pytest.approx(300)
    assert load.refusal_p99 == pytest.approx(20)
    assert load.p99 == pytest.approx(496)  # 0.4 + 0.96 * 0.1 s: linear between the fourth and the fifth
    late = Load.of([Sample(seconds=4.0, status=200, due=2.0)], seconds=3.0)
    assert late.goodput == pytest.approx(1 / 6)
    assert late.refusal_p99 is None


def test_no_samples_have_no_percentile() -> None:
    assert percentile([], 50) is None
