"""What the answerer returns. Offsets are half-open and count code points of the article's text."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.records import Article, Passage, ScoredPassage


@dataclass(frozen=True, slots=True)
class Span:
    """A run of an article's words that a reader offers as an answer.

    `start` and `end` count in the article; `passage` is the one it was read in. `score` is the reader's
    own, higher is better, comparable within one question.
    """

    passage: Passage
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer stands, so that anyone can check it.

    `start` and `end` hold the answer; `quote`, from `quote_start` to `quote_end`, is the whole sentence
    or sentences around it. `sha256` is the hash of the article's text in UTF-8. `prefix`, `exact` and
    `suffix` find the place without counting, for clients that count otherwise (the W3C's
    TextQuoteSelector).
    """

    article_id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    start: int
    end: int
    quote: str
    quote_start: int
    quote_end: int
    passage: Passage
    sha256: str
    prefix: str
    exact: str
    suffix: str

    @property
    def location(self) -> str:
        """`file:start-end`, as the command line prints it."""
        return f"{self.article_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Quotation:
    """An article's exact words, offered as an answer.

    `confidence` is the calibrated probability, in [0, 1], that they answer the question.
    `other_citations` are further places where the same words stand.
    """

    text: str
    confidence: float
    citation: Citation
    other_citations: tuple[Citation, ...] = ()


class Reason(StrEnum):
    """Why there is no answer."""

    NO_PASSAGES = "no-passages"
    """No passage may be searched (the filters admit none) or none came up."""
    LOW_CONFIDENCE = "low-confidence"
    """The best candidate is not likely enough to be right."""


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage that was read for a question: `rank` is 1-based."""

    rank: int
    scored: ScoredPassage
    article: Article


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets; an abstention is an Answer whose `quotation` is None.

    `confidence` is that of the best candidate, given or withheld. `threshold` is the confidence below
    which the answer is withheld. `alternatives` are other candidates that reach it, best first.
    `passages` is what was read. `read_as` is the question that was answered, where it is not the one that
    was asked: one that leans on the turn before it. `timings_ms` maps a stage to its wall-clock milliseconds.
    """

    question: str
    quotation: Quotation | None
    reason: Reason | None
    confidence: float
    threshold: float
    alternatives: tuple[Quotation, ...]
    passages: tuple[ReadPassage, ...]
    generation: str
    encoder: str
    reader: str
    read_as: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def abstained(self) -> bool:
        """Whether no answer is given."""
        return self.quotation is None
