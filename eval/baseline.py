"""The baseline to beat: a reader that offers whole sentences, the one most similar to the question first.

`python -m eval.studies.ablation` measures the trained span model beside it, and
`python -m eval.studies.calibrate` fits it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.analyzer import question_terms, terms
from indexer.encoders.encoder import Encoder
from indexer.records import ScoredPassage
from service.answering.answers import Span
from service.answering.confidence.calibration import Calibration, calibration_from
from service.errors import ReaderError

Features = npt.NDArray[np.float64]

BASELINE = Path(__file__).with_name("baseline.json")
"""The baseline's weights, its calibration, and the figures of their fit."""

SENTENCE_FEATURES = ("similarity", "coverage", "passage_similarity")
"""The sentence reader's features, in the order of its weights: the cosine of question and sentence, the
share of the question's terms (weighted by their rarity among the candidates) that the sentence holds, and
the cosine of question and passage. The passage's fused score would rank as well, but it is relative to the
question and says nothing about whether the articles answer it at all."""


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """A logistic model of "this sentence holds the answer": one weight per feature, and the bias."""

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
        """The name in responses."""
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
                span = Span(scored, start, end, 0.0)
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


def load_baseline(encoder: Encoder, path: Path = BASELINE) -> tuple[SentenceReader, Calibration]:
    """Load the baseline's weights and its calibration.

    Raises:
        ReaderError: the file is missing or does not fit this version.
    """
    try:
        data = path.read_bytes()
        stored = json.loads(data)
        reader = stored["reader"]
        fits = reader["features"] == [*SENTENCE_FEATURES]
        weights = SentenceWeights(tuple(reader["weights"]), float(reader["bias"]))
        calibration = calibration_from(stored["confidence"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReaderError(
            f"{path} cannot be read: install Quoth again, or run `python -m eval.studies.calibrate`"
        ) from error
    if not fits:
        raise ReaderError(f"{path} was fitted to other features: run `python -m eval.studies.calibrate`")
    return SentenceReader(encoder, weights, hashlib.sha256(data).hexdigest()), calibration
