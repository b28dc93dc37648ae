"""Links to an article's original page that find the quoted words there."""

from __future__ import annotations

import pytest

from service.web.pages.originals import original_link

TEXT = "In May, the well-known Ada Lovelace, a mathematician, wrote.\nShe wrote notes & letters, all hers."


def link(words: str, url: str = "https://example.org/a") -> str | None:
    start = TEXT.index(words)
    return original_link(url, TEXT, (start, start + len(words)))


def test_the_fragment_has_the_words_with_their_context() -> None:
    # "In" is left out: it may be the rest of a cut word. So is a last word without a space after it.
    assert link("Ada Lovelace") == (
        "https://example.org/a#:~:text=May%2C%20the%20well%2Dknown-,Ada%20Lovelace,"
        "-%2C%20a%20mathematician%2C%20wrote."
    )


def test_commas_hyphens_and_ampersands_are_encoded() -> None:
    assert link("well-known") is not None
    assert ",well%2Dknown,-Ada" in str(link("well-known"))
    assert ",notes%20%26%20letters,-%2C%20all" in str(link("notes & letters"))


def test_context_stays_within_the_paragraph() -> None:
    assert str(link("She")).endswith("#:~:text=She,-wrote%20notes%20%26%20letters%2C%20all")


def test_words_over_two_paragraphs_are_given_by_their_first_and_last_words() -> None:
    assert ",a%20mathematician%2C,She%20wrote,-notes" in str(link("a mathematician, wrote.\nShe wrote"))


def test_an_address_with_a_fragment_keeps_it_and_loses_an_old_directive() -> None:
    assert str(link("Ada", "https://example.org/a#part")).startswith("https://example.org/a#part:~:text=")
    assert str(link("Ada", "https://example.org/a#:~:text=old")).count(":~:") == 1


def test_without_a_span_the_address_is_unchanged() -> None:
    assert original_link("https://example.org/a", TEXT, None) == "https://example.org/a"


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//example.org", "file:///a"]
)
def test_only_a_web_address_is_a_link(url: str | None) -> None:
    assert original_link(url, TEXT, (0, 2)) is None
