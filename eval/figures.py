"""Results -> figures, each with its 95% interval, and with what it is a share of.

No question leaves a denominator: an abstention is an answer of "", and `over` says which questions count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from eval import metrics
from eval.metrics import Array
from eval.runs import Result, RunError
from eval.significance import SAMPLES, Difference, Draws, difference, draws, interval

TIMED = "latency"
"""Figures by this name depend on the machine; they are shown and never held against a run."""

DEPTH = 8
"""Rank to which nDCG looks: as many passages are read by default."""


class Measure(Protocol):
    """Something that is measured of a run's questions. `up`: whether higher is better."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def over(self) -> str: ...  # noqa: D102

    @property
    def up(self) -> bool: ...  # noqa: D102

    def count(self, results: Sequence[Result]) -> int:
        """Return the size of its denominator."""
        ...

    def value(self, results: Sequence[Result]) -> float:
        """Return its value over all of them; NaN where nothing counts."""
        ...

    def resampled(self, results: Sequence[Result], drawn: Draws) -> Array:
        """Return its values over draws of the results, `float64 (samples,)`."""
        ...


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of one value a question, over the questions that count."""

    name: str
    over: str
    of: Callable[[Result], float]
    up: bool = True

    def _columns(self, results: Sequence[Result]) -> tuple[Array, Array]:
        counts = np.array([_OVER[self.over](one) for one in results], dtype=np.float64)
        values = [self.of(one) if counted else 0.0 for one, counted in zip(results, counts, strict=True)]
        return np.array(values, dtype=np.float64), counts

    def count(self, results: Sequence[Result]) -> int:
        """Return how many questions count."""
        return sum(_OVER[self.over](one) for one in results)

    def value(self, results: Sequence[Result]) -> float:
        """Return the mean."""
        values, counts = self._columns(results)
        return float(values.sum() / counts.sum()) if counts.any() else float("nan")

    def resampled(self, results: Sequence[Result], drawn: Draws) -> Array:
        """Return the means; of a draw in which nothing counts, NaN."""
        values, counts = self._columns(results)
        totals, sizes = values[drawn].sum(axis=1), counts[drawn].sum(axis=1)
        means: Array = np.divide(totals, sizes, out=np.full(len(drawn), np.nan), where=sizes > 0)
        return means


@dataclass(frozen=True, slots=True)
class Whole:
    """A figure of all questions together: `statistic` of columns of them."""

    name: str
    of: tuple[Callable[[Result], float], ...]
    statistic: Callable[..., float]
    up: bool = True
    over: str = "all"

    def _columns(self, results: Sequence[Result]) -> Array:
        return np.array([[float(of(one)) for one in results] for of in self.of], dtype=np.float64)

    def count(self, results: Sequence[Result]) -> int:
        """Return how many questions there are."""
        return len(results)

    def value(self, results: Sequence[Result]) -> float:
        """Return the statistic."""
        return self.statistic(*self._columns(results)) if results else float("nan")

    def resampled(self, results: Sequence[Result], drawn: Draws) -> Array:
        """Return the statistics."""
        columns = self._columns(results)
        return np.array([self.statistic(*columns[:, draw]) for draw in drawn], dtype=np.float64)


_OVER: dict[str, Callable[[Result], bool]] = {
    "all": lambda _: True,
    "answerable": lambda one: one.example.answerable,
    "unanswerable": lambda one: not one.example.answerable,
    "answered": lambda one: one.answered,
    "abstained": lambda one: not one.answered,
}
"""The denominators, by the words that name them."""


def _recall(count: int) -> Mean:
    return Mean(f"passage recall@{count}", "answerable", lambda one: any(rank <= count for rank in one.ranks))


def _latency(percent: int) -> Whole:
    return Whole(
        f"latency p{percent}, ms",
        (lambda one: one.reply.milliseconds,),
        lambda values: float(np.quantile(values, percent / 100)),
        up=False,
    )


MEASURES: tuple[Measure, ...] = (
    Mean("exact match", "all", lambda one: one.exact),
    Mean("token F1", "all", lambda one: one.f1),
    Mean("right of what is given", "answered", lambda one: one.right),
    Mean("best candidate is right", "answerable", lambda one: one.right),
    Mean("best candidate holds the answer", "answerable", lambda one: one.holds_answer),
    Mean(
        "best candidate, exact match",
        "answerable",
        lambda one: metrics.exact_match(one.candidate, one.example.references),
    ),
    Mean(
        "best candidate, token F1",
        "answerable",
        lambda one: metrics.token_f1(one.candidate, one.example.references),
    ),
    Mean("right article cited", "answerable", lambda one: one.right_article),
    Mean("citation overlap", "answerable", lambda one: one.overlap),
    _recall(1),
    _recall(4),
    _recall(8),
    Mean("passage reciprocal rank", "answerable", lambda one: 1 / one.ranks[0] if one.ranks else 0.0),
    Mean(
        f"passage nDCG@{DEPTH}",
        "answerable",
        # Where no passage holds an answer whole, none can be found: the question counts as a miss.
        lambda one: (
            metrics.ndcg_at(one.ranks, max(one.relevant, len(one.ranks)), DEPTH) if one.relevant else 0.0
        ),
    ),
    Mean("abstained (recall)", "unanswerable", lambda one: not one.answered),
    Mean("abstained rightly (precision)", "abstained", lambda one: not one.example.answerable),
    Mean("refused", "answerable", lambda one: not one.answered, up=False),
    Whole(
        "AUROC answerable",
        (lambda one: one.reply.confidence, lambda one: one.example.answerable),
        metrics.auroc,
    ),
    Whole(
        "risk-coverage area",
        (lambda one: one.reply.confidence, lambda one: one.right),
        metrics.risk_coverage_area,
        up=False,
    ),
    Whole(
        "calibration error",
        (lambda one: one.reply.confidence, lambda one: one.right),
        metrics.expected_calibration_error,
        up=False,
    ),
    _latency(50),
    _latency(95),
    _latency(99),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value over `count` questions, those that `over` names, with its 95% interval.

    NaN stands for what has no value: no question counts.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    over: str
    up: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as a record keeps it: null for NaN."""
        return {
            "name": self.name,
            **{
                name: None if np.isnan(number) else round(number, 4)
                for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
            },
            "n": self.count,
            "over": self.over,
        }


def figures(results: Sequence[Result], *, seed: int = 0, samples: int = SAMPLES) -> list[Figure]:
    """Return every measure that has a value, in the order of `MEASURES`; one seed, the same intervals."""
    drawn = draws(len(results), samples=samples, seed=seed)
    found = []
    for measure in MEASURES:
        count = measure.count(results)
        if count:
            low, high = interval(measure.resampled(results, drawn))
            found.append(
                Figure(measure.name, measure.value(results), low, high, count, measure.over, measure.up)
            )
    return [figure for figure in found if not np.isnan(figure.value)]


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure in two runs over the same questions."""

    name: str
    first: float
    second: float
    difference: Difference
    up: bool

    @property
    def better(self) -> bool | None:
        """Whether the second run is better; None where that may be chance, or the machine's doing."""
        if self.name.startswith(TIMED):
            return None
        return (self.difference.value > 0) == self.up if self.difference.significant else None


def compared(
    first: Sequence[Result], second: Sequence[Result], *, seed: int = 0, samples: int = SAMPLES
) -> list[Compared]:
    """Compare two runs measure by measure; their results are of the same questions, in the same order.

    Raises:
        RunError: they are not.
    """
    if [one.example.id for one in first] != [one.example.id for one in second]:
        raise RunError("the runs are not over the same questions")
    drawn = draws(len(first), samples=samples, seed=seed)
    rows = []
    for measure in MEASURES:
        values = measure.value(first), measure.value(second)
        if not np.isnan(values).any():
            resampled = measure.resampled(first, drawn), measure.resampled(second, drawn)
            rows.append(Compared(measure.name, *values, difference(*values, resampled), measure.up))
    return rows
