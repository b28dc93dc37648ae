"""The confidence's fit, threshold and metrics, over observations made by hand."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="needs scikit-learn (extra `training`)")

from eval.training import calibration as module
from eval.training.calibration import (
    USED,
    Observation,
    cross_fitted,
    figures,
    fit,
    load_observations,
    save_observations,
    with_threshold,
)
from service.answering.confidence import FEATURES, Calibration


def observation(
    score: float,
    *,
    right: bool,
    answerable: bool = True,
    question: str = "Who?",
    source: str = "made",
    f1: float = 0.0,
) -> Observation:
    features = dict.fromkeys(FEATURES, 0.0) | {"score": score}
    return Observation(source, question, answerable, "words", f1, right, right, features)


def drawn(count: int, seed: int = 0) -> list[Observation]:
    """Observations that are right with the probability `logistic(2 * score - 1)`, whatever else they have."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        score = draw.gauss(0, 1.5)
        right = draw.random() < 1 / (1 + math.exp(1 - 2 * score))
        features = {name: draw.gauss(0, 1) for name in FEATURES} | {"score": score}
        found.append(
            Observation(
                "made",
                f"question {number // 2}",
                right or draw.random() < 0.5,
                "words",
                0.0,
                right,
                right,
                features,
            )
        )
    return found


BY_SCORE = Calibration({"score": 1.0}, 0.0, 0.0)


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def test_a_fit_recovers_the_model_that_the_observations_were_drawn_from() -> None:
    found = fit(drawn(20_000), refused=0.05)
    assert set(found.weights) == set(USED)
    assert found.weights["score"] == pytest.approx(2.0, abs=0.15)
    assert found.bias == pytest.approx(-1.0, abs=0.15)
    assert all(abs(found.weights[name]) < 0.1 for name in USED if name != "score")


def test_a_fit_uses_only_the_given_features() -> None:
    assert set(fit(drawn(200), refused=0.0, used=("score", "margin")).weights) == {"score", "margin"}


def test_a_fit_separates_what_one_score_separates() -> None:
    # The score has another scale than the rest, which the fit must normalise.
    found = [
        observation(1_000.0 + number, right=number >= 50, answerable=number >= 50) for number in range(100)
    ]
    table = figures(fit(found, refused=0.0), found)
    assert table["auroc_right"] == table["auroc_answerable"] == 1.0
    assert table["refused"] == 0.0
    assert table["abstained"] > 0.9


@settings(deadline=None)
@given(
    st.lists(st.floats(-8, 8), min_size=1, max_size=60),
    st.lists(st.floats(-8, 8), max_size=5),
    st.floats(0, 1),
)
def test_the_threshold_refuses_at_most_the_given_share_of_the_answerable(
    scores: list[float], others: list[float], refused: float
) -> None:
    found = [observation(score, right=True) for score in scores]
    found += [observation(score, right=False, answerable=False) for score in others]
    chosen = with_threshold(BY_SCORE, found, refused)
    confidences = [1 / (1 + math.exp(-score)) for score in scores]

    def below(threshold: float) -> float:
        return sum(confidence < threshold for confidence in confidences) / len(scores)

    assert below(chosen.threshold) <= refused
    # One step higher it would refuse more, unless it refuses all already.
    assert below(chosen.threshold + 1.01e-4) > refused or refused == 1.0
    assert (chosen.weights, chosen.bias) == (BY_SCORE.weights, BY_SCORE.bias)


def test_the_threshold_is_the_confidence_of_the_first_accepted_answerable_question() -> None:
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.91238]
    found = [observation(log_odds(share), right=True) for share in shares]
    found += [observation(log_odds(0.01), right=False, answerable=False)] * 30
    for refused, threshold in ((0.0, 0.1), (0.1, 0.2), (0.19, 0.2), (0.35, 0.4), (0.9, 0.9123)):
        assert with_threshold(BY_SCORE, found, refused).threshold == pytest.approx(threshold, abs=1.01e-4)


def test_the_metrics_of_a_calibration() -> None:
    calibration = Calibration({"score": 1.0}, 0.0, 0.5)
    found = [
        observation(log_odds(0.9), right=True, f1=1.0),
        observation(log_odds(0.8), right=False, f1=0.25),
        observation(log_odds(0.3), right=True, f1=0.5),
        observation(log_odds(0.6), right=False, answerable=False),
        observation(log_odds(0.2), right=False, answerable=False),
    ]
    assert figures(calibration, found) == {
        "questions": 5,
        "answerable": 3,
        "f1": pytest.approx((1 + 0.25 + 0.5) / 3, abs=1e-4),
        "right": pytest.approx(2 / 3, abs=1e-4),
        "right_article": pytest.approx(2 / 3, abs=1e-4),
        "refused": pytest.approx(1 / 3, abs=1e-4),
        "abstained": 0.5,
        # Of the six pairs of an answerable and an unanswerable one, only 0.3 against 0.6 is out of order.
        "auroc_answerable": pytest.approx(5 / 6, abs=1e-4),
        # Right are 0.9 and 0.3: 3 + 1 of six pairs.
        "auroc_right": pytest.approx(4 / 6, abs=1e-4),
        # Each is in its own bin.
        "calibration_error": pytest.approx((0.1 + 0.8 + 0.7 + 0.6 + 0.2) / 5, abs=1e-4),
    }


@pytest.mark.parametrize("answerable", [False, True])
def test_undefined_metrics_are_left_out(answerable: bool) -> None:
    found = [observation(score, right=answerable, answerable=answerable) for score in (-1.0, 0.0, 2.0)]
    table = figures(BY_SCORE, found)
    assert not {"auroc_answerable", "auroc_right"} & set(table)
    assert ("abstained" in table) is not answerable
    assert ("refused" in table) is answerable
    # They are written to a card, and JSON has no NaN.
    json.dumps(table, allow_nan=False)


def test_every_observation_is_judged_by_a_fit_without_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    found = drawn(300)
    fitted: list[Sequence[Observation]] = []

    def watched(some: Sequence[Observation], **settings: float | Sequence[str]) -> Calibration:
        fitted.append(some)
        return fit(some, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "fit", watched)
    cross_fitted(found, refused=0.05, folds=5)
    assert len(fitted) == 5
    left = [[one for one in found if not any(one is other for other in some)] for some in fitted]
    assert sorted(id(one) for some in left for one in some) == sorted(id(one) for one in found)
    for some, rest in zip(fitted, left, strict=True):
        assert not {one.question for one in some} & {one.question for one in rest}
        assert 0.1 < len(rest) / len(found) < 0.3


def test_cross_fitted_metrics_are_near_those_of_a_fit_on_everything() -> None:
    found = drawn(3_000)
    table, whole = cross_fitted(found, refused=0.05), fit(found, refused=0.05)
    plain = figures(whole, found)
    assert table["auroc_right"] == pytest.approx(plain["auroc_right"], abs=0.01)
    assert table["auroc_answerable"] == pytest.approx(plain["auroc_answerable"], abs=0.01)
    assert table["threshold"] == pytest.approx(whole.threshold, abs=0.02)
    assert table["calibration_error"] < 0.05


def test_a_cross_fit_learns_nothing_from_noise() -> None:
    draw = random.Random(1)
    found = [
        Observation("made", str(number), draw.random() < 0.5, "", 0.0, draw.random() < 0.5, False, {
            name: draw.gauss(0, 1) for name in FEATURES
        })
        for number in range(2_000)
    ]  # fmt: skip
    assert cross_fitted(found, refused=0.05)["auroc_right"] == pytest.approx(0.5, abs=0.05)


def test_observations_are_saved_and_loaded_unchanged(tmp_path: Path) -> None:
    found = [*drawn(5), observation(0.1 + 0.2, right=True, question="Wer? “Zoë”\u2028\n", f1=1 / 3)]
    save_observations(tmp_path / "some.jsonl", found)
    assert load_observations(tmp_path / "some.jsonl") == found
    save_observations(tmp_path / "none.jsonl", [])
    assert load_observations(tmp_path / "none.jsonl") == []
