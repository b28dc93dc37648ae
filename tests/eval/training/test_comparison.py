"""One reader beside another, by hand-made readings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.training.comparison import Reading, apart, row


def reading(f1: dict[str, list[float]], answered: list[float], unanswered: list[float]) -> Reading:
    return Reading(
        {name: np.array(values) for name, values in f1.items()}, np.array(answered), np.array(unanswered)
    )


def test_every_set_counts_alike_however_many_questions_it_has() -> None:
    found = reading({"wiki": [1.0] * 30, "qed": [0.0, 0.5]}, [1.0], [0.0])
    assert found.mean_f1 == pytest.approx((1.0 + 0.25) / 2)


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    # Of the six pairs, 5 > 1, 5 > 4, 3 > 1 and 2 > 1 stand in order; 3 < 4 and 2 < 4 do not.
    assert reading({"wiki": [1.0]}, [5.0, 3.0, 2.0], [1.0, 4.0]).auroc == pytest.approx(4 / 6)


def test_a_reading_beside_itself_differs_by_nothing() -> None:
    draw = np.random.default_rng(0)
    one = reading(
        {"wiki": list(draw.random(40)), "qed": list(draw.random(20))}, [*draw.random(30)], [*draw.random(30)]
    )
    for found in apart(one, one, samples=200):
        assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
        assert not found.significant


def test_what_is_better_question_by_question_is_so_in_every_draw() -> None:
    before = [0.1, 0.9, 0.3, 0.7] * 10
    base = reading({"wiki": before}, [1.0, 2.0, 3.0], [1.5, 2.5])
    better = reading({"wiki": [value + 0.05 for value in before]}, [11.0, 12.0, 13.0], [1.5, 2.5])
    f1, area = apart(base, better, samples=200)
    # The questions differ much more than the runs do: only pairing them shows it.
    assert (f1.low, f1.high) == pytest.approx((0.05, 0.05))
    assert area.value == pytest.approx(1 - 3 / 6)
    assert row(base, better) == [
        "55.0",
        "55.0",
        "+5.0 to +5.0",
        "1.000",
        f"{area.low:+.3f} to {area.high:+.3f}",
    ]
    assert row(base, base) == ["50.0", "50.0", "", "0.500", ""]


def test_a_reading_is_kept_as_it_was(tmp_path: Path) -> None:
    one = reading({"wiki": [0.0, 0.5], "qed": [1.0]}, [2.0, -np.inf], [3.0])
    one.save(tmp_path / "reading.npz")
    found = Reading.load(tmp_path / "reading.npz")
    assert {name: list(values) for name, values in found.f1.items()} == {"wiki": [0.0, 0.5], "qed": [1.0]}
    assert list(found.answered) == [2.0, -np.inf]
    assert list(found.unanswered) == [3.0]
