"""Which answers are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.answering.same import normalised

# Words, punctuation, combining marks, emoji of several code points, other scripts, control characters.
AWKWARD = [
    *"aZ09 .,!?'-–\n\t\x00\u00a0\u200b\u200d\u2028。漢字ก\U00020000İß½²Ⅷ_€%",
    *[
        "e\u0301",
        "\u0301",
        "\u0323\u0307",
        "\ufe0f",
        "👩‍👩‍👧",
        "🇵🇰",
        "1️⃣",
        "شَرِكَة",
        "हिन्दी",
        "한국",
        "א\u05b8",
        ". ",
    ],
]
any_text = st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=30).map("".join) | st.text(min_size=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The river", "river"),
        ("an apple", "Apple."),
        ("“New  York”", "new york"),
        ("New\nYork", "New York"),
        ("well-known", "Well known"),
        ("STRASSE", "Straße"),
        ("cafe\u0301", "caf\u00e9"),
        ("ﬁnance", "finance"),
        ("1,000", "1,000."),
        ("5 %", "5%"),
        ("€ 5", "€5"),
        ("−5", "-5"),
        ("(2019–2020)", "2019-2020"),
        ("don’t", "don't"),
        ("The Olive Accord", "Olive Accord"),
        ("14,500", "14,500."),
        ("１４５", "145"),
        ("U.S.", "US"),
        ("p.m.", "pm"),
        ("A−", "A-"),
        ("–5", "-5"),
        ("6'2\"", "6′2″"),
        ('"43"', "43"),
    ],
)
def test_texts_that_are_the_same_answer(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$5", "€5"),
        ("$5", "5"),
        ("5 €", "5 $"),
        ("₹500", "500"),
        ("5%", "5"),
        ("5 %", "5"),
        ("5‰", "5%"),
        ("5°", "5"),
        ("-5", "5"),
        ("−5 °C", "5 °C"),
        ("-$5", "$5"),
        ("3.5", "35"),
        (".5", "5"),
        ("3.5", "3,5"),
        ("10:30", "10.30"),
        ("1,000", "1 000"),
        ("10²", "102"),
        ("1/2", "12"),
        ("C#", "C"),
        ("C++", "C"),
        ("<5", ">5"),
        ("की", "का"),
        ("resume", "résumé"),
        ("in Rome", "Rome"),
        ("the", "a"),
        ("?", "!"),
        ("🌧", "☀"),
        ("diabetes", "diabetes A"),
        ("A", "A-"),
        ("A", "a"),
        ("O-", "O+"),
        ("AB-", "AB"),
        ("$5", "HK$5"),
        ('43"', "43"),
        ("6'2\"", "62"),
        ("approx. 5", "5"),
        ("up to 5", "5"),
        ("5+", "5"),
        ("IT", "it"),
        ("US", "us"),
        ("/etc", "etc"),
        ("@kari", "kari"),
        ("Lord of the Mill", "Lord of Mill"),
    ],
)
def test_texts_that_are_different_answers(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@settings(max_examples=300, deadline=None)
@given(text=any_text)
def test_normalising_ignores_composition_and_surrounding_white_space(text: str) -> None:
    words = normalised(text)
    assert words
    if words != text:
        assert normalised(f" {text}\n") == words
        assert normalised(unicodedata.normalize("NFD", text)) == words
        assert normalised(unicodedata.normalize("NFC", text)) == words
