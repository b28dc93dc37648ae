"""What is read from web pages against what people marked: `python -m eval.benchmark.extraction FOLDER`.

FOLDER is a copy of scrapinghub/article-extraction-benchmark (`ground-truth.json` and `html/`) or of
mozilla/readability (`test/test-pages/*/source.html` with `expected.html`). Recall and precision are of the
sequences of four words, with their numbers, averaged over pages, as the first of them computes them. "quoth,
body" leaves out the headings above the text, which people who marked the pages took for the title.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import trafilatura
import typer
from lxml import html
from rich.console import Console
from rich.table import Table

from indexer.cli import run_commands
from indexer.context import PATH_SEPARATOR
from indexer.errors import UnreadableFileError
from indexer.formats.blocks import BETWEEN
from indexer.formats.html import read
from indexer.records import SegmentKind

_WORD = re.compile(r"\w+")
_SEQUENCE = 4  # words
_LOW = 0.9  # recall
_RESAMPLES = 2_000
_BLOCKS = (
    "p div li h1 h2 h3 h4 h5 h6 td th tr section article figure figcaption blockquote pre ul ol dt dd br"
)


class Page(NamedTuple):
    """A page and the text that people marked as its article."""

    name: str
    data: bytes
    marked: str


class Outcome(NamedTuple):
    """How well one page was read; `warned` also if it was refused with a reason."""

    recall: float
    precision: float
    seconds: float
    warned: bool


def pages(folder: Path) -> Iterator[Page]:
    """Yield the pages of a benchmark, in either layout."""
    truth = folder / "ground-truth.json"
    if truth.exists():
        for name, marked in sorted(json.loads(truth.read_text("utf-8")).items()):
            data = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
            yield Page(name, data, marked["articleBody"])
        return
    for place in sorted((folder / "test" / "test-pages").iterdir()):
        expected = (place / "expected.html").read_text("utf-8")
        yield Page(place.name, (place / "source.html").read_bytes(), _words_of(expected))


def score(marked: str, text: str) -> tuple[float, float]:
    """Return recall and precision of a text's sequences of four words."""
    wanted, found = _sequences(marked), _sequences(text)
    if not wanted and not found:
        return 1.0, 1.0
    shared = (wanted & found).total()
    return shared / max(1, wanted.total()), shared / max(1, found.total())


def outcome(page: Page, reader: Callable[[bytes], tuple[str, bool]]) -> Outcome:
    """Read a page; `reader` returns its text and whether it warned."""
    began = time.perf_counter()
    text, warned = reader(page.data)
    return Outcome(*score(page.marked, text), time.perf_counter() - began, warned)


def quoth(data: bytes) -> tuple[str, bool]:
    """Read a page as an index is built from it."""
    try:
        document = read(data)
    except UnreadableFileError:
        return "", True
    return document.text, bool(document.warnings)


def body_alone(data: bytes) -> tuple[str, bool]:
    """Read a page, without the headings above its text: what was marked in the first benchmark has none."""
    try:
        document = read(data)
    except UnreadableFileError:
        return "", True
    sections = (one.label for one in document.segments if one.kind is SegmentKind.SECTION)
    headings = {label.rpartition(PATH_SEPARATOR)[2] for label in sections}
    blocks = document.text.split(BETWEEN)
    first = next((at for at, block in enumerate(blocks) if block not in headings), 0)
    return BETWEEN.join(blocks[first:]), bool(document.warnings)


def trafilatura_alone(data: bytes) -> tuple[str, bool]:
    """Read a page by trafilatura in its mode for recall."""
    return trafilatura.extract(
        data, favor_recall=True, include_comments=False, include_tables=True
    ) or "", False


def difference(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean difference of paired figures and its 95% interval, by resampling the pages."""
    pairs = [one - other for one, other in zip(ours, theirs, strict=True)]
    draw = random.Random(seed)
    means = sorted(statistics.fmean(draw.choices(pairs, k=len(pairs))) for _ in range(_RESAMPLES))
    return statistics.fmean(pairs), means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def main(
    folder: Annotated[Path, typer.Argument(help="A copy of one of the two benchmarks.", exists=True)],
    first: Annotated[int | None, typer.Option(help="Only this many pages.", min=1)] = None,
) -> None:
    """Measure what is read from the pages of a public benchmark, by Quoth and by trafilatura alone."""
    chosen = list(pages(folder))[:first]
    quoth(chosen[0].data)  # loads what is loaded once
    results = {
        name: [outcome(page, reader) for page in chosen]
        for name, reader in (
            ("quoth", quoth),
            ("quoth, body", body_alone),
            ("trafilatura", trafilatura_alone),
        )
    }
    console = Console()
    console.print(_table(results))
    ours, theirs = results["quoth"], results["trafilatura"]
    for measure in ("recall", "precision"):
        mean, low, high = difference(
            [getattr(one, measure) for one in ours], [getattr(one, measure) for one in theirs]
        )
        console.print(f"{measure}: quoth minus trafilatura {mean:+.4f} ({low:+.4f} to {high:+.4f})")
    for page, found in sorted(zip(chosen, ours, strict=True), key=lambda pair: pair[1].recall):
        if found.recall < _LOW:
            console.print(f"{found.recall:.3f} {'warned ' if found.warned else ''}{page.name}")


def _table(results: dict[str, list[Outcome]]) -> Table:
    headings = (
        "pages",
        "recall",
        "precision",
        "F1",
        "under 0.9, warned",
        "under 0.9, not",
        "ms: median (p5-p95)",
    )
    table = Table("", *headings)
    for name, found in results.items():
        recall = statistics.fmean(one.recall for one in found)
        precision = statistics.fmean(one.precision for one in found)
        low = [one.warned for one in found if one.recall < _LOW]
        took = sorted(1000 * one.seconds for one in found)
        spread = f"{took[len(took) // 20]:.0f}-{took[-1 - len(took) // 20]:.0f}"
        table.add_row(
            name,
            f"{len(found)}",
            f"{recall:.4f}",
            f"{precision:.4f}",
            f"{2 * recall * precision / max(recall + precision, 1e-9):.4f}",
            f"{sum(low)}",
            f"{len(low) - sum(low)}",
            f"{statistics.median(took):.0f} ({spread})",
        )
    return table


def _words_of(markup: str) -> str:
    root = html.fromstring(markup)
    for element in root.iter(*_BLOCKS.split()):
        element.tail = f" {element.tail or ''}"
        if element.tag != "br":
            element.text = f" {element.text or ''}"
    return str(root.text_content())


def _sequences(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    starts = range(max(1, len(words) - _SEQUENCE + 1))
    return Counter(tuple(words[at : at + _SEQUENCE]) for at in starts if words)


if __name__ == "__main__":
    run_commands(main)
