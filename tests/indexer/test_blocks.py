"""Blocks -> text and segments."""

from __future__ import annotations

from indexer.formats.blocks import Block, Cell, Heading, Item, Paragraph, Table, assemble
from indexer.records import SegmentKind


def labels(blocks: list[Block], kind: SegmentKind) -> list[tuple[str, str]]:
    """The words and the label of each segment of one kind."""
    text, segments = assemble(blocks)
    return [(text[one.start : one.end], one.label) for one in segments if one.kind == kind]


def row(*words: str, heading: bool = False) -> tuple[Cell, ...]:
    return tuple(Cell(text, place, heading=heading) for place, text in enumerate(words))


def test_a_blank_line_parts_blocks_and_a_tab_parts_cells() -> None:
    text, _ = assemble(
        [
            Heading("Fees", 1),
            Paragraph(" Per day. "),
            Paragraph(""),
            Table((row("Adults", "10"), row("", "4"))),
        ]
    )
    assert text == "Fees\n\nPer day.\n\nAdults\t10\n\n\t4"


def test_a_section_is_labelled_with_the_headings_above_it() -> None:
    blocks: list[Block] = [
        Paragraph("Before."),
        Heading("Leave", 1),
        Heading("Without pay", 3),
        Paragraph("Ask."),
        Heading("With pay", 2),
    ]
    assert labels(blocks, SegmentKind.SECTION) == [
        ("Leave\n\n", "Leave"),
        ("Without pay\n\nAsk.\n\n", "Leave › Without pay"),
        ("With pay", "Leave › With pay"),
    ]


def test_an_item_is_labelled_with_what_introduces_its_list() -> None:
    blocks: list[Block] = [
        Paragraph("Officers:"),
        Item("chair", first=True),
        Item("Ada", depth=2, first=True),
        Item("Bo", depth=2),
        Item("clerk"),
        Heading("Others", 1),
        Item("none", first=True),
    ]
    assert labels(blocks, SegmentKind.ITEM) == [
        ("chair", "Officers:"),
        ("Ada", "chair"),
        ("Bo", "chair"),
        ("clerk", "Officers:"),
        ("none", ""),
    ]


def test_two_lists_in_a_row_have_their_own_introductions() -> None:
    blocks: list[Block] = [
        Paragraph("One:"),
        Item("a", first=True),
        Paragraph("Two:"),
        Item("b", first=True),
    ]
    assert labels(blocks, SegmentKind.ITEM) == [("a", "One:"), ("b", "Two:")]


def test_a_cell_is_labelled_with_its_row_and_its_column() -> None:
    table = Table(
        (row("Visitor", "2023", "2024", heading=True), row("Adults", "10", "12"), row("Dogs", "", "3"))
    )
    assert labels([table], SegmentKind.CELL) == [
        ("Visitor", "\t"),
        ("2023", "\t"),
        ("2024", "\t"),
        ("Adults", "\tVisitor"),
        ("10", "Adults\t2023"),
        ("12", "Adults\t2024"),
        ("Dogs", "\tVisitor"),
        ("3", "Dogs\t2024"),
    ]


def test_cells_that_span_columns_and_rows_are_headings_of_all_they_cover() -> None:
    table = Table(
        (
            (Cell("", 0, heading=True), Cell("Fee", 1, 2, heading=True)),
            (Cell("", 0, heading=True), Cell("day", 1, heading=True), Cell("year", 2, heading=True)),
            (Cell("Adults", 0), Cell("3", 1), Cell("90", 2)),
            (Cell("Adults", 0, repeated=True), Cell("4", 1), Cell("95", 2)),
        )
    )
    assert ("95", "Adults\tFee year") in labels([table], SegmentKind.CELL)


def test_an_unmarked_first_row_without_figures_is_the_heading() -> None:
    table = Table((row("Name", "Post"), row("Ada", "chair")))
    assert labels([table], SegmentKind.CELL)[-1] == ("chair", "Ada\tPost")
    figures = Table((row("Ada", "12"), row("Bo", "13")))
    assert labels([figures], SegmentKind.CELL)[-1] == ("13", "Bo\t")
