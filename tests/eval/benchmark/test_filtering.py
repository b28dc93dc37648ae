"""The benchmark of filters, on a small index: what it times filters as the articles' metadata says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.benchmark import filtering
from indexer.engine import Filters, fold_publisher
from indexer.engines.faiss.filtering import ArticleFilter

SIZE = 200
ENTRIES = 10


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_publisher_names_are_different_after_folding_and_of_10_to_100_characters(
    generator: np.random.Generator,
) -> None:
    names = filtering.publisher_names(500, generator)
    assert len({fold_publisher(name) for name in names}) == 500
    assert all(10 <= len(name) <= 100 for name in names)
    assert max(map(len, names)) > 95
    assert any(" " in name for name in names)


def test_each_kind_of_filter_admits_some_articles_and_not_all(generator: np.random.Generator) -> None:
    publishers = filtering.publisher_names(2 * ENTRIES, generator)
    articles = filtering.make_articles(SIZE, publishers, generator)
    kinds = filtering.filter_kinds(articles, publishers, ENTRIES, generator)
    assert list(kinds) == ["publishers", "dates", "ids", "all"]
    article_filter = ArticleFilter(articles, {article.id: number for number, article in enumerate(articles)})
    for filters in zip(*kinds.values(), strict=True):
        alone = [article_filter.admitted(one) for one in filters[:3]]
        assert all(0 < admitted.sum() < SIZE for admitted in alone)
        together = article_filter.admitted(filters[3])
        np.testing.assert_array_equal(together, np.logical_and.reduce(alone))
        named = {fold_publisher(name) for name in filters[0].publishers}
        expected = [fold_publisher(article.metadata.publisher or "") in named for article in articles]
        np.testing.assert_array_equal(alone[0], expected)
        assert _sizes(filters[3]) == (ENTRIES, ENTRIES)


def _sizes(filters: Filters) -> tuple[int, int]:
    return len(set(filters.publishers)), len(filters.article_ids)


def test_every_size_and_kind_is_timed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    filtering.main(articles=[100, SIZE], entries=ENTRIES, rounds=3, seed=1, json_=path)
    record = json.loads(path.read_text("utf-8"))
    assert [(one["articles"], one["filters"]) for one in record["timings"]] == [
        (size, kind) for size in (100, SIZE) for kind in ("publishers", "dates", "ids", "all")
    ]
    for timing in record["timings"]:
        assert timing["n"] == 3
        for times in (timing["apply"], timing["gather"]):
            assert 0 < times["p50"] <= times["p95"]
            assert times["cpu_p50"] > 0
    for opening in record["openings"]:
        assert opening["seconds"] > 0
        # Two int32 columns; besides them only the publishers' names.
        assert 8 * opening["articles"] <= opening["bytes"] <= opening["peak"] < 100_000
    printed = capsys.readouterr().out
    assert "publishers" in printed
    assert "n = 3 a row" in printed
