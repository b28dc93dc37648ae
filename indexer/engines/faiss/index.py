"""An open generation: dense and lexical search behind the contract of `indexer.engine`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer import analyzer
from indexer.arrays import Ids, Mask, Scores, Vector, Vectors
from indexer.engine import Filters, IndexInfo
from indexer.engines.faiss.dense import DenseIndex
from indexer.engines.faiss.filtering import ArticleFilter
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.storage import Layout, Manifest, open_newest, verify
from indexer.engines.faiss.store import Store
from indexer.errors import DamagedGenerationError
from indexer.records import Article, CharRange, Passage, Segment

# The least cosine of a passage to its own vector: 1, less the rounding of SQ8.
_OWN_SIMILARITY = 0.9


class FaissPassageIndex:
    """An open generation: FAISS for vectors, BM25 for terms, SQLite for texts."""

    def __init__(self, manifest: Manifest, dense: DenseIndex, terms: LexicalIndex, store: Store) -> None:
        self._manifest = manifest
        self._info = manifest.info  # once: its version is a hash, and every answer names the generation
        self._dense = dense
        self._lexical = terms
        self._store = store
        self._filter = ArticleFilter(store.articles, store.numbers)
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
            FormatVersionError: this version does not know its kind of vector index.
        """
        return cls(
            manifest,
            DenseIndex.load(folder / Layout.DENSE, folder / Layout.VECTORS, manifest.dense),
            LexicalIndex.load(folder, manifest.passages),
            Store(folder / Layout.CORPUS),
        )

    @property
    def manifest(self) -> Manifest:
        """What the generation is made of, as stored on disk."""
        return self._manifest

    @property
    def info(self) -> IndexInfo:
        """What the generation is made of, in the form that all engines share."""
        return self._info

    @property
    def articles(self) -> Sequence[Article]:
        """All articles in the order of their ids, with their metadata but without their texts."""
        return self._store.articles

    @property
    def dense(self) -> DenseIndex:
        """The vectors, for the next build to reuse."""
        return self._dense

    def close(self) -> None:
        """Close the files; the index may not be used afterwards."""
        self._store.close()

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, or None where no article has this id."""
        return self._store.find(article_id)

    def passage(self, passage_id: int) -> Passage:
        """Return a passage by its id; KeyError where no passage has it."""
        return self._store.passage(passage_id)

    def passages(self, article_id: str) -> list[Passage]:
        """Return an article's passages in their order."""
        return self._store.passages(article_id)

    def passage_text(self, passage: Passage) -> str:
        """Return the words of a passage."""
        return self._store.passage_text(passage)

    def sentences(self, passage: Passage) -> list[CharRange]:
        """Return the sentences in a passage, as ranges of its article's text."""
        return self._store.sentences(passage)

    def context(self, passage: Passage) -> str:
        """Return what a passage is searched and read with besides its own words."""
        return self._store.context(passage)

    def segments(self, passage: Passage) -> Sequence[Segment]:
        """Return the segments of the article that overlap a passage, in the order of their starts."""
        return self._store.segments(passage)

    def article_sentences(self, article_id: str) -> list[CharRange]:
        """Return all of an article's sentences, as ranges of its text, for the next build to reuse."""
        return self._store.article_sentences(article_id)

    def mask(self, filters: Filters) -> Mask | None:
        """Return which passages the filters admit, or None where they admit all."""
        if not filters:
            return None
        return np.asarray(self._filter.admitted(filters).take(self._store.article_numbers), dtype=np.bool_)

    def search_dense(self, vector: Vector, count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
        """Return ids and cosine similarities of the nearest passages, nearest first."""
        return self._dense.search(vector, count, allowed)

    def search_lexical(self, question: str, count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
        """Return ids and BM25 scores of the best passages that share a term, best first."""
        return self._lexical.search(question, count, allowed)

    def dense_scores(self, vector: Vector, ids: Ids) -> Scores:
        """Return the cosine similarity of the vector to each of these passages."""
        return self._dense.scores(vector, ids)

    def vectors(self, ids: Ids) -> Vectors:
        """Return the unit vectors of these passages, `float32 (len(ids), dimension)`."""
        return self._dense.vectors_of(ids)

    def lexical_scores(self, question: str, ids: Ids) -> Scores:
        """Return the BM25 score of each of these passages."""
        return self._lexical.scores(question, ids)


def open_index(root: Path) -> FaissPassageIndex:
    """Open what `CURRENT` names in the index folder, or the newest valid generation if that is damaged.

    Every file is checked against its checksum first.

    Raises:
        IndexMissingError: nothing was ever published there.
        DamagedGenerationError, FormatVersionError: no generation can be served.
    """
    return open_newest(Layout(root), FaissPassageIndex.load)


def self_check(index: FaissPassageIndex) -> None:
    """Search a generation for a few of its own passages, by vector and by term.

    Raises:
        DamagedGenerationError: it does not find them, or returns an id that no passage has.
    """
    count = index.manifest.passages
    for passage_id in {0, count // 2, count - 1}:
        vector = index.dense.vectors(passage_id, 1)[0]
        ids, scores = index.search_dense(vector, 1)
        _expect(len(ids) == 1 and 0 <= ids[0] < count and scores[0] > _OWN_SIMILARITY, index)
        # Another passage may have the same words and rank first, so this one's own score is checked too.
        own = index.dense_scores(vector, np.array([passage_id], dtype=np.int64))
        _expect(bool(own[0] > _OWN_SIMILARITY), index)
        passage = index.passage(passage_id)
        text = index.passage_text(passage)
        _expect(bool(text.strip()) and len(text) == passage.end - passage.start, index)
        if analyzer.terms(text):
            _expect(len(index.search_lexical(text, 1)[0]) == 1, index)


def check_generation(folder: Path, manifest: Manifest) -> None:
    """Verify, open and self-check a finished generation before `CURRENT` names it: the `check` of `publish`.

    Raises:
        DamagedGenerationError: its files are not what was written, or it does not find its own passages.
    """
    verify(folder)
    index = FaissPassageIndex.load(folder, manifest)
    try:
        self_check(index)
    finally:
        index.close()


def _expect(condition: bool, index: FaissPassageIndex) -> None:
    if not condition:
        raise DamagedGenerationError(
            f"{index.manifest.name} does not find its own passages: it is not published"
        )
