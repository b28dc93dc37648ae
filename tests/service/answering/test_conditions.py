"""Conditions on numbers, and headings of tables, that exclude an answer."""

from __future__ import annotations

import math

import pytest

from indexer.formats.blocks import Cell, Table, assemble
from indexer.records import Passage, ScoredPassage, Segment
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.conditions import Bounds, bounds, excludes


def span(text: str, words: str, *, table: Table | None = None) -> Span:
    segments: tuple[Segment, ...] = ()
    if table is not None:
        text, segments = assemble([table])
    scored = ScoredPassage(
        Passage(0, "a.txt", 0, len(text)),
        text,
        1.0,
        0.0,
        0.0,
        tuple(sentence_offsets(text, segments)),
        "",
        segments,
    )
    start = text.index(words)
    return Span(scored, start, start + len(words), 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("more than 80 hours", Bounds(80, math.inf, "hour", without_least=True)),
        ("80 hours or less", Bounds(-math.inf, 80, "hour")),
        ("at least 18 years old", Bounds(18, math.inf, "year")),
        ("under 13 years", Bounds(-math.inf, 13, "year", without_most=True)),
        ("not more than 1,500 euros", Bounds(-math.inf, 1500, "euro")),
        ("no fewer than 3 members", Bounds(3, math.inf, "member")),
        ("a fine in excess of $500 dollars", Bounds(500, math.inf, "dollar", without_least=True)),
        ("65 years and older", Bounds(65, math.inf, "year")),
        ("for 100 hours", Bounds(100, 100, "hour", exact=True)),
    ],
)
def test_conditions_on_numbers_are_read(text: str, expected: Bounds) -> None:
    assert [*bounds(text)] == [expected]


@pytest.mark.parametrize(
    ("question", "sentence", "excluded"),
    [
        ("Who approves more than 80 hours?", "The clerk approves 80 hours or less.", True),
        ("Who approves more than 80 hours?", "The clerk approves more than 80 hours.", False),
        ("Who approves more than 80 hours?", "The clerk approves requests of over 40 hours.", False),
        ("Who approves 100 hours?", "The clerk approves up to 80 hours.", True),
        ("Who approves 20 hours?", "The clerk approves up to 80 hours.", False),
        ("Who approves 80 hours?", "The clerk approves less than 80 hours.", True),
        ("Who approves more than 80 hours?", "The clerk approves all within 5 days or less.", False),
        ("Who approves requests?", "The clerk approves 80 hours or less.", False),
        ("Who approves 3 days?", "The clerk approves up to 80 hours and more than 2 days.", False),
    ],
)
def test_a_sentence_about_another_case_is_excluded(question: str, sentence: str, *, excluded: bool) -> None:
    assert excludes(question, span(sentence, "The clerk")) is excluded


FEES = Table(
    (
        (
            Cell("Visitor", 0, heading=True),
            Cell("Fee 2023", 1, heading=True),
            Cell("Fee 2024", 2, heading=True),
        ),
        (Cell("Adults", 0), Cell("10 euros", 1), Cell("12 euros", 2)),
        (Cell("Children", 0), Cell("", 1), Cell("4 euros", 2)),
    )
)


@pytest.mark.parametrize(
    ("question", "words", "excluded"),
    [
        ("What is the fee for adults in 2024?", "12 euros", False),
        ("What is the fee for adults in 2024?", "10 euros", True),
        ("What is the fee for adults in 2024?", "4 euros", True),
        ("What is the fee for children in 2023?", "4 euros", True),
        ("What is the fee for children?", "4 euros", False),
        ("Did adults or children pay 10 euros in 2023?", "10 euros", False),
        ("Who pays 4 euros in 2024?", "Children", False),
        ("What is the fee?", "10 euros", False),
    ],
)
def test_cells_of_another_row_or_column_are_excluded(question: str, words: str, *, excluded: bool) -> None:
    assert excludes(question, span("", words, table=FEES)) is excluded
