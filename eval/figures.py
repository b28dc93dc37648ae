"""Results -> figures, each with its 95% interval and its denominator.

No question is dropped: an abstention counts as the answer "", and `over` names the questions that count.
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
"""Figures whose names begin with this depend on the machine: they are shown and never fail a run."""

NDCG_RANKS = 8
"""nDCG counts passages down to this rank."""


class Measure(Protocol):
    """The definition of a figure. `up`: whether higher is better."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def over(self) -> str: ...  # noqa: D102

    @property
    def up(self) -> bool: ...  # noqa: D102

    def count(self, results: Sequence[Result]) -> int:
        """Return the size of the denominator."""
        ...

    def value(self, results: Sequence[Result]) -> float:
        """Return its value over these results; NaN where no question counts."""
        ...

    def resampled(self, results: Sequence[Result], drawn: Draws) -> Array:
        """Return its value for each draw of the results, `float64 (samples,)`."""
        ...


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of one value per question, over the questions that count."""

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
        """Return the mean of each draw; NaN where no question of the draw counts."""
        values, counts = self._columns(results)
        totals, sizes = values[drawn].sum(axis=1), counts[drawn].sum(axis=1)
        means: Array = np.divide(totals, sizes, out=np.full(len(drawn), np.nan), where=sizes > 0)
        return means


@dataclass(frozen=True, slots=True)
class Statistic:
    """A figure that is no mean: `statistic` of one column of values for each function of `of`."""

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
        """Return the statistic of each draw."""
        columns = self._columns(results)
        return np.array([self.statistic(*columns[:, draw]) for draw in drawn], dtype=np.float64)


_OVER: dict[str, Callable[[Result], bool]] = {
    "all": lambda _: True,
    "answerable": lambda one: one.example.answerable,
    "unanswerable": lambda one: not one.example.answerable,
    "answered": lambda one: one.answered,
    "abstained": lambda one: not one.answered,
}
"""Which questions count, by the name of the denominator."""


def _recall(count: int) -> Mean:
    return Mean(f"passage recall@{count}", "answerable", lambda one: any(rank <= count for rank in one.ranks))


def _latency(percent: int) -> Statistic:
    return Statistic(
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
        f"passage nDCG@{NDCG_RANKS}",
        "answerable",
        # Where no passage holds a whole answer none can be found: the question counts as a miss.
        lambda one: (
            metrics.ndcg_at(one.ranks, max(one.relevant, len(one.ranks)), NDCG_RANKS) if one.relevant else 0.0
        ),
    ),
    Mean("abstained (recall)", "unanswerable", lambda one: not one.answered),
    Mean("abstained rightly (precision)", "abstained", lambda one: not one.example.answerable),
    Mean("refused", "answerable", lambda one: not one.answered, up=False),
    Statistic(
        "AUROC answerable",
        (lambda one: one.reply.confidence, lambda one: one.example.answerable),
        metrics.auroc,
    ),
    Statistic(
        "risk-coverage area",
        (lambda one: one.reply.confidence, lambda one: one.right),
        metrics.risk_coverage_area,
        up=False,
    ),
    Statistic(
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
    """A measure's value with its 95% interval, over `count` questions: those that `over` names."""

    name: str
    value: float
    low: float
    high: float
    count: int
    over: str
    up: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as a record stores it, with null for NaN."""
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
    """Return every measure that has a value, in the order of `MEASURES`; the seed fixes the intervals."""
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
    """A measure's values in two runs over the same questions."""

    name: str
    first: float
    second: float
    difference: Difference
    up: bool

    @property
    def better(self) -> bool | None:
        """Whether the second run is better; None where chance or the machine may explain the difference."""
        if self.name.startswith(TIMED):
            return None
        return (self.difference.value > 0) == self.up if self.difference.significant else None


def compared(
    first: Sequence[Result], second: Sequence[Result], *, seed: int = 0, samples: int = SAMPLES
) -> list[Compared]:
    """Compare two runs' results of the same questions, in the same order, measure by measure.

    Raises:
        RunError: the questions are not the same.
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
