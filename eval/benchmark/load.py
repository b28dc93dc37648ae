"""`python -m eval.benchmark.load`: questions on a clock, whether the ones before are answered or not.

A generator that waits for an answer before it asks again slows down with the service, and so never sees
how it fares when more people come than it can answer. Here arrivals are a Poisson process of a given rate (an
open model), and a question's latency counts from when it was due, not from when it was sent: what the
generator is late by is a part of the waiting line too ("coordinated omission", G. Tene, 2013).
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
"""Requests under way at once, at most: beyond it the generator itself would be what is measured."""
NO_RESPONSE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request. `due` and `late`: seconds from the start until it was due, and that it was sent late by.

    `seconds`: from when it was due until its response was read. `status`: 0 where none came. `body`: what
    the response said, None where it was no JSON.
    """

    seconds: float
    status: int
    due: float = 0.0
    late: float = 0.0
    media_type: str = ""
    retry_after: str = ""
    body: Any = None


Send = Callable[[int], Awaitable[Sample]]
"""Sends the request of a number and tells what came of it, timed from when it was sent."""


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Return the instants of a Poisson process of `rate` a second, in seconds from the start."""
    draw = random.Random(seed)
    due, instants = draw.expovariate(rate), []
    while due < seconds:
        instants.append(due)
        due += draw.expovariate(rate)
    return instants


async def offer(send: Send, instants: Sequence[float]) -> list[Sample]:
    """Send a request at each instant and return what came of them all, in the order they were due."""
    began = time.perf_counter()
    under_way = 0

    async def one(number: int, due: float) -> Sample:
        nonlocal under_way
        late = time.perf_counter() - began - due
        if under_way >= MAX_OPEN:
            return Sample(seconds=late, status=NO_RESPONSE, due=due, late=late)
        under_way += 1
        try:
            sample = await send(number)
        finally:
            under_way -= 1
        return replace(sample, seconds=late + sample.seconds, due=due, late=late)

    tasks = []
    for number, due in enumerate(instants):
        await asyncio.sleep(max(0.0, due - (time.perf_counter() - began)))
        tasks.append(asyncio.create_task(one(number, due)))
    return await asyncio.gather(*tasks)


async def saturate(send: Send, clients: int, seconds: float) -> list[Sample]:
    """Ask with so many clients, each as soon as it has its answer, and return what came of it."""
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
    """Return what asks the questions in turn, over `POST /v1/answer`."""

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
    """Return the questions of the set that comes with Quoth, in its order."""
    return [str(json.loads(line)["question"]) for line in SEEDS.read_text("utf-8").splitlines() if line]


def connect(url: str) -> httpx.AsyncClient:
    """Return a client without bounds of its own on connections, and none of the environment's proxies."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to. Rates are a second; latencies milliseconds, None where there is nothing."""

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
        """Sum up samples that were due within so many seconds."""
        answered = [sample.seconds for sample in samples if sample.status == httpx.codes.OK]
        refused = [sample.seconds for sample in samples if sample.status == httpx.codes.SERVICE_UNAVAILABLE]
        # What was still under way at the end was answered after it: the time counts to the last answer.
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
    """Return a percentile in milliseconds, by linear interpolation; None of nothing."""
    return float(np.percentile(seconds, share)) * 1_000 if seconds else None


def measure(
    index: IndexOption = DEFAULT_INDEX,
    rate: Annotated[list[float] | None, typer.Option(help="Questions a second; more than once.")] = None,
    seconds: Annotated[float, typer.Option(help="How long each rate is offered.", min=1, max=600)] = 20,
    url: Annotated[str | None, typer.Option(help="A running service; by default one is started.")] = None,
    seed: Annotated[int, typer.Option(help="Of the arrivals.", min=0)] = 0,
) -> None:
    """Offer questions at each rate and print what was answered, what refused, and how long it took."""
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
