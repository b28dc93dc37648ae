"""The benchmark of metadata: the layouts that it reads, and what counts as right."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from eval.benchmark.metadata import Page, is_right, pages
from indexer.metadata import parse_date
from indexer.records import Metadata


def test_the_pages_of_each_layout_are_found_with_what_they_state(tmp_path: Path) -> None:
    fundus, readability, listed = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for folder in (fundus, readability, listed / "eval"):
        folder.mkdir(parents=True)
    for year in (2023, 2024):
        (fundus / f"Gazette_{year}_05_07.html.gz").write_bytes(gzip.compress(f"<p>{year}".encode()))
    versions = {
        "V1": {"title": "Old", "authors": []},
        "V2": {"title": "New", "authors": ["Jane Doe", "Bo Lie"]},
    }
    (fundus / "Gazette.json").write_text(json.dumps(versions))
    (readability / "source.html").write_bytes(b"<p>text")
    (readability / "expected-metadata.json").write_text(json.dumps({"siteName": "Coast", "byline": None}))
    (listed / "eval" / "page.html").write_bytes(b"<p>page")
    (listed / "eval_default.json").write_text(
        json.dumps({"https://coast.example": {"file": "page.html", "date": "2024-05-07"}})
    )

    assert list(pages(tmp_path)) == [
        Page("a/Gazette_2023_05_07.html.gz", b"<p>2023", {"title": "Old"}),
        Page("a/Gazette_2024_05_07.html.gz", b"<p>2024", {"title": "New", "author": "Jane Doe, Bo Lie"}),
        Page("b", b"<p>text", {"publisher": "Coast"}),
        Page("page.html", b"<p>page", {"published": "2024-05-07"}),
    ]


@pytest.mark.parametrize(
    ("field", "expected", "found", "right"),
    [
        ("title", "The “ferry” – sinks", 'the "ferry" - sinks', True),
        ("title", "The ferry sinks", "The ferry sinks - Gazette", False),
        ("author", "By Jane Doe and Bo Lie", "Bo Lie, Jane Doe", True),
        ("author", "Jane Doe", "Jane Doe, Bo Lie", False),
        ("author", "Jane Doe", None, False),
        ("published", "2024-05-07T23:00:00Z", "2024-05-07", True),
        ("published", "2024-05-07", "2024-05-08", False),
    ],
)
def test_a_value_is_right_if_it_says_the_same(
    field: str, expected: str, found: str | None, right: bool
) -> None:
    value = parse_date(found or "") if field == "published" else found

    assert is_right(field, expected, Metadata(**{field: value})) is right  # type: ignore[arg-type]
