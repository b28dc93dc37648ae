"""Front matter: what is metadata, what is text, and what programs call the fields."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.formats.front_matter import split_front_matter
from indexer.records import Metadata

MARCH = datetime.date(2024, 3, 5)
MAY = datetime.date(2024, 5, 13)


def metadata(block: str, fence: str = "---") -> Metadata:
    stated, text = split_front_matter(f"{fence}\n{block}\n{fence}\nThe text.\n")
    assert text == "The text.\n"
    return stated


# What is front matter


@pytest.mark.parametrize(
    "source",
    [
        "---\ntitle: Harbour report\n---\nText",
        "---\r\ntitle: Harbour report\r\n---\r\nText",
        "\ufeff---\ntitle: Harbour report\n---\nText",
        "\n\n---\ntitle: Harbour report\n---\nText",
        "---   \ntitle: Harbour report\n...\nText",
        "---yaml\ntitle: Harbour report\n---\nText",
        '---json\n{"title": "Harbour report"}\n---\nText',
        '+++\ntitle = "Harbour report"\n+++\nText',
        '---toml\ntitle = "Harbour report"\n---\nText',
        '{\n  "title": "Harbour report",\n  "tags": []\n}\nText',
    ],
)
def test_front_matter_in_any_notation_is_metadata_and_not_text(source: str) -> None:
    assert split_front_matter(source) == (Metadata(title="Harbour report"), "Text")


@pytest.mark.parametrize(
    "source",
    [
        "---\nClarification: the first version named the wrong ship.\n---\n\n# Ferry\n\nText",
        "---\nNote: closed on Sunday\n---\nText",
        "---\nUpdated: The mayor has since resigned. She leaves in June.\n---\nText",
        "---\nFrom: Ada\nTo: Bo\nDate: 5 May 2024\nSubject: The ferry\n---\nText",
        "---\nAdults: 12\nChildren: 6\n---\nText",
        "---\nWhat the council said about it: nothing\n---\nText",
        "+++\nnot toml\n+++\nText",
        '+++\ntitle = "never closed"\nText',
        '{"width": 3}\nText',
        "{ braces } open this text\n",
        '{"title": "A"} and more on the line',
    ],
)
def test_a_text_that_opens_like_front_matter_stays_whole(source: str) -> None:
    assert split_front_matter(source) == (Metadata(), source)


@pytest.mark.parametrize(
    "block", ["layout: default", "toc: true", "hide:\n  - navigation", "nav_order: 3\nhas_toc: no"]
)
def test_settings_without_metadata_are_front_matter_too(block: str) -> None:
    assert metadata(block) == Metadata()


@pytest.mark.parametrize(
    ("block", "title"),
    [
        ("title: Ferry: the facts\nlayout: post", "Ferry: the facts"),
        ('title: "\'Never\', she said: \\"no\\""', "'Never', she said: \"no\""),
        ("title: 50% more, 3 #1 hits\ndate: soon", "50% more, 3"),
        ("title: '@home'\nowner: @ada", "@home"),
        ("title: Fares\nurl: {{ site.url }}/fares", "Fares"),
    ],
)
def test_titles_with_signs_that_yaml_reserves(block: str, title: str) -> None:
    assert metadata(block).title == title


@given(st.text(st.sampled_from("-+{}\"':\n ab.#[]=é"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_follows_is_always_the_end_of_the_source(tail: str) -> None:
    for opening in ("---\n", "+++\n", "{", ""):
        source = f"{opening}{tail}"
        assert source.endswith(split_front_matter(source)[1])


# Fields


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-03-05 10:00:00 -0500", MARCH),
        ("2024-03-05T10:00:00Z", MARCH),
        ("2024/03/05", MARCH),
        ("20240305", MARCH),
        ("Tue, 05 Mar 2024 10:00:00 GMT", MARCH),
        ("March 5, 2024", MARCH),
        ("5.3.2024", MARCH),
        ("13/05/2024", MAY),
        ("05/13/2024", MAY),
        ("03/05/2024", None),  # the fifth of March or the third of May
        ("31.02.2024", None),
        ("true", None),
    ],
)
def test_usual_dates_are_read_and_ambiguous_ones_are_not(value: str, date: datetime.date | None) -> None:
    assert metadata(f"title: A\ndate: {value}").published == date


@pytest.mark.parametrize(
    "value", ["2024-03-05", "2024-03-05T10:00:00Z", "2024-03-05T10:00:00", '"5 March 2024"']
)
def test_dates_in_toml(value: str) -> None:
    assert metadata(f"date = {value}", "+++").published == MARCH


@pytest.mark.parametrize(
    "name",
    ["lastmod", "updated", "modified", "last_modified_at", "lastModified", "date-modified", "last_updated"],
)
def test_both_dates_are_kept_under_any_usual_name(name: str) -> None:
    stated = metadata(f"publishDate: 2024-03-05\n{name}: 2024-05-13")
    assert (stated.published, stated.modified) == (MARCH, MAY)


def test_a_name_without_a_date_does_not_hide_the_next() -> None:
    assert metadata("updated: true\nlastmod: 2024-05-13").modified == MAY
    assert metadata("last_update:\n  date: 2024-05-13\n  author: Bo").modified == MAY


@pytest.mark.parametrize(
    ("block", "author"),
    [
        ("author: Ada Krog", "Ada Krog"),
        ("author: Ada Krog <ada@example.org>", "Ada Krog"),
        ("author:\n  name: Ada Krog\n  title: Editor", "Ada Krog"),
        ("authors:\n  - name: Ada Krog\n    url: https://example.org\n  - Bo Lie", "Ada Krog, Bo Lie"),
        ("authors:\n  ada:\n    name: Ada Krog", "Ada Krog"),
        ("params:\n  author: Ada Krog", "Ada Krog"),
        ("author:\n  url: https://example.org", None),
    ],
)
def test_authors_are_people_in_any_notation(block: str, author: str | None) -> None:
    assert metadata(f"title: A\n{block}").author == author


def test_tables_of_toml_hold_the_sites_own_fields() -> None:
    stated = metadata('title = "A"\n[extra]\nauthor = "Ada Krog"\nlastmod = 2024-05-13', "+++")
    assert (stated.title, stated.author, stated.modified) == ("A", "Ada Krog", MAY)


def test_an_address_is_no_publisher() -> None:
    stated = metadata("title: A\nsource: https://example.org/a\npublisher: The Daily")
    assert stated.publisher == "The Daily"
