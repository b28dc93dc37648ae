"""The honest baseline reader: it offers whole sentences, the one most like the question first.

The trained span model (`service.reader`) stays measured against it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from indexer.encoder import Encoder
from indexer.lexical import question_terms, terms
from indexer.records import ScoredPassage
from service.answers import Span

Features = npt.NDArray[np.float64]


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

    def rank(self, spans: Sequence[Span], features: Features) -> list[tuple[int, Span]]:
        """Return the spans scored and best first, each with its place in `spans`; ties keep their order.

        `features` is `float64 (len(spans), 3)`.
        """
        scores = features @ np.array(self.weights) + self.bias
        order = np.argsort(-scores, kind="stable")
        return [(int(place), replace(spans[place], score=float(scores[place]))) for place in order]


class SentenceReader:
    """Offers the sentences of the passages, most likely first; a span's score is its log-odds."""

    def __init__(self, encoder: Encoder, model: SentenceWeights, fingerprint: str = "") -> None:
        self._encoder = encoder
        self._model = model
        self.fingerprint = fingerprint

    @property
    def name(self) -> str:
        """Its name in responses."""
        return "sentence"

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return every sentence of the passages, best first; equal scores keep their passages' order."""
        spans, features = self.candidates(question, passages)
        return [span for _, span in self._model.rank(spans, features)]

    def candidates(self, question: str, passages: Sequence[ScoredPassage]) -> tuple[list[Span], Features]:
        """Return the sentences, unranked with score 0, and their features, `float64 (n, 3)`."""
        # Passages overlap: a sentence counts once, in the best passage that holds it.
        found: dict[tuple[str, int], tuple[Span, float]] = {}
        for scored in passages:
            passage = scored.passage
            for start, end in scored.sentences:
                words = scored.text[start - passage.start : end - passage.start]
                span = Span(passage, start, end, words, 0.0)
                found.setdefault((passage.article_id, start), (span, scored.dense))
        if not found:
            return [], np.empty((0, len(SENTENCE_FEATURES)))
        spans = [span for span, _ in found.values()]
        texts = [span.text for span in spans]
        similarity = self._encoder.encode_passages(texts) @ self._encoder.encode_query(question)
        features = np.column_stack(
            [similarity, _coverage(question, texts), [dense for _, dense in found.values()]]
        )
        return spans, features.astype(np.float64)


def _coverage(question: str, sentences: Sequence[str]) -> list[float]:
    wanted = set(question_terms(question))
    held = [wanted & set(terms(sentence)) for sentence in sentences]
    counts = Counter(term for terms_held in held for term in terms_held)
    rarity = {term: math.log(1 + len(sentences) / (1 + counts[term])) for term in wanted}
    total = sum(rarity.values())
    return [sum(rarity[term] for term in terms_held) / total if total else 0.0 for terms_held in held]
