"""Ranges of settings: read from the annotations, checked value by value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from annotated_types import Interval

from indexer.errors import SettingsError
from indexer.ranges import bounds, check_ranges, range_of, whole_range_of


@dataclass(frozen=True)
class Sample:
    share: Annotated[float, Interval(ge=0, le=1)] = 0.5
    count: Annotated[int, Interval(ge=1, le=1_000_000)] = 10
    limit: Annotated[int, Interval(ge=0, le=9)] | None = None
    name: str = "free"


@dataclass(frozen=True)
class Open:
    least: Annotated[int, Interval(ge=1)] = 1


def _checked(**fields: Any) -> Sample:
    sample = Sample(**fields)
    check_ranges(sample)
    return sample


@pytest.mark.parametrize(
    "fields",
    [{}, {"share": 0}, {"share": 1.0}, {"count": 1}, {"count": 1_000_000}, {"limit": 0}, {"limit": 9}],
)
def test_values_within_their_ranges_are_accepted_both_ends_included(fields: dict[str, Any]) -> None:
    _checked(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"share": -0.1}, r"share is -0\.1; choose 0 to 1"),
        ({"share": 1.0001}, r"share is 1\.0001; choose 0 to 1"),
        ({"count": 0}, r"count is 0; choose 1 to 1,000,000"),
        ({"count": 1_000_001}, r"count is 1000001; choose 1 to 1,000,000"),
        ({"limit": 10}, r"limit is 10; choose 0 to 9"),
        ({"limit": -1}, r"limit is -1; choose 0 to 9"),
    ],
)
def test_a_value_outside_its_range_is_refused_with_the_range(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        _checked(**fields)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(SettingsError, match="share is"):
        _checked(share=value)


def test_none_is_accepted_where_a_field_is_optional() -> None:
    assert _checked(limit=None).limit is None


def test_a_field_without_a_range_is_not_checked() -> None:
    assert _checked(name="").name == ""


def test_the_range_of_a_field_can_be_read_optional_ones_included() -> None:
    assert range_of(Sample, "share") == (0, 1)
    assert whole_range_of(Sample, "count") == (1, 1_000_000)
    assert whole_range_of(Sample, "limit") == (0, 9)


def test_a_field_without_a_range_has_none_to_read() -> None:
    with pytest.raises(KeyError):
        range_of(Sample, "name")


def test_an_interval_without_both_ends_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="give both `ge` and `le`"):
        bounds(Interval(ge=1))
    with pytest.raises(TypeError, match="give both `ge` and `le`"):
        check_ranges(Open())
