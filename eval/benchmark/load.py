"""Latency and refusals under a fixed arrival rate (an open load model): `python -m eval.benchmark.load`.

A load generator that waits for each answer before it asks again slows down with the service, and so cannot
show what happens when more questions arrive than can be answered. Here arrivals are a Poisson process with a
given rate, and a question's latency counts from when it was due, not from when it was sent, because a late
generator hides waiting time ("coordinated omission", G. Tene, 2013).
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import httpx2 as httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.serving import serving
from eval.dataset import SEEDS
from indexer.cli import run_commands
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX

MAX_OPEN = 2_000
"""The most requests in flight at once; with more, the generator itself would be measured."""
NO_RESPONSE = 0
"""The status of a request that got no response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request and its response.

    `seconds`: from when it was due until its response was read. `status`: NO_RESPONSE if there was none.
    `due`: seconds from the start until it was due; `late`: by how many seconds it was sent late. `body`: the
    response's JSON, None if it was not JSON.
    """

    seconds: float
    status: int
    due: float = 0.0
    late: float = 0.0
    media_type: str = ""
    retry_after: str = ""
    body: Any = None


Send = Callable[[int], Awaitable[Sample]]
"""Sends the request with this number and returns its sample, timed from when it was sent."""


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Return the arrival times, in seconds, of a Poisson process with `rate` arrivals per second."""
    draw = random.Random(seed)
    due, instants = draw.expovariate(rate), []
    while due < seconds:
        instants.append(due)
        due += draw.expovariate(rate)
    return instants


async def offer(send: Send, instants: Sequence[float]) -> list[Sample]:
    """Send a request at each of these times and return the samples in the order they were due."""
    began = time.perf_counter()
    in_flight = 0

    async def one(number: int, due: float) -> Sample:
        nonlocal in_flight
        late = time.perf_counter() - began - due
        if in_flight >= MAX_OPEN:
            return Sample(seconds=late, status=NO_RESPONSE, due=due, late=late)
        in_flight += 1
        try:
            sample = await send(number)
        finally:
            in_flight -= 1
        return replace(sample, seconds=late + sample.seconds, due=due, late=late)

    tasks = []
    for number, due in enumerate(instants):
        await asyncio.sleep(max(0.0, due - (time.perf_counter() - began)))
        tasks.append(asyncio.create_task(one(number, due)))
    return await asyncio.gather(*tasks)


async def saturate(send: Send, clients: int, seconds: float) -> list[Sample]:
    """Ask with `clients` clients, each as soon as it has its last answer, and return the samples."""
    began = time.perf_counter()
    samples: list[Sample] = []

    async def client(first: int) -> None:
        number = first
        while time.perf_counter() - began < seconds:
            samples.append(await send(number))
            number += clients

    await asyncio.gather(*(client(first) for first in range(clients)))
    return samples


def asking(client: httpx.AsyncClient, questions: Sequence[str]) -> Send:
    """Return a function that asks the questions in turn with `POST /v1/answer`."""

    async def send(number: int) -> Sample:
        began = time.perf_counter()
        question = questions[number % len(questions)]
        try:
            response = await client.post("/v1/answer", json={"question": question})
        except httpx.HTTPError:
            return Sample(seconds=time.perf_counter() - began, status=NO_RESPONSE)
        seconds = time.perf_counter() - began
        try:
            body = response.json()
        except ValueError:
            body = None
        return Sample(
            seconds=seconds,
            status=response.status_code,
            media_type=response.headers.get("content-type", ""),
            retry_after=response.headers.get("retry-after", ""),
            body=body,
        )

    return send


def seeds_questions() -> list[str]:
    """Return the questions of the seeds' question set, in its order."""
    return [str(json.loads(line)["question"]) for line in SEEDS.read_text("utf-8").splitlines() if line]


def connect(url: str) -> httpx.AsyncClient:
    """Return a client without limits on connections that ignores the environment's proxies."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load: rates per second; latencies in milliseconds, None without requests."""

    offered: float
    goodput: float
    refused: int
    failed: int
    p50: float | None
    p95: float | None
    p99: float | None
    refusal_p99: float | None

    @classmethod
    def of(cls, samples: Sequence[Sample], seconds: float) -> Load:
        """Sum up samples that were due within `seconds` seconds."""
        answered = [sample.seconds for sample in samples if sample.status == httpx.codes.OK]
        refused = [sample.seconds for sample in samples if sample.status == httpx.codes.SERVICE_UNAVAILABLE]
        # Requests in flight at the end are answered after it: the time counts up to the last answer.
        whole = max([seconds, *(sample.due + sample.seconds for sample in samples)])
        return cls(
            offered=len(samples) / seconds,
            goodput=len(answered) / whole,
            refused=len(refused),
            failed=len(samples) - len(answered) - len(refused),
            p50=percentile(answered, 50),
            p95=percentile(answered, 95),
            p99=percentile(answered, 99),
            refusal_p99=percentile(refused, 99),
        )


def percentile(seconds: Sequence[float], share: float) -> float | None:
    """Return a percentile in milliseconds, by linear interpolation; None for an empty sequence."""
    return float(np.percentile(seconds, share)) * 1_000 if seconds else None


def measure(
    index: IndexOption = DEFAULT_INDEX,
    rate: Annotated[list[float] | None, typer.Option(help="Questions per second; may be repeated.")] = None,
    seconds: Annotated[
        float, typer.Option(help="Seconds for which each rate is offered.", min=1, max=600)
    ] = 20,
    url: Annotated[
        str | None, typer.Option(help="Address of a running service; by default one is started.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the arrivals.", min=0)] = 0,
) -> None:
    """Offer questions at each rate and print how many were answered and refused, and the latencies."""
    questions = seeds_questions()
    rates = rate or [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    if url is not None:
        _print(asyncio.run(_measure(url, questions, rates, seconds, seed)))
        return
    with tempfile.TemporaryDirectory() as folder, serving(index, Path(folder) / "log") as served:
        _print(asyncio.run(_measure(served.url, questions, rates, seconds, seed)))


async def _measure(
    url: str, questions: Sequence[str], rates: Sequence[float], seconds: float, seed: int
) -> list[Load]:
    async with connect(url) as client:
        send = asking(client, questions)
        return [Load.of(await offer(send, arrivals(rate, seconds, seed)), seconds) for rate in rates]


def _print(loads: Sequence[Load]) -> None:
    table = Table(
        "offered/s", "answered/s", "refused", "failed", "p50 ms", "p95 ms", "p99 ms", "refusal p99 ms"
    )
    for load in loads:
        times = (load.p50, load.p95, load.p99, load.refusal_p99)
        table.add_row(
            f"{load.offered:.1f}",
            f"{load.goodput:.1f}",
            str(load.refused),
            str(load.failed),
            *("–" if time is None else f"{time:,.0f}" for time in times),
        )
    Console(highlight=False).print(table)


if __name__ == "__main__":
    run_commands(measure)
