"""Span and retrieval scores -> the probability that a span answers the question.

A logistic model over a few scores, fitted on development data by `python -m eval.calibrate`, which also
chooses the threshold below which the answer is withheld. Both are kept in `service/models/`, with the
figures of their fit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.answers import Span
from service.errors import ReaderError
from service.reader import SENTENCE_FEATURES, SentenceWeights

CONFIDENCE_FEATURES = ("score", "margin")
"""What the confidence looks at, in the order of its weights: the span's score and its distance to the best
other span. The passages' cosines and BM25 scores were tried beside them: they add nothing on the unseen
half, and BM25's depend on the size of the corpus, so that a fit on a large one misleads on a small one."""

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted confidence: weights by `CONFIDENCE_FEATURES`, the bias, and the threshold to answer."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confidence(self, features: Sequence[float]) -> float:
        """Return the probability, in [0, 1], that the span with these features is right."""
        log_odds = self.bias + sum(
            weight * value for weight, value in zip(self.weights, features, strict=True)
        )
        # Both branches keep the exponent at or below 0, so that it cannot overflow.
        if log_odds >= 0:
            return 1 / (1 + math.exp(-log_odds))
        return math.exp(log_odds) / (1 + math.exp(log_odds))


def confidence_features(spans: Sequence[Span], place: int) -> list[float]:
    """Return the features of `spans[place]`, in the order of `CONFIDENCE_FEATURES`.

    `spans` are ranked best first; a span without others has no margin: 0.
    """
    span = spans[place]
    others = [other.score for number, other in enumerate(spans[: place + 2]) if number != place]
    return [span.score, span.score - max(others, default=span.score)]


def load_sentence_model(path: Path = MODELS / "sentence.json") -> tuple[SentenceWeights, Calibration]:
    """Read the sentence reader's weights and its calibration.

    Raises:
        ReaderError: the file is missing or does not fit this version.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
        reader, fitted = stored["reader"], stored["confidence"]
        fits = reader["features"] == [*SENTENCE_FEATURES] and fitted["features"] == [*CONFIDENCE_FEATURES]
        weights = SentenceWeights(tuple(reader["weights"]), float(reader["bias"]))
        calibration = Calibration(tuple(fitted["weights"]), float(fitted["bias"]), float(fitted["threshold"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderError(
            f"{path} cannot be read: install Quoth again, or run `python -m eval.calibrate`"
        ) from error
    if not fits:
        raise ReaderError(f"{path} was fitted to other features: run `python -m eval.calibrate`")
    return weights, calibration
