"""The records that travel between the packages. Offsets are half-open and count Unicode code points."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

CharRange = tuple[int, int]
"""Start and end of a run of characters: half-open, in Unicode code points of an article's text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an article states about itself; a field that it does not state is None, never a guess."""

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: datetime.date | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One source text.

    `id` is the file's path below the indexed folder, with forward slashes. `metadata` is what the article
    states about itself. `text` is what a reader of the source reads, unaltered; every offset in the project
    counts into it. `sha256` is the hash of `text` in UTF-8, in lower-case hexadecimal.
    """

    id: str
    metadata: Metadata
    text: str
    sha256: str

    @classmethod
    def create(cls, article_id: str, text: str, metadata: Metadata) -> Article:
        """Build an article and hash its text."""
        return cls(article_id, metadata, text, hashlib.sha256(text.encode("utf-8")).hexdigest())


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
    0 or more. `sentences` are the sentences in the passage, as ranges of the article's text.
    """

    passage: Passage
    text: str
    score: float
    dense: float
    lexical: float
    sentences: tuple[CharRange, ...]
