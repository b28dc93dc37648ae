"""Values: spans widened to what belongs to them and trimmed of what does not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.answering.extents.trimming import trimmed
from service.answering.extents.values import answer_range, is_answer
from service.answering.extents.words import whole_words


@pytest.mark.parametrize(
    ("text", "given_", "expected"),
    [
        ("unbelievable luck", "believ", "unbelievable"),
        ("in 1871, they", "7", "1871"),
        ("a cafe\u0301 au lait", "cafe", "cafe\u0301"),
        ("a cafe\u0301 au lait", "\u0301", "cafe\u0301"),
        ("लाहौर में", "ह", "लाहौर"),
        ("well-known", "know", "known"),
        ("U.S. dollars", "U.S", "U.S"),
        ("rain 🌧 fell", "🌧", "🌧"),
        ("rain, fell", ",", ","),
        ("whole", "whole", "whole"),
    ],
)
def test_a_span_is_widened_to_the_words_that_it_cuts(text: str, given_: str, expected: str) -> None:
    start = text.index(given_)
    found = whole_words(text, start, start + len(given_))
    assert found == (text.index(expected), text.index(expected) + len(expected))


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


def belongs_to_a_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(text=any_text, data=st.data())
def test_a_widened_span_holds_the_given_one_and_cuts_no_word(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    first, last = whole_words(text, start, end)
    assert 0 <= first <= start < end <= last <= len(text)
    for edge in (first, last):
        beside = text[max(0, edge - 1) : edge + 1]
        assert len(beside) < 2 or not all(belongs_to_a_word(char) for char in beside)
    # Only the rest of the words that were cut is added.
    assert all(belongs_to_a_word(char) for char in text[first:start] + text[end:last])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Rome.", "Rome"),
        (", in Rome, ", "in Rome"),
        ("– Rome;", "Rome"),
        ("(Rome", "Rome"),
        ("Rome)", "Rome"),
        ("(in Rome)", "(in Rome)"),
        ("Rome (Italy)", "Rome (Italy)"),
        ("Rome (Italy", "Rome (Italy"),
        ("“Rome", "Rome"),
        ("“Rome”.", "“Rome”"),
        ('Rome"', "Rome"),
        ('"Rome"', '"Rome"'),
        ("[1] Rome", "[1] Rome"),
        ("the U.S.", "the U.S."),
        ("Acme Inc.", "Acme Inc."),
        ("5 p.m.", "5 p.m."),
        ("$5.", "$5"),
        ("€5 %", "€5 %"),
        ("21°", "21°"),
        ("-5,", "-5"),
        ("–5", "–5"),
        ("−5", "−5"),
        (".5", ".5"),
        ("-.5", "-.5"),
        ("-$5", "-$5"),
        ("- 5", "5"),
        ("\u00a0Rome\u2028", "Rome"),
        ("cafe\u0301.", "cafe\u0301"),
        ("👩‍👩‍👧 Ada", "Ada"),
    ],
)
def test_punctuation_that_is_not_part_of_the_words_is_trimmed(words: str, expected: str) -> None:
    text = f"Ada {words} Bo"
    start, end = trimmed(text, 4, 4 + len(words))
    assert text[start:end] == expected


@pytest.mark.parametrize("words", [".", "…", "()", "“”", " ", "\n\n", "%", "-", "👩‍👩‍👧", "\u0301"])
def test_a_span_of_punctuation_alone_becomes_empty(words: str) -> None:
    start, end = trimmed(f"Ada {words} Bo", 4, 4 + len(words))
    assert start == end


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(text=any_text, data=st.data())
def test_trimming_keeps_every_letter_and_digit_and_is_idempotent(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    first, last = trimmed(text, start, end)
    assert start <= first <= last <= end
    if not any(char.isalnum() for char in text[start:end]):
        assert first == last
    else:
        assert not any(char.isalnum() for char in text[start:first] + text[last:end])
        assert not text[first].isspace()
        assert not text[last - 1].isspace()
        assert trimmed(text, first, last) == (first, last)


# The text, a part of it that a model might mark, and the whole value.
VALUES = [
    # Currency before and after, and the scale.
    ("They paid NZ$8 billion.", "8", "NZ$8 billion"),
    ("They paid NZ$8 billion.", "$8 billion", "NZ$8 billion"),
    ("a fine of CHF 70 each", "70", "CHF 70"),
    ("a fine of Rs. 40 lakh each", "40", "Rs. 40 lakh"),
    ("a fine of 12 € each", "12", "12 €"),
    ("a fine of 12 NOK each", "12", "12 NOK"),
    ("a fine of 12 crowns each", "12", "12"),
    ("a fine of -€12 each", "12", "-€12"),
    # Signs.
    ("It was –4.6 °C at noon.", "4", "–4.6 °C"),
    ("It was −4.6°C at noon.", "6", "−4.6°C"),
    ("blood group B- is rare", "B", "B-"),
    ("You can spend up to $200/month on it", "$200", "up to $200/month"),
    ("It is either $5/or nothing", "$5", "$5"),
    ("The rating was cut to BBB-.", "BBB", "BBB-"),
    ("a rating of AA+ since May", "AA", "AA+"),
    ("The ABB-led group won", "ABB", "ABB"),
    ("blood group AB− is rare", "AB", "AB−"),
    ("He got a B+.", "B", "B+"),
    ("written in C++ and C#", "C", "C++"),
    ("a sonata in F# minor", "F", "F#"),
    ("Bergen - a harbour", "Bergen", "Bergen"),
    ("the A- and B-roads", "A", "A"),
    ("from 1998–2001 on", "2001", "2001"),
    # Units and marks.
    ('a 43" panel', "43", '43"'),
    ('the song "Route 43" is', "43", "43"),
    ("He is 6'2\" tall.", "2", "6'2\""),
    ("He is 6′2″ tall.", "6", "6′2″"),
    ("It rose 8 % then.", "8", "8 %"),
    ("It rose 8 percent then.", "8", "8 percent"),
    ("a rate of 8‰ then", "8", "8‰"),
    ("speeds of 90 km/h there", "90 km", "90 km/h"),
    ("carries 4 × 10⁵ tonnes", "4", "4 × 10⁵"),
    ("carries 4 × 10^5 tonnes", "10", "4 × 10^5"),
    ("won by 40+ votes", "40", "40+"),
    ("the 14,500 seats", "500", "14,500"),
    ("at 18:45 sharp", "45", "18:45"),
    ("on 3/4/2019 he", "2019", "3/4/2019"),
    ("１４５ seats", "４", "１４５"),
    # Qualifiers.
    ("weighs approx. 30 kg", "30 kg", "approx. 30 kg"),
    ("holds up to 30 people", "30", "up to 30"),
    ("holds no more than thirty people", "thirty people", "no more than thirty people"),
    ("built c. 1640 here", "1640", "c. 1640"),
    ("c. 1640 it burnt", "1640", "c. 1640"),
    ("holds ≥ 30 people", "30", "≥ 30"),
    ("between 30 and 40 people", "30", "between 30 and 40"),
    ("It is over. Thirty left.", "Thirty", "Thirty"),
    # Addresses and names with marks.
    ("write to news@example.net now", "news", "news@example.net"),
    ("see https://example.net/a?b=1&c=(2).", "a", "https://example.net/a?b=1&c=(2)"),
    ("runs on .NET here", "NET", ".NET"),
    ("the file /var/log/app here", "log", "/var/log/app"),
    ("the file D:\\data\\x here", "data", "D:\\data\\x"),
    ("ask @kari_h there", "kari", "@kari_h"),
    ("version v2.10.4 of it", "10", "v2.10.4"),
    ("call +46 8 123 45 67 now", "123", "+46 8 123 45 67"),
    ("the end.no one came", "end", "end"),
    # Brackets, quotation marks, emoji, list markers, abbreviations.
    ("a dam for $60 million then", "million", "$60 million"),
    ("'Run! Now!' says Per", "'Run! Now", "Run! Now"),
    ("said ‘run now’ then", "run now’", "run now"),
    ("in the '70s he", "'70s", "'70s"),
    ("the girls' hats", "girls'", "girls"),
    ("He said 'run' then", "'run'", "'run'"),
    ("in Hov (Lund) today", "Hov (Lund", "Hov (Lund)"),
    ("in (Hov) today", "(Hov", "Hov"),
    ("the “Old ‘Red’ Mill” there", "Old ‘Red", "Old ‘Red’"),
    ('Kari "Ace" Holm won', 'Kari "Ace', 'Kari "Ace"'),
    ("Kari Holm 🎈 won", "Kari Holm 🎈", "Kari Holm"),
    ("- baker: Per", "- baker", "baker"),
    ("x\n2) baker: Per", "2) baker", "baker"),
    ("opens at 9 a.m. daily", "9 a", "9 a.m."),
    ("in the U.K. today", "U", "U.K."),
    ("by Holm Ltd. of Hov", "Holm Ltd", "Holm Ltd."),
    ("He left Hov.", "Hov.", "Hov"),
]


@pytest.mark.parametrize(("text", "given_", "expected"), VALUES)
def test_a_span_gets_what_belongs_to_it(text: str, given_: str, expected: str) -> None:
    start = text.index(given_)
    found = answer_range(text, start, start + len(given_))
    assert text[slice(*found)] == expected


def test_nothing_is_added_from_beyond_the_bounds() -> None:
    text = "up to\t5\t€"
    assert answer_range(text, 6, 7, (6, 7)) == (6, 7)
    assert answer_range("(a b) c", 3, 7, (3, 7)) == (3, 7)


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                *AWKWARD,
                *[
                    "5",
                    "12,000",
                    "$",
                    "HK$",
                    " million",
                    "up to ",
                    "approx. ",
                    "between ",
                    " and ",
                    "A-",
                    "C++",
                ],
                *["(", ")", "“", "”", '"', '65"', "a@b.org", "/etc/x", ".NET", "p.m.", "- ", "1. ", "🎉"],
            ]
        ),
        min_size=1,
        max_size=20,
    ),
    data=st.data(),
)
def test_a_refined_span_stays_in_its_bounds_and_is_final(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    low = data.draw(st.integers(0, start))
    high = data.draw(st.integers(end, len(text)))
    low, high = whole_words(text, low, high)  # sentences and cells do not end within words
    first, last = answer_range(text, start, end, (low, high))
    assert low <= first <= last <= high
    assert (first == last) or any(char.isalnum() for char in text[first:last])
    if first < last:
        assert answer_range(text, first, last, (low, high)) == (first, last)


@pytest.mark.parametrize("words", ["Hov", "5", "A-", "IT", "US", "May", "The Who", "the mill", "1", "no one"])
def test_words_with_a_meaning_can_be_an_answer(words: str) -> None:
    assert is_answer(words)


@pytest.mark.parametrize(
    "words",
    [
        "the",
        "The",
        "of the",
        "it",
        "about",
        "up to",
        "at least",
        "no more than",
        "HK$",
        "Rs.",
        "$",
        "•",
        "(b)",
        "2.",
        "…",
        "",
        "A",
    ],
)
def test_function_words_qualifiers_currencies_and_markers_alone_are_no_answer(words: str) -> None:
    assert not is_answer(words)


def test_a_lone_letter_is_an_answer_in_the_middle_of_a_sentence() -> None:
    assert is_answer("A", before="hepatitis ")
    assert not is_answer("A", before="It rained. ")
