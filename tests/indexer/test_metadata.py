"""Metadata: the sidecar's checks, what is read from a text, and which source wins."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import SidecarError
from indexer.metadata import check_entry, combine, guess, parse_date, read_sidecar, web_url
from indexer.records import Metadata

MARKUP = Metadata(
    "Markup title", "Markup press", "Mark Up", datetime.date(2020, 1, 2), "https://markup.org/a"
)


def sidecar(folder: Path, text: str | bytes) -> dict[str, dict[str, Any]]:
    (folder / "metadata.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    return {name: check_entry(name, table) for name, table in read_sidecar(folder).items()}


def test_a_folder_without_a_sidecar_states_nothing(tmp_path: Path) -> None:
    assert read_sidecar(tmp_path) == {}


def test_a_sidecar_states_each_field(tmp_path: Path) -> None:
    stated = sidecar(
        tmp_path,
        """
        ["news/a.txt"]
        title = "  A title "
        publisher = ""
        author = "Jane Doe"
        published = 2024-01-31
        url = "https://example.org/a"
        """,
    )

    assert stated == {
        "news/a.txt": {
            "title": "A title",
            "publisher": None,
            "author": "Jane Doe",
            "published": datetime.date(2024, 1, 31),
            "url": "https://example.org/a",
        }
    }


@pytest.mark.parametrize("value", ["2024-01-31", "2024-01-31T23:00:00Z", '"2024-01-31"', '"31 January 2024"'])
def test_a_sidecar_date_may_be_written_in_several_ways(tmp_path: Path, value: str) -> None:
    stated = sidecar(tmp_path, f'["a.txt"]\npublished = {value}')

    assert stated == {"a.txt": {"published": datetime.date(2024, 1, 31)}}
    assert type(stated["a.txt"]["published"]) is datetime.date


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["a.txt"]\nheadline = "x"', "unknown field 'headline'; known: title, publisher"),
        ('["a.txt"]\ntitle = 7', "title of 'a.txt' is not text"),
        ('["a.txt"]\ntitle = "  "', "title of 'a.txt' is not text"),
        ('["a.txt"]\nauthor = ["x", "y"]', "author of 'a.txt' is not text"),
        ('["a.txt"]\npublished = 2024', "not a date; write 2024-01-31"),
        ('["a.txt"]\npublished = "soon"', "not a date"),
        ('["a.txt"]\npublished = 10:30:00', "not a date"),
        ('["a.txt"]\nurl = "javascript:alert(1)"', "http:// or https://"),
        ('["a.txt"]\nurl = "example.org/a"', "http:// or https://"),
        ('title = "x"', "'title' is not a table"),
        ('["a.txt"\n', "cannot be read"),
        (b'["a.txt"]\ntitle = "caf\xe9"', "cannot be read"),
        ("x = " + "[" * 5000, "cannot be read"),
    ],
)
def test_an_invalid_sidecar_is_refused_with_the_place(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(SidecarError, match=message):
        sidecar(tmp_path, text)


def test_the_sidecar_wins_over_markup_and_markup_over_the_text() -> None:
    text = "A headline from the text\nBy Tex Ter\n3 March 2021\n\nThe body."

    merged = combine({"title": "Stated"}, Metadata(publisher="Markup press", author="Mark Up"), text)

    assert merged == Metadata("Stated", "Markup press", "Mark Up", datetime.date(2021, 3, 3), None)


def test_an_empty_field_of_the_sidecar_is_unknown_whatever_other_sources_state() -> None:
    text = "A headline from the text\nBy Tex Ter\n3 March 2021\n\nThe body."
    unknown = dict.fromkeys(("title", "publisher", "author", "published", "url"))

    assert combine(unknown, MARKUP, text) == Metadata()


def test_without_a_sidecar_markup_is_kept() -> None:
    assert combine(None, MARKUP, "Some text.") == MARKUP
    assert combine({}, MARKUP, "Some text.") == MARKUP


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ministers agree on cable\nBy Jane Doe and John Smith\nPublished: March 3, 2021\n\nThe body.",
            Metadata("Ministers agree on cable", None, "Jane Doe and John Smith", datetime.date(2021, 3, 3)),
        ),
        (
            "China / Society\nSmart cities make progress\nBy Liu Xiaozhuo (example.org)\nUpdated: 2016-09-12",
            Metadata("Smart cities make progress", None, "Liu Xiaozhuo", datetime.date(2016, 9, 12)),
        ),
        (
            "BEIJING, Jan. 24 (Xinhua) -- The ministers met on the coast today.",
            Metadata(publisher="Xinhua"),
        ),
        ("A sentence that opens the text. Another.\nMore of it.", Metadata()),
        ("Only one line without a stop", Metadata()),
        ("The treaty of 3 March 2021 was signed by the two ministers in the capital.\nMore.", Metadata()),
        ("By the end of the year trade grew.\nIt was decided by Jane Doe.", Metadata()),
        ("lower case start of a text\nMore of it.", Metadata()),
        ("", Metadata()),
    ],
)
def test_only_metadata_that_a_text_plainly_shows_is_read_from_it(text: str, expected: Metadata) -> None:
    assert guess(text) == expected


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_a_guess_is_always_words_of_the_text(text: str) -> None:
    found = guess(text)

    for value in (found.title, found.publisher, found.author):
        assert value is None or (value and value in text)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-01-31", datetime.date(2024, 1, 31)),
        ("on Sept 5, 2020 or so", datetime.date(2020, 9, 5)),
        ("SEPT. 5, 2023", datetime.date(2023, 9, 5)),
        ("Sep 5, 2020", datetime.date(2020, 9, 5)),
        ("Sep. 5th 2020", datetime.date(2020, 9, 5)),
        ("May 1, 2022", datetime.date(2022, 5, 1)),
        ("1st May 2022", datetime.date(2022, 5, 1)),
        ("31 Dec. 1999", datetime.date(1999, 12, 31)),
        ("29 February 2023", None),
        ("2024-02-30", None),
        ("0000-01-01", None),
        ("01/02/2024", None),
        ("12024-01-311", None),
        ("", None),
    ],
)
def test_only_valid_unambiguous_dates_are_read(text: str, date: datetime.date | None) -> None:
    assert parse_date(text) == date


@given(
    st.dates(),
    st.sampled_from(["{d:%Y-%m-%d}", "{d.day} {d:%B} {d.year:04}", "{d:%b}. {d.day}, {d.year:04}"]),
)
@settings(max_examples=150, deadline=None)
def test_a_written_date_is_read_back(date: datetime.date, form: str) -> None:
    written = form.format(d=date) if "%Y" not in form else date.isoformat()

    assert parse_date(written) == date


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a?b#c", "https://example.org/a?b#c"),
        (" http://example.org ", "http://example.org"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("javascript:alert(1)", None),
        (" JavaScript:alert(1)//http://x.org", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("http:example.org", None),
        ("//example.org", None),
        ("http://[bad", None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_pass(address: str | None, expected: str | None) -> None:
    assert web_url(address) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Remembering September 11, 2001",
        "Founded May 3, 1999, in Ohio",
        "The treaty of 4 July 1776 at last",
        "Dated May 3, 1999, the treaty binds both sides to trade",
        "Published works since 1999-05-03 are listed",
    ],
)
def test_a_date_that_a_line_only_mentions_is_not_the_date_of_publication(line: str) -> None:
    assert guess(f"{line}\n\nThe body goes on here.").published is None


@pytest.mark.parametrize(
    "line",
    [
        "SEPT. 5, 2023",
        "Tuesday, 5 September 2023",
        "September 5, 2023, 10:30 a.m. EDT",
        "Updated: 2023-09-05 19:16",
        "date 2023-09-05 BEIJING - The body begins here.",
        "Published Sept 5, 2023",
    ],
)
def test_a_dateline_gives_the_date_of_publication(line: str) -> None:
    assert guess(f"Ministers agree on cable\n\n{line}\n\nThe body.").published == datetime.date(2023, 9, 5)


@pytest.mark.parametrize(
    "text",
    [
        "The committee met on Tuesday to consider the proposal that had been\nput to it by the chair.\n",
        "SEPT. 5, 2023\n\nThe body goes on here.",
        "By the Associated Press\n\nThe body goes on here.",
        "Only one line stands here",
    ],
)
def test_prose_a_date_or_a_byline_is_not_a_title(text: str) -> None:
    assert guess(text).title is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["A and ", "Aa and ", "Aa Bb, ", "Aa & ", "Aa bb Cc and ", "a / ", "1 ", "A ", "jan ", " "]
)
def test_no_first_line_takes_long_to_read(unit: str) -> None:
    """The byline pattern matched "By A and A and A" in exponentially many ways."""
    for line in ("By " + unit * 600 + "1", unit * 600 + "!"):
        assert guess(f"{line}\n\nThe body goes on here.").author is None
        assert guess(f"The headline stands here\n{line}\nThe body goes on here.").author is None


def test_a_number_too_long_for_python_is_a_sidecar_error(tmp_path: Path) -> None:
    (tmp_path / "metadata.toml").write_text("a = " + "9" * 5_000)
    with pytest.raises(SidecarError, match="correct it and index again"):
        read_sidecar(tmp_path)


@pytest.mark.parametrize(
    ("mark", "line_end"), [(b"\xef\xbb\xbf", "\n"), (b"", "\r\n"), (b"\xef\xbb\xbf", "\r\n")]
)
def test_a_sidecar_may_have_a_byte_order_mark_and_any_line_ends(
    tmp_path: Path, mark: bytes, line_end: str
) -> None:
    lines = ['["a.txt"]', 'title = "Tides"', "published = 2024-01-31", "modified = 2024-02-01", ""]

    assert sidecar(tmp_path, mark + line_end.join(lines).encode()) == {
        "a.txt": {
            "title": "Tides",
            "published": datetime.date(2024, 1, 31),
            "modified": datetime.date(2024, 2, 1),
        }
    }


@pytest.mark.parametrize("value", ["2024-01-31T23:30:00+09:00", "2024-01-31T05:00Z", "2024-01-31 08:15"])
def test_the_day_of_a_timestamp_is_the_day_that_is_written(value: str) -> None:
    assert parse_date(value) == datetime.date(2024, 1, 31)
