"""Metrics against values worked out by hand and against independent implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval import metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Digital-Corridor!", "digitalcorridor"),
        ("an apple, a day", "apple day"),
        ("U.S.", "us"),
        ("“Fiber One”", "“fiber one”"),  # the official script drops ASCII punctuation only
        ("theatre", "theatre"),
        ("", ""),
    ],
)
def test_normalisation_is_the_official_one(text: str, expected: str) -> None:
    assert metrics.normalise(text) == expected


def test_exact_match_takes_the_best_reference() -> None:
    assert metrics.exact_match("the CEO", ["president", "CEO"]) == 1.0
    assert metrics.exact_match("CEO of BUCIC", ["president", "CEO"]) == 0.0


def test_an_abstention_is_right_only_without_references() -> None:
    assert metrics.exact_match("", []) == metrics.token_f1("", []) == 1.0
    assert metrics.exact_match("", ["yes"]) == metrics.token_f1("", ["yes"]) == 0.0
    assert metrics.exact_match("yes", []) == metrics.token_f1("yes", []) == 0.0


def test_token_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    # "wang linghong ceo" against "wang linghong": precision 2/3, recall 1.
    assert metrics.token_f1("Wang Linghong, the CEO", ["Wang Linghong"]) == pytest.approx(
        2 * (2 / 3) / (2 / 3 + 1)
    )
    assert metrics.token_f1("a b b c", ["b b b"]) == pytest.approx(2 * 2 / (3 + 3))
    assert metrics.token_f1("x", ["y", "x z"]) == pytest.approx(2 / 3)


def test_recall_and_reciprocal_rank_count_what_did_not_come_up() -> None:
    ranks = [1, 2, None, 5]
    assert metrics.recall_at(ranks, 1) == 0.25
    assert metrics.recall_at(ranks, 4) == 0.5
    assert metrics.mean_reciprocal_rank(ranks) == pytest.approx((1 + 0.5 + 0 + 0.2) / 4)


def test_auroc_equals_an_independent_implementation_with_ties() -> None:
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 20, 300) / 20
    labels = generator.random(300) < scores
    assert metrics.auroc(scores.tolist(), labels.tolist()) == pytest.approx(roc_auc_score(labels, scores))
    assert math.isnan(metrics.auroc([0.5], [True]))


def test_calibration_error_is_the_weighted_gap_of_each_bin() -> None:
    # Bin [0.2, 0.3): mean 0.25, none right; bin [0.9, 1.0]: mean 0.95, two of three right.
    error = metrics.expected_calibration_error([0.25, 0.9, 0.95, 1.0], [False, True, True, False])
    assert error == pytest.approx(0.25 * 0.25 + 0.75 * abs(0.95 - 2 / 3))


def test_the_bootstrap_interval_holds_the_normal_one_for_a_mean() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    low, high = metrics.bootstrap_interval(values.tolist())
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.04)
    assert metrics.bootstrap_interval(values.tolist()) == (low, high)


@pytest.mark.parametrize(
    ("given", "references", "right"),
    [
        ("two", ["two"], True),
        ("The two of them", ["two"], True),  # holds it whole
        ("about eight millimetres", ["eight millimetres per year"], True),  # 2 of 3 and 4 words: 2*2/7
        ("eight", ["eight millimetres per year"], False),  # 2*1/5
        ("twofold", ["two"], False),  # a part of a word holds nothing
        ("anything", [], False),
        ("anything", ["the"], False),  # a reference of articles alone is held by all
    ],
)
def test_an_answer_is_right_if_it_shares_half_its_words_or_holds_a_reference(
    given: str, references: list[str], right: bool
) -> None:
    assert metrics.is_right(given, references) is right
