"""The benchmark of what is read from web pages, on made-up pages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from eval.benchmark.extraction import difference, outcome, pages, quoth, score, trafilatura_alone

BODY = "The harbour board met on Monday and settled the order of the dredging works for the year. " * 4


def page(body: str) -> bytes:
    return (
        f"<html><body><nav><a href='/'>Front page</a></nav><article>{body}</article></body></html>".encode()
    )


def test_the_pages_of_both_layouts_are_found_with_what_is_marked(tmp_path: Path) -> None:
    scraped, mozilla = tmp_path / "a", tmp_path / "b"
    (scraped / "html").mkdir(parents=True)
    (scraped / "html" / "k.html.gz").write_bytes(gzip.compress(page("<p>x</p>")))
    (scraped / "ground-truth.json").write_text(json.dumps({"k": {"articleBody": "marked words"}}))
    place = mozilla / "test" / "test-pages" / "one"
    place.mkdir(parents=True)
    (place / "source.html").write_bytes(page("<p>y</p>"))
    (place / "expected.html").write_text("<div><p>first</p><p>second</p></div>")

    assert [(one.name, one.marked) for one in pages(scraped)] == [("k", "marked words")]
    assert [(one.name, one.marked.split()) for one in pages(mozilla)] == [("one", ["first", "second"])]


@pytest.mark.parametrize(
    ("text", "recall", "precision"),
    [
        ("a b c d e", 1.0, 1.0),
        ("a b c d", 0.5, 1.0),
        ("a b c d e f g", 1.0, 0.5),
        ("", 0.0, 0.0),
    ],
)
def test_recall_and_precision_count_sequences_of_four_words(
    text: str, recall: float, precision: float
) -> None:
    assert score("a b c d e", text) == (recall, precision)


def test_a_page_is_read_by_quoth_and_by_trafilatura(tmp_path: Path) -> None:
    place = tmp_path / "test" / "test-pages" / "one"
    place.mkdir(parents=True)
    (place / "source.html").write_bytes(page(f"<p>{BODY}</p>" * 2))
    (place / "expected.html").write_text(f"<p>{BODY}</p>" * 2)
    (found,) = pages(tmp_path)

    for reader in (quoth, trafilatura_alone):
        assert outcome(found, reader).precision == 1
    assert outcome(found, quoth).recall == 1


def test_a_refused_page_counts_as_warned() -> None:
    assert quoth(b"<html><body></body></html>") == ("", True)


def test_a_difference_has_an_interval_around_it() -> None:
    mean, low, high = difference([1.0, 0.5, 0.75], [0.5, 0.5, 0.5])

    assert mean == pytest.approx(0.25)
    assert low <= mean <= high
