"""The boundary between Quoth and what holds its index: records and protocols only.

An engine holds generations of an index. `indexer.engines.faiss` is the embedded default; another engine keeps
this contract in a package of its own beside it. Nothing here imports an engine.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from indexer.arrays import Ids, Mask, Scores, Vector, Vectors
from indexer.records import Article, CharRange, Passage, Segment


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be searched; an empty tuple or None does not restrict.

    `publishers` compares without regard to case and surrounding space. `published_from` and
    `published_to` are both included; if either is given, articles without a date are left out.
    """

    publishers: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()
    published_from: datetime.date | None = None
    published_to: datetime.date | None = None

    def __bool__(self) -> bool:
        return bool(self.publishers or self.article_ids or self.published_from or self.published_to)

    @property
    def contradict(self) -> bool:
        """Whether no date can satisfy both bounds."""
        return (
            self.published_from is not None
            and self.published_to is not None
            and self.published_from > self.published_to
        )


def fold_publisher(name: str) -> str:
    """Return a publisher's name as filters compare it: without case and surrounding or repeated space."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The encoder that made an index: its name, the SHA-256 of its weights, and the length of a vector."""

    name: str
    sha256: str
    dimension: int


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What one generation is made of.

    `generation` is its name, which responses carry; `number` counts generations from 1. `version` changes
    with every publication. `created` is ISO 8601 in UTC. `source` is where its articles came from.
    `splitter` holds the settings of the splitter. `articles` and `passages` count them.
    """

    generation: str
    number: int
    version: str
    created: str
    source: str
    encoder: EncoderInfo
    splitter: Mapping[str, Any]
    articles: int
    passages: int


class PassageIndex(Protocol):
    """Search over the passages of one generation, which never changes.

    Higher scores are better; equal scores rank by passage id. A mask says which passages may be returned.
    """

    @property
    def info(self) -> IndexInfo:
        """What the generation is made of."""
        ...

    @property
    def articles(self) -> Sequence[Article]:
        """All articles in the order of their ids, with their metadata but without their texts."""
        ...

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, or None where no article has this id."""
        ...

    def passage(self, passage_id: int) -> Passage:
        """Return a passage by its id; KeyError where no passage has it."""
        ...

    def passages(self, article_id: str) -> list[Passage]:
        """Return an article's passages in their order."""
        ...

    def passage_text(self, passage: Passage) -> str:
        """Return the words of a passage."""
        ...

    def sentences(self, passage: Passage) -> list[CharRange]:
        """Return the sentences in a passage, as ranges of its article's text."""
        ...

    def context(self, passage: Passage) -> str:
        """Return what a passage is searched and read with besides its own words (`indexer.context`)."""
        ...

    def segments(self, passage: Passage) -> Sequence[Segment]:
        """Return the segments of the article that overlap a passage, in the order of their starts."""
        ...

    def mask(self, filters: Filters) -> Mask | None:
        """Return which passages the filters admit, or None where they admit all."""
        ...

    def search_dense(self, vector: Vector, count: int, allowed: Mask | None) -> tuple[Ids, Scores]:
        """Return ids and cosine similarities of the nearest passages, nearest first."""
        ...

    def search_lexical(self, question: str, count: int, allowed: Mask | None) -> tuple[Ids, Scores]:
        """Return ids and BM25 scores of the best passages that share a term, best first."""
        ...

    def dense_scores(self, vector: Vector, ids: Ids) -> Scores:
        """Return the cosine similarity of the vector to each of these passages."""
        ...

    def vectors(self, ids: Ids) -> Vectors:
        """Return the unit vectors of these passages, `float32 (len(ids), dimension)`."""
        ...

    def lexical_scores(self, question: str, ids: Ids) -> Scores:
        """Return the BM25 score of each of these passages."""
        ...

    def close(self) -> None:
        """Free what it holds; it may not be used afterwards."""
        ...
