"""What the answerer returns. Offsets are half-open and count code points of the article's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from indexer.records import Article, CharRange, Metadata, Passage, ScoredPassage


class Placed(Protocol):
    """What has a place in an article: half-open offsets into its text."""

    @property
    def article_id(self) -> str: ...  # noqa: D102

    @property
    def start(self) -> int: ...  # noqa: D102

    @property
    def end(self) -> int: ...  # noqa: D102


def overlap(one: Placed, other: Placed) -> bool:
    """Whether two places have words of one article in common."""
    return one.article_id == other.article_id and one.start < other.end and other.start < one.end


def same_place(one: Placed, other: Placed) -> bool:
    """Whether two places are one."""
    return (one.article_id, one.start, one.end) == (other.article_id, other.start, other.end)


@dataclass(frozen=True, slots=True)
class Span:
    """A run of an article's words that a reader offers as an answer.

    `scored` is the passage it was read in, with its retrieval scores. `start` and `end` count in the
    article. `score` is the reader's own, higher is better, comparable within one question.
    """

    scored: ScoredPassage
    start: int
    end: int
    score: float

    @property
    def passage(self) -> Passage:
        """The passage it was read in."""
        return self.scored.passage

    @property
    def article_id(self) -> str:
        """The article that it is of."""
        return self.scored.passage.article_id

    @property
    def text(self) -> str:
        """Its words."""
        first = self.scored.passage.start
        return self.scored.text[self.start - first : self.end - first]

    @property
    def sentences(self) -> list[CharRange]:
        """The sentences that it touches, as ranges of the article's text."""
        return [one for one in self.scored.sentences if one[0] < self.end and self.start < one[1]]

    @property
    def quote_range(self) -> CharRange:
        """Where it and the sentences that it touches begin and end."""
        touched = self.sentences
        return (
            min([self.start, *(start for start, _ in touched)]),
            max([self.end, *(end for _, end in touched)]),
        )

    @property
    def quote(self) -> str:
        """The words of its sentences."""
        first = self.scored.passage.start
        start, end = self.quote_range
        return self.scored.text[start - first : end - first]


@dataclass(frozen=True, slots=True)
class Citation:
    """The place of an answer, so that anyone can check it.

    `metadata` is what the article states about itself. The answer is `text[start:end]` of the article;
    `quote`, `text[quote_start:quote_end]`, is the whole sentence or sentences around it. `sha256` is the hash
    of the article's text in UTF-8. `prefix`, `exact` and `suffix` identify the place by its words, for
    clients that count characters differently (the W3C's TextQuoteSelector).
    """

    article_id: str
    metadata: Metadata
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

    @property
    def quote_parts(self) -> tuple[str, str, str]:
        """The quoted sentence before the answer, the answer, and the sentence after it."""
        start, end = self.start - self.quote_start, self.end - self.quote_start
        return self.quote[:start], self.quote[start:end], self.quote[end:]


class Polarity(StrEnum):
    """Whether a sentence says yes or no to a question that asks for one of them."""

    SAYS_YES = "says_yes"
    SAYS_NO = "says_no"


@dataclass(frozen=True, slots=True)
class Quotation:
    """An article's exact words, offered as an answer.

    `confidence` is the calibrated probability, in [0, 1], that they answer the question.
    `other_citations` are the other places with the same words. `part` is the part of the question that they
    answer, None for all of it. `polarity` is what they say to a yes/no question, None if that is unsure or
    the question is another one.
    """

    text: str
    confidence: float
    citation: Citation
    other_citations: tuple[Citation, ...] = ()
    part: str | None = None
    polarity: Polarity | None = None


class Reason(StrEnum):
    """Why there is no answer."""

    NO_PASSAGES = "no-passages"
    """The filters admit no passage, or retrieval returned none."""
    LOW_CONFIDENCE = "low-confidence"
    """The best candidate's confidence is below the threshold."""
    SMALL_TALK = "small-talk"
    """A greeting, thanks or a farewell; nothing was searched."""
    ABOUT_THE_SERVICE = "about-the-service"
    """The question is about the service itself; nothing was searched."""
    SUMMARY_REQUEST = "summary-request"
    """A request to write, such as a summary; nothing was searched."""
    INCOMPLETE = "incomplete"
    """The question cannot be understood without more: "Why?", "And?"."""
    NEGATED = "negated"
    """It asks for what is not so, and no article states it."""
    OTHER_LANGUAGE = "other-language"
    """It is asked in another language than English, and no candidate reaches the threshold."""


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage that was read for a question, with its article: `rank` is 1-based."""

    rank: int
    scored: ScoredPassage
    article: Article


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a question; an abstention is an Answer whose `quotation` is None.

    `answers` are all the things that the question asks for, each a quotation of its own: one for an ordinary
    question, and `quotation` is the first of them. Where `quotation` is an enumeration ("ports, roads and
    bridges"), they are its items. `unanswered` are the parts of the question without an answer, as it states
    them, if others have one.
    `confidence` is that of the best candidate, given or withheld. `threshold` is the confidence below
    which the answer is withheld. `alternatives` are other candidates, best first: those that reach it, or,
    with an abstention, those that were rejected.
    `passages` are those that were read, best first. `read_as` is the question that was answered, if a
    follow-up was rewritten to stand alone; otherwise None. `timings_ms` maps a stage to its wall-clock
    milliseconds.
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
    answers: tuple[Quotation, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def abstained(self) -> bool:
        """Whether no answer is given."""
        return self.quotation is None
