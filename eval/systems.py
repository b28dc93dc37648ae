"""Systems under evaluation: an answerer over an index, or a reader given each question's own paragraph."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from eval.dataset import Example
from indexer.arrays import Vector
from indexer.encoders.encoder import Encoder
from indexer.errors import QuothError
from indexer.records import Article, Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answerer import COMPARED, Answerer
from service.answering.answers import Answer
from service.answering.confidence.calibration import Calibration
from service.answering.confidence.candidates import confidence_of
from service.answering.reading.reader import Reader
from service.answering.reading.spans import distinct


class UnreachableError(QuothError):
    """A service cannot be reached, or is not Quoth; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A range of an article's text: half-open, in code points."""

    article: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best span, given or withheld, and the passage it was read in."""

    text: str
    place: Place
    passage: Place


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to a question. `passages` are those read, best first. `milliseconds`: wall-clock time."""

    candidate: Candidate | None
    confidence: float
    passages: tuple[Place, ...]
    milliseconds: float


class System(Protocol):
    """A system under evaluation: it answers questions from articles."""

    @property
    def facts(self) -> dict[str, Any]:
        """Mode, generation, models and settings, as plain JSON values."""
        ...

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld."""
        ...

    @property
    def articles(self) -> Sequence[Article]:
        """All articles; their texts may be empty."""
        ...

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, None where no article has this id."""
        ...

    def passages(self, article_id: str) -> list[Place]:
        """Return an article's passages in their order."""
        ...

    def ask(self, example: Example) -> Reply:
        """Ask a question; nothing is withheld."""
        ...


class LocalSystem:
    """An answerer in this process: every question is asked of the whole index."""

    def __init__(self, answerer: Answerer, facts: dict[str, Any]) -> None:
        self._answerer = answerer
        self._facts = facts
        self.find_article = lru_cache(maxsize=None)(answerer.index.find_article)

    @property
    def facts(self) -> dict[str, Any]:
        """Mode, generation, models and settings."""
        return self._facts

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld."""
        return self._answerer.threshold

    @property
    def articles(self) -> Sequence[Article]:
        """All articles, without their texts."""
        return self._answerer.index.articles

    def passages(self, article_id: str) -> list[Place]:
        """Return an article's passages in their order."""
        return [_place(passage) for passage in self._answerer.index.passages(article_id)]

    def ask(self, example: Example) -> Reply:
        """Ask a question; nothing is withheld, so that the best candidate is known."""
        began = time.perf_counter()
        answer = self._answerer.answer(example.question, min_confidence=0.0)
        return _reply(answer, 1_000 * (time.perf_counter() - began))


class ReaderSystem:
    """A reader alone: it reads the whole paragraph that each question was written for."""

    def __init__(
        self,
        reader: Reader,
        calibration: Calibration,
        encoder: Encoder,
        paragraphs: Sequence[Article],
        facts: dict[str, Any],
    ) -> None:
        self._reader = reader
        self._calibration = calibration
        self._encoder = encoder
        self._facts = facts
        self._paragraphs = {article.id: article for article in paragraphs}
        # Questions of one paragraph follow each other.
        self._vector = lru_cache(maxsize=64)(self._encoded)

    @property
    def facts(self) -> dict[str, Any]:
        """Mode, models and settings."""
        return self._facts

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld."""
        return self._calibration.threshold

    @property
    def articles(self) -> Sequence[Article]:
        """The paragraphs."""
        return [*self._paragraphs.values()]

    def find_article(self, article_id: str) -> Article | None:
        """Return a paragraph, None where none has this id."""
        return self._paragraphs.get(article_id)

    def passages(self, article_id: str) -> list[Place]:
        """Return the paragraph as its only passage."""
        return [Place(article_id, 0, len(self._paragraphs[article_id].text))]

    def ask(self, example: Example) -> Reply:
        """Read the question's own paragraph; nothing is withheld."""
        article = self._paragraphs[example.context or ""]
        vector = self._vector(article.id)
        began = time.perf_counter()
        similarity = float(np.dot(self._encoder.encode_query(example.question), vector))
        scored = own_paragraph(article, similarity)
        groups = distinct(self._reader.read(example.question, [scored]), COMPARED)
        confidences = [
            confidence_of(self._calibration, example.question, groups, number, [scored])
            for number in range(len(groups))
        ]
        milliseconds = 1_000 * (time.perf_counter() - began)
        read = _place(scored.passage)
        if not groups:
            return Reply(None, 0.0, (read,), milliseconds)
        place = int(np.argmax(confidences))  # the first of equals, which has the best score
        best = groups[place][0]
        candidate = Candidate(best.text, Place(article.id, best.start, best.end), read)
        return Reply(candidate, confidences[place], (read,), milliseconds)

    def _encoded(self, article_id: str) -> Vector:
        vector: Vector = self._encoder.encode_passages([self._paragraphs[article_id].text])[0]
        return vector


def own_paragraph(article: Article, similarity: float) -> ScoredPassage:
    """Return a whole article as one passage, with its title; `similarity`: the cosine to the question."""
    passage = Passage(0, article.id, 0, len(article.text))
    title = article.metadata.title
    return ScoredPassage(
        passage,
        article.text,
        1.0,
        similarity,
        0.0,
        tuple(sentence_offsets(article.text)),
        f"{title.replace('_', ' ')}." if title else "",
    )


def _place(passage: Passage) -> Place:
    return Place(passage.article_id, passage.start, passage.end)


def _reply(answer: Answer, milliseconds: float) -> Reply:
    candidate = None
    if answer.quotation is not None:
        citation = answer.quotation.citation
        where = Place(citation.article_id, citation.start, citation.end)
        candidate = Candidate(citation.exact, where, _place(citation.passage))
    read = tuple(_place(one.scored.passage) for one in answer.passages)
    return Reply(candidate, answer.confidence, read, milliseconds)
