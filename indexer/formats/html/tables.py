"""Tables of data, with their cells in columns; tables that only lay out a page are no tables."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from lxml import etree

from indexer.formats.blocks import Cell, Table

_MAX_CELL = 300  # characters of a cell on average; more is a page's layout
_MAX_SPAN = 1000  # columns or rows that a cell may cover, as in the HTML standard
_MAX_REPEATED = 50_000  # cells that reach into rows below, in one table
_NUMBER = re.compile(r"[0-9]{1,5}")
_BLOCKS = ("h1", "h2", "h3", "article", "section", "form", "nav", "aside")


class CellText(NamedTuple):
    """The words of a cell; `linked` of their characters are links."""

    text: str
    linked: int


def holds_data(table: etree._Element) -> bool:
    """Whether a table relates its cells to each other, by rows and columns."""
    if table.get("role") in {"presentation", "none"}:
        return False
    if (
        next(table.iter("table", *_BLOCKS), table) is not table
        or next(table.iterdescendants("table"), None) is not None
    ):
        return False
    if next(table.iterdescendants(*_BLOCKS), None) is not None:
        return False
    cells = paragraphs = rows = widest = headings = 0
    for row in _rows(table):
        wide = 0
        for cell in row:
            wide += 1
            headings += cell.tag == "th"
            paragraphs += sum(1 for _ in cell.iterchildren("p", "div", "ul", "ol", "blockquote"))
        cells += wide
        rows += 1
        widest = max(widest, wide)
    if widest < 2 or (rows < 2 and not headings):  # noqa: PLR2004
        return False
    characters = sum(len(" ".join(words.split())) for words in table.itertext() if not words.isspace())
    return characters <= _MAX_CELL * cells and (bool(headings) or paragraphs <= 2 * cells)


def table_of(table: etree._Element, words: Callable[[etree._Element], CellText]) -> tuple[Table, int]:
    """Return a table, and how many of its characters are links.

    Args:
        table: The element.
        words: Returns the words of one of its cells.
    """
    rows: list[tuple[Cell, ...]] = []
    reaching: dict[int, tuple[Cell, int]] = {}  # column -> the cell from above, and for how many rows more
    linked = repeated = 0
    for row in _rows(table):
        cells: list[Cell] = []
        begun: dict[int, tuple[Cell, int]] = {}
        due = deque(sorted(reaching))
        column = 0
        for element in row:
            while due and due[0] <= column:
                column = max(column, _reach(cells, reaching[due.popleft()][0]))
            said = words(element)
            linked += said.linked
            heading = element.tag == "th" or element.getparent().getparent().tag == "thead"
            cell = Cell(said.text, column, _span(element, "colspan"), heading)
            cells.append(cell)
            if (high := _span(element, "rowspan")) > 1 and repeated < _MAX_REPEATED:
                begun[column] = (cell, high - 1)
            column += cell.columns
        for at in due:
            _reach(cells, reaching[at][0])
        repeated += len(reaching)
        reaching = {at: (cell, left - 1) for at, (cell, left) in reaching.items() if left > 1} | begun
        rows.append(tuple(cells))
    return Table(tuple(rows)), linked


def _reach(cells: list[Cell], cell: Cell) -> int:
    """Add a cell that reaches into a row from above; return the column after it."""
    cells.append(replace(cell, repeated=True))
    return cell.column + cell.columns


def _rows(table: etree._Element) -> Iterator[list[etree._Element]]:
    for row in table.iterdescendants("tr"):
        yield [cell for cell in row if cell.tag in {"td", "th"}]


def _span(element: etree._Element, name: str) -> int:
    stated = element.get(name, "").strip()
    return min(max(int(stated), 1), _MAX_SPAN) if _NUMBER.fullmatch(stated) else 1
