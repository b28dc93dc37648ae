"""The ablation: each variant changes one thing, and a row shows its figures and difference."""

from __future__ import annotations

import pytest

from eval.dataset import Example, GoldSpan
from eval.figures import MEASURES, compared
from eval.runs import Result
from eval.studies.ablation import COLUMNS, VARIANTS, row
from eval.systems import Candidate, Place, Reply
from service.settings import Settings, leaves


def result(number: int, text: str) -> Result:
    example = Example(str(number), "?", "what", "dev", (GoldSpan("a", 0, 3, "two"),))
    candidate = Candidate(text, Place("a", 0, len(text)), Place("a", 0, 9))
    return Result(example, Reply(candidate, 0.9, (Place("a", 0, 9),), 20.0), answered=True, relevant=1)


def test_every_variant_but_the_first_changes_one_thing_that_exists() -> None:
    first, *others = VARIANTS
    assert (first.changed, first.baseline) == ({}, False)
    for variant in others:
        assert bool(variant.changed) is not variant.baseline
        assert set(variant.changed) <= set(leaves())
        Settings.of(**variant.changed)


def test_every_column_is_a_measure() -> None:
    assert set(COLUMNS) <= {measure.name for measure in MEASURES}


@pytest.mark.slow
def test_a_row_holds_the_figures_and_the_difference_to_the_first() -> None:
    base = [result(number, "two") for number in range(8)]
    worse = [result(number, "six") for number in range(8)]
    assert row("as it ships", base, []) == ("| as it ships | 1.000 | 1.000 | 1.000 |  |  | 0.000 | 20.0 |  |")
    assert row("one-word", worse, compared(base, worse)) == (
        "| one-word | 0.000 | 0.000 | 1.000 |  |  | 0.000 | 20.0 | −1.000 to −1.000 |"
    )
