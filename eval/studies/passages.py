"""How many passages to read: `python -m eval.studies.passages`, over the seeds' questions and development sets.

Every question of a development set is put to the whole set, once with its own paragraph and once with that
paragraph excluded, so that nothing answers it. Each passage is read once and its spans are kept, so all depths
are compared on the same spans. Differences are to the first depth, paired over the questions, with 95%
intervals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.dataset import SEEDS, Example, load_examples
from eval.metrics import auroc, exact_match, expected_calibration_error, token_f1
from eval.significance import Difference, difference, draws
from eval.studies.paragraphs import SETS
from eval.studies.retrieval import open_set, sample
from eval.training.examples import group_of, held_out
from indexer.cli import run_commands
from indexer.encoders.loading import load_encoder
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from indexer.records import ScoredPassage
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.answers import Answer, Span
from service.answering.confidence import Calibration
from service.answering.loading import load_reader
from service.answering.reader import Reader
from service.answering.retriever import Retriever
from service.answering.settings import AnswererSettings
from service.answering.spans import merged

DEPTHS = (8, 2, 4, 6)
"""Numbers of passages that are compared; the first is what the others are compared with."""


class CachingReader:
    """A reader that reads each passage alone and remembers its spans, so that every depth has the same."""

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
            # The same passage may come with another fused score, which is relative to its question.
            found.append([replace(span, scored=scored) for span in self._known[key]])
        return merged(*found)


@dataclass(frozen=True, slots=True)
class Question:
    """An example as it is asked; `filters` exclude its own paragraph, and then nothing answers it."""

    example: Example
    filters: Filters | None = None

    @property
    def answerable(self) -> bool:
        """Whether the searched articles answer it."""
        return self.filters is None and self.example.answerable


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best candidate for one question at one depth, scored."""

    answerable: bool
    f1: float
    exact: float
    right: bool
    confidence: float

    @classmethod
    def of(cls, question: Question, answer: Answer) -> Outcome:
        """Score an answer that was given without a threshold."""
        if answer.quotation is None:
            return cls(question.answerable, 0.0, 0.0, False, 0.0)
        words = answer.quotation.text
        references = question.example.references if question.answerable else []
        cited = {one.article_id for one in (answer.quotation.citation, *answer.quotation.other_citations)}
        return cls(
            answerable=question.answerable,
            f1=token_f1(words, references) if references else 0.0,
            exact=exact_match(words, references) if references else 0.0,
            right=question.answerable and any(question.example.accepts(words, one) for one in cited),
            confidence=answer.confidence,
        )


Values = npt.NDArray[np.float64]
Figure = Callable[[Sequence[Outcome]], float]


def f1(outcomes: Sequence[Outcome]) -> float:
    """Return the mean token F1 of the answerable questions, in per cent."""
    return _mean([one.f1 for one in outcomes if one.answerable])


def exact(outcomes: Sequence[Outcome]) -> float:
    """Return the share of the answerable questions that are matched exactly, in per cent."""
    return _mean([one.exact for one in outcomes if one.answerable])


def right(outcomes: Sequence[Outcome]) -> float:
    """Return the share of the answerable questions with a right best candidate, in per cent."""
    return _mean([one.right for one in outcomes if one.answerable])


def separation(outcomes: Sequence[Outcome]) -> float:
    """Return the AUROC of the confidence for "the best candidate is right"."""
    truth = [one.right for one in outcomes]
    if len(set(truth)) == 1:
        return float("nan")
    return auroc([one.confidence for one in outcomes], truth)


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Return the expected calibration error of the confidence."""
    return expected_calibration_error([one.confidence for one in outcomes], [one.right for one in outcomes])


FIGURES: dict[str, Figure] = {
    "F1": f1,
    "EM": exact,
    "right": right,
    "AUROC": separation,
    "ECE": calibration_error,
}
COMPARED = ("F1", "right", "AUROC")


def _mean(values: Sequence[float]) -> float:
    return 100 * float(np.mean(values)) if values else float("nan")


def paired(
    figure: Figure, first: Sequence[Outcome], second: Sequence[Outcome], samples: int = 1_000
) -> Difference:
    """Return a figure's difference between two depths over the same questions, second less first."""
    drawn = draws(len(first), samples=samples)
    resampled = [
        np.array([figure([run[place] for place in draw]) for draw in drawn]) for run in (first, second)
    ]
    return difference(figure(first), figure(second), (resampled[0], resampled[1]))


def main(
    reader: Annotated[
        str, typer.Option(help="A shipped reader, or an exported reader's folder.")
    ] = "default",
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Development set; repeat it for more. All by default.")
    ] = None,
    depths: Annotated[
        list[int] | None,
        typer.Option("--depth", help="Number of passages; repeat it. The first is the base."),
    ] = None,
    questions: Annotated[int, typer.Option(help="Questions of each set, at most.", min=1)] = 200,
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
    studies: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
    json_: Annotated[Path | None, typer.Option("--json", help="Write the outcomes, JSON.")] = None,
) -> None:
    """Compare numbers of passages, by the answers that come of them."""
    encoder = load_encoder()
    loaded, calibration = load_reader(reader)
    caching = CachingReader(loaded)
    compared = depths or [*DEPTHS]
    pooled: dict[int, list[Outcome]] = {depth: [] for depth in compared}
    record: dict[str, Any] = {"reader": loaded.name, "sets": {}}
    for name in ["seeds", *(SETS if sets is None else sets)]:
        opened, asked = _seeds(index) if name == "seeds" else _development(name, studies, questions)
        retriever = Retriever(opened, encoder)
        outcomes: dict[int, list[Outcome]] = {depth: [] for depth in compared}
        answerers = {
            depth: Answerer(opened, retriever, caching, calibration, _settings(depth)) for depth in compared
        }
        for question in track(asked, name, console=Console(stderr=True)):
            for depth, answerer in answerers.items():
                answer = answerer.answer(
                    question.example.question, filters=question.filters, min_confidence=0.0
                )
                outcomes[depth].append(Outcome.of(question, answer))
        Console(width=160).print(_table(name, outcomes, calibration))
        for depth, some in outcomes.items():
            pooled[depth] += some
        record["sets"][name] = {depth: [_plain(one) for one in some] for depth, some in outcomes.items()}
        if json_ is not None:
            json_.write_text(json.dumps(record), "utf-8")
    Console(width=160).print(_table("all", pooled, calibration))


def _settings(depth: int) -> AnswererSettings:
    return AnswererSettings(top_k=depth, cache_size=0)


def _plain(outcome: Outcome) -> list[float]:
    return [outcome.answerable, outcome.f1, outcome.exact, outcome.right, round(outcome.confidence, 6)]


def _table(name: str, outcomes: dict[int, list[Outcome]], calibration: Calibration) -> Table:
    first, *others = outcomes
    base = outcomes[first]
    table = Table(
        "passages", *FIGURES, "refused", *(f"{figure}, difference" for figure in COMPARED),
        title=f"{name}: {sum(one.answerable for one in base)} answerable questions, "
        f"{sum(not one.answerable for one in base)} unanswerable",
    )  # fmt: skip
    table.add_row(str(first), *_row(base, calibration))
    for depth in others:
        differences = [
            f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"
            if figure != "AUROC"
            else f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
            for figure in COMPARED
            for found in [paired(FIGURES[figure], base, outcomes[depth])]
        ]
        table.add_row(str(depth), *_row(outcomes[depth], calibration), *differences)
    return table


def _row(outcomes: Sequence[Outcome], calibration: Calibration) -> Iterator[str]:
    for name, figure in FIGURES.items():
        yield f"{figure(outcomes):.3f}" if name in {"AUROC", "ECE"} else f"{figure(outcomes):.1f}"
    answerable = [one for one in outcomes if one.answerable]
    yield f"{_mean([one.confidence < calibration.threshold for one in answerable]):.1f}"


def _seeds(index: Path) -> tuple[FaissPassageIndex, list[Question]]:
    opened = open_index(index)
    return opened, [Question(example) for example in load_examples(SEEDS, opened)]


def _development(name: str, folder: Path, most: int) -> tuple[FaissPassageIndex, list[Question]]:
    paragraphs, index = open_set(name, folder, load_encoder())
    articles = {article.id: article for article in index.articles}
    everything = set(articles)
    texts = {one: index.find_article(one) for one in everything}
    mine = [
        example
        for example in paragraphs.examples
        if (article := texts[example.context or ""]) is not None and held_out(group_of(name, article))
    ]
    asked = []
    for example in sample(mine, most, 0):
        asked.append(Question(example))
        others = everything - {example.context or ""}
        asked.append(Question(example, Filters(article_ids=tuple(others))))
    return index, asked


if __name__ == "__main__":
    run_commands(main)
