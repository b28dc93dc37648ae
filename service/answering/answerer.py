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
from service.answering.composing import Outcome, composed, ranked
from service.answering.confidence.calibration import Calibration
from service.answering.confidence.candidates import confidence_of
from service.answering.judging import judged, reason_after_reading, reason_unread
from service.answering.questions.followups import Interpretation, Turn, interpretations
from service.answering.questions.kinds import UNREAD, QuestionKind, kind_of, words_of
from service.answering.questions.parts import Part, parts_of
from service.answering.reading.reader import Reader
from service.answering.reading.spans import distinct
from service.answering.retrieval.copies import other_places
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import MAX_QUESTION, AnswererSettings
from service.answering.yes_no.deciding import decisions
from service.errors import ArticleUnknownError, QuestionError

COMPARED = 12
"""Candidates whose confidences are compared: the most confident has not always the best score."""


@dataclass(frozen=True, slots=True)
class _CacheKey:
    """Everything that the candidates of a question depend on."""

    interpretation: Interpretation
    top_k: int
    filters: Filters | None


@dataclass(frozen=True, slots=True)
class _Request:
    """What holds for all parts of a question."""

    top_k: int
    filters: Filters | None
    threshold: float


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One interpretation of a question: the passages that were read, and their candidates, best first."""

    interpretation: Interpretation
    passages: list[ScoredPassage]
    spans: list[Span]
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
        threshold = self.threshold if min_confidence is None else min_confidence
        request = _Request(self._count(top_k, filters), filters, threshold)
        timings: dict[str, float] = {}
        with _timed(timings, "total"):
            outcomes = self._outcomes(question, previous, request, timings)
        return composed(
            question,
            outcomes,
            self.article,
            threshold=threshold,
            alternatives=self._settings.alternatives,
            info=self._index.info,
            reader=self._reader.name,
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
        passages = self._retriever.retrieve(question, self._count(top_k, filters), filters)
        return ranked(passages, self.article)

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

    def _outcomes(
        self, question: str, previous: Turn | None, request: _Request, timings: dict[str, float]
    ) -> list[Outcome]:
        """Ask a question part by part; if no part has an answer, as a whole."""
        whole = Part(question, question, dependent=False)
        parts = (whole,) if kind_of(question) in UNREAD else parts_of(question)
        outcomes: list[Outcome] = []
        for part in parts:
            before = _turn_of(outcomes[-1]) if outcomes and part.dependent else previous
            outcomes.append(self._outcome(part, before, request, timings))
        if len(outcomes) > 1 and all(one.reason is not None for one in outcomes):
            asked = self._outcome(whole, previous, request, timings)
            if asked.reason is None:
                return [asked]
        return outcomes

    def _outcome(
        self, part: Part, previous: Turn | None, request: _Request, timings: dict[str, float]
    ) -> Outcome:
        """Ask one part of a question; `previous` is the turn before it, or the part that it depends on."""
        question = part.question
        kind = kind_of(question)
        asked = _interpretations(question, kind, previous)
        keys = [_CacheKey(one, request.top_k, one.within(request.filters)) for one in asked]
        attempts = [self._attempt(key, timings) for key in keys]
        attempts = [
            replace(one, quotations=judged(one.quotations, question, kind, previous, one.question))
            for one in attempts
        ]
        # A tie goes to the first: the question as it was asked.
        best = max(attempts, key=lambda attempt: attempt.confidence, default=_UNREAD)
        given = bool(best.quotations) and best.confidence >= request.threshold
        reason = None if given else reason_after_reading(kind, found=bool(best.passages))
        return Outcome(
            part,
            best.question,
            best.passages,
            best.spans,
            best.quotations,
            request.threshold,
            reason if asked else reason_unread(kind),
        )

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
        decided = decisions(question, passages, self.article)
        quotations = [*decided, *self._quotations(question, spans, passages)]
        quotations.sort(key=lambda one: -one.confidence)
        attempt = _Attempt(key.interpretation, passages, spans, quotations)
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

    def _quotations(
        self, question: str, spans: Sequence[Span], passages: Sequence[ScoredPassage]
    ) -> list[Quotation]:
        """Return the candidates, the most confident first; the same words in several places are one."""
        groups = distinct(spans, COMPARED)
        by_confidence = sorted(
            (
                (confidence_of(self._calibration, question, groups, number, passages), group)
                for number, group in enumerate(groups)
            ),
            key=lambda one: -one[0],  # stable: equal confidences keep the order of their scores
        )
        quotations = []
        for confidence, group in by_confidence:
            places = [*group, *(place for span in group for place in other_places(span, question))]
            citations = [cite(self.article(span.passage.article_id), span) for span in places]
            quotations.append(Quotation(group[0].text, confidence, citations[0], tuple(citations[1:])))
        return quotations


_UNREAD = _Attempt(Interpretation(""), [], [], [])


def _turn_of(outcome: Outcome) -> Turn:
    """Return a part of a question as the turn before the next part."""
    answer = outcome.quotations[0] if outcome.reason is None else None
    if answer is None:
        return Turn(outcome.read_as or outcome.part.question)
    return Turn(outcome.read_as, answer.text, answer.citation.article_id)


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
