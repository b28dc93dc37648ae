"""How a question's time splits into stages: `python -m eval.benchmark.stages`.

The service's answerer runs in this process, with one client and timers around its encoder and its span model.
The other stages are the remainder of the times that the answerer reports. The span model's time is compared
with its lower bound (`eval.benchmark.floor`), measured in the same run for the median number of tokens read.
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
from service.answering.confidence.calibration import calibration_from
from service.answering.loading import reader_folder
from service.answering.reading.network import OpenVinoNetwork, load_network, read_card
from service.answering.reading.reader import SpanReader
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import AnswererSettings, ReaderSettings, RetrieverSettings
from service.loading import open_encoder
from service.options import TopKOption
from service.settings import load_settings

STAGES = ("query vector", "searches, texts", "tokens, spans", "span model", "confidence, citations")


class _TimedEncoder:
    """An encoder that times `encode_query`."""

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
    """A span model that times itself and counts its input tokens without padding."""

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
    """The seconds of one question by stage, and the tokens that the span model read."""

    stages: dict[str, float]
    tokens: int

    @property
    def seconds(self) -> float:
        """The time of all stages together."""
        return sum(self.stages.values())


def main(
    *,
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    top_k: TopKOption = None,
    questions: Annotated[
        int, typer.Option(help="Ask at most this many questions of the seeds' set.", min=1)
    ] = 1_000,
    rounds: Annotated[int, typer.Option(help="How often each question is asked.", min=1, max=50)] = 3,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Print each stage's time and share, and the span model's time relative to its lower bound."""
    folder = reader_folder(reader)
    card = read_card(folder)
    passages = AnswererSettings().top_k if top_k is None else top_k
    found = ask(index, folder, passages, seeds_questions()[:questions], rounds)
    tokens = round(float(np.median([one.tokens for one in found])))
    shape = card["shape"]
    floor = Products(shape["layers"], shape["width"], shape["inner"]).seconds(tokens)
    table = Table(
        "stage", "p50 ms", "p95 ms", "share", title=f"{card['name']}, {passages} passages, n={len(found)}"
    )
    total = [one.seconds for one in found]
    for stage in STAGES:
        times = [one.stages[stage] for one in found]
        table.add_row(stage, *_milliseconds(times), f"{np.sum(times) / np.sum(total):.0%}")
    table.add_row("whole question", *_milliseconds(total), "100%", style="bold")
    table.add_row(f"lower bound: matrix products, {tokens} tokens", *_milliseconds(floor), "")
    console = Console(highlight=False)
    console.print(table)
    model = float(np.median([one.stages["span model"] for one in found]))
    console.print(
        f"Relative to the lower bound: span model {model / np.median(floor):.2f}, whole question "
        f"{np.median(total) / np.median(floor):.2f}"
    )
    write_record(
        json_,
        "python -m eval.benchmark.stages",
        reader=card["name"],
        top_k=passages,
        tokens=tokens,
        floor_s=floor,
        questions_s=[one.stages for one in found],
    )


def ask(index: Path, folder: Path, top_k: int, questions: Sequence[str], rounds: int) -> list[Question]:
    """Ask each question `rounds` times, after a warm-up round; `folder` is the reader's."""
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
        AnswererSettings(top_k=top_k, cache_size=0),
    )
    found = []
    for number in range(rounds + 1):  # the first round warms up every shape
        for question in questions:
            before = encoder.seconds, timed.seconds, timed.tokens
            timings = {name: ms / 1_000 for name, ms in answerer.answer(question).timings_ms.items()}
            vector, model = encoder.seconds - before[0], timed.seconds - before[1]
            stages = {
                "query vector": vector,
                "searches, texts": timings["retrieve"] - vector,
                "tokens, spans": timings["read"] - model,
                "span model": model,
                "confidence, citations": timings["total"] - timings["retrieve"] - timings["read"],
            }
            if number:
                found.append(Question(stages, timed.tokens - before[2]))
    return found


def _milliseconds(seconds: Sequence[float]) -> tuple[str, str]:
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1_000
    return f"{p50:.2f}", f"{p95:.2f}"


if __name__ == "__main__":
    run_commands(main)
