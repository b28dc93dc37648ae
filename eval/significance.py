"""Confidence intervals of figures: bootstrap over questions (Efron & Tibshirani, 1993).

The questions are drawn again with replacement, as many as there are, and the figure is computed for each
draw. The middle 95% of its values is its interval (the percentile method). Two runs over the same questions
are compared on the same draws, so that questions that are hard for both cancel out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics import Array

Draws = npt.NDArray[np.int64]

SAMPLES = 2_000
LEVEL = 0.95


def draws(count: int, *, samples: int = SAMPLES, seed: int = 0) -> Draws:
    """Return `samples` draws with replacement of `count` questions, `int64 (samples, count)`."""
    return np.random.default_rng(seed).integers(0, max(count, 1), size=(samples, count))


def interval(resampled: Array) -> tuple[float, float]:
    """Return the percentile interval of a figure's values over draws; (NaN, NaN) without values.

    Draws without a value (NaN) are left out.
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def bootstrap_interval(
    values: Sequence[float], *, samples: int = SAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Return the 95% interval of the mean of one value per question; (NaN, NaN) without values."""
    data = np.asarray(values, dtype=np.float64)
    if len(data) == 0:
        return float("nan"), float("nan")
    return interval(data[draws(len(data), samples=samples, seed=seed)].mean(axis=1))


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure's difference between two runs over the same questions, second less first.

    `low`, `high`: its 95% interval. `p`: two-sided, twice the share of draws in which the difference is 0 or
    has the other sign; one draw is added to the count, so it is never 0.
    """

    value: float
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def difference(first: float, second: float, resampled: tuple[Array, Array]) -> Difference:
    """Return the difference of two figures, from their values over the same draws."""
    apart = resampled[1] - resampled[0]
    apart = apart[~np.isnan(apart)]
    low, high = interval(apart)
    beyond = min(int((apart <= 0).sum()), int((apart >= 0).sum()))
    p = min(1.0, 2 * (beyond + 1) / (len(apart) + 1)) if len(apart) else float("nan")
    return Difference(second - first, low, high, p)
