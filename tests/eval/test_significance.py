"""Intervals and p, compared with another implementation, the normal approximation and simulated truths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap, norm  # type: ignore[import-untyped]

from eval.metrics import Array
from eval.significance import Difference, bootstrap_interval, difference, draws, interval


def test_draws_are_with_replacement_and_fixed_by_the_seed() -> None:
    drawn = draws(50, samples=400, seed=3)
    assert drawn.shape == (400, 50)
    assert (drawn.min(), drawn.max()) == (0, 49)
    assert np.array_equal(drawn, draws(50, samples=400, seed=3))
    assert not np.array_equal(drawn, draws(50, samples=400, seed=4))
    # The share of questions in a draw is 1 - (1 - 1/n)^n on average.
    shares = [len(set(draw)) / 50 for draw in drawn.tolist()]
    assert np.mean(shares) == pytest.approx(1 - (1 - 1 / 50) ** 50, abs=0.01)


def test_draws_of_nothing_are_empty() -> None:
    assert draws(0, samples=5).shape == (5, 0)


def test_an_interval_holds_the_middle_95_percent() -> None:
    values = np.arange(1_001, dtype=np.float64)
    assert interval(values) == pytest.approx((25, 975))
    np.random.default_rng(0).shuffle(values)
    assert interval(values) == pytest.approx((25, 975))


def test_a_draw_without_a_value_is_left_out() -> None:
    assert interval(np.array([math.nan, 2.0, math.nan])) == (2.0, 2.0)
    assert all(math.isnan(end) for end in interval(np.array([math.nan])))
    assert all(math.isnan(end) for end in interval(np.array([])))


def test_the_bootstrap_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    low, high = bootstrap_interval(values.tolist())
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.04)
    assert bootstrap_interval(values.tolist()) == (low, high)
    assert bootstrap_interval(values.tolist(), seed=1) != (low, high)
    assert all(math.isnan(end) for end in bootstrap_interval([]))


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_the_bootstrap_interval_equals_an_independent_implementation(share: float) -> None:
    values = (np.random.default_rng(2).random(300) < share).astype(np.float64)
    other = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(9)
    ).confidence_interval
    low, high = bootstrap_interval(values.tolist(), samples=20_000)
    assert (low, high) == pytest.approx((other.low, other.high), abs=1.5 / 300)


def test_the_interval_of_a_single_value_is_that_value() -> None:
    assert bootstrap_interval([0.25] * 7) == (0.25, 0.25)
    assert bootstrap_interval([1.0]) == (1.0, 1.0)


def test_intervals_cover_the_true_value_95_percent_of_the_time() -> None:
    generator = np.random.default_rng(5)
    held = 0
    for seed in range(400):
        low, high = bootstrap_interval((generator.random(80) < 0.7).tolist(), samples=400, seed=seed)
        held += low <= 0.7 <= high
    # 400 trials with a probability of 0.95 (a little less, for a share of 80): four standard deviations.
    assert 0.94 - 4 * math.sqrt(0.95 * 0.05 / 400) <= held / 400 <= 0.99


def means(values: Array, seed: int = 0, samples: int = 2_000) -> Array:
    found: Array = values[draws(len(values), samples=samples, seed=seed)].mean(axis=1)
    return found


def test_a_difference_is_second_less_first_with_its_interval() -> None:
    first, second = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0])
    found = difference(0.5, 1.0, (means(first), means(second)))
    assert found.value == 0.5
    assert (found.low, found.high) == interval(means(second - first))
    assert -1 <= found.low <= 0.5 <= found.high <= 1
    assert difference(1.0, 0.5, (means(second), means(first))).value == -0.5


def test_p_is_twice_the_share_of_draws_on_the_other_side_and_never_0() -> None:
    first = np.zeros(99)
    above = np.array([-1.0] * 2 + [0.0] * 2 + [1.0] * 95)
    # Four draws are not above 0; (4 + 1) of (99 + 1), doubled.
    assert difference(0.0, 1.0, (first, above)).p == pytest.approx(0.1)
    assert difference(0.0, -1.0, (first, -above)).p == pytest.approx(0.1)
    assert difference(0.0, 1.0, (first, np.ones(99))).p == pytest.approx(2 / 100)
    assert difference(0.0, 0.0, (first, first)).p == 1.0
    # A draw without a value is left out.
    with_none = np.concatenate([above, [math.nan] * 50])
    assert difference(0.0, 1.0, (np.zeros(149), with_none)).p == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("low", "high", "significant"),
    [(0.1, 0.2, True), (-0.2, -0.1, True), (-0.1, 0.2, False), (0.0, 0.2, False), (-0.2, 0.0, False)],
)
def test_a_difference_is_significant_if_its_interval_excludes_0(
    low: float, high: float, significant: bool
) -> None:
    assert Difference(0.1, low, high, 0.04).significant is significant


def test_p_equals_the_normal_approximation_of_a_paired_difference() -> None:
    generator = np.random.default_rng(6)
    first = generator.normal(0, 1, 300)
    for shift in (0.02, 0.05, 0.08):
        second = first + generator.normal(shift, 0.5, 300)
        apart = second - first
        z = abs(apart.mean()) / (apart.std() / math.sqrt(300))
        resampled = means(first, samples=20_000), means(second, samples=20_000)
        found = difference(first.mean(), second.mean(), resampled)
        assert found.p == pytest.approx(2 * norm.sf(z), abs=0.02)


def test_runs_that_differ_by_chance_are_rarely_significant() -> None:
    """Both runs are right with the same probability: p is below 0.05 about once in 20."""
    generator = np.random.default_rng(7)
    called, small = 0, 0
    for seed in range(500):
        hard = generator.random(120)
        first, second = (((generator.random(120) < 0.3) ^ (hard < 0.5)).astype(np.float64) for _ in range(2))
        resampled = means(first, seed, 400), means(second, seed, 400)
        found = difference(first.mean(), second.mean(), resampled)
        called += found.significant
        small += found.p < 0.05
    # 500 trials with a probability of 0.05: 25, with a standard deviation of 4.9.
    assert 8 <= called <= 45
    assert 8 <= small <= 45


def test_a_paired_difference_is_found_among_questions_that_differ_more() -> None:
    generator = np.random.default_rng(8)
    first = generator.normal(0, 10, 200)
    second = first + generator.normal(0.5, 1, 200)
    paired = difference(first.mean(), second.mean(), (means(first), means(second)))
    assert paired.significant
    assert paired.p < 0.001
    apart = difference(first.mean(), second.mean(), (means(first, 1), means(second, 2)))
    assert not apart.significant
