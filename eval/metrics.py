"""Small pure metrics, each with its formula and source."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np

_PUNCTUATION = frozenset(string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


def normalise(text: str) -> str:
    """Lower case, drop ASCII punctuation, drop a/an/the, fold white space.

    The normalisation of the official SQuAD v2 evaluation (Rajpurkar et al., 2018), in its order.
    """
    kept = "".join(char for char in text.lower() if char not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def exact_match(given: str, references: Sequence[str]) -> float:
    """1.0 if the normalised answer equals a normalised reference, else 0.0 (SQuAD).

    No references means that the right answer is none: then only an empty answer is a match.
    """
    return max(float(normalise(given) == normalise(reference)) for reference in references or [""])


def token_f1(given: str, references: Sequence[str]) -> float:
    """Harmonic mean of token precision and recall against the best reference, in [0, 1] (SQuAD v2).

    With o tokens in common (with multiplicity), g given and r in the reference: 2o / (g + r). Where
    either side has no tokens, 1.0 if neither has, else 0.0.
    """
    return max(_token_f1(given, reference) for reference in references or [""])


def _token_f1(given: str, reference: str) -> float:
    mine, theirs = normalise(given).split(), normalise(reference).split()
    if not mine or not theirs:
        return float(mine == theirs)
    common = sum((Counter(mine) & Counter(theirs)).values())
    return 2 * common / (len(mine) + len(theirs))


RIGHT = 0.5
"""Token F1 from which an answer counts as right."""


def is_right(given: str, references: Sequence[str]) -> bool:
    """Whether an answer is right: its token F1 is at least `RIGHT`, or it holds a reference whole.

    What a person would accept lies above exact match: "about eight millimetres" for "eight millimetres a
    year", or a sentence with the answer in it. Never right without references.
    """
    if not references:
        return False
    padded = f" {normalise(given)} "
    return token_f1(given, references) >= RIGHT or any(
        f" {normalise(reference)} " in padded for reference in references if normalise(reference)
    )


def recall_at(ranks: Sequence[int | None], count: int) -> float:
    """Share of questions whose first relevant passage ranks `count` or better; ranks are 1-based."""
    return float(np.mean([rank is not None and rank <= count for rank in ranks]))


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """Mean of 1/rank of the first relevant passage, 0 where none came up (Voorhees, TREC-8, 1999)."""
    return float(np.mean([0.0 if rank is None else 1.0 / rank for rank in ranks]))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Probability that a positive scores above a negative, ties counting a half (Hanley & McNeil, 1982).

    NaN without at least one of each.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=np.bool_)
    above, below = values[labels], np.sort(values[~labels])
    if len(above) == 0 or len(below) == 0:
        return float("nan")
    wins = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return float(wins.mean() / (2 * len(below)))


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean distance of confidence and accuracy over equal-width bins, weighted by their counts.

    Naeini, Cooper and Hauskrecht (AAAI 2015); in [0, 1], 0 is best.
    """
    values, labels = np.asarray(confidences, dtype=np.float64), np.asarray(right, dtype=np.float64)
    places = np.minimum((values * bins).astype(int), bins - 1)
    gaps = [
        abs(values[places == place].mean() - labels[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return float(sum(gaps))


def bootstrap_interval(
    values: Sequence[float], *, samples: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """95% percentile bootstrap interval of the mean (Efron, 1979), over questions.

    (NaN, NaN) without values.
    """
    data = np.asarray(values, dtype=np.float64)
    if len(data) == 0:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(0, len(data), size=(samples, len(data)))
    low, high = np.quantile(data[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
