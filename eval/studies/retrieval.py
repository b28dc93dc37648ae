"""Ways to fuse the two searches, compared: `python -m eval.studies.retrieval`.

Each development set is indexed as one corpus (a paragraph is an article), and each question is put to the
whole of it. A passage is relevant if it contains the span of a reference answer. The questions were written
for one paragraph, and many of Reddit's, Amazon's and the policies' fit many paragraphs ("What colour is
it?"): compare the rows of a set, not the sets.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.dataset import Example
from eval.metrics import mean_reciprocal_rank, recall_at
from eval.significance import bootstrap_interval
from eval.studies.paragraphs import SETS, Paragraphs, load
from indexer.arrays import Ids, Scores
from indexer.build import build
from indexer.cli import run_commands
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from service.answering.retrieval.fusion import convex, reciprocal_rank

_CANDIDATES = 100
_WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # the share of the dense score
_CUTOFFS = (1, 4, 8)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Both searches' candidates for a question: both scores of each passage, and which are relevant."""

    ids: Ids
    dense: Scores
    lexical: Scores
    relevant: frozenset[int]


Method = Callable[[Candidates], Scores]


def methods() -> dict[str, Method]:
    """Return every ranking method that is compared, by name."""
    rows: dict[str, Method] = {
        "dense only": lambda found: found.dense,
        "BM25 only": lambda found: found.lexical,
        "reciprocal rank": lambda found: reciprocal_rank(found.dense, found.lexical),
    }
    for weight in _WEIGHTS:
        rows[f"convex {weight}"] = functools.partial(_convex, weight)
    return rows


def _convex(weight: float, found: Candidates) -> Scores:
    return convex(found.dense, found.lexical, weight)


def open_set(name: str, folder: Path, encoder: Encoder) -> tuple[Paragraphs, FaissPassageIndex]:
    """Load a development set and its index, which is built below `folder` on first use."""
    paragraphs = load(name)
    build(paragraphs, folder / name, encoder)
    return paragraphs, open_index(folder / name)


_Asked = TypeVar("_Asked")


def sample(questions: Sequence[_Asked], count: int, seed: int) -> list[_Asked]:
    """Return a sample of up to `count` questions, in their order; the seed decides which."""
    order = np.random.default_rng(seed).permutation(len(questions))[:count]
    return [questions[place] for place in sorted(order)]


def relevant_passages(index: FaissPassageIndex, example: Example) -> frozenset[int]:
    """Return the ids of the passages that hold a whole reference answer."""
    return frozenset(
        passage.id
        for passage in index.passages(example.context or "")
        for span in example.answers
        if passage.start <= span.start and span.end <= passage.end
    )


def find(index: FaissPassageIndex, encoder: Encoder, example: Example) -> Candidates:
    """Run both searches for a question."""
    vector = encoder.encode_query(example.question)
    by_vector, _ = index.search_dense(vector, _CANDIDATES)
    by_words, _ = index.search_lexical(example.question, _CANDIDATES)
    ids = np.union1d(by_vector, by_words)
    return Candidates(
        ids,
        index.dense_scores(vector, ids),
        index.lexical_scores(example.question, ids),
        relevant_passages(index, example),
    )


def rank(found: Candidates, method: Method) -> int | None:
    """Return the 1-based rank of the first relevant passage, None where none was retrieved."""
    order = np.lexsort((found.ids, -method(found)))
    ranked = [int(found.ids[place]) in found.relevant for place in order]
    return ranked.index(True) + 1 if True in ranked else None


def main(
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Development set; repeat it for more. All by default.")
    ] = None,
    questions: Annotated[int, typer.Option(help="Questions of each set, at most.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
) -> None:
    """Compare dense, lexical and fused retrieval on the development sets."""
    console = Console()
    encoder = load_encoder()
    reciprocal: dict[str, list[list[float]]] = defaultdict(list)
    for name in sets or SETS:
        paragraphs, index = open_set(name, folder, encoder)
        asked = sample(paragraphs.examples, questions, seed)
        found = [
            find(index, encoder, question) for question in track(asked, name, console=Console(stderr=True))
        ]
        # Questions whose answer no passage holds whole cannot be found; they stay in the denominator.
        title = (
            f"{name}: {len(asked)} questions, {len(paragraphs)} paragraphs, "
            f"{index.manifest.passages} passages"
        )
        table = Table("", *(f"recall@{cutoff}" for cutoff in _CUTOFFS), "MRR", title=title)
        for label, method in methods().items():
            ranks = [rank(candidates, method) for candidates in found]
            reciprocal[label].append([1.0 / place if place else 0.0 for place in ranks])
            low, high = bootstrap_interval(reciprocal[label][-1])
            table.add_row(
                label,
                *(f"{recall_at(ranks, cutoff):.3f}" for cutoff in _CUTOFFS),
                f"{mean_reciprocal_rank(ranks):.3f} [{low:.3f}, {high:.3f}]",
            )
        console.print(table)
    _print_means(console, reciprocal)


def _print_means(console: Console, reciprocal: dict[str, list[list[float]]]) -> None:
    table = Table("", "mean MRR over the sets", "difference to reciprocal rank, 95%", title="all sets")
    base = np.concatenate(reciprocal["reciprocal rank"])
    for label, values in reciprocal.items():
        low, high = bootstrap_interval(list(np.concatenate(values) - base))
        mean = float(np.mean([np.mean(one) for one in values]))
        table.add_row(label, f"{mean:.3f}", f"[{low:+.3f}, {high:+.3f}]")
    console.print(table)


if __name__ == "__main__":
    run_commands(main)
