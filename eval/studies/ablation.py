"""What each part is worth: `python -m eval.studies.ablation` changes one part at a time, over the seeds.

The first row is Quoth as it ships; every other row changes one thing: the search, the reader, or the number
of passages read. Differences are to the first row, paired over the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from eval.baseline import load_baseline
from eval.console import number
from eval.dataset import SEEDS, Example, load_examples
from eval.figures import Compared, compared, figures
from eval.runs import Result, ask_all
from eval.systems import LocalSystem
from indexer.cli import run_commands
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.retrieval.retriever import Retriever
from service.loading import build_answerer, open_encoder
from service.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Variant:
    """Quoth with one setting changed, or with the sentence baseline as its reader."""

    name: str
    changed: dict[str, Any]
    baseline: bool = False


VARIANTS = (
    Variant("**as it ships**: both searches, span reader, 4 passages", {}),
    Variant("dense search only", {"fusion": "convex", "dense_weight": 1.0}),
    Variant("BM25 only", {"fusion": "convex", "dense_weight": 0.0}),
    Variant("sentence baseline", {}, baseline=True),
    Variant("1 passage", {"top_k": 1}),
    Variant("8 passages", {"top_k": 8}),
    Variant("16 passages", {"top_k": 16}),
)

COLUMNS = {
    "best candidate, token F1": "token F1",
    "best candidate, exact match": "exact match",
    "right article cited": "right article",
    "AUROC answerable": "AUROC",
    "abstained (recall)": "abstained",
    "refused": "refused",
    "latency p50, ms": "p50, ms",
}
"""The figures that are shown, and their column headings."""

_COMPARED = "best candidate, token F1"


def measure(
    variant: Variant,
    index: FaissPassageIndex,
    encoder: Encoder,
    settings: Settings,
    examples: list[Example],
) -> list[Result]:
    """Ask one variant every question."""
    settings = settings.changed(**variant.changed, cache_size=0)
    if variant.baseline:
        retriever = Retriever(index, encoder, settings.retrieval)
        answerer = Answerer(index, retriever, *load_baseline(encoder), settings.answering)
    else:
        answerer = build_answerer(index, encoder, settings)
    system = LocalSystem(answerer, {})
    system.ask(examples[0])  # the first question is slower: caches are filled
    found: list[Result] = []
    asked = track(examples, variant.name.strip("*"), console=Console(stderr=True), transient=True)
    ask_all(system, asked, found.append)
    return found


def row(name: str, results: list[Result], against: list[Compared]) -> str:
    """Return a variant's row of the Markdown table."""
    values = {figure.name: figure.value for figure in figures(results, samples=1)}
    cells = [number(figure, values[figure]) if figure in values else "" for figure in COLUMNS]
    difference = next((one.difference for one in against if one.name == _COMPARED), None)
    beside = f"{difference.low:+.3f} to {difference.high:+.3f}".replace("-", "−") if difference else ""
    return f"| {' | '.join([name, *cells, beside])} |"


def main(
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
    questions: Annotated[
        int | None, typer.Option(help="Number of questions, from the first; all by default.", min=1)
    ] = None,
) -> None:
    """Print the table, as Markdown."""
    settings = load_settings(index=index)
    opened = open_index(index)
    encoder = open_encoder(opened, settings)
    examples = load_examples(SEEDS, opened)[:questions]
    typer.echo(f"| n = {len(examples)} | {' | '.join(COLUMNS.values())} | F1, difference, 95% |")
    typer.echo("|---" * (len(COLUMNS) + 2) + "|")
    base: list[Result] = []
    for variant in VARIANTS:
        found = measure(variant, opened, encoder, settings, examples)
        base = base or found
        typer.echo(row(variant.name, found, compared(base, found) if found is not base else []))


if __name__ == "__main__":
    run_commands(main)
