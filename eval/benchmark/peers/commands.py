"""`python -m eval.benchmark.peers`: a table on standard output, the whole record with `--json FILE`."""

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

from eval.benchmark.peers.comparison import Played, play, standings
from eval.benchmark.peers.contestant import Contestant, running
from eval.benchmark.peers.install import FOLDER, PEERS
from eval.benchmark.peers.lineup import Task, peers, quoth
from eval.benchmark.peers.table import print_standings
from eval.dataset import SEEDS, Example, load_examples
from eval.runs import check_writable, describe, write
from indexer.engines.faiss.index import open_index
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX

FORMAT = 1


def compare(
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[
        str, typer.Option(help="A shipped reader, or the folder of an exported one: all read with it.")
    ] = "default",
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; all by default.")] = None,
    dataset: Annotated[Path, typer.Option(help="Questions over the index's articles.")] = SEEDS,
    questions: Annotated[int, typer.Option(help="A sample of so many questions, at most.", min=1)] = 100,
    warm_up: Annotated[int, typer.Option(help="How many of them are asked once before.", min=0)] = 10,
    top_k: Annotated[int, typer.Option(help="Passages read for a question.", min=1, max=50)] = 8,
    folder: Annotated[Path, typer.Option(help="Where the peers are installed.")] = FOLDER,
    seed: Annotated[int, typer.Option(help="Of the sample and of the intervals.", min=0)] = 0,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Ask Quoth and its peers the same questions, with the same passages, encoder and reader weights.

    One client, which puts one question at a time. The peers are those that
    `python -m eval.benchmark.peers.install` installs; one that is not there is left out.
    """
    check_writable(json_)
    console = Console(stderr=True, highlight=False)
    made_with = describe() | {"load": _load()}
    task = Task(index, reader, top_k)
    with contextlib.closing(open_index(index)) as opened:
        examples = _sample(load_examples(dataset, opened), questions, seed)
        articles = {
            str(number): opened.passage(number).article_id for number in range(opened.manifest.passages)
        }
        with console.status("Looking for the peers …"):
            others = peers(task, opened, peer or [*PEERS], folder, console.print)
    played = _asked([quoth(task), *others], examples, warm_up, console)
    found = standings(played, examples, articles, seed)
    answerable = sum(example.answerable for example in examples)
    title = f"{len(examples)} questions, {answerable} answerable; {top_k} of {len(articles)} passages"
    print_standings(found, f"{title}; reader {reader}", made_with)
    if json_ is not None:
        record = {
            "format": FORMAT,
            "environment": made_with,
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
            "questions": _questions(examples, played),
        }
        write(json_, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _asked(
    contestants: Sequence[Contestant], examples: Sequence[Example], warm_up: int, console: Console
) -> list[Played]:
    """Start the systems, one after the other, and ask them."""
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
        return play(systems, examples, warm_up, lambda: progress.advance(asking))


def _sample(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    return random.Random(seed).sample(list(examples), min(count, len(examples)))


def _load() -> list[float] | None:
    """How many processes wanted to run of late, where the system tells: it should be nearly none."""
    return [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None


def _questions(examples: Sequence[Example], played: Sequence[Played]) -> list[dict[str, Any]]:
    return [
        {
            "id": example.id,
            "answerable": example.answerable,
            "said": {one.name: asdict(one.said[place]) for one in played},
        }
        for place, example in enumerate(examples)
    ]
