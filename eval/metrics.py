"""Small pure metrics, each with its formula and source."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Values = Sequence[float] | Sequence[bool] | Array

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

    Without references the right answer is an abstention: only an empty answer matches. As in the official
    script, a reference that is empty after normalisation is ignored.
    """
    return max(float(normalise(given) == reference) for reference in _normalised(references))


def token_f1(given: str, references: Sequence[str]) -> float:
    """Harmonic mean of token precision and recall against the best reference, in [0, 1] (SQuAD v2).

    With o tokens in common (with multiplicity), g given and r in the reference: 2o / (g + r). Where
    either side has no tokens: 1.0 if neither has, else 0.0.
    """
    mine = normalise(given).split()
    return max(_token_f1(mine, reference.split()) for reference in _normalised(references))


def _normalised(references: Sequence[str]) -> list[str]:
    return [kept for reference in references if (kept := normalise(reference))] or [""]


def _token_f1(mine: Sequence[str], theirs: Sequence[str]) -> float:
    if not mine or not theirs:
        return float(mine == theirs)
    common = sum((Counter(mine) & Counter(theirs)).values())
    return 2 * common / (len(mine) + len(theirs))


RIGHT = 0.5
"""The lowest token F1 of a right answer."""


def is_right(given: str, references: Sequence[str]) -> bool:
    """Whether an answer is right: its token F1 is at least `RIGHT`, or it contains a whole reference.

    Exact match refuses what a person would accept: "about eight millimetres" for "eight millimetres a year",
    or a sentence with the answer in it. Without references nothing is right.
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
    """Mean of 1/rank of the first relevant passage, 0 where none was retrieved (Voorhees, TREC-8, 1999)."""
    return float(np.mean([0.0 if rank is None else 1.0 / rank for rank in ranks]))


def ndcg_at(ranks: Sequence[int], relevant: int, count: int) -> float:
    """Normalised discounted cumulative gain of the first `count` ranks, in [0, 1].

    Järvelin & Kekäläinen (ACM TOIS, 2002). `ranks`: 1-based ranks of the relevant passages that were
    retrieved; `relevant`: the number of relevant passages in all. A relevant passage at rank r gains
    1 / log2(r + 1); the sum is divided by that of the best order. NaN without relevant passages.
    """
    if relevant == 0:
        return float("nan")
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(relevant, count) + 1))
    return sum(1 / math.log2(rank + 1) for rank in ranks if rank <= count) / best


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Dice coefficient of two half-open spans of one text, in characters, in [0, 1] (Dice, 1945).

    With c characters in common, a in one and b in the other: 2c / (a + b).
    """
    common = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    total = (one[1] - one[0]) + (other[1] - other[0])
    return 2 * common / total if total else 0.0


def risk_coverage(confidences: Values, right: Values) -> Array:
    """Share of wrong answers among the n most confident, for n from 1 to all; `float64 (n,)`.

    The selective risk at coverage n / all (El-Yaniv & Wiener, JMLR 2010). Questions of equal confidence each
    count as their mean, so that their order does not matter.
    """
    values, wrong = np.asarray(confidences, dtype=np.float64), 1 - np.asarray(right, dtype=np.float64)
    _, place, sizes = np.unique(-values, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=wrong) / sizes
    return np.asarray(np.cumsum(np.repeat(means, sizes)) / np.arange(1, len(values) + 1), dtype=np.float64)


def risk_coverage_area(confidences: Values, right: Values) -> float:
    """Mean of `risk_coverage` over all coverages, in [0, 1]; 0 is best (Geifman et al., ICLR 2019).

    NaN without questions.
    """
    return float(risk_coverage(confidences, right).mean()) if len(confidences) else float("nan")


def auroc(scores: Values, positive: Values) -> float:
    """Probability that a positive scores above a negative; a tie counts a half (Hanley & McNeil, 1982).

    NaN without at least one of each.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=np.bool_)
    above, below = values[labels], np.sort(values[~labels])
    if len(above) == 0 or len(below) == 0:
        return float("nan")
    wins = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return float(wins.mean() / (2 * len(below)))


def expected_calibration_error(confidences: Values, right: Values, bins: int = 10) -> float:
    """Mean distance between confidence and accuracy over equal-width bins, weighted by their counts.

    Naeini, Cooper and Hauskrecht (AAAI 2015); in [0, 1], 0 is best.
    """
    values, labels = np.asarray(confidences, dtype=np.float64), np.asarray(right, dtype=np.float64)
    places = np.minimum((values * bins).astype(int), bins - 1)
    gaps = [
        abs(values[places == place].mean() - labels[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return float(sum(gaps))
