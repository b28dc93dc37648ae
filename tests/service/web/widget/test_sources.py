"""The links of a citation: to the quotation in its article, on screen and in print, and to the original."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from service.web.pages.originals import original_link

TEXT = "In May, the well-known Ada Lovelace, a mathematician, wrote.\nShe wrote notes & letters, all hers."
CASES = {
    "words": "Ada Lovelace",
    "hyphen": "well-known",
    "start": "In May",
    "end": "all hers.",
    "ampersand": "notes & letters",
    "paragraphs": "a mathematician, wrote.\nShe wrote",
    "whole": TEXT,
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_the_widget_and_the_page_make_the_same_link_to_the_original(
    page: Page, service: str, words: str
) -> None:
    start = TEXT.index(words)
    end = start + len(words)
    citation = {
        "url": "https://example.org/a?b=1#c",
        "prefix": TEXT[max(0, start - 48) : start],
        "exact": words,
        "suffix": TEXT[end : end + 48],
    }
    page.goto(service)
    linked = page.evaluate(
        "async (citation) => (await import('/quoth-chat-cite.js')).originalLink(citation)", citation
    )
    assert linked == original_link(citation["url"], TEXT, (start, end))


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_the_browser_finds_the_words_in_the_original(
    page: Page, site: Callable[[str], str], words: str
) -> None:
    filler = "<p>Ada and Lovelace wrote well, known in May.</p>" * 60
    lines = "".join(f"<p>{line.replace('&', '&amp;')}</p>" for line in TEXT.split("\n"))
    start = TEXT.index(words)
    original = site(f"{filler}<div id='quoted'>{lines}</div>{filler}")
    page.goto(str(original_link(original, TEXT, (start, start + len(words)))))
    expect(page.locator("#quoted")).to_be_in_viewport()


def test_the_answer_is_marked_by_code_points(page: Page, service: str) -> None:
    page.goto(service)
    parts = page.evaluate(
        "async (citation) => (await import('/quoth-chat-cite.js')).quoteParts(citation)",
        {"quote": "😀 é 𝔸da wrote", "quote_start": 10, "start": 14, "end": 17},
    )
    assert parts == ["😀 é ", "𝔸da", " wrote"]


def test_an_article_prints_in_black_with_the_quotation_underlined(page: Page, service: str) -> None:
    page.goto(f"{service}/articles/000-pakistan-bucic-delegation.txt?start=1530&end=1543#quote")
    expect(page.locator("mark#quote")).to_be_in_viewport()
    page.emulate_media(media="print")
    expect(page.locator(".jump")).to_be_hidden()
    decoration = page.locator("mark").evaluate("(mark) => getComputedStyle(mark).textDecorationLine")
    assert decoration == "underline"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
