"""How many passages to read: `python -m eval.depth`, over the seeds' questions and development sets.

An answer among the first few passages may settle a question, so that the others need not be read. For each
number of first passages and each confidence that settles, the questions are answered as the service
answers them: what is found, what is known of it, and how much is read. Every question of the sets is put to
the whole set, once with its own paragraph and once with that paragraph barred, when nothing answers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.dataset import SEEDS, load_examples
from eval.metrics import auroc, exact_match, expected_calibration_error, is_right, token_f1
from eval.paragraphs import Question
from eval.retrieval import open_set, sample
from eval.training.examples import group_of, held_out
from indexer.cli import run_commands
from indexer.encoder import load_encoder
from indexer.index import FaissPassageIndex, Filters, open_index
from indexer.records import ScoredPassage
from service.answerer import Answerer, AnswererSettings
from service.answers import Answer, Span
from service.catalogue import load_reader
from service.confidence import Calibration
from service.reader import Reader
from service.retriever import Retriever, RetrieverSettings
from service.spans import merged

POLICIES = [(8, 1.0), (16, 1.0), (4, 1.0), (2, 1.0)] + [
    (first, settled) for first in (2, 3, 4) for settled in (0.5, 0.6, 0.7, 0.8, 0.9)
]
"""First passages, and the confidence that settles; with 1, as many are read and no more."""


class PassageByPassage:
    """A reader that reads each passage alone and remembers it, so that every policy has the same spans."""

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
            found.append(self._known[key])
        return merged(*found)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its references, article and words; none where nothing answers it."""

    question: str
    answers: tuple[tuple[str, str], ...]
    filters: Filters | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy made of a question."""

    answerable: bool
    f1: float
    exact: float
    right: bool
    confidence: float
    passages: int

    @classmethod
    def of(cls, asked: Asked, answer: Answer) -> Outcome:
        """Score an answer."""
        if answer.quotation is None:
            raise ValueError("a question was put with a threshold")
        words = answer.quotation.text
        references = [text for _, text in asked.answers]
        cited = {one.article_id for one in (answer.quotation.citation, *answer.quotation.other_citations)}
        return cls(
            answerable=bool(references),
            f1=token_f1(words, references) if references else 0.0,
            exact=exact_match(words, references) if references else 0.0,
            right=is_right(words, [text for article, text in asked.answers if article in cited]),
            confidence=answer.confidence,
            passages=len(answer.passages),
        )


def main(
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    sets: Annotated[list[str] | None, typer.Option("--set", help="Development set; more than once.")] = None,
    questions: Annotated[int, typer.Option(help="Of each set, at most.", min=1)] = 200,
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = Path(".quoth/index"),
    studies: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
) -> None:
    """Compare how many passages are read, by what comes of it."""
    encoder = load_encoder()
    found, calibration = load_reader(reader, encoder)
    remembering = PassageByPassage(found)
    for name in ["seeds", *(["wiki", "qed"] if sets is None else sets)]:
        opened, asked = _seeds(index) if name == "seeds" else _development(name, studies, questions)
        retriever = Retriever(opened, encoder, RetrieverSettings())
        table = Table(
            "first", "settled at", "passages", "F1", "EM", "right", "AUROC", "ECE", "refused",
            title=f"{name}: {sum(bool(one.answers) for one in asked)} answerable, "
            f"{sum(not one.answers for one in asked)} not",
        )  # fmt: skip
        for first, settled in track(POLICIES, name, console=Console(stderr=True)):
            settings = _settings(first, settled)
            answerer = Answerer(opened, retriever, remembering, calibration, settings)
            outcomes = [Outcome.of(one, _best(answerer, one)) for one in asked]
            table.add_row(str(first), "–" if settled == 1 else f"{settled:g}", *_row(outcomes, calibration))
        Console().print(table)


def _settings(first: int, settled: float) -> AnswererSettings:
    return AnswererSettings(top_k=first if settled == 1 else 8, first=first, settled=settled)


def _best(answerer: Answerer, asked: Asked) -> Answer:
    return answerer.answer(asked.question, filters=asked.filters, min_confidence=0.0)


def _row(outcomes: Sequence[Outcome], calibration: Calibration) -> Iterator[str]:
    """Means over the answerable ones; what is known, over all."""
    answerable = [one for one in outcomes if one.answerable]
    yield f"{np.mean([one.passages for one in outcomes]):.2f}"
    yield f"{100 * np.mean([one.f1 for one in answerable]):.1f}"
    yield f"{100 * np.mean([one.exact for one in answerable]):.1f}"
    yield f"{100 * np.mean([one.right for one in answerable]):.1f}"
    confidences = [one.confidence for one in outcomes]
    yield f"{auroc(confidences, [one.right for one in outcomes]):.3f}"
    yield f"{expected_calibration_error(confidences, [one.right for one in outcomes]):.3f}"
    yield f"{100 * np.mean([one.confidence < calibration.threshold for one in answerable]):.1f}"


def _seeds(index: Path) -> tuple[FaissPassageIndex, list[Asked]]:
    opened = open_index(index)
    return opened, [
        Asked(one.question, tuple((span.article, span.text) for span in one.answers))
        for one in load_examples(SEEDS, opened)
    ]


def _development(name: str, studies: Path, most: int) -> tuple[FaissPassageIndex, list[Asked]]:
    paragraphs, opened = open_set(name, studies, load_encoder())
    articles = {article.id: article for article in paragraphs.articles(lambda _: None)}
    mine = [one for one in paragraphs.questions if held_out(group_of(name, articles[one.article_id]))]
    return opened, [*_both(sample(mine, most, seed=0), {key: one.text for key, one in articles.items()})]


def _both(questions: Iterable[Question], texts: dict[str, str]) -> Iterator[Asked]:
    """Each question, and each once more with its own paragraph barred."""
    for one in questions:
        text = texts[one.article_id]
        yield Asked(one.text, tuple((one.article_id, text[start:end]) for start, end in one.answers))
        others = tuple(key for key in texts if key != one.article_id)
        yield Asked(one.text, (), Filters(article_ids=others))


if __name__ == "__main__":
    run_commands(main)
