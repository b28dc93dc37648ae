"""Retriever + reader + confidence -> Answer. Knows no HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cachetools import LRUCache

from indexer.index import Filters, PassageIndex
from indexer.records import Article, ScoredPassage
from service.answers import Answer, Quotation, ReadPassage, Reason, Span
from service.citations import cite
from service.confidence import Calibration, evidence
from service.errors import ArticleUnknownError, QuestionError
from service.followups import Previous, Reading, readings
from service.reader import Reader
from service.retriever import Retriever
from service.spans import distinct, merged

MAX_QUESTION = 1_000
"""Characters in a question, at most."""


@dataclass(frozen=True, slots=True)
class AnswererSettings:
    """How a question is answered.

    `top_k`: passages read, at most. `first`: how many of them are read first; an answer among them whose
    confidence is at least `settled` is given without a look at the others. With 1 all are read; what less
    gains and costs is measured by `python -m eval.depth`. `alternatives`: other candidates shown, at most.
    `cache`: questions whose candidates are kept for when they are asked again, those asked longest ago
    forgotten first.
    """

    top_k: int = 8
    first: int = 3
    settled: float = 1.0
    alternatives: int = 3
    cache: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """All that decides what comes of a question. `enough`: the confidence that settles it."""

    way: Reading
    top_k: int
    filters: Filters | None
    enough: float


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A question read in one way: the passages that were read, and the candidates, best first."""

    way: Reading
    passages: list[ScoredPassage]
    quotations: list[Quotation]

    @property
    def confidence(self) -> float:
        return self.quotations[0].confidence if self.quotations else 0.0


class Answerer:
    """Answers questions over one generation of an index. Safe to share between threads."""

    def __init__(
        self,
        index: PassageIndex,
        retriever: Retriever,
        reader: Reader,
        calibration: Calibration,
        settings: AnswererSettings | None = None,
    ) -> None:
        self._index = index
        self._retriever = retriever
        self._reader = reader
        self._calibration = calibration
        self._settings = settings or AnswererSettings()
        self._recent: LRUCache[_Asked, _Attempt] = LRUCache(self._settings.cache)
        self._lock = threading.Lock()

    @property
    def index(self) -> PassageIndex:
        """What is searched."""
        return self._index

    @property
    def reader(self) -> str:
        """The reader's name."""
        return self._reader.name

    @property
    def models(self) -> dict[str, dict[str, str]]:
        """Name and SHA-256 of the reader's weights and of the encoder's."""
        encoder = self._index.manifest.encoder
        return {
            "reader": {"name": self._reader.name, "sha256": self._reader.fingerprint},
            "encoder": {"name": encoder["name"], "sha256": encoder["sha256"]},
        }

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld, unless the question says otherwise."""
        return self._calibration.threshold

    def answer(
        self,
        question: str,
        *,
        top_k: int | None = None,
        filters: Filters | None = None,
        min_confidence: float | None = None,
        previous: Previous | None = None,
    ) -> Answer:
        """Answer a question in an article's own words, or abstain.

        `top_k`: passages to read, at most. `min_confidence`: withhold an answer below it; 0 withholds none;
        without it the threshold that was fitted with the confidence. `previous`: the turn before, for a
        question that leans on it; it is then asked in every way that it may be read, and the answer with
        the highest confidence counts.

        Raises:
            QuestionError: the question is empty, too long or not text, or `top_k` is below 1.
            CitationError: a span does not resolve; a defect, never the caller's mistake.
        """
        question = check_question(question)
        count = self._count(top_k, filters)
        threshold = self._calibration.threshold if min_confidence is None else min_confidence
        enough = max(threshold, self._settings.settled)
        ways = [Reading(question)] if previous is None else readings(question, previous)
        timings: dict[str, float] = {}
        with _timed(timings, "total"):
            attempts = [
                self._attempt(_Asked(way, count, way.within(filters), enough), timings) for way in ways
            ]
            # Of equal confidences the first counts, which is the question as it was asked.
            best = max(attempts, key=lambda attempt: attempt.confidence)
        quotations, passages = best.quotations, best.passages
        given = bool(quotations) and quotations[0].confidence >= threshold
        reason = None if given else Reason.LOW_CONFIDENCE if quotations else Reason.NO_PASSAGES
        return Answer(
            question=question,
            quotation=quotations[0] if given else None,
            reason=reason,
            confidence=best.confidence,
            threshold=threshold,
            alternatives=tuple(one for one in quotations[1:] if given and one.confidence >= threshold),
            passages=self._ranked(passages),
            generation=self._index.manifest.name,
            encoder=self._index.manifest.encoder["name"],
            reader=self._reader.name,
            read_as=best.way.question if best.way.question != question else None,
            timings_ms=timings,
        )

    def search(
        self, question: str, *, top_k: int | None = None, filters: Filters | None = None
    ) -> tuple[ReadPassage, ...]:
        """Return the passages that would be read for a question, best first.

        Raises:
            QuestionError: the question is empty, too long or not text.
        """
        question = check_question(question)
        return self._ranked(self._retriever.retrieve(question, self._count(top_k, filters), filters))

    def article(self, article_id: str) -> Article:
        """Return an article with its text.

        Raises:
            ArticleUnknownError: there is none by this id.
        """
        article = self._index.find_article(article_id)
        if article is None:
            raise ArticleUnknownError(f"there is no article {article_id!r}: GET /v1/articles lists them")
        return article

    def close(self) -> None:
        """Close the index; the models are kept, as other generations' answerers share them."""
        self._index.close()

    def _attempt(self, asked: _Asked, timings: dict[str, float]) -> _Attempt:
        """Return what comes of a question; one that was asked lately passes no stage, and is not timed."""
        with self._lock:
            kept = self._recent.get(asked)
        if kept is not None:
            return kept
        question = asked.way.question
        with _timed(timings, "retrieve"):
            found = self._retriever.retrieve(question, asked.top_k, asked.filters)
        with _timed(timings, "read"):
            spans, passages = self._read(question, found, asked.enough)
        attempt = _Attempt(asked.way, passages, self._quotations(question, spans, passages))
        if self._settings.cache:
            with self._lock:
                self._recent[asked] = attempt
        return attempt

    def _read(
        self, question: str, passages: list[ScoredPassage], enough: float
    ) -> tuple[list[Span], list[ScoredPassage]]:
        """Return the candidates, and the passages that were read for them."""
        first = passages[: self._settings.first] if enough < 1 else passages
        spans = self._reader.read(question, first)
        if len(first) == len(passages) or self._confidence(question, spans, first) >= enough:
            return spans, first
        return merged(spans, self._reader.read(question, passages[len(first) :])), passages

    def _confidence(self, question: str, spans: Sequence[Span], passages: Sequence[ScoredPassage]) -> float:
        groups = distinct(spans, 2)
        return self._calibration.confidence(evidence(question, groups, 0, passages)) if groups else 0.0

    def _count(self, top_k: int | None, filters: Filters | None) -> int:
        count = self._settings.top_k if top_k is None else top_k
        if count < 1:
            raise QuestionError(f"top_k is {count}: read at least one passage", "/top_k")
        if filters is not None and filters.contradict:
            raise QuestionError("published_from is later than published_to: swap them", "/filters")
        return count

    def _ranked(self, passages: Sequence[ScoredPassage]) -> tuple[ReadPassage, ...]:
        return tuple(
            ReadPassage(rank, scored, self.article(scored.passage.article_id))
            for rank, scored in enumerate(passages, start=1)
        )

    def _quotations(
        self, question: str, spans: Sequence[Span], passages: Sequence[ScoredPassage]
    ) -> list[Quotation]:
        """The best span and its alternatives; the same words at several places are one quotation."""
        shown = 1 + self._settings.alternatives
        # One more than is shown: the last one's margin is its distance to the next.
        groups = distinct(spans, shown + 1)
        sentences = {scored.passage.id: scored.sentences for scored in passages}
        quotations = []
        for place, same in enumerate(groups[:shown]):
            citations = [
                cite(self.article(span.passage.article_id), span, sentences[span.passage.id]) for span in same
            ]
            confidence = self._calibration.confidence(evidence(question, groups, place, passages))
            quotations.append(Quotation(same[0].text, confidence, citations[0], tuple(citations[1:])))
        return quotations


def check_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raises:
        QuestionError: nothing is left, it is longer than 1,000 characters, or it is not text.
    """
    question = question.strip()
    if not question:
        raise QuestionError("the question is empty: ask something")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters, {MAX_QUESTION:,} are allowed: shorten it"
        )
    try:
        question.encode("utf-8")
    except UnicodeEncodeError as error:
        raise QuestionError(
            f"the question holds half a surrogate pair at character {error.start}: send valid Unicode"
        ) from error
    return question


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        # A question that is read in several ways passes each stage as often.
        timings[stage] = round(timings.get(stage, 0.0) + (time.perf_counter() - began) * 1_000, 3)
