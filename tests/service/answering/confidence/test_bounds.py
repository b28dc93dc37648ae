"""Conditions on numbers."""

from __future__ import annotations

import math

import pytest

from service.answering.confidence.bounds import Bounds, bounds, bounds_with_ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("more than 80 hours", Bounds(80, math.inf, "hour", without_least=True)),
        ("80 hours or less", Bounds(-math.inf, 80, "hour")),
        ("at least 18 years old", Bounds(18, math.inf, "year")),
        ("under 13 years", Bounds(-math.inf, 13, "year", without_most=True)),
        ("not more than 1,500 euros", Bounds(-math.inf, 1500, "euro")),
        ("no fewer than 3 members", Bounds(3, math.inf, "member")),
        ("a fine in excess of $500 dollars", Bounds(500, math.inf, "dollar", without_least=True)),
        ("65 years and older", Bounds(65, math.inf, "year")),
        ("for 100 hours", Bounds(100, 100, "hour", exact=True)),
        ("with ten years", Bounds(10, 10, "year", exact=True)),
        ("between 3 and 15 years", Bounds(3, 15, "year")),
        ("from three to 15 years", Bounds(3, 15, "year")),
        ("ages 3–15 years", Bounds(3, 15, "year")),
    ],
)
def test_conditions_on_numbers_are_read(text: str, expected: Bounds) -> None:
    assert [*bounds(text)] == [expected]


def test_bounds_within_others() -> None:
    more_than_five, seven, five = (next(bounds(text)) for text in ("more than 5 km", "7 km", "5 km"))
    assert seven.within(more_than_five)
    assert not five.within(more_than_five)
    assert not more_than_five.within(seven)
    assert five.within(next(bounds("at least 5 km")))
    assert not seven.within(next(bounds("more than 5 miles")))


def test_bounds_come_with_their_places() -> None:
    text = "It is more than 5 km from here and 7 m deep."
    assert [text[start:end] for (start, end), _ in bounds_with_ranges(text)] == ["more than 5 km", "7 m"]
