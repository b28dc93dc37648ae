"""Filters over all articles at once, compared with a plain check of each article."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engine import Filters
from indexer.engines.faiss.filtering import ArticleFilter
from indexer.records import Article, Metadata


def _article(number: int, publisher: str | None = None, published: datetime.date | None = None) -> Article:
    return Article.create(f"{number}.txt", "Words.", Metadata(publisher=publisher, published=published))


def _admitted(articles: Sequence[Article], filters: Filters) -> list[str]:
    numbers = {article.id: number for number, article in enumerate(articles)}
    mask = ArticleFilter(articles, numbers).admitted(filters)
    assert mask.dtype == np.bool_
    assert mask.shape == (len(articles),)
    return [article.id for article, admitted in zip(articles, mask, strict=True) if admitted]


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


_ARTICLES = (
    _article(0, "Harbour  Post", _day("2024-01-24")),
    _article(1, "Railway Times", _day("2024-06-30")),
    _article(2),
    _article(3, "harbour post ", None),
    _article(4, None, _day("2024-03-01")),
)


def test_empty_filters_admit_every_article() -> None:
    assert _admitted(_ARTICLES, Filters()) == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]


@pytest.mark.parametrize("name", ["Harbour Post", "HARBOUR POST", " harbour   post\n"])
def test_publishers_compare_without_case_and_space(name: str) -> None:
    assert _admitted(_ARTICLES, Filters(publishers=(name,))) == ["0.txt", "3.txt"]


def test_several_publishers_admit_the_articles_of_each() -> None:
    filters = Filters(publishers=("railway times", "Harbour Post", "RAILWAY TIMES"))
    assert _admitted(_ARTICLES, filters) == ["0.txt", "1.txt", "3.txt"]


def test_publishers_fold_case_as_unicode_does() -> None:
    assert _admitted([_article(0, "Straße")], Filters(publishers=("STRASSE",))) == ["0.txt"]


@pytest.mark.parametrize("name", ["Harbour", "Harbour Post Extra", "nobody"])
def test_an_unknown_publisher_admits_nothing(name: str) -> None:
    assert _admitted(_ARTICLES, Filters(publishers=(name,))) == []


def test_an_unknown_publisher_beside_a_known_one_changes_nothing() -> None:
    assert _admitted(_ARTICLES, Filters(publishers=("nobody", "Railway Times"))) == ["1.txt"]


def test_article_ids_compare_exactly() -> None:
    assert _admitted(_ARTICLES, Filters(article_ids=("2.txt", "4.txt"))) == ["2.txt", "4.txt"]
    assert _admitted(_ARTICLES, Filters(article_ids=("2.TXT",))) == []


def test_an_article_id_that_does_not_exist_is_ignored() -> None:
    assert _admitted(_ARTICLES, Filters(article_ids=("nowhere.txt",))) == []
    assert _admitted(_ARTICLES, Filters(article_ids=("nowhere.txt", "0.txt"))) == ["0.txt"]


@pytest.mark.parametrize(
    ("published", "admitted"),
    [("2024-01-23", False), ("2024-01-24", True), ("2024-03-01", True), ("2024-06-30", True),
     ("2024-07-01", False)],
)  # fmt: skip
def test_a_date_range_includes_both_ends(published: str, admitted: bool) -> None:
    filters = Filters(published_from=_day("2024-01-24"), published_to=_day("2024-06-30"))
    assert bool(_admitted([_article(0, None, _day(published))], filters)) is admitted


def test_either_end_of_a_date_range_may_be_open() -> None:
    day = _day("2024-01-24")
    before, after = (_article(0, None, day + datetime.timedelta(days)) for days in (-1, 1))
    assert _admitted([after], Filters(published_from=day))
    assert not _admitted([before], Filters(published_from=day))
    assert _admitted([before], Filters(published_to=day))
    assert not _admitted([after], Filters(published_to=day))


@pytest.mark.parametrize(
    "filters", [Filters(published_from=datetime.date.min), Filters(published_to=datetime.date.max)]
)
def test_a_date_bound_leaves_out_undated_articles(filters: Filters) -> None:
    assert _admitted(_ARTICLES, filters) == ["0.txt", "1.txt", "4.txt"]


def test_the_first_and_the_last_day_of_the_calendar_are_dates() -> None:
    articles = [_article(0, None, datetime.date.min), _article(1, None, datetime.date.max)]
    every_day = Filters(published_from=datetime.date.min, published_to=datetime.date.max)
    assert _admitted(articles, every_day) == ["0.txt", "1.txt"]


def test_filters_together_admit_what_each_of_them_admits() -> None:
    some = Filters(article_ids=("0.txt", "1.txt", "3.txt"))
    assert _admitted(_ARTICLES, some) == ["0.txt", "1.txt", "3.txt"]
    dated = replace(some, published_from=_day("2024-06-01"))
    assert _admitted(_ARTICLES, dated) == ["1.txt"]
    assert _admitted(_ARTICLES, replace(dated, publishers=("harbour post",))) == []


def test_a_range_of_dates_that_contradicts_itself_admits_nothing() -> None:
    filters = Filters(published_from=_day("2024-06-30"), published_to=_day("2024-01-24"))
    assert _admitted(_ARTICLES, filters) == []


@pytest.mark.parametrize("filters", [Filters(), Filters(publishers=("a",)), Filters(article_ids=("a",))])
def test_a_generation_without_articles_admits_nothing(filters: Filters) -> None:
    assert _admitted([], filters) == []


# The reference: the conditions for one article, one after the other.


def _admits(filters: Filters, article: Article) -> bool:
    publisher, published = article.metadata.publisher, article.metadata.published
    if filters.article_ids and article.id not in filters.article_ids:
        return False
    if filters.publishers:
        names = {" ".join(name.casefold().split()) for name in filters.publishers}
        if " ".join((publisher or "").casefold().split()) not in names:
            return False
    if filters.published_from is not None and (published is None or published < filters.published_from):
        return False
    return filters.published_to is None or (published is not None and published <= filters.published_to)


_NAMES = st.sampled_from(
    ["Post", "post", " POST  ", "The Times", "the\ttimes", "Straße", "STRASSE", "漢字", ""]
)
_DAYS = st.dates(_day("2024-01-01"), _day("2024-01-10"))
_OPTIONAL_DAYS = st.none() | _DAYS
_RANDOM_ARTICLES = st.lists(st.tuples(st.none() | _NAMES, _OPTIONAL_DAYS), max_size=30).map(
    lambda rows: [_article(number, *row) for number, row in enumerate(rows)]
)
_RANDOM_FILTERS = st.builds(
    Filters,
    publishers=st.lists(_NAMES | st.just("nobody"), max_size=3).map(tuple),
    article_ids=st.lists(st.integers(0, 35).map("{}.txt".format), max_size=20).map(tuple),
    published_from=_OPTIONAL_DAYS,
    published_to=_OPTIONAL_DAYS,
)


@pytest.mark.slow
@given(_RANDOM_ARTICLES, _RANDOM_FILTERS)
@settings(max_examples=500, deadline=None)
def test_the_articles_admitted_are_those_of_the_reference(articles: list[Article], filters: Filters) -> None:
    expected = [article.id for article in articles if _admits(filters, article)]
    assert _admitted(articles, filters) == expected


def test_the_time_does_not_grow_with_articles_times_publishers() -> None:
    """10,000 articles and 1,000 long publishers: 10 million comparisons of strings would take minutes."""
    names = [f"{number} {'x' * 490}" for number in range(1_000)]
    articles = [_article(number, names[number % 1_000]) for number in range(10_000)]
    table = ArticleFilter(articles, {article.id: number for number, article in enumerate(articles)})
    filters = Filters(publishers=tuple(names[::2]))
    began = time.perf_counter()
    mask = table.admitted(filters)
    assert time.perf_counter() - began < 2
    assert mask.tolist() == [number % 2 == 0 for number in range(10_000)]
