"""A sample of made questions is shown beside the originals."""

from __future__ import annotations

import pytest

from eval.studies.examples import ContextExample
from eval.training.samples import MAKERS, sample

TEXT = "Ada Brandt built the largest mill of Warsaw in 1931. It was included in a list."


def examples(count: int) -> list[ContextExample]:
    return [
        ContextExample.of(
            f"a/{number}", "made", "Who built the largest mill of Warsaw in 1931?", TEXT, [(0, 10)]
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("kind", ["altered", "opposite"])
def test_each_made_question_is_after_its_original(kind: str) -> None:
    drawn = sample(examples(9), kind, 4, 0)
    assert len(drawn) == 4
    assert len({one.id for _, one in drawn}) == 4
    for before, one in drawn:
        assert before == "Who built the largest mill of Warsaw in 1931?"
        assert one.question != before
        assert one.id.endswith(f"/{kind}")
    assert sample(examples(9), kind, 4, 0) == drawn


def test_no_more_are_shown_than_there_are() -> None:
    assert len(sample(examples(2), "altered", 40, 0)) == 2
    assert set(MAKERS) == {"altered", "exchanged", "opposite", "negated", "title"}
