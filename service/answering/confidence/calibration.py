"""Span and retrieval scores -> the probability that a span answers the question.

A logistic model over a few scores, fitted on development data. It is stored with the reader that it was
fitted for, the figures of its fit, and the threshold below which an answer is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.answering.answers import Span
from service.answering.confidence import evidence
from service.answering.overlap import coverage

_EVIDENCE = {
    function.__name__: function
    for function in (
        evidence.lacking_names,
        evidence.names_elsewhere,
        evidence.lacking_numbers,
        evidence.lacking_words,
        evidence.other_kind,
        evidence.repeated,
    )
}

FEATURES = ("score", "margin", "support", "similarity", "coverage", *_EVIDENCE)
"""The features of a confidence.

`score`: the span's score, which is relative to the no-answer score. `margin`: its distance to the best span
with other words, 0 without one. `support`: log of the number of places with the same words. `similarity`:
the cosine of the question and its passage. `coverage`: the share of the question's terms that its passage
or its context words hold, 1 for a question without terms. The others are functions of
`service.answering.confidence.evidence`.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted confidence: a weight for each feature it uses, the bias, and the threshold to answer."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def confidence(self, features: Mapping[str, float]) -> float:
        """Return the probability, in [0, 1], that the span with these features is right."""
        log_odds = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        # Both branches keep the exponent at or below 0, so that it cannot overflow.
        if log_odds >= 0:
            return 1 / (1 + math.exp(-log_odds))
        return math.exp(log_odds) / (1 + math.exp(log_odds))


def calibration_from(stored: Mapping[str, Any]) -> Calibration:
    """Return the calibration in a stored record.

    Raises:
        KeyError, TypeError, ValueError: a field is missing, or a feature is unknown to this version.
    """
    weights = {str(name): float(weight) for name, weight in stored["weights"].items()}
    unknown = sorted(set(weights) - set(FEATURES))
    if unknown:
        raise ValueError(f"unknown features {', '.join(unknown)}")
    return Calibration(weights, float(stored["bias"]), float(stored["threshold"]))


def confidence_features(
    question: str, groups: Sequence[Sequence[Span]], number: int, names: Collection[str] = FEATURES
) -> dict[str, float]:
    """Return the features in `names` of `groups[number]`.

    A group holds the spans with the same words, best first, and the groups are ranked best first
    (`service.answering.reading.spans.distinct`).
    """
    best = groups[number][0]
    others = [group[0].score for place, group in enumerate(groups[: number + 2]) if place != number]
    features = {
        "score": best.score,
        "margin": best.score - max(others, default=best.score),
        "support": math.log(len(groups[number])),
        "similarity": best.scored.dense,
        "coverage": coverage(question, best.scored.text, best.scored.context),
    }
    more = {name: _EVIDENCE[name](question, best) for name in names if name not in features}
    return {name: value for name, value in (features | more).items() if name in names}
