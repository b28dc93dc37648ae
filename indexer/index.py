"""PassageIndex: dense and lexical search over one generation. No disk layout here."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from indexer import lexical
from indexer.dense import DenseIndex, Ids, Mask
from indexer.encoder import Vectors
from indexer.errors import DamagedGenerationError
from indexer.lexical import LexicalIndex
from indexer.records import Article, Passage
from indexer.segmenter import Offsets
from indexer.storage import Layout, Manifest, open_newest, verify
from indexer.store import Store

# A passage looked for by its own vector comes back with a cosine of 1, less what SQ8 loses.
_CANARY_SIMILARITY = 0.9


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be searched; an empty tuple or None does not restrict.

    `publishers` compares without regard to case and surrounding space. `published_from` and
    `published_to` are both included; with either given, an article without a date is left out, because
    nothing says that it belongs.
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

    def admit(self, article: Article) -> bool:
        """Tell whether an article may be searched."""
        if self.article_ids and article.id not in self.article_ids:
            return False
        if self.publishers and _fold(article.publisher or "") not in {
            _fold(name) for name in self.publishers
        }:
            return False
        if self.published_from is None and self.published_to is None:
            return True
        return article.published is not None and (
            (self.published_from or datetime.date.min)
            <= article.published
            <= (self.published_to or datetime.date.max)
        )


class PassageIndex(Protocol):
    """Search over the passages of one generation; FAISS and BM25 by default, another engine may join.

    Ids are passage ids, `int64`; scores are `float32`, higher is better. A mask is `bool (passages,)`.
    """

    @property
    def manifest(self) -> Manifest:
        """What the generation is made of."""
        ...

    @property
    def articles(self) -> Sequence[Article]:
        """All articles in the order of their ids, described but without their texts."""
        ...

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, or None where there is none by this id."""
        ...

    def passage(self, passage_id: int) -> Passage:
        """Return a passage by its id; KeyError where there is none."""
        ...

    def passages(self, article_id: str) -> list[Passage]:
        """Return an article's passages in their order."""
        ...

    def passage_text(self, passage: Passage) -> str:
        """Return the words of a passage."""
        ...

    def sentences(self, passage: Passage) -> list[Offsets]:
        """Return the offsets, in the article, of the sentences in a passage."""
        ...

    def mask(self, filters: Filters) -> Mask | None:
        """Return which passages the filters admit, or None where they admit all."""
        ...

    def search_dense(self, vector: Vectors, count: int, allowed: Mask | None) -> tuple[Ids, Vectors]:
        """Return ids and cosine similarities of the nearest passages, nearest first."""
        ...

    def search_lexical(self, question: str, count: int, allowed: Mask | None) -> tuple[Ids, Vectors]:
        """Return ids and BM25 scores of the best passages that share a term, best first."""
        ...

    def dense_scores(self, vector: Vectors, ids: Ids) -> Vectors:
        """Return the cosine similarity of the vector to each of these passages."""
        ...

    def lexical_scores(self, question: str, ids: Ids) -> Vectors:
        """Return the BM25 score of each of these passages."""
        ...

    def close(self) -> None:
        """Free what it holds; it may not be used afterwards."""
        ...


class FaissPassageIndex:
    """One generation, opened: FAISS for vectors, BM25 for terms, SQLite for texts."""

    def __init__(self, manifest: Manifest, dense: DenseIndex, terms: LexicalIndex, store: Store) -> None:
        self._manifest = manifest
        self._dense = dense
        self._lexical = terms
        self._store = store
        counts = {len(dense), len(terms), len(store.article_numbers), manifest.passages}
        if (
            len(counts) > 1
            or len(store.articles) != manifest.articles
            or dense.dimension != manifest.encoder["dimension"]
        ):
            raise DamagedGenerationError(
                f"the files of {manifest.name} do not belong together: run `quoth index` again"
            )

    @classmethod
    def load(cls, folder: Path, manifest: Manifest) -> FaissPassageIndex:
        """Open the generation in `folder`, whose files have been verified.

        Raises:
            DamagedGenerationError: a file cannot be read, or the files do not belong together.
            FormatVersionError: it has a kind of vector index that this version does not know.
        """
        return cls(
            manifest,
            DenseIndex.load(folder / Layout.DENSE, folder / Layout.VECTORS, manifest.dense),
            LexicalIndex.load(folder, manifest.passages),
            Store(folder / Layout.CORPUS),
        )

    @property
    def manifest(self) -> Manifest:
        """What the generation is made of."""
        return self._manifest

    @property
    def articles(self) -> Sequence[Article]:
        """All articles in the order of their ids, described but without their texts."""
        return self._store.articles

    @property
    def dense(self) -> DenseIndex:
        """The vectors, for the next build to take over."""
        return self._dense

    def close(self) -> None:
        """Close the files; the index may not be used afterwards."""
        self._store.close()

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, or None where there is none by this id."""
        return self._store.find(article_id)

    def passage(self, passage_id: int) -> Passage:
        """Return a passage by its id; KeyError where there is none."""
        return self._store.passage(passage_id)

    def passages(self, article_id: str) -> list[Passage]:
        """Return an article's passages in their order."""
        return self._store.passages(article_id)

    def passage_text(self, passage: Passage) -> str:
        """Return the words of a passage."""
        return self._store.passage_text(passage)

    def sentences(self, passage: Passage) -> list[Offsets]:
        """Return the offsets, in the article, of the sentences in a passage."""
        return self._store.sentences(passage)

    def article_sentences(self, article_id: str) -> list[Offsets]:
        """Return the offsets of all of an article's sentences, for the next build to take over."""
        return self._store.article_sentences(article_id)

    def mask(self, filters: Filters) -> Mask | None:
        """Return which passages the filters admit, or None where they admit all."""
        if not filters:
            return None
        admitted = np.array([filters.admit(article) for article in self.articles], dtype=np.bool_)
        return np.asarray(admitted[self._store.article_numbers], dtype=np.bool_)

    def search_dense(self, vector: Vectors, count: int, allowed: Mask | None = None) -> tuple[Ids, Vectors]:
        """Return ids and cosine similarities of the nearest passages, nearest first."""
        return self._dense.search(vector, count, allowed)

    def search_lexical(self, question: str, count: int, allowed: Mask | None = None) -> tuple[Ids, Vectors]:
        """Return ids and BM25 scores of the best passages that share a term, best first."""
        return self._lexical.search(question, count, allowed)

    def dense_scores(self, vector: Vectors, ids: Ids) -> Vectors:
        """Return the cosine similarity of the vector to each of these passages."""
        return self._dense.scores(vector, ids)

    def lexical_scores(self, question: str, ids: Ids) -> Vectors:
        """Return the BM25 score of each of these passages."""
        return self._lexical.scores(question, ids)


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def open_index(root: Path) -> FaissPassageIndex:
    """Open what `CURRENT` names in the index folder, or the newest valid generation if that is damaged.

    Every file is checked against its checksum first.

    Raises:
        IndexMissingError: nothing was ever published there.
        DamagedGenerationError, FormatVersionError: no generation can be served.
    """
    return open_newest(Layout(root), FaissPassageIndex.load)


def canary(index: FaissPassageIndex) -> None:
    """Ask a generation for a few of its own passages, by vector and by word, before it is published.

    Raises:
        DamagedGenerationError: it does not find them, or finds what is no passage.
    """
    count = index.manifest.passages
    for passage_id in {0, count // 2, count - 1}:
        vector = index.dense.vectors(passage_id, 1)[0]
        ids, scores = index.search_dense(vector, 1)
        _expect(len(ids) == 1 and 0 <= ids[0] < count and scores[0] > _CANARY_SIMILARITY, index)
        # Another passage may say the same; but the one that was asked for has to be where it belongs.
        own = index.dense_scores(vector, np.array([passage_id], dtype=np.int64))
        _expect(bool(own[0] > _CANARY_SIMILARITY), index)
        passage = index.passage(passage_id)
        text = index.passage_text(passage)
        _expect(bool(text.strip()) and len(text) == passage.end - passage.start, index)
        if lexical.terms(text):
            _expect(len(index.search_lexical(text, 1)[0]) == 1, index)


def try_generation(folder: Path, manifest: Manifest) -> None:
    """Verify, open and ask a finished generation before it is pointed to; what `publish` takes as its check.

    Raises:
        DamagedGenerationError: it is not what was written, or does not find its own passages.
    """
    verify(folder)
    index = FaissPassageIndex.load(folder, manifest)
    try:
        canary(index)
    finally:
        index.close()


def _expect(condition: bool, index: FaissPassageIndex) -> None:
    if not condition:
        raise DamagedGenerationError(
            f"{index.manifest.name} does not find its own passages: it is not published"
        )
