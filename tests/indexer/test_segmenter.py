"""The segmenter: exact offsets in any text, and sentence ends where a reader puts them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.boilerplate import is_boilerplate
from indexer.segmenter import blocks, sentence_offsets

# What breaks segmenters: white space of every kind, marks that end sentences in many scripts,
# abbreviations, emoji made of several code points, combining marks, right-to-left text and controls.
AWKWARD = [
    *"aZ0.!?;:,()[]\"'“”«»…–—\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\u00a0\u3000\u200b\ufeff\u200f",
    *"。！？｡؟۔।॥།\x00é漢字한ก\U00020000İß",
    *[
        "e\u0301",
        "😀",
        "👨‍👩‍👧",
        "🇵🇰",
        "שלום",
        "مرحبا",
        "\r\n",
        "\n\n",
        " ",
        ". ",
        "Mr. ",
        "U.S. ",
        "e.g. ",
        "1. ",
    ],
    *["https://x.y/z?q=1.2", "Hello", "the ", "\nHot Topics\n", "\nRelevant Read: other\n", "w" * 300],
]
any_text = st.lists(st.sampled_from(AWKWARD), max_size=40).map("".join) | st.text(max_size=200)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_offsets(text)]


@given(any_text)
@settings(max_examples=600, deadline=None)
# sentencex panics on these texts.
@pytest.mark.slow
@example("B\u2028.")
@example("B\x85.")
@example("漢\x0bB\u3000\u00a0.")
@example("a\u3000. b")
@example("\x1c.\x85!")
@example("Ends.\u2028Starts.")
def test_sentences_are_in_order_trimmed_and_leave_out_only_white_space_and_boilerplate(text: str) -> None:
    position = 0
    for start, end in sentence_offsets(text):
        assert position <= start < end <= len(text)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        assert_nothing_lost(text[position:start])
        position = end
    assert_nothing_lost(text[position:])


def assert_nothing_lost(gap: str) -> None:
    assert all(not line.strip() or is_boilerplate(line) for line in gap.split("\n"))


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), st.sampled_from(["de", "ar", "zh", "xx"])
)
@settings(max_examples=150, deadline=None)
def test_every_character_is_kept_in_any_language(text: str, language: str) -> None:
    found = "".join(text[start:end] for start, end in sentence_offsets(text, language=language))

    assert re.sub(r"\s", "", found) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there! Three?", ["One here.", "Two there!", "Three?"]),
        ("Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]),
        ("It rose 3.5 percent. It fell.", ["It rose 3.5 percent.", "It fell."]),
        ("今日は晴れ。明日は雨。", ["今日は晴れ。", "明日は雨。"]),
        ("  Padded.  \n", ["Padded."]),
        ("No full stop", ["No full stop"]),
        ("", []),
        (" \n\t\u3000\u2028\n", []),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_break_ends_a_sentence_when_lines_are_paragraphs() -> None:
    assert sentences("A heading\nThe text begins. It goes on.") == [
        "A heading",
        "The text begins.",
        "It goes on.",
    ]


def test_a_line_break_does_not_end_a_sentence_in_wrapped_text() -> None:
    wrapped = "The ministers met in the\ncapital and agreed on the\nplan. They left."

    assert sentences(wrapped) == ["The ministers met in the\ncapital and agreed on the\nplan.", "They left."]


def test_a_blank_line_ends_a_sentence_even_in_wrapped_text() -> None:
    wrapped = "The ministers met in the\ncapital and agreed\n \nnext paragraph goes\non here"

    assert sentences(wrapped) == [
        "The ministers met in the\ncapital and agreed",
        "next paragraph goes\non here",
    ]


def test_windows_line_ends_cut_as_plain_ones_do() -> None:
    assert sentences("First line\r\n\r\nSecond line\r\n") == ["First line", "Second line"]


def test_boilerplate_is_in_no_block_and_separates_its_neighbours() -> None:
    text = "The report goes\non here and\nRelevant Read: elsewhere\nthen it ends\nat last"

    assert [text[start:end] for start, end in blocks(text)] == [
        "The report goes\non here and",
        "then it ends\nat last",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        *("The fox, e.g. Mr. Smith's, sat down. ", "今日は晴れ。明日は雨。", "word ", "“", "(a. ", "1. "),
        *("漢", "\u0301", " ", "a\u2028", "“He said (so. ", "w" * 300 + ". "),
    ],
)
@pytest.mark.timeout(60)
def test_the_time_for_a_long_line_is_linear_and_nothing_is_lost(unit: str) -> None:
    """Some of these, given whole, keep sentencex busy for minutes."""
    text = "Begun." + unit * (600_000 // len(unit)) + "Ended."
    found = sentence_offsets(text)
    position = 0
    for start, end in found:
        assert not text[position:start].strip()
        assert 0 < end - start <= 10_000
        position = end
    assert position == len(text)


def test_sentences_of_a_long_line_are_those_of_its_parts() -> None:
    """The line is longer than what is segmented at once; no sentence is cut at the end of a part."""
    parts = [f"The fox number {number} met Mr. Smith in the U.S. on a Monday." for number in range(2_000)]
    assert sentences(" ".join(parts)) == parts


def test_a_run_of_text_longer_than_any_sentence_is_cut_at_white_space() -> None:
    words = " ".join(f"word{number}" for number in range(5_000))
    found = sentences(words)
    assert " ".join(found) == words
    assert len(found) > 1
