"""Question -> ScoredPassages: dense and lexical candidates, fused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from indexer.analyzer import narrow
from indexer.arrays import Mask, Vector
from indexer.encoders.encoder import Encoder
from indexer.engine import Filters, PassageIndex
from indexer.records import ScoredPassage
from service.answering.retrieval.copies import collapse
from service.answering.retrieval.fusion import fuse
from service.answering.settings import RetrieverSettings

_MOST_CANDIDATES = 6_400


class Retriever:
    """Finds the passages to read for a question, best first."""

    def __init__(
        self, index: PassageIndex, encoder: Encoder, settings: RetrieverSettings | None = None
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._settings = settings or RetrieverSettings()

    def retrieve(self, question: str, count: int, filters: Filters | None = None) -> list[ScoredPassage]:
        """Return up to `count` passages that the filters admit, best first; equal scores rank by id.

        Near-identical passages count once: the others are the `copies` of the best.
        """
        allowed = None if filters is None else self._index.mask(filters)
        if allowed is not None and not allowed.any():
            return []
        candidates = max(count, self._settings.candidates)
        vector = self._encoder.encode_query(narrow(question))
        while True:
            kept, found = self._distinct(question, vector, count, candidates, allowed)
            # Hundreds of copies can fill the candidates: then more are needed.
            if len(kept) == count or found < candidates or candidates >= _MOST_CANDIDATES:
                return [self._described(scored) for scored in kept]
            candidates *= 4

    def _distinct(
        self, question: str, vector: Vector, count: int, candidates: int, allowed: Mask | None
    ) -> tuple[list[ScoredPassage], int]:
        """The best passages that are no copies, and how many the searches found in all."""
        by_vector, _ = self._index.search_dense(vector, candidates, allowed)
        by_words, _ = self._index.search_lexical(question, candidates, allowed)
        ids = np.union1d(by_vector, by_words)
        # Every candidate gets both scores, whichever search found it.
        dense = self._index.dense_scores(vector, ids)
        lexical = self._index.lexical_scores(question, ids)
        fused = fuse(self._settings.fusion, dense, lexical, self._settings.dense_weight)
        vectors = dict(zip(ids.tolist(), self._index.vectors(ids), strict=True))
        ranked = (
            self._scored(int(ids[place]), float(fused[place]), float(dense[place]), float(lexical[place]))
            for place in np.lexsort((ids, -fused))
        )
        return collapse(ranked, count, lambda scored: vectors[scored.passage.id]), len(ids)

    def _scored(self, passage_id: int, score: float, dense: float, lexical: float) -> ScoredPassage:
        passage = self._index.passage(passage_id)
        return ScoredPassage(
            passage,
            self._index.passage_text(passage),
            score,
            dense,
            lexical,
            tuple(self._index.sentences(passage)),
        )

    def _described(self, scored: ScoredPassage) -> ScoredPassage:
        """Add what is needed of the passages that are read alone: context words and segments."""
        return replace(
            scored,
            context=self._index.context(scored.passage),
            segments=tuple(self._index.segments(scored.passage)),
            copies=tuple(replace(copy, context=self._index.context(copy.passage)) for copy in scored.copies),
        )
