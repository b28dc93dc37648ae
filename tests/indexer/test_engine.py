"""The filters as data: when they restrict, when they contradict, how publishers compare."""

from __future__ import annotations

import datetime

import pytest

from indexer.engine import Filters, fold_publisher

_DAY = datetime.date(2024, 1, 24)
_NEXT = datetime.date(2024, 1, 25)


def test_filters_without_a_value_are_false() -> None:
    assert not Filters()


@pytest.mark.parametrize(
    "filters",
    [
        Filters(publishers=("Harbour Post",)),
        Filters(article_ids=("a.txt",)),
        Filters(published_from=_DAY),
        Filters(published_to=_DAY),
    ],
)
def test_filters_with_any_value_are_true(filters: Filters) -> None:
    assert filters


@pytest.mark.parametrize(
    ("first", "last", "contradict"),
    [
        (_DAY, _NEXT, False),
        (_DAY, _DAY, False),
        (_NEXT, _DAY, True),
        (None, _DAY, False),
        (_DAY, None, False),
    ],
)
def test_filters_contradict_if_the_range_of_dates_is_empty(
    first: datetime.date | None, last: datetime.date | None, contradict: bool
) -> None:
    assert Filters(published_from=first, published_to=last).contradict is contradict


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Harbour Post", "harbour post"),
        ("  HARBOUR \t\u00a0 Post\n", "harbour post"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_a_publisher_is_compared_without_case_and_space(name: str, folded: str) -> None:
    assert fold_publisher(name) == folded
