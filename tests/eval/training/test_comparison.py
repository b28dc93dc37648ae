"""Comparison of readers, over results made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.training.comparison import ReaderResult, differences, table_row


def result(f1: dict[str, list[float]], answerable: list[float], unanswerable: list[float]) -> ReaderResult:
    return ReaderResult(
        {name: np.array(values) for name, values in f1.items()}, np.array(answerable), np.array(unanswerable)
    )


def test_every_set_weighs_the_same_whatever_its_size() -> None:
    found = result({"wiki": [1.0] * 30, "qed": [0.0, 0.5]}, [1.0], [0.0])
    assert found.mean_f1 == pytest.approx((1.0 + 0.25) / 2)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    # Of the six pairs, 5 > 1, 5 > 4, 3 > 1 and 2 > 1 are in order; 3 < 4 and 2 < 4 do not.
    assert result({"wiki": [1.0]}, [5.0, 3.0, 2.0], [1.0, 4.0]).auroc == pytest.approx(4 / 6)


def test_a_result_has_no_difference_from_itself() -> None:
    draw = np.random.default_rng(0)
    one = result(
        {"wiki": list(draw.random(40)), "qed": list(draw.random(20))}, [*draw.random(30)], [*draw.random(30)]
    )
    for found in differences(one, one, samples=200):
        assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
        assert not found.significant


def test_a_result_better_on_every_question_is_better_in_every_draw() -> None:
    before = [0.1, 0.9, 0.3, 0.7] * 10
    base = result({"wiki": before}, [1.0, 2.0, 3.0], [1.5, 2.5])
    better = result({"wiki": [value + 0.05 for value in before]}, [11.0, 12.0, 13.0], [1.5, 2.5])
    f1, area = differences(base, better, samples=200)
    # The questions vary far more than the runs: only a paired comparison shows the difference.
    assert (f1.low, f1.high) == pytest.approx((0.05, 0.05))
    assert area.value == pytest.approx(1 - 3 / 6)
    assert table_row(base, better) == [
        "55.0",
        "55.0",
        "+5.0 to +5.0",
        "1.000",
        f"{area.low:+.3f} to {area.high:+.3f}",
    ]
    assert table_row(base, base) == ["50.0", "50.0", "", "0.500", ""]


def test_a_result_is_saved_and_loaded_unchanged(tmp_path: Path) -> None:
    one = result({"wiki": [0.0, 0.5], "qed": [1.0]}, [2.0, -np.inf], [3.0])
    one.save(tmp_path / "result.npz")
    found = ReaderResult.load(tmp_path / "result.npz")
    assert {name: list(values) for name, values in found.f1.items()} == {"wiki": [0.0, 0.5], "qed": [1.0]}
    assert list(found.answerable) == [2.0, -np.inf]
    assert list(found.unanswerable) == [3.0]
