"""Indexing speed, compared with sentence-transformers' `encode`: `python -m eval.benchmark.indexing`.

Both embed the same passages with the same weights, alternating; sentence-transformers is called as in its
documentation, with its defaults. The whole of `quoth index` is timed as well: reading, splitting, embedding,
indexing, writing and the self-check.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.record import write_record
from indexer.arrays import Vectors
from indexer.build import build
from indexer.cli import run_commands
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.encoders.files import find_model
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import open_index
from indexer.settings import DEFAULT_ENCODER


def main(
    *,
    articles: Annotated[Path, typer.Option(help="A folder of articles.")] = Path("seeds"),
    copies: Annotated[int, typer.Option(help="Copies of the passages to embed.", min=1)] = 20,
    rounds: Annotated[int, typer.Option(help="How often each encoder is timed.", min=1, max=20)] = 5,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Embed the same passages with both, compare the vectors and print passages and bytes per second."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds to import

    encoder = load_encoder()
    plain = SentenceTransformer(str(find_model(DEFAULT_ENCODER)), device="cpu", local_files_only=True)
    with tempfile.TemporaryDirectory() as scratch:
        build(Corpus(articles), Path(scratch), encoder)
        texts = _texts(Path(scratch)) * copies
        size = sum(len(text.encode()) for text in texts)
        encoders: dict[str, Callable[[], Any]] = {
            "sentence-transformers encode": lambda: plain.encode(texts, show_progress_bar=False),
            "Quoth encode_passages": lambda: encoder.encode_passages(texts),
        }
        taken: dict[str, list[float]] = {name: [] for name in encoders}
        vectors: dict[str, Vectors] = {name: encode() for name, encode in encoders.items()}  # also warms up
        for _ in range(rounds):
            for name, encode in encoders.items():
                taken[name].append(_seconds(encode))
        whole = [_build_seconds(articles, encoder) for _ in range(rounds)]
    theirs, ours = vectors.values()
    cosine = float((theirs * ours).sum(axis=1).min() / np.linalg.norm(theirs, axis=1).max())
    table = Table(
        "", "passages/s", "range", "MB/s", "speed-up", title=f"{len(texts)} passages, {rounds} rounds"
    )
    base = float(np.median(taken["sentence-transformers encode"]))
    for name, seconds in taken.items():
        rates = len(texts) / np.array(seconds)
        median = float(np.median(seconds))
        table.add_row(
            name,
            f"{np.median(rates):.0f}",
            f"{rates.min():.0f}–{rates.max():.0f}",
            f"{size / median / 1e6:.2f}",
            f"{base / median:.2f}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(f"lowest cosine similarity of a passage's two vectors: {cosine:.5f}")
    console.print(
        f"`quoth index` as a whole over {articles}: {np.median(whole):.2f} s "
        f"({min(whole):.2f}–{max(whole):.2f}), {len(texts) // copies} passages"
    )
    write_record(
        json_,
        "python -m eval.benchmark.indexing",
        passages=len(texts),
        bytes=size,
        seconds=taken,
        whole_s=whole,
        least_cosine=cosine,
    )


def _texts(folder: Path) -> list[str]:
    index = open_index(folder)
    try:
        return [index.passage_text(index.passage(number)) for number in range(index.manifest.passages)]
    finally:
        index.close()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _build_seconds(articles: Path, encoder: Encoder) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _seconds(lambda: build(Corpus(articles), Path(folder), encoder))


if __name__ == "__main__":
    run_commands(main)
