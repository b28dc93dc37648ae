"""Answers per second over HTTP, with 1 to 64 clients: `python -m eval.benchmark.throughput`.

Each client sends its next question as soon as it has the answer to the last. The baseline is the service on
one core with one client; it is then measured on all cores. The cache is off.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import httpx2 as httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.load import asking, connect, percentile, saturate, seeds_questions
from eval.benchmark.record import write_record
from eval.benchmark.serving import serving
from indexer.cli import run_commands
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX

CLIENTS = (1, 2, 4, 8, 16, 32, 64)
_WARM_UP_S = 5.0


@dataclass(frozen=True, slots=True)
class Throughput:
    """The result for one number of clients.

    `rounds`: answers per second of each round. `p50`, `p95`, `p99`: latency in milliseconds. `failed`:
    requests without an answer.
    """

    cores: int
    clients: int
    rounds: tuple[float, ...]
    p50: float
    p95: float
    p99: float
    failed: int

    @property
    def rate(self) -> float:
        """Answers per second, the median of the rounds."""
        return float(np.median(self.rounds))


def main(
    *,
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    clients: Annotated[
        list[int] | None, typer.Option(help="Clients at the same time; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of a round.", min=1, max=600)] = 15,
    rounds: Annotated[int, typer.Option(help="Rounds; the median is reported.", min=1, max=20)] = 3,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Print the throughput and latency for each number of clients."""
    counts = clients or [*CLIENTS]
    settings = {"reader": reader, "cache_size": "0", "queue_size": "1000", "queue_timeout": "60"}
    found: list[Throughput] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with _cores(1), serving(index, log, settings) as alone:
            found += asyncio.run(_measure(alone.url, 1, [1], seconds, rounds))
        with serving(index, log, settings) as served:
            found += asyncio.run(_measure(served.url, _available(), counts, seconds, rounds))
    _print(found)
    write_record(
        json_,
        "python -m eval.benchmark.throughput",
        settings=settings,
        results=[asdict(one) for one in found],
    )


def _available() -> int:
    return len(os.sched_getaffinity(0))


@contextlib.contextmanager
def _cores(count: int) -> Iterator[None]:
    """Restrict this process, and the processes it starts meanwhile, to `count` cores."""
    available = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(available)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, available)


async def _measure(
    url: str, cores: int, counts: Sequence[int], seconds: float, rounds: int
) -> list[Throughput]:
    questions = seeds_questions()
    rates: dict[int, list[float]] = {count: [] for count in counts}
    times: dict[int, list[float]] = {count: [] for count in counts}
    failed = dict.fromkeys(counts, 0)
    async with connect(url) as client:
        send = asking(client, questions)
        await saturate(send, cores, _WARM_UP_S)
        # Alternate between the numbers of clients, so that a slow moment of the machine affects all of them.
        for _ in range(rounds):
            for count in counts:
                loop = asyncio.get_running_loop()
                began = loop.time()
                samples = await saturate(send, count, seconds)
                took = loop.time() - began
                good = [sample.seconds for sample in samples if sample.status == httpx.codes.OK]
                rates[count].append(len(good) / took)
                times[count] += good
                failed[count] += len(samples) - len(good)
    return [
        Throughput(
            cores,
            count,
            tuple(rates[count]),
            percentile(times[count], 50) or 0.0,
            percentile(times[count], 95) or 0.0,
            percentile(times[count], 99) or 0.0,
            failed[count],
        )
        for count in counts
    ]


def _print(found: Sequence[Throughput]) -> None:
    alone = found[0].rate
    table = Table(
        "cores", "clients", "answers/s", "× one core", "p50 ms", "p95 ms", "p99 ms", "p99/p50", "failed",
        title=f"{len(found[0].rounds)} rounds; one core, one client: {alone:.1f} answers/s",
    )  # fmt: skip
    for one in found:
        table.add_row(
            str(one.cores),
            str(one.clients),
            f"{one.rate:.1f} ({min(one.rounds):.1f}–{max(one.rounds):.1f})",
            f"{one.rate / alone:.2f}",
            f"{one.p50:.0f}",
            f"{one.p95:.0f}",
            f"{one.p99:.0f}",
            f"{one.p99 / one.p50:.1f}" if one.p50 else "–",
            str(one.failed),
        )
    Console(highlight=False).print(table)


if __name__ == "__main__":
    run_commands(main)
