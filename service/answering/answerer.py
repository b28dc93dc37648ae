"""Retriever + reader + confidence -> Answer. Knows no HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cachetools import LRUCache

from indexer.engine import Filters, PassageIndex
from indexer.records import Article, ScoredPassage
from service.answering.answers import Answer, Quotation, ReadPassage, Span
from service.answering.citations import cite
from service.answering.conditions import share_of_confidence
from service.answering.confidence import Calibration, confidence_features
from service.answering.copies import other_places
from service.answering.followups import Interpretation, Turn, interpretations
from service.answering.judging import judged, reason_after_reading, reason_unread
from service.answering.questions import UNREAD, QuestionKind, kind_of, words_of
from service.answering.reader import Reader
from service.answering.retriever import Retriever
from service.answering.settings import MAX_QUESTION, AnswererSettings
from service.answering.spans import distinct
from service.errors import ArticleUnknownError, QuestionError

_COMPARED = 12
"""Candidates whose confidences are compared: the most confident has not always the best score."""


@dataclass(frozen=True, slots=True)
class _CacheKey:
    """Everything that the candidates of a question depend on."""

    interpretation: Interpretation
    top_k: int
    filters: Filters | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One interpretation of a question: the passages that were read, and the candidates, best first."""

    interpretation: Interpretation
    passages: list[ScoredPassage]
    quotations: list[Quotation]

    @property
    def question(self) -> str:
        return self.interpretation.question

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
        self._cache: LRUCache[_CacheKey, _Attempt] = LRUCache(self._settings.cache_size)
        self._lock = threading.Lock()

    @property
    def index(self) -> PassageIndex:
        """The index that is searched."""
        return self._index

    @property
    def reader(self) -> str:
        """The reader's name."""
        return self._reader.name

    @property
    def models(self) -> dict[str, dict[str, str]]:
        """Name and SHA-256 of the reader's weights and of the encoder's."""
        encoder = self._index.info.encoder
        return {
            "reader": {"name": self._reader.name, "sha256": self._reader.fingerprint},
            "encoder": {"name": encoder.name, "sha256": encoder.sha256},
        }

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld, unless a question sets another."""
        chosen = self._settings.min_confidence
        return self._calibration.threshold if chosen is None else chosen

    def answer(
        self,
        question: str,
        *,
        top_k: int | None = None,
        filters: Filters | None = None,
        min_confidence: float | None = None,
        previous: Turn | None = None,
    ) -> Answer:
        """Answer a question in an article's own words, or abstain.

        `top_k`: passages to read. `min_confidence`: withhold an answer below it; 0 withholds none; None for
        `threshold`. `previous`: the turn before a follow-up question; each interpretation of the question is
        asked, and the answer with the highest confidence counts.

        Raises:
            QuestionError: the question is empty, too long or not text, or `top_k` is below 1.
            CitationError: a span does not resolve; a defect, never the caller's mistake.
        """
        question = check_question(question)
        count = self._count(top_k, filters)
        threshold = self.threshold if min_confidence is None else min_confidence
        kind = kind_of(question)
        asked = _interpretations(question, kind, previous)
        timings: dict[str, float] = {}
        with _timed(timings, "total"):
            attempts = [self._attempt(_CacheKey(one, count, one.within(filters)), timings) for one in asked]
            attempts = [
                replace(one, quotations=judged(one.quotations, question, kind, previous, one.question))
                for one in attempts
            ]
            # A tie goes to the first: the question as it was asked.
            best = max(attempts, key=lambda attempt: attempt.confidence, default=_UNREAD)
        quotations = best.quotations
        given = bool(quotations) and quotations[0].confidence >= threshold
        reason = None if given else reason_after_reading(kind, found=bool(best.passages))
        if not asked:
            reason = reason_unread(kind)
        info = self._index.info
        return Answer(
            question=question,
            quotation=quotations[0] if given else None,
            reason=reason,
            confidence=best.confidence,
            threshold=threshold,
            alternatives=tuple(one for one in quotations[1:] if one.confidence >= threshold)
            if given
            else tuple(quotations[: self._settings.alternatives]),
            passages=self._ranked(best.passages),
            generation=info.generation,
            encoder=info.encoder.name,
            reader=self._reader.name,
            read_as=best.question if asked and best.question != question else None,
            timings_ms=timings,
            answers=(quotations[0],) if given else (),
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
            ArticleUnknownError: no article has this id.
        """
        article = self._index.find_article(article_id)
        if article is None:
            raise ArticleUnknownError(f"there is no article {article_id!r}: GET /v1/articles lists them")
        return article

    def close(self) -> None:
        """Close the index; the models stay loaded, because other generations' answerers share them."""
        self._index.close()

    def _attempt(self, key: _CacheKey, timings: dict[str, float]) -> _Attempt:
        """Return the candidates for one interpretation; a cache hit skips all stages and adds no timing."""
        with self._lock:
            cached = self._cache.get(key)
        if cached is not None:
            return cached
        question = key.interpretation.question
        with _timed(timings, "retrieve"):
            passages = self._retriever.retrieve(question, key.top_k, key.filters)
        with _timed(timings, "read"):
            spans = self._reader.read(question, passages)
        attempt = _Attempt(key.interpretation, passages, self._quotations(question, spans, passages))
        if self._settings.cache_size:
            with self._lock:
                self._cache[key] = attempt
        return attempt

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
        """Return the candidates, the most confident first; the same words in several places are one."""
        groups = distinct(spans, _COMPARED)
        ranked = sorted(
            (
                (self._confidence(question, groups, number, passages), group)
                for number, group in enumerate(groups)
            ),
            key=lambda one: -one[0],  # stable: equal confidences keep the order of their scores
        )
        quotations = []
        for confidence, group in ranked[: 1 + self._settings.alternatives]:
            places = [*group, *(place for span in group for place in other_places(span, question))]
            citations = [cite(self.article(span.passage.article_id), span) for span in places]
            quotations.append(Quotation(group[0].text, confidence, citations[0], tuple(citations[1:])))
        return quotations

    def _confidence(
        self,
        question: str,
        groups: Sequence[Sequence[Span]],
        number: int,
        passages: Sequence[ScoredPassage],
    ) -> float:
        confidence = self._calibration.confidence(confidence_features(question, groups, number))
        return confidence * share_of_confidence(question, groups[number][0], passages)


_UNREAD = _Attempt(Interpretation(""), [], [])


def _interpretations(question: str, kind: QuestionKind, previous: Turn | None) -> list[Interpretation]:
    """Return what to ask for a question; nothing if no passage can answer it."""
    if kind in UNREAD:
        return []
    if previous is not None:
        return interpretations(question, previous)
    return [] if kind is QuestionKind.INCOMPLETE else [Interpretation(question)]


def check_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raises:
        QuestionError: it holds no letter and no digit, is longer than 1,000 characters, or is not text.
    """
    question = question.strip()
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
    if not words_of(question):
        raise QuestionError("the question is empty: ask something")
    return question


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        # Each interpretation of a question passes every stage, so the times add up.
        timings[stage] = round(timings.get(stage, 0.0) + (time.perf_counter() - began) * 1_000, 3)
