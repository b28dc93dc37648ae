"""Conditions on numbers, and headings of tables, that exclude an answer."""

from __future__ import annotations

import pytest

from indexer.formats.blocks import Cell, Table, assemble
from indexer.records import Passage, ScoredPassage, Segment, SegmentKind
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.confidence.conditions import OTHER_CASE, OTHER_NAME, share_of_confidence


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
        ("Who approves for someone with ten years?", "The clerk approves from 3 to 5 years.", True),
        ("Who approves for someone with ten years?", "The clerk approves from 3 to 15 years.", False),
        ("Who approves 3 days?", "The clerk approves up to 80 hours and more than 2 days.", False),
    ],
)
def test_a_sentence_about_another_case_is_excluded(question: str, sentence: str, *, excluded: bool) -> None:
    assert (share_of_confidence(question, span(sentence, "The clerk"), []) == OTHER_CASE) is excluded


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
    assert (share_of_confidence(question, span("", words, table=FEES), []) == OTHER_CASE) is excluded


def described(number: int, text: str, context: str, *sections: tuple[str, str]) -> ScoredPassage:
    """A passage with its context words; `sections` are where each begins, and its headings."""
    starts = [text.index(begins) for begins, _ in sections]
    segments = tuple(
        Segment(start, end, SegmentKind.SECTION, label)
        for (_, label), start, end in zip(sections, starts, [*starts[1:], len(text)], strict=False)
    )
    return ScoredPassage(
        Passage(number, f"{number}.txt", 0, len(text)),
        text,
        1.0,
        0.0,
        0.0,
        ((0, len(text)),),
        context,
        segments,
    )


def share(question: str, words: str, own: ScoredPassage, *others: ScoredPassage) -> float:
    start = own.text.index(words)
    return share_of_confidence(question, Span(own, start, start + len(words), 1.0), [own, *others])


def test_another_documents_words_lose_confidence_if_the_named_document_was_read_too() -> None:
    alba = described(0, "We keep messages for 40 days.", "Privacy policy. Alba.")
    borea = described(1, "We keep messages for 90 days.", "Privacy policy. Borea.")
    question = "How long does Borea keep messages?"
    assert share(question, "40 days", alba, borea) == OTHER_NAME
    assert share(question, "90 days", borea, alba) == 1.0
    assert share(question, "40 days", alba) == 1.0
    assert share("How long are messages kept?", "40 days", alba, borea) == 1.0


def test_a_passage_that_holds_the_name_keeps_its_confidence() -> None:
    report = described(0, "Borea keeps messages for 90 days, said the report.", "Press review.")
    borea = described(1, "We keep messages.", "Borea.")
    assert share("How long does Borea keep messages?", "90 days", report, borea) == 1.0


def test_words_of_another_section_than_the_question_names_lose_confidence() -> None:
    text = "Sick leave\n\nYou get 10 days.\n\nStudy leave\n\nYou get 5 days."
    own = described(0, text, "", ("Sick", "Leave › Sick leave"), ("Study", "Leave › Study leave"))
    assert share("How many days of study leave are there?", "10 days", own) == OTHER_NAME
    assert share("How many days of study leave are there?", "5 days", own) == 1.0
    assert share("How many days of leave are there?", "5 days", own) == 1.0
