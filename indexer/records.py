"""The records that travel between the packages. Offsets are half-open and count Unicode code points."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

CharRange = tuple[int, int]
"""Start and end of a run of characters: half-open, in Unicode code points of an article's text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an article states about itself; a field that it does not state is None, never a guess.

    `published` is the day it was first published, `modified` the day it was last changed, if it states both.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: datetime.date | None = None
    url: str | None = None
    modified: datetime.date | None = None


class SegmentKind(StrEnum):
    """What a segment of an article's text is."""

    SECTION = "section"
    """From one heading to the next, the heading included. Label: the headings above, " › " between them."""
    ITEM = "item"
    """A list item without the lists in it. Label: the words that introduce its list, or empty."""
    CELL = "cell"
    """A cell of a table. Label: the row's heading, a tab, the column's heading; either may be empty."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A place in an article's text, `text[start:end]`, that its markup or its layout sets apart.

    Segments of one kind do not overlap. `label` says where the place is (`SegmentKind`); it is shown and
    searched, but never quoted.
    """

    start: int
    end: int
    kind: SegmentKind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One source text.

    `id` is the file's path below the indexed folder, with forward slashes. `metadata` is what the article
    states about itself. `text` is what a reader of the source reads, unaltered; every offset in the project
    counts into it. `sha256` is the hash of `text` in UTF-8, in lower-case hexadecimal. `segments` are
    places in the text, in the order of their starts.
    """

    id: str
    metadata: Metadata
    text: str
    sha256: str
    segments: tuple[Segment, ...] = ()

    @classmethod
    def create(
        cls, article_id: str, text: str, metadata: Metadata, segments: Sequence[Segment] = ()
    ) -> Article:
        """Build an article and hash its text."""
        sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
        return cls(article_id, metadata, text, sha256, tuple(segments))


@dataclass(frozen=True, slots=True)
class Passage:
    """A window of whole sentences: `article.text[start:end]`.

    `id` is the passage's number in its generation, from 0, and its id in the FAISS index.
    """

    id: int
    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage that retrieval returned for a question.

    `score` is the fused score, in [0, 1], higher is better, and comparable within one question only.
    `dense` is the cosine similarity of question and passage, in [-1, 1]; `lexical` is the BM25 score,
    0 or more. `sentences` are the sentences in the passage, as ranges of the article's text, and `segments`
    the segments that overlap it. `context` is what the passage is searched and read with besides its own
    words (`indexer.context`), never part of an answer. `copies` are near-identical passages that
    ranked lower.
    """

    passage: Passage
    text: str
    score: float
    dense: float
    lexical: float
    sentences: tuple[CharRange, ...]
    context: str = ""
    segments: tuple[Segment, ...] = ()
    copies: tuple[ScoredPassage, ...] = ()
