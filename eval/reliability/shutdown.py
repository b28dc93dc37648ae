"""SIGTERM at a random moment while questions are answered: accepted requests must be answered.

The promise: from the signal on readiness is refused while the service still listens; every accepted request
is answered; new requests are refused, as 503 problems or by refusing the connection; and the process exits
with status 0 within the grace period.
"""

from __future__ import annotations

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from eval.benchmark.load import NO_RESPONSE, Sample, arrivals, asking, connect, offer, seeds_questions
from eval.benchmark.serving import Served, serving
from eval.reliability.campaign import Outcome
from service.web.operation.lifecycle import STOPPING

GRACE = 10.0
_SECONDS = 4.0  # of load; the signal is sent in the first half
_RATE = 4.0
_ANSWERED = frozenset({httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE})  # 503 if the queue is full
_ALLOWED = 1.0  # for the process to end, beyond the grace period


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. Times are in seconds.

    `signalled`: from the start of the load to the signal. `unready`: from the signal until readiness was
    refused, None if the connection was refused before. `ended`: from the signal until the process ended.
    """

    samples: list[Sample]
    signalled: float
    unready: float | None
    ended: float
    status: int


def campaign(index: Path, stops: int, seed: int, reader: str = "default") -> Outcome:
    """Start a service and stop it under load, `stops` times."""
    began = time.perf_counter()
    draw = random.Random(seed)
    found: list[Stop] = []
    failures: list[str] = []
    for number in range(stops):
        after = draw.uniform(0.5, _SECONDS / 2)
        settings = {"reader": reader}
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(index, Path(folder) / "log", settings) as served,
        ):
            stop = asyncio.run(_stop(served, after, seed + number))
        found.append(stop)
        failures += [f"stop {number + 1}: {fault}" for fault in judge(stop)]
    figures: dict[str, Any] = {
        "seed": seed,
        "answered": sum(sample.status == httpx.codes.OK for stop in found for sample in stop.samples),
        "refused": sum(
            sample.status == httpx.codes.SERVICE_UNAVAILABLE for stop in found for sample in stop.samples
        ),
        "connection_refused": sum(sample.status == NO_RESPONSE for stop in found for sample in stop.samples),
        "longest_end_s": round(max(stop.ended for stop in found), 2),
        "statuses": sorted({stop.status for stop in found}),
    }
    return Outcome("shutdown", stops, tuple(failures), figures, time.perf_counter() - began)


def judge(stop: Stop) -> list[str]:
    """Return a line for each broken promise."""
    failures = []
    if stop.status != 0:
        failures.append(f"the process ended with status {stop.status}")
    if stop.ended > GRACE + _ALLOWED:
        failures.append(f"it took {stop.ended:.1f} s to end")
    if stop.unready is None:
        failures.append("readiness was not refused while it still listened")
    lost = _lost(stop.samples, stop.signalled)
    if lost:
        failures.append(f"{lost} requests sent before the signal were not answered")
    late = sum(
        sample.status == httpx.codes.OK and sample.due > stop.signalled + _ALLOWED for sample in stop.samples
    )
    if late:
        failures.append(f"{late} requests were accepted long after the signal")
    return failures


def _lost(samples: Sequence[Sample], signalled: float) -> int:
    # A request sent within 0.1 s of the signal may have arrived after the socket was closed.
    before = (sample for sample in samples if sample.due + sample.late < signalled - 0.1)
    return sum(sample.status not in _ANSWERED or _stopped(sample) for sample in before)


def _stopped(sample: Sample) -> bool:
    """Return whether a request was refused because the service stops, not because it is overloaded."""
    return isinstance(sample.body, dict) and sample.body.get("detail") == STOPPING


async def _stop(served: Served, after: float, seed: int) -> Stop:
    async with connect(served.url) as client, connect(served.url) as watch:
        send = asking(client, seeds_questions())
        for number in range(3):
            await send(number)
        began = time.perf_counter()
        load = asyncio.create_task(offer(send, arrivals(_RATE, _SECONDS, seed)))
        await asyncio.sleep(after)
        served.process.send_signal(signal.SIGTERM)
        signalled = time.perf_counter()
        unready = await _unready(watch, signalled)
        status = await asyncio.to_thread(served.process.wait, GRACE + 10 * _ALLOWED)
        ended = time.perf_counter() - signalled
        return Stop(await load, signalled - began, unready, ended, status)


async def _unready(client: httpx.AsyncClient, since: float) -> float | None:
    """Return the seconds until readiness was refused, None if the connection was refused before."""
    while True:
        try:
            response = await client.get("/readyz")
        except httpx.HTTPError:
            return None
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return time.perf_counter() - since
        await asyncio.sleep(0.01)
