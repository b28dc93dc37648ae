"""The confidence's fit, threshold and figures, over readings made by hand."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="scikit-learn is not there (extra `training`)")

from eval.training import calibration as module
from eval.training.calibration import (
    USED,
    Reading,
    cross_fitted,
    figures,
    fit,
    keep,
    kept,
    with_threshold,
)
from service.answering.confidence import FEATURES, Calibration


def reading(
    score: float,
    *,
    right: bool,
    answerable: bool = True,
    question: str = "Who?",
    source: str = "made",
    f1: float = 0.0,
) -> Reading:
    evidence = dict.fromkeys(FEATURES, 0.0) | {"score": score}
    return Reading(source, question, answerable, "words", f1, right, right, evidence)


def drawn(count: int, seed: int = 0) -> list[Reading]:
    """Readings whose chance to be right is the logistic function of 2 * score - 1 and of nothing else."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        score = draw.gauss(0, 1.5)
        right = draw.random() < 1 / (1 + math.exp(1 - 2 * score))
        evidence = {name: draw.gauss(0, 1) for name in FEATURES} | {"score": score}
        found.append(
            Reading(
                "made",
                f"question {number // 2}",
                right or draw.random() < 0.5,
                "words",
                0.0,
                right,
                right,
                evidence,
            )
        )
    return found


BY_SCORE = Calibration({"score": 1.0}, 0.0, 0.0)


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def test_a_fit_finds_the_chances_that_the_readings_were_drawn_with() -> None:
    found = fit(drawn(20_000), refused=0.05)
    assert set(found.weights) == set(USED)
    assert found.weights["score"] == pytest.approx(2.0, abs=0.15)
    assert found.bias == pytest.approx(-1.0, abs=0.15)
    assert all(abs(found.weights[name]) < 0.1 for name in USED if name != "score")


def test_a_fit_uses_the_evidence_that_it_is_told_to() -> None:
    assert set(fit(drawn(200), refused=0.0, used=("score", "margin")).weights) == {"score", "margin"}


def test_a_fit_parts_what_one_score_parts() -> None:
    # Of another scale than the rest, which the fit has to undo.
    found = [reading(1_000.0 + place, right=place >= 50, answerable=place >= 50) for place in range(100)]
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
def test_the_threshold_refuses_no_more_of_the_answerable_than_it_may(
    scores: list[float], others: list[float], refused: float
) -> None:
    found = [reading(score, right=True) for score in scores]
    found += [reading(score, right=False, answerable=False) for score in others]
    chosen = with_threshold(BY_SCORE, found, refused)
    confidences = [1 / (1 + math.exp(-score)) for score in scores]

    def below(threshold: float) -> float:
        return sum(confidence < threshold for confidence in confidences) / len(scores)

    assert below(chosen.threshold) <= refused
    # Higher by a step, it would refuse more, unless it is above them all already.
    assert below(chosen.threshold + 1.01e-4) > refused or refused == 1.0
    assert (chosen.weights, chosen.bias) == (BY_SCORE.weights, BY_SCORE.bias)


def test_the_threshold_stands_on_the_first_answerable_reading_that_is_kept() -> None:
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.91238]
    found = [reading(log_odds(share), right=True) for share in shares]
    found += [reading(log_odds(0.01), right=False, answerable=False)] * 30
    for refused, threshold in ((0.0, 0.1), (0.1, 0.2), (0.19, 0.2), (0.35, 0.4), (0.9, 0.9123)):
        assert with_threshold(BY_SCORE, found, refused).threshold == pytest.approx(threshold, abs=1.01e-4)


def test_the_figures_of_a_calibration() -> None:
    calibration = Calibration({"score": 1.0}, 0.0, 0.5)
    found = [
        reading(log_odds(0.9), right=True, f1=1.0),
        reading(log_odds(0.8), right=False, f1=0.25),
        reading(log_odds(0.3), right=True, f1=0.5),
        reading(log_odds(0.6), right=False, answerable=False),
        reading(log_odds(0.2), right=False, answerable=False),
    ]
    assert figures(calibration, found) == {
        "questions": 5,
        "answerable": 3,
        "f1": pytest.approx((1 + 0.25 + 0.5) / 3, abs=1e-4),
        "right": pytest.approx(2 / 3, abs=1e-4),
        "right_article": pytest.approx(2 / 3, abs=1e-4),
        "refused": pytest.approx(1 / 3, abs=1e-4),
        "abstained": 0.5,
        # Of the six pairs of an answerable and another one, 0.3 against 0.6 alone is the wrong way round.
        "auroc_answerable": pytest.approx(5 / 6, abs=1e-4),
        # Right are 0.9 and 0.3: 3 + 1 of six pairs.
        "auroc_right": pytest.approx(4 / 6, abs=1e-4),
        # Each in a bin of its own.
        "calibration_error": pytest.approx((0.1 + 0.8 + 0.7 + 0.6 + 0.2) / 5, abs=1e-4),
    }


@pytest.mark.parametrize("answerable", [False, True])
def test_figures_that_mean_nothing_are_left_out(answerable: bool) -> None:
    found = [reading(score, right=answerable, answerable=answerable) for score in (-1.0, 0.0, 2.0)]
    table = figures(BY_SCORE, found)
    assert not {"auroc_answerable", "auroc_right"} & set(table)
    assert ("abstained" in table) is not answerable
    assert ("refused" in table) is answerable
    # A card holds them, and JSON has no NaN.
    json.dumps(table, allow_nan=False)


def test_every_reading_is_judged_by_a_fit_without_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    found = drawn(300)
    fitted: list[Sequence[Reading]] = []

    def watched(some: Sequence[Reading], **settings: float | Sequence[str]) -> Calibration:
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


def test_cross_fitted_figures_are_near_those_of_a_fit_on_everything() -> None:
    found = drawn(3_000)
    table, whole = cross_fitted(found, refused=0.05), fit(found, refused=0.05)
    plain = figures(whole, found)
    assert table["auroc_right"] == pytest.approx(plain["auroc_right"], abs=0.01)
    assert table["auroc_answerable"] == pytest.approx(plain["auroc_answerable"], abs=0.01)
    assert table["threshold"] == pytest.approx(whole.threshold, abs=0.02)
    assert table["calibration_error"] < 0.05


def test_a_cross_fit_learns_nothing_from_what_cannot_be_learnt() -> None:
    draw = random.Random(1)
    found = [
        Reading("made", str(number), draw.random() < 0.5, "", 0.0, draw.random() < 0.5, False, {
            name: draw.gauss(0, 1) for name in FEATURES
        })
        for number in range(2_000)
    ]  # fmt: skip
    assert cross_fitted(found, refused=0.05)["auroc_right"] == pytest.approx(0.5, abs=0.05)


def test_readings_are_kept_as_they_are(tmp_path: Path) -> None:
    found = [*drawn(5), reading(0.1 + 0.2, right=True, question="Wer? “Zoë”\u2028\n", f1=1 / 3)]
    keep(tmp_path / "readings.jsonl", found)
    assert kept(tmp_path / "readings.jsonl") == found
    keep(tmp_path / "none.jsonl", [])
    assert kept(tmp_path / "none.jsonl") == []
