from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from indexer.records import Passage
from service.answers import Span
from service.confidence import Calibration, confidence_features, load_sentence_model
from service.errors import ReaderError

PASSAGE = Passage(0, "a.txt", 0, 10)
SPANS = [Span(PASSAGE, 0, 4, "0123", 2.0), Span(PASSAGE, 1, 3, "12", 0.5), Span(PASSAGE, 4, 6, "45", -1.0)]


def test_features_of_the_best_span_are_its_score_and_its_lead() -> None:
    assert confidence_features(SPANS, 0) == [2.0, 1.5]


def test_features_of_a_lower_span_have_a_negative_margin_to_the_best() -> None:
    assert confidence_features(SPANS, 1) == [0.5, -1.5]
    assert confidence_features(SPANS, 2) == [-1.0, -3.0]


def test_a_single_span_has_no_margin() -> None:
    assert confidence_features(SPANS[:1], 0) == [2.0, 0.0]


def test_confidence_is_the_logistic_of_the_weighted_features() -> None:
    calibration = Calibration((1.0, 2.0), 0.25, 0.5)
    log_odds = 0.25 + 1.0 * 0.5 + 2.0 * 0.1
    assert calibration.confidence([0.5, 0.1]) == pytest.approx(1 / (1 + math.exp(-log_odds)))


@pytest.mark.parametrize(("value", "expected"), [(1e6, 1.0), (-1e6, 0.0)])
def test_extreme_scores_give_a_probability_and_no_overflow(value: float, expected: float) -> None:
    assert Calibration((1.0, 0.0), 0.0, 0.5).confidence([value, 0.0]) == expected


def test_the_shipped_model_loads_and_tells_how_it_was_fitted() -> None:
    weights, calibration = load_sentence_model()
    assert len(weights.weights) == 3
    assert 0 < calibration.threshold < 1


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="install Quoth again"):
        load_sentence_model(tmp_path / "none.json")


def test_a_model_fitted_to_other_features_is_refused(tmp_path: Path) -> None:
    stored = {
        "reader": {"features": ["length"], "weights": [1.0], "bias": 0.0},
        "confidence": {"features": ["score"], "weights": [1.0], "bias": 0.0, "threshold": 0.5},
    }
    path = tmp_path / "other.json"
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ReaderError, match="other features"):
        load_sentence_model(path)
