"""What a reader is shown: headings before cells, and every token's own place."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from indexer.formats.blocks import Block, Cell, Item, Paragraph, Table, assemble
from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.reading.reader_text import cell_numbers, cell_of, reader_text

TABLE = Table(
    (
        (Cell("Visitor", 0, heading=True), Cell("2023", 1, heading=True), Cell("2024", 2, heading=True)),
        (Cell("Adults", 0), Cell("10", 1), Cell("12", 2)),
        (Cell("Dogs", 0), Cell("", 1), Cell("3", 2)),
    )
)


def passage(*blocks: Block, start: int = 0) -> ScoredPassage:
    whole, segments = assemble(blocks)
    text = whole[start:]
    return ScoredPassage(
        Passage(0, "a", start, start + len(text)),
        text,
        1.0,
        0.0,
        0.0,
        tuple((max(start, first), last) for first, last in sentence_offsets(whole, segments) if last > start),
        "",
        tuple(one for one in segments if one.end > start),
    )


def words_of(shown: str) -> npt.NDArray[np.int32]:
    return np.array([match.span() for match in re.finditer(r"\w+", shown)], dtype=np.int32)


def test_running_text_is_shown_as_it_is() -> None:
    shown = reader_text(passage(Paragraph("Ada went\tto Rome.")))
    assert (shown.text, shown.places) == ("Ada went\tto Rome.", None)


def test_a_line_that_ends_without_a_mark_gets_one() -> None:
    shown = reader_text(passage(Item("Clerk: Bo Lie", first=True), Item("Judge: Eva Oh."), Item("Cook")))
    assert shown.text == "Clerk: Bo Lie;\n\nJudge: Eva Oh.\n\nCook"


def test_wrapped_lines_are_no_units() -> None:
    text = "The ferry of the town left\nat nine in the morning from the\nold quay and came back."
    scored = ScoredPassage(Passage(0, "a", 0, len(text)), text, 1.0, 0.0, 0.0, tuple(sentence_offsets(text)))
    assert reader_text(scored).text == text


def test_full_width_letters_are_shown_as_ascii_at_the_same_places() -> None:
    shown = reader_text(passage(Paragraph("Ａda has １２．")))
    assert (shown.text, shown.places) == ("Ada has 12.", None)


def test_a_cell_is_shown_after_the_heading_of_its_column() -> None:
    assert reader_text(passage(TABLE)).text == (
        "Visitor; 2023; 2024;\n\nVisitor: Adults; 2023: 10; 2024: 12;\n\nVisitor: Dogs; \t2024: 3"
    )


def test_a_passage_that_begins_in_a_row_shows_the_row_too() -> None:
    scored = passage(TABLE, start=len("Visitor\t2023\t2024\n\nAdults\t"))
    assert reader_text(scored).text.startswith("Adults, 2023: 10; Adults, 2024: 12;\n\n")


def test_tokens_of_headings_have_no_place_and_others_keep_theirs() -> None:
    scored = passage(TABLE)
    shown = reader_text(scored)
    offsets = words_of(shown.text)
    places = shown.source_offsets(offsets)
    for (start, end), (first, last) in zip(offsets.tolist(), places.tolist(), strict=True):
        if first >= 0:
            assert scored.text[first:last] == shown.text[start:end]
    own = [scored.text[first:last] for first, last in places.tolist() if first >= 0]
    assert own == re.findall(r"\w+", scored.text)


def test_tokens_are_numbered_by_cell() -> None:
    scored = passage(Paragraph("Fees:"), TABLE)
    offsets = words_of(scored.text)
    assert cell_numbers(scored, offsets).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_the_cell_of_a_span_is_found() -> None:
    scored = passage(TABLE)
    start = scored.text.index("12")
    found = cell_of(scored, start, start + 2)
    assert found is not None
    assert found.label == "Adults\t2024"
    assert cell_of(scored, start - 3, start + 2) is None


@given(st.lists(st.lists(st.text("ab１ \n\t", max_size=4), min_size=2, max_size=4), min_size=1, max_size=4))
def test_every_shown_character_is_inserted_or_at_its_place(rows: list[list[str]]) -> None:
    table = Table(tuple(tuple(Cell(text, place) for place, text in enumerate(row)) for row in rows))
    scored = passage(Paragraph("x"), table)
    shown = reader_text(scored)
    places = range(len(shown.text)) if shown.places is None else shown.places.tolist()
    kept = [place for place in places if place >= 0]
    assert kept == sorted(set(kept))
    assert all(shown.text[at] in {scored.text[place], "1"} for at, place in enumerate(places) if place >= 0)
    left_out = set(range(len(scored.text))) - set(kept)
    assert all(scored.text[place] == "\t" for place in left_out)
