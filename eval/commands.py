"""`quoth eval`: a question set put to an index, offline, as a table or JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from indexer.commands import DEFAULT_INDEX, IndexOption, JsonOption

if TYPE_CHECKING:
    from eval.runs import Figure


def evaluate(
    dataset: Annotated[
        Path | None, typer.Option(help="A question set (JSONL); by default the one over the seeds.")
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    json_: JsonOption = False,
) -> None:
    """Measure the answers to a question set: are they right, and does Quoth know when they are not."""
    from eval.dataset import SEEDS, SPLITS, DatasetError, load_examples  # noqa: PLC0415 - numpy and models
    from eval.runs import figures, run_examples  # noqa: PLC0415
    from service.engine import load_answerer  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    if split not in (*SPLITS, "all"):
        raise DatasetError(f"there is no split {split!r}: choose one of {', '.join(SPLITS)}, all")
    messages = Console(stderr=True)
    with messages.status("Loading the models"):
        answerer = load_answerer(load_settings(index=index))
    path = dataset or SEEDS
    examples = [
        example
        for example in load_examples(path, answerer.index.find_article)
        if split in ("all", example.split)
    ]
    if not examples:
        raise DatasetError(f"{path} holds no question of the split {split!r}")
    with Progress(console=messages, transient=True) as bar:
        task = bar.add_task("Asking", total=len(examples))
        results = run_examples(answerer, examples, lambda: bar.advance(task))
    measured = figures(results)
    if json_:
        record = {
            "dataset": path.name,
            "split": split,
            "questions": len(examples),
            "generation": answerer.index.manifest.name,
            "encoder": answerer.index.manifest.encoder,
            "reader": answerer.reader,
            "threshold": answerer.threshold,
            "figures": [_finite(asdict(figure)) for figure in measured],
            "results": [
                {
                    "id": result.example.id,
                    "answered": result.answered,
                    "candidate": result.candidate,
                    "article": result.candidate_article,
                    "right": result.right,
                    "holds_answer": result.holds_answer,
                    "confidence": result.confidence,
                    "passage_rank": result.passage_rank,
                    "milliseconds": result.milliseconds,
                }
                for result in results
            ],
        }
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(f"{path.name} ({split}), reader {answerer.reader}", measured)


def _finite(figure: dict[str, object]) -> dict[str, object]:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in figure.items()
    }


def _print(title: str, measured: list[Figure]) -> None:
    table = Table("", "value", "95% interval", "n", "of", title=title, title_justify="left")
    for figure in measured:
        digits = 1 if "ms" in figure.name else 3
        interval = "" if math.isnan(figure.low) else f"{figure.low:.3f} – {figure.high:.3f}"
        table.add_row(figure.name, f"{figure.value:.{digits}f}", interval, str(figure.count), figure.over)
    Console(highlight=False).print(table)
