"""The formats: the text of each file, or the reason why it cannot be read."""

from __future__ import annotations

import datetime
from pathlib import PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableFileError
from indexer.formats import Document, read_document
from indexer.formats.front_matter import split_front_matter
from indexer.records import Metadata

PROSE = "The quick brown fox jumps over the lazy dog, and the reader reads on to the end of the page. " * 3


def read(name: str, data: bytes | str) -> Document:
    return read_document(PurePath(name), data.encode() if isinstance(data, str) else data)


def page(head: str = "", body: str = "") -> str:
    return f"<html><head>{head}</head><body><article>{body}<p>{PROSE}</p></article></body></html>"


# Plain text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff")).filter(str.strip))
@settings(max_examples=100, deadline=None)
def test_plain_text_is_kept_to_the_character(text: str) -> None:
    document = read("a.txt", text)

    assert (document.text, document.metadata) == (text, Metadata())


def test_line_ends_and_outer_white_space_of_plain_text_are_kept() -> None:
    assert read("a.txt", b" One.\r\nTwo.\rThree.\n\n").text == " One.\r\nTwo.\rThree.\n\n"


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert read("a.txt", b"\xef\xbb\xbfText").text == "Text"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"one\nna\xefve", r"not UTF-8: byte 0xef at offset 6 \(line 2\)"),
        (b"abc \xed\xa0\x80", "not UTF-8"),
        ("text".encode("utf-16")[:-1], "UTF-16"),
        (b"\xef\xbb\xbf \n", "no text|no article text"),
    ],
)
def test_bytes_that_are_not_text_are_refused_with_the_reason(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(name, data)


@pytest.mark.parametrize("data", ["\u00a0\u3000", "\u2028\x0b\x85"])
def test_a_file_of_white_space_of_any_kind_has_no_text(data: str) -> None:
    with pytest.raises(UnreadableFileError, match="no text"):
        read("a.txt", data)


@pytest.mark.parametrize("data", [b"MZ\x00\x01binary", "text".encode("utf-16-le")])
def test_a_binary_file_under_a_text_name_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="NUL"):
        read("a.txt", data)


def test_an_ending_without_a_reader_is_named() -> None:
    with pytest.raises(UnreadableFileError, match=r"\.pdf"):
        read("a.pdf", b"%PDF-1.7")


@pytest.mark.parametrize("name", ["A.TXT", "a.Text", "dir/a.b.txt"])
def test_endings_count_in_any_case(name: str) -> None:
    assert read(name, "Text").text == "Text"


# Markdown


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Some *stressed* and **strong** `code`.", "Some stressed and strong code."),
        ("A [link](https://x.org) and ![an image](i.png).", "A link and an image."),
        ("# Title\n\nFirst.\n\n## Part\nSecond.", "Title\n\nFirst.\n\nPart\n\nSecond."),
        ("- one\n- two\n  - three", "one\n\ntwo\n\nthree"),
        ("> quoted\n> on", "quoted\non"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a\tb\n\n1\t2"),
        ("```py\nx = 1\n```\n\nAfter.", "x = 1\n\nAfter."),
        ("Wrapped\r\nlines\r\n\r\nNext", "Wrapped\nlines\n\nNext"),
        ("Fish &amp; chips \\* &copy;", "Fish & chips * ©"),
        ("Some <b>bold</b> word <!-- note --> here", "Some bold word here"),
        ("e\u0301 😀 שלום", "e\u0301 😀 שלום"),
        ("$5 * 3 * 2 and snake_case_name", "$5 * 3 * 2 and snake_case_name"),
    ],
)
def test_markdown_is_read_without_its_marks(source: str, text: str) -> None:
    assert read("a.md", source).text == text


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("# The *first* heading\n\nText.", "The first heading"),
        ("## A lower heading\n\nText.", None),
        ("Text.\n\n# Later", None),
        ("---\ntitle: Stated\n---\n# Heading\n\nText.", "Stated"),
    ],
)
def test_a_first_heading_is_the_title_unless_one_is_stated(source: str, title: str | None) -> None:
    assert read("a.md", source).metadata.title == title


def test_deep_lists_are_read_whole() -> None:
    source = "".join(f"{'  ' * depth}- item{depth}\n" for depth in range(40))

    assert read("a.md", source).text.split() == [f"item{depth}" for depth in range(40)]


@pytest.mark.parametrize("source", [">" * 5000 + " deep", "> - " * 300 + "deep\n\nText."])
def test_nesting_too_deep_to_read_is_refused_not_truncated(source: str) -> None:
    with pytest.raises(UnreadableFileError, match="nested"):
        read("a.md", source)


@pytest.mark.slow
@pytest.mark.parametrize(
    "source", ["![" * 3000 + "x" + "](y)" * 3000, "*a " * 3000, "[" * 3000, "a " + "`" * 3000]
)
def test_repeated_marks_do_not_crash(source: str) -> None:
    assert read("a.md", source).text


# Front matter

STATED = """---
title: "A title: with a colon"
authors:
  - Jane Doe
  - John Smith
source: The Daily
date: 2024-02-03
link: https://example.org/a?b=1
tags: [x, y]
---
The text.
"""


def test_front_matter_is_metadata_and_not_text() -> None:
    document = read("a.md", STATED)

    assert document == Document(
        "The text.",
        Metadata(
            title="A title: with a colon",
            publisher="The Daily",
            author="Jane Doe, John Smith",
            published=datetime.date(2024, 2, 3),
            url="https://example.org/a?b=1",
        ),
    )


def test_windows_line_ends_in_front_matter_are_read() -> None:
    assert read("a.md", STATED.replace("\n", "\r\n")) == read("a.md", STATED)
    assert split_front_matter(STATED.replace("\n", "\r\n"))[1] == "The text.\r\n"


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-02-03", datetime.date(2024, 2, 3)),
        ("2024-02-03T23:30:00+02:00", datetime.date(2024, 2, 3)),
        ("'3 February 2024'", datetime.date(2024, 2, 3)),
        ("February 3, 2024", datetime.date(2024, 2, 3)),
        ("2024", None),
        ("soon", None),
        ("'2024-02-31'", None),
        ("[2024-02-03]", None),
        ("", None),
    ],
)
def test_dates_in_front_matter(value: str, date: datetime.date | None) -> None:
    metadata, text = split_front_matter(f"---\ndate: {value}\n---\nText")

    assert (metadata.published, text) == (date, "Text")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//x.org", "http://"]
)
def test_an_address_that_is_not_a_web_address_is_dropped(url: str) -> None:
    assert split_front_matter(f"---\nurl: '{url}'\n---\nText") == (Metadata(), "Text")


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "---\ntitle: [unclosed\n---\nText",
        "---\njust a line\n---\nText",
        "---\n- a\n- list\n---\nText",
        "---\ntitle: never closed\nText",
        "---\ndate: 2024-13-45\n---\nText",
        "---\nx: !!python/object/apply:os.system ['true']\n---\nText",
        "--- \u00a0---\nText",
        "Text\n---\ntitle: late\n---\n",
        "---\na: " + "[" * 3000 + "\n---\nText",
        "---\na: " + "9" * 5000 + "\n---\nText",
    ],
)
def test_a_block_that_is_not_front_matter_stays_text(source: str) -> None:
    assert split_front_matter(source) == (Metadata(), source)


@pytest.mark.parametrize("value", ["7", "true", "{a: b}", "[1, 2]", "[]", "''", "[' ']", "null"])
def test_a_front_matter_field_that_is_not_text_is_unknown(value: str) -> None:
    assert split_front_matter(f"---\ntitle: {value}\nauthor: {value}\n---\nText") == (Metadata(), "Text")


def test_escaped_surrogate_pairs_are_joined_and_lone_surrogates_replaced() -> None:
    metadata, _ = split_front_matter('---\ntitle: "Hi \\ud83d\\ude00"\nauthor: "J\\udc00 X"\n---\nText')

    assert (metadata.title, metadata.author) == ("Hi 😀", "J\ufffd X")


# HTML


def test_a_page_is_read_without_scripts_and_navigation() -> None:
    source = page(
        "<script>var hidden = 1;</script><style>p { color: red }</style>",
        "<nav><a href='/'>Home page link</a></nav><h1>Heading here</h1><p>First &amp; foremost.</p>",
    )

    text = read("a.html", source).text

    assert "First & foremost." in text.split("\n\n")
    assert PROSE.strip() in text
    for noise in ("hidden", "color", "Home page link", "<"):
        assert noise not in text


def test_metadata_of_a_page_comes_from_its_markup() -> None:
    head = """
      <title>The headline | Daily</title>
      <meta property="og:title" content="The headline of it all">
      <meta name="author" content="Jane Doe">
      <meta property="article:published_time" content="2023-05-06T10:00:00Z">
      <meta property="og:site_name" content="The Daily">
      <link rel="canonical" href="https://example.org/a">"""

    assert read("a.html", page(head)).metadata == Metadata(
        title="The headline of it all",
        publisher="The Daily",
        author="Jane Doe",
        published=datetime.date(2023, 5, 6),
        url="https://example.org/a",
    )


def test_a_date_in_the_text_of_a_page_is_not_its_date() -> None:
    body = "<p>On 3 March 2021 the ministers met. The report of January 5, 2019 was read.</p>"

    assert read("a.html", page("<title>T</title>", body)).metadata.published is None


def test_a_script_address_of_a_page_is_dropped() -> None:
    script = "javascript:alert(1)"
    head = f'<link rel="canonical" href="{script}"><meta property="og:url" content="{script}">'

    assert read("a.html", page(head)).metadata.url is None


@pytest.mark.parametrize("declared", ["windows-1252", "ISO-8859-1", "latin1", "us-ascii"])
def test_a_western_page_is_read_as_browsers_read_it(declared: str) -> None:
    data = page(f'<meta charset="{declared}">', "<p>The café “opened” — at last.</p>").encode("cp1252")

    assert "The café “opened” — at last." in read("a.html", data).text


@pytest.mark.parametrize(
    ("codec", "declaration"),
    [
        ("shift_jis", '<meta charset="shift_jis">'),
        ("gb18030", "<meta http-equiv='Content-Type' content='text/html; charset=gb18030'>"),
        ("utf-8", ""),
        ("utf-8", "<meta charset=utf-8>"),
        ("utf-8", '<meta charset="utf-16">'),  # as the HTML standard says: its bytes show that it is not
    ],
)
def test_a_page_is_read_in_the_encoding_it_declares(codec: str, declaration: str) -> None:
    data = page(declaration, "<p>東京の会議で合意しました。</p>").encode(codec)

    assert "東京の会議で合意しました。" in read("a.html", data).text


def test_an_xml_declaration_names_the_encoding() -> None:
    data = ('<?xml version="1.0" encoding="koi8-r"?>' + page("", "<p>Москва ждёт.</p>")).encode("koi8-r")

    assert "Москва ждёт." in read("a.xhtml", data).text


@pytest.mark.parametrize(
    "declared", ["nonsense", "hex", "rot13", "undefined", "punycode", "idna", "unicode_escape", "utf-7"]
)
def test_an_encoding_no_browser_knows_is_refused_by_name(declared: str) -> None:
    with pytest.raises(UnreadableFileError, match=declared):
        read("a.html", page(f'<meta charset="{declared}">'))


def test_bytes_that_do_not_fit_the_declared_encoding_are_refused() -> None:
    with pytest.raises(UnreadableFileError, match="declares utf-8 but byte"):
        read("a.html", page('<meta charset="utf-8">', "<p>caf\xe9</p>").encode("cp1252"))


@pytest.mark.parametrize(
    "source",
    [
        "<html><head><script>var text = 'a long script of words';</script></head><body></body></html>",
        "<html><body><script>document.write('hello')</script></body></html>",
        "<!-- nothing but a comment here -->",
    ],
)
def test_a_page_without_text_is_refused(source: str) -> None:
    with pytest.raises(UnreadableFileError, match="no article text"):
        read("a.html", source)


@pytest.mark.parametrize("opened", ["<div>", "<span>", "<ul><li>", "<blockquote>", "<table><tr><td>"])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting_does_not_crash(opened: str, closed: bool) -> None:
    ending = "".join(f"</{tag}" for tag in reversed(opened.split("<")[1:])) if closed else ""
    source = page("", f"<p>{PROSE}</p>" + opened * 5000 + "<p>Deep text.</p>" + ending * 5000)

    try:
        text = read("a.html", source).text
    except UnreadableFileError as error:
        assert error.reason  # noqa: PT017 - either outcome is one
    else:
        assert PROSE.strip() in text


@given(st.text(st.sampled_from("<>/&;#x=\"' abdivptle!-\n\x00é😀"), max_size=200) | st.text(max_size=100))
@settings(max_examples=100, deadline=None)
def test_a_broken_page_is_read_or_refused(markup: str) -> None:
    try:
        text = read("a.html", markup.encode("utf-8", "replace")).text
    except UnreadableFileError as error:
        assert error.reason  # noqa: PT017 - either outcome is one
    else:
        assert text == text.strip() != ""


def test_html_in_markdown_is_read_as_a_reader_sees_it() -> None:
    source = (
        "Trade grew.<br>It then *fell*.\n\n<div>A <b>boxed</b> remark.<br/>Two lines.</div>\n\n"
        "<!-- a note to the editor -->\n\n<script>alert(1)</script>\n\n"
        "| a | b |\n|---|---|\n| Growth<br>2023 | 4 |\n"
    )
    assert read_document(PurePath("a.md"), source.encode()).text == (
        "Trade grew.\nIt then fell.\n\nA boxed remark.\nTwo lines.\n\na\tb\n\nGrowth 2023\t4"
    )


def test_a_page_gives_its_words_without_added_marks() -> None:
    page = """<html><head><title>Ministers agree on cable</title></head><body>
    <nav><a href="/">Home</a></nav><article><h1>Ministers agree on cable</h1>
    <p>The first <b>bold</b> paragraph of the article is long enough to
    count as text, and <a href="y">a link</a> follows.<br>After the break.</p>
    <ul><li>First <i>item</i> here</li><li>Second item<ul><li>Nested</li></ul></li></ul>
    <table><tr><th>Year</th><th>Value</th></tr><tr><td>2020</td><td>19%</td></tr></table>
    <p>Another paragraph that is long enough to be seen as part of the article text.</p></article>
    </body></html>"""
    assert read("a.html", page).text == (
        "Ministers agree on cable\n\n"
        "The first bold paragraph of the article is long enough to count as text, and a link follows.\n"
        "After the break.\n\n"
        "First item here\n\nSecond item\n\nNested\n\n"
        "Year\tValue\n\n2020\t19%\n\n"
        "Another paragraph that is long enough to be seen as part of the article text."
    )
