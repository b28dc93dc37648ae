"""Span and retrieval scores -> the probability that a span answers the question.

A logistic model over a few scores, fitted on development data. It is kept beside the reader that it was
fitted for, with the figures of its fit, and with the threshold below which the answer is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.lexical import question_terms, terms
from indexer.records import ScoredPassage
from service.answers import Span

EVIDENCE = ("score", "margin", "support", "similarity", "coverage")
"""What a confidence may look at.

`score`: the span's score, which is against no answer. `margin`: its distance to the best span of other
words, 0 without one. `support`: log of the number of places where its words were found. `similarity`: the
cosine of the question and its passage. `coverage`: the share of the question's terms that its passage
holds, 1 for a question without terms.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted confidence: a weight for each piece of evidence it uses, the bias, the threshold to answer."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def confidence(self, evidence: Mapping[str, float]) -> float:
        """Return the probability, in [0, 1], that the span with this evidence is right."""
        log_odds = self.bias + sum(weight * evidence[name] for name, weight in self.weights.items())
        # Both branches keep the exponent at or below 0, so that it cannot overflow.
        if log_odds >= 0:
            return 1 / (1 + math.exp(-log_odds))
        return math.exp(log_odds) / (1 + math.exp(log_odds))


def calibration_from(stored: Mapping[str, Any]) -> Calibration:
    """Read a calibration as it is stored.

    Raises:
        KeyError, TypeError, ValueError: something is missing, or is evidence of another version.
    """
    weights = {str(name): float(weight) for name, weight in stored["weights"].items()}
    unknown = sorted(set(weights) - set(EVIDENCE))
    if unknown:
        raise ValueError(f"unknown evidence {', '.join(unknown)}")
    return Calibration(weights, float(stored["bias"]), float(stored["threshold"]))


def evidence(
    question: str, groups: Sequence[Sequence[Span]], place: int, passages: Sequence[ScoredPassage]
) -> dict[str, float]:
    """Return all of `EVIDENCE` for `groups[place]`.

    A group is the places of the same words, best first, and the groups are ranked best first
    (`service.spans.distinct`).
    """
    best = groups[place][0]
    others = [group[0].score for number, group in enumerate(groups[: place + 2]) if number != place]
    (scored,) = [one for one in passages if one.passage.id == best.passage.id]
    return {
        "score": best.score,
        "margin": best.score - max(others, default=best.score),
        "support": math.log(len(groups[place])),
        "similarity": scored.dense,
        "coverage": _coverage(question, scored.text),
    }


def _coverage(question: str, text: str) -> float:
    wanted = set(question_terms(question))
    return len(wanted & set(terms(text))) / len(wanted) if wanted else 1.0
