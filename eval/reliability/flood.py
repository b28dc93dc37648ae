"""Overload: the service must keep answering as many questions as it can, and refuse the others at once.

First the peak throughput is measured, with clients that ask again as soon as they have their answer. Then a
multiple of it is offered at a fixed rate. The promise: goodput is at least `KEPT` of the peak; refusals take
at most `PROMPT` seconds (99th percentile) and are 503 problems with Retry-After; and `REST` seconds after the
flood a question takes no longer than before it.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx

from eval.benchmark.load import (
    Load,
    Sample,
    Send,
    arrivals,
    asking,
    connect,
    offer,
    saturate,
    seeds_questions,
)
from eval.benchmark.serving import serving
from eval.reliability.campaign import Outcome

KEPT = 0.8
PROMPT = 0.1
REST = 5.0
SLOWER = 1.5
"""How much longer a question may take after the flood than before it, in the median of `_CALM` questions."""

_CALM = 20
_CLIENTS = 4
_WARM = 10


def campaign(index: Path, times: float, seconds: float, seed: int, reader: str = "default") -> Outcome:
    """Serve an index, offer `times` its peak throughput for `seconds` seconds, and return the outcome."""
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(index, Path(folder) / "log", {"reader": reader}) as served,
    ):
        figures, failures = asyncio.run(_flood(served.url, times, seconds, seed))
    return Outcome("flood", figures["offered"], tuple(failures), figures, time.perf_counter() - began)


async def _flood(url: str, times: float, seconds: float, seed: int) -> tuple[dict[str, Any], list[str]]:
    async with connect(url) as client:
        send = asking(client, seeds_questions())
        await _calm(send, _WARM)
        before = await _calm(send, _CALM)
        saturated = await saturate(send, _CLIENTS, seconds)
        peak = sum(sample.status == httpx.codes.OK for sample in saturated) / seconds
        samples = await offer(send, arrivals(times * peak, seconds, seed))
        await asyncio.sleep(REST)
        after = await _calm(send, _CALM)
    load = Load.of(samples, seconds)
    figures = {
        "seed": seed,
        "peak_per_second": round(peak, 2),
        "offered": len(samples),
        "offered_per_second": round(load.offered, 2),
        "goodput_per_second": round(load.goodput, 2),
        "goodput_of_peak": round(load.goodput / peak, 3),
        "refused": load.refused,
        "refusal_p99_ms": load.refusal_p99 and round(load.refusal_p99, 1),
        "answer_p50_ms": load.p50 and round(load.p50),
        "answer_p99_ms": load.p99 and round(load.p99),
        "before_p50_ms": round(1_000 * before),
        "after_p50_ms": round(1_000 * after),
    }
    return figures, judge(samples, load, peak, before, after)


def judge(samples: Sequence[Sample], load: Load, peak: float, before: float, after: float) -> list[str]:
    """Return a line for each broken promise."""
    failures = []
    if not load.refused:
        failures.append("nothing was refused: the load was not an overload")
    if load.failed:
        failures.append(f"{load.failed} requests were neither answered nor refused")
    if load.goodput < KEPT * peak:
        failures.append(f"goodput fell to {load.goodput / peak:.0%} of the peak")
    if load.refusal_p99 is not None and load.refusal_p99 > 1_000 * PROMPT:
        failures.append(f"refusals took {load.refusal_p99:.0f} ms (99th percentile)")
    incomplete = sum(
        sample.status == httpx.codes.SERVICE_UNAVAILABLE and not _is_complete(sample) for sample in samples
    )
    if incomplete:
        failures.append(f"{incomplete} refusals were not problems with Retry-After")
    if after > SLOWER * before:
        failures.append(
            f"{REST:g} s after the flood a question took {after / before:.1f} times as long as before it"
        )
    return failures


def _is_complete(refusal: Sample) -> bool:
    complete = refusal.media_type == "application/problem+json" and refusal.retry_after.isdecimal()
    return complete and int(refusal.retry_after) > 0 and refusal.body["status"] == refusal.status


async def _calm(send: Send, questions: int) -> float:
    """Ask one question after the other and return their median time in seconds."""
    return statistics.median([(await send(number)).seconds for number in range(questions)])
