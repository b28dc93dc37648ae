"""How many passages to read: `python -m eval.studies.passages`, over the seeds and the development sets.

Every held-out question of a development set (`eval.studies.examples`) is put to the whole set twice: as it
is, and with its own paragraph excluded, so that nothing answers it. Each passage is read once for a question
and its spans are kept, so all numbers of passages are compared on the same spans. Differences are to the
first number, paired over the questions, with 95% intervals.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.dataset import SEEDS, load_examples
from eval.runs import describe, write
from eval.studies.examples import held_out_examples
from eval.studies.outcomes import FIGURES, Outcome, Outcomes, Question, paired, percentage
from eval.studies.paragraphs import SETS
from eval.studies.retrieval import open_set, sample
from indexer.cli import run_commands
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from indexer.records import ScoredPassage
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.loading import load_reader
from service.answering.reading.reader import Reader
from service.answering.reading.spans import merged
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import AnswererSettings

DEPTHS = (8, 2, 4, 6)
"""Numbers of passages that are compared; the first is what the others are compared with."""

COMPARED = ("F1", "right", "AUROC")
"""The figures whose differences to the first number of passages are shown."""

_Setting = TypeVar("_Setting", int, str)

_FRACTIONS = frozenset({"AUROC", "ECE"})  # shown with three decimals; the other figures are percentages
_SEED = 0


class CachingReader:
    """A reader that reads each passage alone and keeps its spans: reading it again costs nothing.

    For one index. It is exact for a reader whose `retrieval_weight` is 0, as that of the shipped ones is: a
    span's score then depends on the question and its passage alone.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, int], list[Span]] = {}
        self.name, self.fingerprint = reader.name, reader.fingerprint

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return the spans of all passages, best first."""
        found = []
        for scored in passages:
            key = (question, scored.passage.id)
            if key not in self._known:
                self._known[key] = self._reader.read(question, [scored])
            # With other filters the same passage has another fused score.
            found.append([replace(span, scored=scored) for span in self._known[key]])
        return merged(*found)


def main(  # noqa: PLR0917 - Typer makes options of them
    reader: Annotated[
        str, typer.Option(help="A shipped reader, or an exported reader's folder.")
    ] = "default",
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="seeds, or a development set; repeat it for more. All by default."),
    ] = None,
    depths: Annotated[
        list[int] | None,
        typer.Option(
            "--depth",
            help="Number of passages; repeat it. The others are compared with the first.",
            min=1,
            max=50,
        ),
    ] = None,
    questions: Annotated[int, typer.Option(help="Questions of each development set, at most.", min=1)] = 200,
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
    studies: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write every question's outcome, JSON.")
    ] = None,
) -> None:
    """Compare numbers of passages by the answers found in them."""
    encoder = load_encoder()
    loaded, calibration = load_reader(reader)
    compared = [*dict.fromkeys(depths or DEPTHS)]
    pooled: dict[int, list[Outcome]] = {depth: [] for depth in compared}
    kept: dict[str, dict[int, list[list[float]]]] = {}
    console = Console(width=160)
    for name in dict.fromkeys(sets or ["seeds", *SETS]):
        opened, asked = asked_of(name, index, studies, questions, encoder)
        caching, retriever = CachingReader(loaded), Retriever(opened, encoder)
        answerers = {
            depth: Answerer(
                opened, retriever, caching, calibration, AnswererSettings(top_k=depth, cache_size=0)
            )
            for depth in compared
        }
        outcomes = ask_each(answerers, asked, name)
        opened.close()
        console.print(table(name, outcomes, calibration.threshold))
        for depth, some in outcomes.items():
            pooled[depth] += some
        kept[name] = {depth: [_plain(one) for one in some] for depth, some in outcomes.items()}
        # After each set: a run of hours that is stopped keeps what it has.
        if json_ is not None:
            record = {
                **describe(),
                "command": " ".join(["python -m eval.studies.passages", *sys.argv[1:]]),
                "reader": {"name": loaded.name, "sha256": loaded.fingerprint},
                "encoder": {"name": encoder.name, "sha256": encoder.fingerprint},
                "threshold": calibration.threshold,
                "seed": _SEED,
                "columns": ["answerable", "f1", "exact", "right", "confidence"],
                "sets": kept,
            }
            write(json_, json.dumps(record) + "\n")
    if len(kept) > 1:
        console.print(table("all", pooled, calibration.threshold))


def ask_each(
    answerers: Mapping[_Setting, Answerer], asked: Sequence[Question], name: str
) -> dict[_Setting, list[Outcome]]:
    """Ask every answerer all questions, without a threshold; `name` labels the progress."""
    outcomes: dict[_Setting, list[Outcome]] = {setting: [] for setting in answerers}
    for question in track(asked, name, console=Console(stderr=True)):
        for setting, answerer in answerers.items():
            answer = answerer.answer(question.example.question, filters=question.filters, min_confidence=0.0)
            outcomes[setting].append(Outcome.of(question, answer))
    return outcomes


def _plain(outcome: Outcome) -> list[float]:
    return [outcome.answerable, outcome.f1, outcome.exact, outcome.right, round(outcome.confidence, 6)]


def table(
    name: str, outcomes: Mapping[_Setting, Sequence[Outcome]], threshold: float, heading: str = "passages"
) -> Table:
    """Return the figures of each setting, such as a number of passages, and the differences to the first."""
    columns = {str(setting): Outcomes.of(some) for setting, some in outcomes.items()}
    first, *others = columns
    base = columns[first]
    answerable = int(base.answerable.sum())
    found = Table(
        heading, *FIGURES, "refused", "abstained", *(f"{figure}, difference" for figure in COMPARED),
        title=f"{name}: {answerable} answerable questions, {len(base) - answerable} unanswerable",
    )  # fmt: skip
    found.add_row(first, *_cells(base, threshold))
    for setting in others:
        differences = [_difference(figure, base, columns[setting]) for figure in COMPARED]
        found.add_row(setting, *_cells(columns[setting], threshold), *differences)
    return found


def _cells(outcomes: Outcomes, threshold: float) -> Iterator[str]:
    for name, figure in FIGURES.items():
        yield f"{figure(outcomes):.{3 if name in _FRACTIONS else 1}f}"
    withheld = outcomes.confidence < threshold
    for counted in (outcomes.answerable, ~outcomes.answerable):
        yield f"{percentage(withheld, counted):.1f}"


def _difference(name: str, first: Outcomes, second: Outcomes) -> str:
    found, digits = paired(FIGURES[name], first, second), 3 if name in _FRACTIONS else 2
    if math.isnan(found.value):
        return ""
    return f"{found.value:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"


def asked_of(
    name: str, index: Path, studies: Path, most: int, encoder: Encoder
) -> tuple[FaissPassageIndex, list[Question]]:
    """Open the index of a set, "seeds" or a development set's name; return it with the questions to ask."""
    return _seeds(index) if name == "seeds" else development(name, studies, most, encoder)


def _seeds(index: Path) -> tuple[FaissPassageIndex, list[Question]]:
    opened = open_index(index)
    return opened, [Question(example) for example in load_examples(SEEDS, opened)]


def development(
    name: str, folder: Path, most: int, encoder: Encoder
) -> tuple[FaissPassageIndex, list[Question]]:
    """Open a development set's index; return it with up to `most` held-out questions, each asked twice."""
    paragraphs, index = open_set(name, folder, encoder)
    articles = [article.id for article in paragraphs.articles(lambda _: None)]
    asked = []
    for example in sample(held_out_examples(paragraphs), most, _SEED):
        others = tuple(one for one in articles if one != example.context)
        asked += [Question(example), Question(example, Filters(article_ids=others))]
    return index, asked


if __name__ == "__main__":
    run_commands(main)
