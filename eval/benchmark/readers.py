"""Reading time of each reader over the seeds: `python -m eval.benchmark.readers`.

Each question's passages are retrieved first; only reading them is timed, including the spans, in one process.
Readers alternate question by question, so that a slow moment of the machine affects all of them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.dataset import SEEDS, load_examples
from indexer.cli import run_commands
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import open_index
from service.answering.loading import MODELS, load_reader, shipped_readers
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import RetrieverSettings


def main(
    readers: Annotated[
        list[str] | None, typer.Option("--reader", help="A reader; may be repeated. All shipped by default.")
    ] = None,
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = Path(".quoth/index"),
    passages: Annotated[int, typer.Option(help="Passages read for each question.")] = 8,
    questions: Annotated[int, typer.Option(help="Ask at most this many questions.")] = 100,
) -> None:
    """Time the readers over the same questions and passages."""
    encoder = load_encoder()
    opened = open_index(index)
    retriever = Retriever(opened, encoder, RetrieverSettings())
    asked = [example.question for example in load_examples(SEEDS, opened)][:questions]
    found = {question: retriever.retrieve(question, passages) for question in asked}
    table = Table(
        "", "size, MB", "load, s", "p50, ms", "p95, ms", title=f"{len(asked)} questions, {passages} passages"
    )
    loaded, seconds = {}, {}
    for name in readers or shipped_readers():
        began = time.perf_counter()
        loaded[name], _ = load_reader(name)
        seconds[name] = time.perf_counter() - began
    times: dict[str, list[float]] = {name: [] for name in loaded}
    for timed in (False, True):  # the first round warms up every shape
        for question in asked:
            for name, reader in loaded.items():
                began = time.perf_counter()
                reader.read(question, found[question])
                if timed:
                    times[name].append(1_000 * (time.perf_counter() - began))
    for name, milliseconds in times.items():
        folder = MODELS / name
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6 if folder.is_dir() else 0.0
        p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
        table.add_row(name, f"{size:.1f}", f"{seconds[name]:.1f}", f"{p50:.0f}", f"{p95:.0f}")
    Console().print(table)


if __name__ == "__main__":
    run_commands(main)
