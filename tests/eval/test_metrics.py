"""Metrics compared with values computed by hand and with independent implementations."""

from __future__ import annotations

import itertools
import math
import random
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

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


def test_recall_and_reciprocal_rank_count_questions_without_a_relevant_passage() -> None:
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


def test_calibration_error_equals_a_sum_over_bins() -> None:
    generator = np.random.default_rng(2)
    confidences = generator.random(500)
    right = generator.random(500) < confidences**2
    total = 0.0
    for number in range(10):
        held = [
            (confidence, hit)
            for confidence, hit in zip(confidences.tolist(), right.tolist(), strict=True)
            if number / 10 <= confidence < (number + 1) / 10
        ]
        if held:
            mean = math.fsum(confidence for confidence, _ in held) / len(held)
            share = sum(hit for _, hit in held) / len(held)
            total += len(held) / 500 * abs(mean - share)
    assert metrics.expected_calibration_error(confidences, right.tolist()) == pytest.approx(total)


def test_a_perfect_confidence_has_no_calibration_error() -> None:
    confidences = [0.25] * 4 + [1.0] * 2
    assert metrics.expected_calibration_error(confidences, [True] + [False] * 3 + [True] * 2) == 0.0
    assert metrics.expected_calibration_error([0.0, 1.0], [True, False]) == 1.0


def test_ndcg_is_the_sum_of_discounted_gains_over_the_best_order() -> None:
    # The two relevant passages are at ranks 1 and 3: (1 + 1 / log2 4) / (1 + 1 / log2 3).
    assert metrics.ndcg_at([1, 3], 2, 8) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert metrics.ndcg_at([1, 2], 2, 8) == 1.0
    assert metrics.ndcg_at([2], 1, 8) == pytest.approx(1 / math.log2(3))
    assert metrics.ndcg_at([9], 1, 8) == 0.0
    assert metrics.ndcg_at([], 3, 8) == 0.0
    assert metrics.ndcg_at([1, 2], 30, 2) == 1.0  # two ranks cannot hold thirty
    assert math.isnan(metrics.ndcg_at([], 0, 8))


def test_ndcg_equals_an_independent_implementation() -> None:
    generator = np.random.default_rng(3)
    for _ in range(200):
        relevance = (generator.random(20) < generator.random()).astype(int)
        if not relevance.any():
            continue
        ranks = [rank for rank, relevant in enumerate(relevance.tolist(), start=1) if relevant]
        depth = int(generator.integers(1, 21))
        expected = ndcg_score([relevance], [np.arange(20, 0, -1)], k=depth)
        assert metrics.ndcg_at(ranks, len(ranks), depth) == pytest.approx(expected)


def test_overlap_is_the_share_of_common_characters() -> None:
    assert metrics.overlap((10, 20), (10, 20)) == 1.0
    assert metrics.overlap((10, 20), (15, 30)) == pytest.approx(2 * 5 / (10 + 15))
    assert metrics.overlap((10, 20), (12, 14)) == pytest.approx(2 * 2 / (10 + 2))
    assert metrics.overlap((10, 20), (20, 30)) == 0.0  # half-open: they only touch
    assert metrics.overlap((10, 20), (40, 50)) == 0.0
    assert metrics.overlap((10, 10), (10, 10)) == 0.0


@settings(deadline=None)
@given(*[st.tuples(st.integers(0, 40), st.integers(1, 20))] * 2)
def test_overlap_counts_characters(one: tuple[int, int], other: tuple[int, int]) -> None:
    mine, theirs = (set(range(start, start + length)) for start, length in (one, other))
    expected = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    spans = [(start, start + length) for start, length in (one, other)]
    assert metrics.overlap(spans[0], spans[1]) == pytest.approx(expected)
    assert metrics.overlap(spans[1], spans[0]) == metrics.overlap(spans[0], spans[1])


def test_risk_coverage_is_the_share_of_wrong_answers_among_the_most_confident() -> None:
    confidences, right = [0.2, 0.9, 0.5, 0.7], [True, True, False, True]
    # Most confident first: right, right, wrong, right.
    assert metrics.risk_coverage(confidences, right).tolist() == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert metrics.risk_coverage_area(confidences, right) == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_the_risk_coverage_area_goes_from_all_right_to_all_wrong() -> None:
    assert metrics.risk_coverage_area([0.1, 0.2], [True, True]) == 0.0
    assert metrics.risk_coverage_area([0.1, 0.2], [False, False]) == 1.0
    assert math.isnan(metrics.risk_coverage_area([], []))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5))
def test_ties_count_as_the_mean_of_every_order(rows: list[tuple[int, bool]]) -> None:
    """The curve over questions of equal confidence is the mean over all their orders."""
    orders = [
        order
        for order in itertools.permutations(rows)
        if all(one[0] >= other[0] for one, other in itertools.pairwise(order))
    ]
    expected = [
        sum(Fraction(sum(not right for _, right in order[:count]), count) for order in orders) / len(orders)
        for count in range(1, len(rows) + 1)
    ]
    confidences, right = [level / 2 for level, _ in rows], [right for _, right in rows]
    assert metrics.risk_coverage(confidences, right).tolist() == pytest.approx([*map(float, expected)])
    area = float(sum(expected) / len(expected))
    assert metrics.risk_coverage_area(confidences, right) == pytest.approx(area)


@pytest.mark.parametrize(
    ("given", "references", "right"),
    [
        ("two", ["two"], True),
        ("The two of them", ["two"], True),  # contains it
        ("about eight millimetres", ["eight millimetres per year"], True),  # 2 of 3 and 4 words: 2*2/7
        ("eight", ["eight millimetres per year"], False),  # 2*1/5
        ("twofold", ["two"], False),  # part of a word does not count
        ("anything", [], False),
        ("anything", ["the"], False),  # a reference that normalises to nothing
    ],
)
def test_an_answer_is_right_if_half_of_its_words_agree_or_it_contains_a_reference(
    given: str, references: list[str], right: bool
) -> None:
    assert metrics.is_right(given, references) is right


# The official evaluation of SQuAD v2, written independently: one expression finds the tokens of a text, and
# common tokens are counted by removing them one by one.

_ASCII_PUNCTUATION = r"!-/:-@\[-`{-~"


def official_tokens(text: str) -> list[str]:
    bare = re.sub(f"[{_ASCII_PUNCTUATION}]", "", text.lower())
    spaced = re.sub(r"(?<!\w)(?:an?|the)(?!\w)", " ", bare)
    return spaced.split()


def official_scores(given: str, golds: list[str]) -> tuple[int, float]:
    """Exact match and F1 for one question, as its authors define them."""
    kept = [gold for gold in golds if official_tokens(gold)]
    if not kept:
        kept = [""]  # no answer
    exact, best = 0, 0.0
    mine = official_tokens(given)
    for gold in kept:
        theirs = official_tokens(gold)
        exact = max(exact, int(" ".join(mine) == " ".join(theirs)))
        left = [*theirs]
        shared = 0
        for token in mine:
            if token in left:
                left.remove(token)
                shared += 1
        if not mine or not theirs:
            score = float(mine == theirs)
        elif shared == 0:
            score = 0.0
        else:
            precision, recall = shared / len(mine), shared / len(theirs)
            score = 2 * precision * recall / (precision + recall)
        best = max(best, score)
    return exact, best


_PIECES = [
    *["the", "The", "the.", "a", "An", "THE", "thé", "theatre", "a-b", "U.S.", "us", "1%", "1", "$5", "5"],
    *["“quoted”", "quoted", "...", "—", "-", "_", "a_", "漢字", "Straße", "STRASSE", "İ", "ﬁn", "'s"],
    *["e\u0301", "é", "a\u0301n", "\u00a0", "\u2028", "\t", " ", "\U0001f600", "x²", "²", "naïve"],
]


def test_scores_are_those_of_the_official_evaluation() -> None:
    generator = random.Random(0)

    def text(most: int) -> str:
        pieces = generator.choices(_PIECES, k=generator.randint(0, most))
        return generator.choice(["", " "]).join(pieces) if generator.random() < 0.3 else " ".join(pieces)

    seen = {"exact": 0, "partial": 0, "none": 0, "abstained": 0, "unanswerable": 0}
    for _ in range(5_000):
        golds = [text(5) for _ in range(generator.randint(0, 4))]
        given = generator.choice(["", text(6), text(6), *(gold.upper() for gold in golds)])
        exact, f1 = official_scores(given, golds)
        assert metrics.exact_match(given, golds) == exact, (given, golds)
        assert metrics.token_f1(given, golds) == pytest.approx(f1), (given, golds)
        seen["exact"] += exact
        seen["partial"] += 0 < f1 < 1
        seen["none"] += f1 == 0
        seen["abstained"] += given == ""
        seen["unanswerable"] += not golds
    assert min(seen.values()) > 400


def test_a_reference_that_normalises_to_nothing_is_ignored() -> None:
    assert metrics.exact_match("", ["The", "dog"]) == metrics.token_f1("", ["The", "dog"]) == 0.0
    assert metrics.exact_match("", ["The", "!"]) == metrics.token_f1("", ["The", "!"]) == 1.0
    assert metrics.exact_match("a", ["the"]) == 1.0
