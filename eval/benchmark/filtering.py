"""How long filters take: `python -m eval.benchmark.filtering`, over made-up articles.

The FAISS engine's `ArticleFilter` compiles one question's filters and applies them to all articles of an
index; its result, a flag for each article, is then gathered to the passages. Both are timed, and so is making
the `ArticleFilter`, which happens once when an index is opened. Nothing else runs: no index is built and
nothing is searched. Everything runs in one thread; where the machine is busy, the CPU time says more than the
wall-clock time.

A filter names half of the index's publishers, in another case and with other spaces than the articles do.
Half of its article ids exist. Each timing uses other names, ids and dates than the one before.
"""

from __future__ import annotations

import datetime
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.record import write_record
from indexer.cli import run_commands
from indexer.engine import Filters
from indexer.engines.faiss.filtering import ArticleFilter
from indexer.records import Article, Metadata

SIZES = (10_000, 100_000, 1_000_000)
PASSAGES = 3
"""Passages of each article."""

_LONGEST = 100  # characters of a publisher's name
_VARIANTS = 16  # questions whose filters take turns
_FIRST_DAY = datetime.date(2000, 1, 1)
_DAYS = 9_000
_LETTERS = np.array([*"abcdefghijklmnopqrstuvwxyzäéøß"])


@dataclass(frozen=True, slots=True)
class Opening:
    """What an `ArticleFilter` costs when an index is opened. `bytes` stay allocated; `peak` is the most."""

    articles: int
    seconds: float
    bytes: int
    peak: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: median and 95th percentile of the wall-clock time, median of the CPU time."""

    p50: float
    p95: float
    cpu_p50: float

    @classmethod
    def of(cls, wall: Sequence[int], cpu: Sequence[int]) -> Spread:
        """Sum up times in nanoseconds."""
        p50, p95 = np.quantile(wall, [0.5, 0.95]) / 1e6
        return cls(float(p50), float(p95), float(np.median(cpu)) / 1e6)


@dataclass(frozen=True, slots=True)
class Timing:
    """What one kind of filter costs a question. `apply`: to all articles; `gather`: to their passages.

    `admitted`: the share of articles that pass, on average. `n`: how often it was timed.
    """

    articles: int
    filters: str
    admitted: float
    apply: Spread
    gather: Spread
    n: int


def main(
    *,
    articles: Annotated[
        list[int] | None, typer.Option(help="Articles in the index; may be repeated.", min=10)
    ] = None,
    entries: Annotated[int, typer.Option(help="Publishers, and article ids, in a filter.", min=2)] = 1_000,
    rounds: Annotated[int, typer.Option(help="Timings of each kind of filter.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the made-up articles.", min=0)] = 0,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Time filters by publisher, date and article id, each alone and all together."""
    openings: list[Opening] = []
    timings: list[Timing] = []
    for size in articles or SIZES:
        opening, found = measure(size, entries, rounds, seed)
        openings.append(opening)
        timings += found
    _print(openings, timings, entries)
    write_record(
        json_,
        "python -m eval.benchmark.filtering",
        entries=entries,
        passages_per_article=PASSAGES,
        seed=seed,
        openings=[asdict(one) for one in openings],
        timings=[asdict(one) for one in timings],
    )


def measure(size: int, entries: int, rounds: int, seed: int) -> tuple[Opening, list[Timing]]:
    """Make `size` articles and time filters with `entries` publishers and ids over them."""
    generator = np.random.default_rng(seed)
    publishers = publisher_names(2 * entries, generator)
    articles = make_articles(size, publishers, generator)
    numbers = {article.id: number for number, article in enumerate(articles)}
    article_filter, opening = _open(articles, numbers)
    article_numbers = np.repeat(np.arange(size, dtype=np.intp), PASSAGES)
    kinds = filter_kinds(articles, publishers, entries, generator)
    return opening, [
        _time(article_filter, article_numbers, name, filters, rounds) for name, filters in kinds.items()
    ]


def publisher_names(count: int, generator: np.random.Generator) -> list[str]:
    """Return `count` different names of 10 to 100 characters, several words each."""
    names: dict[str, None] = {}
    while len(names) < count:
        letters = generator.choice(_LETTERS, generator.integers(10, _LONGEST + 1))
        letters[7:-1:8] = " "
        names["".join(letters.tolist()).title()[:_LONGEST]] = None
    return [*names]


def make_articles(size: int, publishers: Sequence[str], generator: np.random.Generator) -> list[Article]:
    """Return articles without text; one in ten has no date."""
    owners = generator.integers(0, len(publishers), size).tolist()
    days = generator.integers(0, _DAYS, size).tolist()
    dates = [_FIRST_DAY + datetime.timedelta(days=day) for day in range(_DAYS)]
    return [
        Article(
            f"{number % 100:02}/article-{number:07}.txt",
            Metadata(publisher=publishers[owner], published=dates[day] if number % 10 else None),
            "",
            "",
        )
        for number, (owner, day) in enumerate(zip(owners, days, strict=True))
    ]


def _open(articles: Sequence[Article], numbers: dict[str, int]) -> tuple[ArticleFilter, Opening]:
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        article_filter = ArticleFilter(articles, numbers)
        seconds.append(time.perf_counter() - began)
    del article_filter
    # Tracing slows everything down, so memory is measured in a run of its own.
    tracemalloc.start()
    try:
        article_filter = ArticleFilter(articles, numbers)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return article_filter, Opening(len(articles), float(np.median(seconds)), held, peak)


def filter_kinds(
    articles: Sequence[Article], publishers: Sequence[str], entries: int, generator: np.random.Generator
) -> dict[str, list[Filters]]:
    """Return each kind of filter, as it differs from question to question."""
    kinds: dict[str, list[Filters]] = {"publishers": [], "dates": [], "ids": [], "all": []}
    for _ in range(_VARIANTS):
        named = [publishers[place] for place in generator.permutation(len(publishers))[:entries].tolist()]
        asked = tuple(f" {name.upper().replace(' ', '  ')}" for name in named)
        existing = generator.integers(0, len(articles), entries - entries // 2).tolist()
        ids = *(articles[place].id for place in existing), *(f"no/{one}.txt" for one in range(entries // 2))
        first = _FIRST_DAY + datetime.timedelta(days=int(generator.integers(0, _DAYS // 2)))
        last = first + datetime.timedelta(days=_DAYS // 2)
        kinds["publishers"].append(Filters(publishers=asked))
        kinds["dates"].append(Filters(published_from=first, published_to=last))
        kinds["ids"].append(Filters(article_ids=ids))
        kinds["all"].append(Filters(asked, ids, first, last))
    return kinds


def _time(
    article_filter: ArticleFilter,
    article_numbers: npt.NDArray[np.intp],
    name: str,
    filters: Sequence[Filters],
    rounds: int,
) -> Timing:
    walls, cpus, admitted = [], [], []
    for number in range(-len(filters), rounds):  # each filter once before, to warm up
        one = filters[number % len(filters)]
        wall, cpu = [time.perf_counter_ns()], [time.thread_time_ns()]
        found = article_filter.admitted(one)
        wall.append(time.perf_counter_ns())
        cpu.append(time.thread_time_ns())
        found.take(article_numbers)  # as FaissPassageIndex.mask does
        wall.append(time.perf_counter_ns())
        cpu.append(time.thread_time_ns())
        if number >= 0:
            walls.append(np.diff(wall))
            cpus.append(np.diff(cpu))
            admitted.append(float(found.mean()))
    apply, gather = (
        Spread.of(wall, cpu) for wall, cpu in zip(np.transpose(walls), np.transpose(cpus), strict=True)
    )
    return Timing(len(article_numbers) // PASSAGES, name, float(np.mean(admitted)), apply, gather, rounds)


def _print(openings: Sequence[Opening], timings: Sequence[Timing], entries: int) -> None:
    console = Console(highlight=False)
    table = Table(
        "articles", "filter", "apply", "p95", "CPU", "gather", "p95", "CPU",
        title=f"A question's filters, ms: {entries:,} publishers, {entries:,} article ids",
    )  # fmt: skip
    for one in timings:
        figures = (f"{part:.2f}" for spread in (one.apply, one.gather) for part in astuple(spread))
        table.add_row(f"{one.articles:,}", one.filters, *figures)
    console.print(table)
    console.print(
        "Apply: compile the filters and apply them to all articles. Gather: the articles' flags to their "
        f"passages, {PASSAGES} each. Wall-clock median and 95th percentile, median CPU time; "
        f"n = {timings[0].n:,} a row. "
        f"Publishers' names have 10 to {_LONGEST} characters.",
        soft_wrap=True,
    )
    table = Table(
        "articles", "seconds", "MB held", "MB peak", title="Making the filter when an index is opened"
    )
    for opening in openings:
        table.add_row(
            f"{opening.articles:,}",
            f"{opening.seconds:.3f}",
            f"{opening.bytes / 1e6:.1f}",
            f"{opening.peak / 1e6:.1f}",
        )
    console.print(table)


if __name__ == "__main__":
    run_commands(main)
