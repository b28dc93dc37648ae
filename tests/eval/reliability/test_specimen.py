"""The campaigns' index shows its version, and whether all of it is of that version."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from eval.reliability import specimen
from indexer.corpus import Failure
from indexer.errors import IndexMissingError
from indexer.records import Article
from indexer.settings import FaissKind

_articles = specimen.Library.articles


@pytest.mark.parametrize("kind", get_args(FaissKind))
def test_a_published_version_is_read(tmp_path: Path, kind: FaissKind) -> None:
    with pytest.raises(IndexMissingError):
        specimen.read(tmp_path / "index")
    for version in (3, 4):
        specimen.publish(tmp_path / "index", version, kind)
        assert specimen.read(tmp_path / "index") == version
    assert specimen.leftovers(tmp_path / "index") == []
    (tmp_path / "index" / ".building-x").mkdir()
    assert specimen.leftovers(tmp_path / "index") == [".building-x"]


def _some(library: specimen.Library, on_failure: Callable[[Failure], None], *_: object) -> Iterator[Article]:
    yield from list(_articles(library, on_failure))[1:]


def _mixed(library: specimen.Library, on_failure: Callable[[Failure], None], *_: object) -> Iterator[Article]:
    other = specimen.Library(library.version + 1)
    yield from [*list(_articles(library, on_failure))[1:], *list(_articles(other, on_failure))[:1]]


def _other_text(
    library: specimen.Library, on_failure: Callable[[Failure], None], *_: object
) -> Iterator[Article]:
    for article in _articles(library, on_failure):
        yield replace(article, text=article.text.replace("day1", "day7"))


@pytest.mark.parametrize(
    ("articles", "said"),
    [
        (_some, "does not have the articles of version 1"),
        (_mixed, "serves versions"),
        (_other_text, "another harbour.txt than version 1"),
    ],
)
def test_an_index_that_is_not_one_version_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    articles: Callable[..., Iterator[Article]],
    said: str,
) -> None:
    monkeypatch.setattr(specimen.Library, "articles", articles)
    specimen.publish(tmp_path / "index", 1)
    monkeypatch.undo()
    with pytest.raises(specimen.NotWholeError, match=said):
        specimen.read(tmp_path / "index")


def test_a_workplace_is_removed_and_warnings_are_logged_again_afterwards(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with specimen.workplace(tmp_path) as work:
        (work / "file").write_text("x")
        logging.getLogger("anything").warning("not shown")
    logging.getLogger("anything").warning("shown")
    assert list(tmp_path.iterdir()) == []
    assert [record.message for record in caplog.records] == ["shown"]
