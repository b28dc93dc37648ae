from __future__ import annotations

import math

import pytest

from indexer.records import Passage, ScoredPassage
from service.answering.answers import Span
from service.answering.confidence.calibration import (
    FEATURES,
    Calibration,
    calibration_from,
    confidence_features,
)

FIRST = ScoredPassage(
    Passage(4, "a.txt", 0, 40), "The river rose in Lahore. Nobody was hurt.", 0.9, 0.75, 2.0, ()
)
SECOND = ScoredPassage(Passage(7, "b.txt", 0, 20), "It rained in Lahore.", 0.4, -0.125, 1.0, ())


def span(text: str, score: float, scored: ScoredPassage = FIRST) -> Span:
    start = scored.text.index(text)
    return Span(scored, start, start + len(text), score)


GROUPS = [
    [span("Lahore", 3.0), span("Lahore", 2.5, SECOND), span("Lahore", -1.0)],
    [span("rained", 1.25, SECOND)],
    [span("Nobody", -2.0), span("Nobody", -2.5)],
]


SCORES = ("score", "margin", "support", "similarity", "coverage")


def test_the_features_of_the_best_group() -> None:
    # Terms of the question: river, rose, far ("how" and "the" are function words). The passage has two.
    assert confidence_features("How far the river rose?", GROUPS, 0, SCORES) == {
        "score": 3.0,
        "margin": 3.0 - 1.25,
        "support": pytest.approx(math.log(3)),
        "similarity": 0.75,
        "coverage": pytest.approx(2 / 3),
    }


def test_the_margin_of_lower_groups_is_their_negative_distance_to_the_best() -> None:
    assert confidence_features("How far the river rose?", GROUPS, 1, SCORES) == {
        "score": 1.25,
        "margin": 1.25 - 3.0,
        "support": 0.0,
        "similarity": -0.125,
        "coverage": 0.0,
    }
    assert confidence_features("Nobody?", GROUPS, 2, SCORES) == {
        "score": -2.0,
        "margin": -5.0,
        "support": pytest.approx(math.log(2)),
        "similarity": 0.75,
        "coverage": 1.0,
    }


def test_the_margin_of_a_single_group_is_zero() -> None:
    assert confidence_features("river", GROUPS[:1], 0)["margin"] == 0.0


def test_other_places_of_the_same_words_count_as_support_and_not_for_the_margin() -> None:
    # Its own second place scores higher than the next group, and still the margin is to that group.
    found = confidence_features("river", GROUPS[:2], 0)
    assert found["margin"] == 1.75
    alone = confidence_features("river", [GROUPS[0][:1], GROUPS[1]], 0)
    assert alone == found | {"support": 0.0}


def test_coverage_is_one_for_a_question_without_terms() -> None:
    assert confidence_features("?", GROUPS, 0)["coverage"] == 1.0


def test_every_feature_that_a_calibration_may_use_is_computed() -> None:
    assert tuple(confidence_features("river", GROUPS, 0)) == FEATURES


def test_confidence_is_the_logistic_function_of_the_weighted_features() -> None:
    calibration = Calibration({"score": 1.0, "support": 2.0}, 0.25, 0.5)
    # 0.25 + 1 x 0.5 + 2 x 0.1 = 0.95, and 1 / (1 + e^-0.95) = 0.7211151780228631.
    found = calibration.confidence({"score": 0.5, "margin": 100.0, "support": 0.1})
    assert found == pytest.approx(0.7211151780228631)
    mirrored = Calibration({"score": -1.0, "support": -2.0}, -0.25, 0.5)
    assert mirrored.confidence({"score": 0.5, "support": 0.1}) == pytest.approx(1 - 0.7211151780228631)


def test_without_weights_only_the_bias_counts() -> None:
    assert Calibration({}, 0.0, 0.5).confidence({"score": 9.0}) == 0.5


@pytest.mark.parametrize(("value", "expected"), [(1e6, 1.0), (-1e6, 0.0), (800.0, 1.0), (-800.0, 0.0)])
def test_extreme_scores_give_a_probability_and_no_overflow(value: float, expected: float) -> None:
    assert Calibration({"score": 1.0}, 0.0, 0.5).confidence({"score": value}) == expected


def test_a_calibration_needs_the_features_that_it_was_fitted_to() -> None:
    with pytest.raises(KeyError, match="margin"):
        Calibration({"margin": 1.0}, 0.0, 0.5).confidence({"score": 1.0})


def test_a_stored_calibration_is_read() -> None:
    stored = {"weights": {"score": 1, "coverage": -0.5}, "bias": "0.25", "threshold": 0, "note": "ignored"}
    assert calibration_from(stored) == Calibration({"score": 1.0, "coverage": -0.5}, 0.25, 0.0)


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (
            {"weights": {"score": 1.0, "length": 2.0}, "bias": 0.0, "threshold": 0.5},
            "unknown features length",
        ),
        ({"weights": {"score": "high"}, "bias": 0.0, "threshold": 0.5}, "high"),
        ({"weights": {"score": 1.0}, "threshold": 0.5}, "bias"),
        ({"weights": {"score": 1.0}, "bias": 0.0}, "threshold"),
        ({"bias": 0.0, "threshold": 0.5}, "weights"),
        ({"weights": {"score": None}, "bias": 0.0, "threshold": 0.5}, "NoneType"),
    ],
)
def test_a_calibration_of_another_version_is_refused(stored: dict[str, object], error: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError), match=error):
        calibration_from(stored)


def test_only_the_features_that_are_asked_for_are_computed() -> None:
    found = confidence_features("river", GROUPS, 0, ["lacking_words", "score"])
    assert found.keys() == {"lacking_words", "score"}
