"""What an HTML page states about its article: headline, people, publisher, both days; nothing guessed."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from indexer.formats.html_metadata import page_metadata
from indexer.formats.html_metadata.names import names_of
from indexer.records import Metadata

DAY = datetime.date(2024, 5, 7)


def read(head: str = "", body: str = "") -> Metadata:
    page = f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}<p>The text.</p></body></html>"
    return page_metadata(etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8")))


def linked(**properties: Any) -> str:
    return ld(json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", **properties}))


def ld(source: str) -> str:
    return f'<script type="application/ld+json">{source}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


# title


@pytest.mark.parametrize(
    "title",
    [
        "Ferry sinks off Holm - The Gazette",
        "Ferry sinks off Holm | Gazette",
        "The Gazette: Ferry sinks off Holm",
    ],
)
def test_the_sites_name_is_cut_where_it_is_known(title: str) -> None:
    head = f"<title>{title}</title>{meta('og:site_name', 'The Gazette')}"

    assert read(head).title == "Ferry sinks off Holm"


@pytest.mark.parametrize(
    "title", ["Holm – a town without a ferry", "Ferry, bridge or tunnel | What now?", "Holm: the last ferry"]
)
def test_a_titles_own_dash_stays(title: str) -> None:
    assert read(f"<title>{title}</title>{meta('og:site_name', 'The Gazette')}").title == title


def test_another_title_confirms_the_cut() -> None:
    head = "<title>Ferry sinks off Holm - Coast Weekly</title>" + meta("og:title", "Ferry sinks off Holm")

    assert read(head).title == "Ferry sinks off Holm"


def test_the_visible_headline_is_the_title_before_what_is_made_for_search_engines() -> None:
    head = meta("og:title", "Holm ferry sinking: what we know about the ferry that sank")

    assert read(head, "<article><h1>The ferry that sank at night off Holm</h1></article>").title == (
        "The ferry that sank at night off Holm"
    )


def test_a_kicker_is_no_part_of_the_headline() -> None:
    head = meta("og:title", "The ferry sank at night")
    body = "<h1><span class='kicker'>Accident</span> <span>The ferry sank at night</span></h1>"

    assert read(head, body).title == "The ferry sank at night"


@pytest.mark.parametrize(
    "body",
    [
        "<header><h1><a href='/'>The Gazette</a></h1></header><h2>Ferry sinks off Holm</h2>",
        "<h1 hidden>Menu of the site and more</h1><h2>Ferry sinks off Holm</h2>",
    ],
)
def test_a_logo_or_a_hidden_heading_is_no_headline(body: str) -> None:
    head = "<title>The Gazette: Ferry sinks off Holm</title>" + meta("og:title", "Ferry sinks off Holm")

    assert read(head, body).title == "Ferry sinks off Holm"


def test_entities_are_decoded_and_capitals_kept() -> None:
    assert read(meta("og:title", "FERRY &amp;amp; bridge: who&amp;#039;s next?")).title == (
        "FERRY & bridge: who's next?"
    )


# author


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ({"@type": "Person", "name": "Jane Doe"}, "Jane Doe"),
        ([{"name": "Jane Doe"}, {"name": "Bo Lie"}], "Jane Doe, Bo Lie"),
        ("By Jane Doe and Bo Lie", "Jane Doe, Bo Lie"),
        ({"name": ["Jane Doe", "Bo Lie"]}, "Jane Doe, Bo Lie"),
        ({"givenName": "Jane", "familyName": "Doe"}, "Jane Doe"),
        ([{"name": "Jane Doe"}, {"@type": "Organization", "name": "Coast Press"}], "Jane Doe"),
        ([{"name": "Jane Doe"}, {"name": "JANE DOE"}], "Jane Doe"),
        ({"@type": "Organization", "name": "Coast Press"}, "Coast Press"),
        ({"name": "https://social.example/jane"}, None),
        ("By Jane Doe | Reuters", "Jane Doe"),
        ("Staff writer", None),
    ],
)
def test_authors_in_json_ld_are_people(author: Any, expected: str | None) -> None:
    assert read(linked(headline="Ferry sinks", author=author)).author == expected


def test_an_author_may_be_a_reference_within_a_graph() -> None:
    graph = {
        "@graph": [
            {"@type": "WebPage", "@id": "#page"},
            {"@type": "Article", "headline": "Ferry sinks", "author": {"@id": "#jane"}},
            {"@type": "Person", "@id": "#jane", "name": "Jane Doe"},
            {"@type": "Person", "@id": "#bo", "name": "Bo Lie"},
        ]
    }

    assert read(ld(json.dumps(graph))).author == "Jane Doe"


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("Jane Doe, Political correspondent", ["Jane Doe"]),
        ("JANE DOE, BO LIE and ANN-MARI O’HARA", ["JANE DOE", "BO LIE", "ANN-MARI O’HARA"]),
        ("Anna and Peter Smith", ["Anna and Peter Smith"]),
        ("Doe, Jane", ["Jane Doe"]),
        ("Martin Luther King, Jr.", ["Martin Luther King, Jr."]),
        ("Jane Doe, MD, PhD", ["Jane Doe"]),
        ("von Jane Doe und Bo Lie", ["Jane Doe", "Bo Lie"]),
        ("Text und Fotos: Jane Doe", ["Jane Doe"]),
        ("View all posts by Jane Doe", ["Jane Doe"]),
        ("Jane Doe (AP)", ["Jane Doe"]),
        ("Ludwig van den Berg", ["Ludwig van den Berg"]),
        ("(Image: Getty Images)", []),
        ("Senior reporter", []),
        ("jane@gazette.example", []),
        ("", []),
    ],
)
def test_names_are_whole_and_without_roles(statement: str, names: list[str]) -> None:
    assert names_of(statement) == names


def test_names_in_bibliographic_data_are_inverted() -> None:
    head = "".join(
        f"<meta name='citation_author' content='{name}'>" for name in ("Doe, Jane", "van Berg, Bo")
    )

    assert read(head).author == "Jane Doe, Bo van Berg"


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Ferry sinks</h1><div class='byline'>By <a href='/staff/j'>Jane Doe</a> <b>7 May</b></div>",
        "<h1>Ferry sinks</h1><p><span>By </span><a href='/profile/jane-12'>Jane Doe</a></p>",
        "<h1>Ferry sinks</h1><p><a rel='author' href='/x'>Jane Doe</a></p>",
        "<h1>Ferry sinks</h1><div itemprop='author'><span itemprop='name'>Jane Doe</span>, reporter</div>",
        "<h1>Ferry sinks</h1><p class='author'>Jane Doe<span>Chief editor</span><span>5 min read</span></p>",
    ],
)
def test_a_visible_byline_is_read(body: str) -> None:
    assert read(meta("og:title", "Ferry sinks"), body).author == "Jane Doe"


def test_authors_of_other_articles_and_comments_are_not_read() -> None:
    body = """
        <article><h1>Ferry sinks</h1><p><a rel="author" href="/a">Jane Doe</a></p></article>
        <div class="related"><p>{}<a rel="author" href="/b">Bo Lie</a></p></div>
        <div itemprop="comment" itemscope><span itemprop="author">Ann Oh</span></div>
    """.format("Another article. " * 30)

    assert read(meta("og:title", "Ferry sinks"), body).author == "Jane Doe"


def test_the_sites_name_and_place_are_no_people() -> None:
    head = meta("og:site_name", "The Gazette") + meta("author", "The Gazette, Holm, Norway")

    assert read(head).author == "The Gazette, Holm, Norway"


# dates


@pytest.mark.parametrize(
    "head",
    [
        linked(datePublished="2024-05-07T23:30:00-08:00"),
        meta("article:published_time", "2024-05-07T00:30:00+09:00"),
        "<meta name='DC.date.issued' content='2024-05-07'>",
        "<meta name='parsely-pub-date' content='2024-05-07T10:00:00Z'>",
        "<meta name='pubdate' content='20240507'>",
        "<meta name='date' content='Tue, 07 May 2024 10:00:00 GMT'>",
        "<meta name='date' content='7. Mai 2024'>",
        "<meta name='date' content='31/05/2024'>".replace("31/05", "07.05").replace("/", "."),
    ],
)
def test_a_stated_day_is_read_as_the_page_writes_it(head: str) -> None:
    assert read(head).published == DAY


def test_both_days_are_kept() -> None:
    found = read(linked(datePublished="2024-05-07", dateModified="2024-06-01T08:00:00Z"))

    assert (found.published, found.modified) == (DAY, datetime.date(2024, 6, 1))


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Ferry sinks</h1><time datetime='2024-05-07' pubdate>Tuesday</time>",
        "<h1>Ferry sinks</h1><p>Published on May 7, 2024</p><p>Updated May 9, 2024</p>",
        "<h1>Ferry sinks</h1><span class='date'>7 May 2024</span>",
    ],
)
def test_the_line_beside_the_headline_gives_the_day(body: str) -> None:
    assert read(meta("og:title", "Ferry sinks"), body).published == DAY


@pytest.mark.parametrize(
    "page",
    [
        ("", "<h1>Ferry sinks</h1><p>5 May 2024</p><p>7 May 2024</p>"),
        ("", "<h1>Ferry sinks</h1><p>05/04/2024</p>"),
        (linked(datePublished="1970-01-01T00:00:00Z"), ""),
        (linked(datePublished="soon"), ""),
        (linked(datePublished="2024-13-45"), ""),
        ("<meta name='date' content='2024'>", ""),
        ("", "<footer><time datetime='2024-05-07'>7 May</time></footer>"),
    ],
)
def test_a_day_in_doubt_is_not_read(page: tuple[str, str]) -> None:
    head, body = page

    assert read(meta("og:title", "Ferry sinks") + head, body).published is None


# publisher and address


@pytest.mark.parametrize(
    ("head", "publisher"),
    [
        (
            linked(publisher={"name": "Coast &amp; Sea"}) + meta("og:site_name", "coast.example"),
            "Coast & Sea",
        ),
        (meta("og:site_name", "The Gazette"), "The Gazette"),
        ("<meta name='application-name' content='The Gazette'>", "The Gazette"),
        (meta("article:publisher", "https://social.example/gazette"), None),
        ("<link rel='canonical' href='https://gazette.example/a'>", None),
    ],
)
def test_the_publisher_is_as_the_page_states_it(head: str, publisher: str | None) -> None:
    assert read(head).publisher == publisher


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ("<link rel='canonical' href='https://gazette.example/a'>", "https://gazette.example/a"),
        (
            "<link rel='canonical' href='/a'>" + meta("og:url", "https://coast.example/b"),
            "https://coast.example/b",
        ),
        ("<link rel='canonical' href='javascript:alert(1)'>", None),
    ],
)
def test_only_an_absolute_web_address_is_kept(head: str, url: str | None) -> None:
    assert read(head).url == url


# faults


@pytest.mark.parametrize(
    "source",
    [
        '{"@type": "NewsArticle", "headline": "Ferry sinks", "author": {"name": "Jane Doe",}, }',
        '/* made by a plugin */ {"@type": "NewsArticle", "headline": "Ferry // sinks", "author": "Jane Doe"}',
        '//<![CDATA[\n{"@type": "Article", "author": "Jane Doe"}\n//]]>',
        '<!-- {"@type": "Article", "author": "Jane Doe"} -->',
        '{"@type": "Article", "description": "two\nlines\tand a tab", "author": "Jane Doe"}',
        '{"@type": "Article", "description": "it\\\'s", "author": "Jane Doe"};',
        '{"@type": "WebSite", "name": "x"}{"@type": "Article", "author": "Jane Doe"}',
    ],
)
def test_faulty_json_ld_is_read(source: str) -> None:
    assert read(ld(source)).author == "Jane Doe"


@pytest.mark.parametrize(
    "source", ["", "{", "null", "[1, 2]", '"text"', "[" * 3000, '{"@type": ["Article", 7]}']
)
def test_hopeless_json_ld_states_nothing(source: str) -> None:
    assert read(ld(source)) == Metadata()


@given(st.text(alphabet="<>/=\"'{}[]:,abh1 timeclass&;-|", max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_markup_is_an_error(source: str) -> None:
    found = read(ld(source) + source, f"<h1>{source}</h1>")

    assert found.published is None
