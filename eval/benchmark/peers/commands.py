"""The command `python -m eval.benchmark.peers`: prints a table; `--json FILE` writes the full record."""

from __future__ import annotations

import contextlib
import json
import os
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from eval.benchmark.peers.comparison import Transcript, ask_all, summarise
from eval.benchmark.peers.contestant import Contestant, running
from eval.benchmark.peers.install import FOLDER, PEERS
from eval.benchmark.peers.lineup import Task, peers, quoth
from eval.benchmark.peers.table import print_figures
from eval.dataset import SEEDS, Example, load_examples
from eval.runs import check_writable, describe, write
from indexer.engines.faiss.index import open_index
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX

FORMAT = 1


def compare(
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[
        str, typer.Option(help="A shipped reader, or an exported one's folder; all systems use it.")
    ] = "default",
    peer: Annotated[
        list[str] | None, typer.Option(help=f"{' or '.join(PEERS)}; may be repeated. All by default.")
    ] = None,
    dataset: Annotated[Path, typer.Option(help="Questions over the index's articles.")] = SEEDS,
    questions: Annotated[int, typer.Option(help="Ask a sample of at most this many questions.", min=1)] = 100,
    warm_up: Annotated[int, typer.Option(help="How many of them are asked once before timing.", min=0)] = 10,
    top_k: Annotated[int, typer.Option(help="Passages read for a question.", min=1, max=50)] = 8,
    folder: Annotated[Path, typer.Option(help="Where the peers are installed.")] = FOLDER,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the intervals.", min=0)] = 0,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Compare Quoth and its peers on the same questions, with the same passages, encoder and reader weights.

    One client asks one question at a time. `python -m eval.benchmark.peers.install` installs the peers; one
    that is not installed is left out.
    """
    check_writable(json_)
    console = Console(stderr=True, highlight=False)
    environment = describe() | {"load": _load()}
    task = Task(index, reader, top_k)
    with contextlib.closing(open_index(index)) as opened:
        examples = _sample(load_examples(dataset, opened), questions, seed)
        articles = {
            str(number): opened.passage(number).article_id for number in range(opened.manifest.passages)
        }
        with console.status("Looking for the peers …"):
            others = peers(task, opened, peer or [*PEERS], folder, console.print)
    transcripts = _ask_all([quoth(task), *others], examples, warm_up, console)
    found = summarise(transcripts, examples, articles, seed)
    answerable = sum(example.answerable for example in examples)
    title = f"{len(examples)} questions, {answerable} answerable; {top_k} of {len(articles)} passages read"
    print_figures(found, f"{title}; reader {reader}", environment)
    if json_ is not None:
        record = {
            "format": FORMAT,
            "environment": environment,
            "index": str(index),
            "dataset": dataset.name,
            "reader": reader,
            "top_k": top_k,
            "passages": len(articles),
            "n": len(examples),
            "warm_up": min(warm_up, len(examples)),
            "clients": 1,
            "seed": seed,
            "systems": [one.as_json() for one in found],
            "questions": _questions(examples, transcripts),
        }
        write(json_, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _ask_all(
    contestants: Sequence[Contestant], examples: Sequence[Example], warm_up: int, console: Console
) -> list[Transcript]:
    """Start the systems one after the other, then ask them the questions."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(*columns, console=console, transient=True))
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        starting = progress.add_task("Starting", total=len(contestants))
        systems = []
        for number, contestant in enumerate(contestants):
            systems.append(stack.enter_context(running(contestant, logs / str(number))))
            progress.advance(starting)
        asking = progress.add_task("Asking", total=min(warm_up, len(examples)) + len(examples))
        return ask_all(systems, examples, warm_up, lambda: progress.advance(asking))


def _sample(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    return random.Random(seed).sample(list(examples), min(count, len(examples)))


def _load() -> list[float] | None:
    """Return the load averages, where the system reports them; they should be nearly 0."""
    return [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None


def _questions(examples: Sequence[Example], transcripts: Sequence[Transcript]) -> list[dict[str, Any]]:
    return [
        {
            "id": example.id,
            "answerable": example.answerable,
            "said": {one.name: asdict(one.replies[place]) for one in transcripts},
        }
        for place, example in enumerate(examples)
    ]
