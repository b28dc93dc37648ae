"""Blocks -> an article's text and its segments: what the formats with markup share.

A format reads a document as headings, paragraphs, list items and tables, in the order of the page; `assemble`
makes the text, with a blank line between blocks and a tab between the cells of a row, and remembers where
sections, items and cells are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from indexer.context import PATH_SEPARATOR
from indexer.records import Segment, SegmentKind

BETWEEN = "\n\n"
"""Between two blocks, and between two rows of a table."""

_MAX_LABEL = 200  # characters of a heading or an introduction in a label
_MAX_GUESSED_HEADING = 60  # characters of a cell in a first row that is taken for the columns' headings


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 for the highest."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, preformatted text, a caption: whatever is a block of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """The text of a list item without the lists in it; `depth` is 1 for the outermost list.

    `first` marks the first item of a list. An item with several paragraphs is an Item and then `Paragraph`s.
    """

    text: str
    depth: int = 1
    first: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that begins at `column`, from 0, and covers `columns` of them.

    `heading`: the markup says that it is a heading. `repeated`: it began in a row above and reaches into this
    one; it is not printed again, but is a heading here as well.
    """

    text: str
    column: int
    columns: int = 1
    heading: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, from top to bottom; a row holds all its cells, also empty ones, from left to right."""

    rows: tuple[tuple[Cell, ...], ...]


Block = Heading | Paragraph | Item | Table


def assemble(blocks: Iterable[Block]) -> tuple[str, tuple[Segment, ...]]:
    """Return the text of the blocks and its segments, in the order of their starts.

    Blocks and rows without text are left out.
    """
    return _Assembly().add_all(blocks)


class _Assembly:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._segments: list[Segment] = []
        self._headings: list[tuple[int, str]] = []  # level and text of the headings above
        self._section: tuple[int, str] | None = None  # where the open section starts, and its label
        self._introductions: list[str] = []  # of the open lists, the outermost first
        self._last = ""  # the words before the next list

    def add_all(self, blocks: Iterable[Block]) -> tuple[str, tuple[Segment, ...]]:
        for block in blocks:
            if isinstance(block, Table):
                self._add_table(block)
            elif block.text.strip():
                self._add(block)
        self._close_section()
        text = "".join(self._parts)
        return text, tuple(sorted(self._segments, key=lambda one: (one.start, one.kind, one.end)))

    def _add(self, block: Heading | Paragraph | Item) -> None:
        start, end = self._append(block.text.strip())
        label = _label(block.text)
        if isinstance(block, Heading):
            self._close_section(before=start)
            self._headings = [*(one for one in self._headings if one[0] < block.level), (block.level, label)]
            self._section = (start, PATH_SEPARATOR.join(words for _, words in self._headings))
            self._introductions, self._last = [], ""
            return
        if isinstance(block, Item):
            del self._introductions[block.depth - block.first :]
            while len(self._introductions) < block.depth:
                self._introductions.append(self._last)
            introduction = self._introductions[-1]
            self._segments.append(Segment(start, end, SegmentKind.ITEM, introduction))
        self._last = label

    def _add_table(self, table: Table) -> None:
        for row, labels in zip(table.rows, cell_labels(table.rows), strict=True):
            printed = [(cell, label) for cell, label in zip(row, labels, strict=True) if not cell.repeated]
            if not any(cell.text.strip() for cell, _ in printed):
                continue
            position, _ = self._append("\t".join(_label(cell.text, most=None) for cell, _ in printed))
            for cell, label in printed:
                words = _label(cell.text, most=None)
                if words:
                    self._segments.append(Segment(position, position + len(words), SegmentKind.CELL, label))
                position += len(words) + 1
        self._last = ""

    def _append(self, text: str) -> tuple[int, int]:
        if self._parts:
            self._parts.append(BETWEEN)
            self._length += len(BETWEEN)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start, self._length

    def _close_section(self, before: int | None = None) -> None:
        if self._section is not None:
            start, label = self._section
            end = self._length if before is None else before
            self._segments.append(Segment(start, end, SegmentKind.SECTION, label))


def cell_labels(rows: Sequence[Sequence[Cell]], headers: int | None = None) -> list[list[str]]:
    """Return the label of each cell of a table: its row's heading, a tab, its column's heading.

    `headers`: the number of rows at the top that are headings, whose label is a tab alone; None to find out.
    """
    if headers is None:
        headers = _header_rows(rows)
    above = rows[:headers]
    return [
        [f"{_row_heading(row, cell)}\t{_column_heading(above, cell)}" for cell in row]
        if number >= headers
        else ["\t"] * len(row)
        for number, row in enumerate(rows)
    ]


def _header_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """The number of rows at the top that are headings; a first row without figures is taken for one."""
    marked = 0
    for row in rows:
        if not row or not all(cell.heading or not cell.text.strip() for cell in row):
            break
        marked += 1
    if marked or len(rows) < 2 or any(cell.heading for row in rows for cell in row if cell.column):  # noqa: PLR2004
        return min(marked, len(rows) - 1)
    first = rows[0]
    plain = all(
        cell.text.strip() and len(cell.text) <= _MAX_GUESSED_HEADING and not re.search(r"\d", cell.text)
        for cell in first
    )
    return int(plain and len(first) > 1)


def _row_heading(row: Sequence[Cell], cell: Cell) -> str:
    """The cells at the left that say what the row is about: those marked, else the first one."""
    left = [one for one in row if one.column < cell.column]
    marked = [one for one in left if one.heading] or [one for one in left if one.repeated] or left[:1]
    return " ".join(_distinct(_label(one.text) for one in marked))


def _column_heading(headers: Sequence[Sequence[Cell]], cell: Cell) -> str:
    above = (
        one
        for row in headers
        for one in row
        if one.column < cell.column + cell.columns and cell.column < one.column + one.columns
    )
    return " ".join(_distinct(_label(one.text) for one in above))


def _distinct(words: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(one for one in words if one))


def _label(text: str, most: int | None = _MAX_LABEL) -> str:
    """The words on one line, cut at `most` characters: of an introduction the end counts."""
    line = " ".join(text.split())
    return line if most is None or len(line) <= most else line[-most:].partition(" ")[2]
