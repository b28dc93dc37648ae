"""Question and passages -> spans that may answer it. The only model code of the service.

`SentenceReader` is the honest baseline: it offers whole sentences, the one most like the question first.
A trained span model takes its place behind the same protocol and stays measured against it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from indexer.encoder import Encoder
from indexer.lexical import question_terms, terms
from indexer.records import Passage, ScoredPassage
from service.answers import Span

Features = npt.NDArray[np.float64]


class Reader(Protocol):
    """Finds spans in passages. `name` stands in every response and in every evaluation's record."""

    @property
    def name(self) -> str: ...  # noqa: D102

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return candidate spans, best first, with offsets into their articles.

        No two of them are the same place. An empty list means that there is nothing to offer.
        """
        ...


SENTENCE_FEATURES = ("similarity", "coverage", "passage_similarity")
"""What the sentence reader looks at, in the order of its weights: cosine of question and sentence, the
share of the question's terms (weighted by their rarity among the candidates) that the sentence holds,
and the cosine of question and its passage. The passage's fused score would rank as well, but it is
relative to the question, and says nothing of whether the articles answer at all."""


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """A logistic model of "this sentence holds the answer": one weight a feature, and the bias."""

    weights: tuple[float, ...]
    bias: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    passage_similarity: float
    start: int
    end: int
    text: str


class SentenceReader:
    """Offers the sentences of the passages, most likely first; a span's score is its log-odds."""

    def __init__(self, encoder: Encoder, model: SentenceWeights) -> None:
        self._encoder = encoder
        self._model = model

    @property
    def name(self) -> str:
        """Its name in responses."""
        return "sentence"

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return every sentence of the passages, best first; equal scores keep their passages' order."""
        spans, features = self.candidates(question, passages)
        if not spans:
            return []
        scores = features @ np.array(self._model.weights) + self._model.bias
        return [
            Span(span.passage, span.start, span.end, span.text, float(scores[place]))
            for place, span in sorted(enumerate(spans), key=lambda item: -scores[item[0]])
        ]

    def candidates(self, question: str, passages: Sequence[ScoredPassage]) -> tuple[list[Span], Features]:
        """Return the sentences, unranked with score 0, and their features, `float64 (n, 3)`."""
        found = self._sentences(passages)
        if not found:
            return [], np.empty((0, len(SENTENCE_FEATURES)))
        vectors = self._encoder.encode_passages([candidate.text for candidate in found])
        features = np.column_stack(
            [
                vectors @ self._encoder.encode_query(question),
                _coverage(question, [candidate.text for candidate in found]),
                [candidate.passage_similarity for candidate in found],
            ]
        ).astype(np.float64)
        return [Span(one.passage, one.start, one.end, one.text, 0.0) for one in found], features

    def _sentences(self, passages: Sequence[ScoredPassage]) -> list[_Candidate]:
        # Passages overlap: a sentence counts once, in the best passage that holds it.
        found: dict[tuple[str, int], _Candidate] = {}
        for scored in passages:
            passage = scored.passage
            for start, end in scored.sentences:
                words = scored.text[start - passage.start : end - passage.start]
                found.setdefault(
                    (passage.article_id, start), _Candidate(passage, scored.dense, start, end, words)
                )
        return list(found.values())


def _coverage(question: str, sentences: Sequence[str]) -> list[float]:
    wanted = set(question_terms(question))
    held = [wanted & set(terms(sentence)) for sentence in sentences]
    counts = Counter(term for terms_held in held for term in terms_held)
    rarity = {term: math.log(1 + len(sentences) / (1 + counts[term])) for term in wanted}
    total = sum(rarity.values())
    return [sum(rarity[term] for term in terms_held) / total if total else 0.0 for terms_held in held]
