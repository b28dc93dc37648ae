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
    SHOWN_FROM,
    USED,
    best,
    figures,
    fit,
    left_out,
    operating_points,
    with_threshold,
)
from eval.training.observing import Found, Observation, load_observations, save_observations
from service.answering.confidence.calibration import FEATURES, Calibration


def candidate(score: float, *, right: bool, f1: float = 0.0, share: float = 1.0) -> Found:
    features = dict.fromkeys(FEATURES, 0.0) | {"score": score}
    return Found("words", features, share, f1, right, right)


def observation(
    score: float,
    *,
    right: bool,
    answerable: bool = True,
    question: str = "Who?",
    corpus: str = "made",
    f1: float = 0.0,
) -> Observation:
    return Observation(corpus, corpus, question, answerable, (candidate(score, right=right, f1=f1),))


def drawn(count: int, seed: int = 0, *, corpus: str = "made", bias: float = -1.0) -> list[Observation]:
    """Observations that are right with the probability `logistic(2 * score + bias)`."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        score = draw.gauss(0, 1.5)
        right = draw.random() < 1 / (1 + math.exp(-bias - 2 * score))
        features = {name: draw.gauss(0, 1) for name in FEATURES} | {"score": score}
        answerable = right or draw.random() < 0.5
        only = Found("words", features, 1.0, 0.0, right, right)
        found.append(Observation(corpus, corpus, f"question {number}", answerable, (only,)))
    return found


BY_SCORE = Calibration({"score": 1.0}, 0.0, 0.0)


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def test_a_fit_recovers_the_model_that_the_observations_were_drawn_from() -> None:
    found = fit(drawn(20_000))
    assert set(found.weights) == set(USED)
    assert found.weights["score"] == pytest.approx(2.0, abs=0.15)
    assert found.bias == pytest.approx(-1.0, abs=0.15)
    assert all(abs(found.weights[name]) < 0.1 for name in USED if name != "score")


def test_a_fit_uses_only_the_given_features() -> None:
    assert set(fit(drawn(200), used=("score", "margin")).weights) == {"score", "margin"}


def test_a_fit_separates_what_one_score_separates() -> None:
    # The score has another scale than the rest, which the fit must normalise.
    found = [
        observation(1_000.0 + number, right=number >= 50, answerable=number >= 50) for number in range(100)
    ]
    table = figures(with_threshold(fit(found), found, 0.0), found)
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


def test_the_most_confident_candidate_is_chosen_not_the_best_score() -> None:
    reduced = candidate(3.0, right=False, share=0.02)
    other = candidate(1.0, right=True)
    chosen = Observation("made", "made", "Who?", True, (reduced, other))
    confidence, found = best(chosen, BY_SCORE)
    assert found is other
    assert confidence == pytest.approx(1 / (1 + math.exp(-1)))
    assert best(Observation("made", "made", "Who?", True, ()), BY_SCORE) == (0.0, None)


def test_candidates_of_another_case_are_not_learnt_from() -> None:
    found = drawn(400)
    misleading = [
        Observation("made", "made", "x", False, (candidate(5.0, right=False, share=0.02),))
        for _ in range(400)
    ]
    assert fit([*found, *misleading]).weights == pytest.approx(fit(found).weights)


def test_every_collection_weighs_the_same() -> None:
    few, many = drawn(300, 1, corpus="few", bias=1.0), drawn(6_000, 2, corpus="many", bias=-3.0)
    bias = fit([*few, *many], used=("score",)).bias
    # Half way between the two; by their numbers it would be near -3.
    assert -1.8 < bias < -0.2


def test_a_collection_is_judged_by_a_fit_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*drawn(200, 1, corpus="one"), *drawn(200, 2, corpus="two"), *drawn(200, 3, corpus="three")]
    fitted: list[set[str]] = []

    def watched(some: Sequence[Observation], **settings: Sequence[str]) -> Calibration:
        fitted.append({one.corpus for one in some})
        return fit(some, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "fit", watched)
    table = left_out(found)
    assert fitted == [{"two", "three"}, {"one", "three"}, {"one", "two"}]
    assert [*table] == ["one", "two", "three", "pooled"]
    assert table["pooled"]["questions"] == 600
    # All three were drawn from one model, so what is learnt of two holds for the third.
    assert table["pooled"]["calibration_error"] < 0.08
    assert table["pooled"]["auroc_right"] == pytest.approx(
        figures(fit(found), found)["auroc_right"], abs=0.02
    )


def test_an_answer_is_shown_where_half_are_right() -> None:
    found = drawn(20_000)
    calibration = fit(found)
    assert calibration.threshold == SHOWN_FROM
    near = [one for one in found if abs(best(one, calibration)[0] - calibration.threshold) < 0.05]
    assert len(near) > 300
    assert sum(one.candidates[0].right for one in near) / len(near) == pytest.approx(0.5, abs=0.06)


def test_operating_points_are_the_threshold_and_the_shares_that_are_refused() -> None:
    found = drawn(4_000)
    own, *others = operating_points(fit(found), found, (0.05, 0.2))
    assert own["threshold"] == SHOWN_FROM
    assert [row["refused"] for row in others] == pytest.approx([0.05, 0.2], abs=0.01)
    assert others[0]["abstained"] < others[1]["abstained"]
    assert others[0]["right_of_given"] < others[1]["right_of_given"]


def test_observations_are_saved_and_loaded_unchanged(tmp_path: Path) -> None:
    found = [*drawn(5), observation(0.1 + 0.2, right=True, question="Wer? “Zoë”\u2028\n", f1=1 / 3)]
    save_observations(tmp_path / "some.jsonl", found)
    assert load_observations(tmp_path / "some.jsonl") == found
    save_observations(tmp_path / "none.jsonl", [])
    assert load_observations(tmp_path / "none.jsonl") == []
