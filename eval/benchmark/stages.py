"""Where a question's time goes: `python -m eval.benchmark.stages`, in one process with one client.

The service's own answerer is asked, with a stopwatch around its encoder and its span model; what the
stages between them take is what is left of the times that it tells. The models' arithmetic is held against
its floor (`eval.benchmark.floor`), measured in the same run over the tokens that were really read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.floor import Products
from eval.benchmark.load import seeds_questions
from eval.benchmark.record import write_record
from indexer.arrays import Vector
from indexer.cli import run_commands
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import open_index
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.confidence import calibration_from
from service.answering.loading import reader_folder
from service.answering.network import OpenVinoNetwork, load_network, read_card
from service.answering.reader import SpanReader
from service.answering.retriever import Retriever
from service.answering.settings import AnswererSettings, ReaderSettings, RetrieverSettings
from service.loading import open_encoder
from service.settings import load_settings

STAGES = ("query vector", "searches, texts", "tokens, spans", "span model", "confidence, citations")


class _TimedEncoder:
    """An encoder with a stopwatch; what only an indexer asks of it is not there."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the encoder has
        return getattr(self._encoder, name)

    def encode_query(self, question: str) -> Vector:
        began = time.perf_counter()
        vector = self._encoder.encode_query(question)
        self.seconds += time.perf_counter() - began
        return vector


class _TimedNetwork:
    """A span model with a stopwatch, which counts the tokens that it is given, padding left out."""

    def __init__(self, network: OpenVinoNetwork) -> None:
        self._network = network
        self.seconds = 0.0
        self.tokens = 0

    def __call__(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        began = time.perf_counter()
        logits = self._network(ids, mask)
        self.seconds += time.perf_counter() - began
        self.tokens += int(mask.sum())
        return logits


@dataclass(frozen=True, slots=True)
class Question:
    """What one question took, seconds by stage, and the tokens that the span model read."""

    stages: dict[str, float]
    tokens: int

    @property
    def seconds(self) -> float:
        """All stages together."""
        return sum(self.stages.values())


def main(
    *,
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    top_k: Annotated[int, typer.Option(help="Passages read.", min=1, max=50)] = 8,
    questions: Annotated[int, typer.Option(help="Of the seeds' set, at most.", min=1)] = 1_000,
    rounds: Annotated[int, typer.Option(help="Times that each question is asked.", min=1, max=50)] = 3,
    json_: Annotated[Path | None, typer.Option("--json", help="Where the record is written.")] = None,
) -> None:
    """Print the median of each stage, its share, and the distance of the model from its floor."""
    folder = reader_folder(reader)
    card = read_card(folder)
    found = ask(index, folder, top_k, seeds_questions()[:questions], rounds)
    tokens = round(float(np.median([one.tokens for one in found])))
    shape = card["shape"]
    floor = Products(shape["layers"], shape["width"], shape["inner"]).seconds(tokens)
    table = Table(
        "stage", "p50 ms", "p95 ms", "share", title=f"{card['name']}, {top_k} passages, n={len(found)}"
    )
    total = [one.seconds for one in found]
    for stage in STAGES:
        taken = [one.stages[stage] for one in found]
        table.add_row(stage, *_milliseconds(taken), f"{np.sum(taken) / np.sum(total):.0%}")
    table.add_row("a question", *_milliseconds(total), "100%", style="bold")
    table.add_row(f"floor: the products over {tokens} tokens", *_milliseconds(floor), "")
    console = Console(highlight=False)
    console.print(table)
    model = float(np.median([one.stages["span model"] for one in found]))
    console.print(
        f"span model {model / np.median(floor):.2f} times its floor, a question "
        f"{np.median(total) / np.median(floor):.2f} times"
    )
    write_record(
        json_,
        "python -m eval.benchmark.stages",
        reader=card["name"],
        top_k=top_k,
        tokens=tokens,
        floor_s=floor,
        questions_s=[one.stages for one in found],
    )


def ask(index: Path, folder: Path, top_k: int, questions: Sequence[str], rounds: int) -> list[Question]:
    """Ask each question as often as there are rounds, after one that warms every shape up.

    `folder`: the reader's.
    """
    card = read_card(folder)
    opened = open_index(index)
    encoder = _TimedEncoder(open_encoder(opened, load_settings(index=index)))
    network, words = load_network(folder)
    timed = _TimedNetwork(network)
    answerer = Answerer(
        opened,
        Retriever(opened, encoder, RetrieverSettings()),
        SpanReader(card["name"], words, timed, ReaderSettings(**card["reading"])),
        calibration_from(card["confidence"]),
        AnswererSettings(top_k=top_k),
    )
    found = []
    for number in range(rounds + 1):  # the first round warms every shape up
        for question in questions:
            before = encoder.seconds, timed.seconds, timed.tokens
            told = {name: ms / 1_000 for name, ms in answerer.answer(question).timings_ms.items()}
            vector, model = encoder.seconds - before[0], timed.seconds - before[1]
            stages = {
                "query vector": vector,
                "searches, texts": told["retrieve"] - vector,
                "tokens, spans": told["read"] - model,
                "span model": model,
                "confidence, citations": told["total"] - told["retrieve"] - told["read"],
            }
            if number:
                found.append(Question(stages, timed.tokens - before[2]))
    return found


def _milliseconds(seconds: Sequence[float]) -> tuple[str, str]:
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1_000
    return f"{p50:.2f}", f"{p95:.2f}"


if __name__ == "__main__":
    run_commands(main)
