"""Plain text -> its lists and tables as segments. Pure.

Plain text has no markup, but its layout may be plain: markers before list items, tabs, bars or aligned
columns between cells. Headings are not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.formats.blocks import Cell, cell_labels
from indexer.lines import Line, ListItem, is_wrapped, lines_of, list_items
from indexer.records import Segment, SegmentKind
from indexer.segmenter import sentence_offsets
from indexer.tables import TableRow, tables

_MAX_LABEL = 200  # characters of an introduction, of which the last count most
_MAX_HEADING = 60  # characters of a cell that is taken for a column's heading
_WINDOW = 2_000  # characters before a list in which the sentence that introduces it is sought
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


def find_segments(text: str) -> tuple[Segment, ...]:
    """Return the list items and table cells of a plain text, in the order of their starts.

    An item begins with its marker; its label is the last sentence before its list, or the item that a nested
    list is in. A cell's label is its row's heading, a tab, and its column's heading; either may be empty.
    """
    lines = lines_of(text)
    found_tables = tables(lines)
    in_table = {row.line for rows in found_tables for row in rows}
    items = [item for item in list_items(lines, wrapped=is_wrapped(lines)) if item.first not in in_table]
    cells = [cell for rows in found_tables for cell in _cells(text, lines, rows)]
    return tuple(sorted([*_items(text, lines, items), *cells], key=lambda one: (one.start, one.end)))


def _items(text: str, lines: Sequence[Line], items: Sequence[ListItem]) -> list[Segment]:
    found: list[Segment] = []
    # The last item and the label of each open list, the outermost first.
    open_lists: list[tuple[ListItem, str]] = []
    position = 0  # the end of the last item
    for item in items:
        start = lines[item.first].start + item.indent
        end = lines[item.last].start + len(lines[item.last].words.rstrip())
        interrupted = bool(text[position:start].strip())
        while open_lists and open_lists[-1][0].indent > item.indent:
            open_lists.pop()
        if open_lists and open_lists[-1][0].indent == item.indent and open_lists[-1][0].style == item.style:
            follows = not interrupted if item.number <= 1 else open_lists[-1][0].number + 1 == item.number
        else:
            follows = False
        if follows:
            label = open_lists.pop()[1]
        elif interrupted:
            open_lists = []
            label = "" if item.number > 1 else _last_sentence(text, position, start)
        elif open_lists and open_lists[-1][0].indent < item.indent:
            parent = open_lists[-1][0]
            label = _one_line(text[parent.text : lines[parent.last].end])
        else:
            label = open_lists.pop()[1] if open_lists else ""
        open_lists.append((item, label))
        found.append(Segment(start, end, SegmentKind.ITEM, label))
        position = end
    return found


def _last_sentence(text: str, start: int, end: int) -> str:
    """The last sentence of `text[start:end]`, on one line."""
    window = text[max(start, end - _WINDOW) : end]
    sentences = sentence_offsets(window)
    return _one_line(window[slice(*sentences[-1])]) if sentences else ""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LABEL else line[-_MAX_LABEL:].partition(" ")[2]


def _cells(text: str, lines: Sequence[Line], rows: Sequence[TableRow]) -> list[Segment]:
    # Outside the first and the last bar there is no column.
    used = sorted({cell.column for row in rows for cell in row.cells})
    named: list[list[Cell]] = []
    for row in rows:
        words = {cell.column: text[cell.start : cell.end] for cell in row.cells}
        named.append([Cell(words.get(column, ""), place) for place, column in enumerate(used)])
    places = {column: place for place, column in enumerate(used)}
    labels = cell_labels(named, headers=int(_has_header(lines, rows, named)))
    return [
        Segment(cell.start, cell.end, SegmentKind.CELL, of_row[places[cell.column]])
        for row, of_row in zip(rows, labels, strict=True)
        for cell in row.cells
    ]


def _has_header(lines: Sequence[Line], rows: Sequence[TableRow], named: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first row names the columns: a rule under it, an empty corner, or words above figures."""
    first, others = named[0], named[1:]
    if rows[1].line > rows[0].line + 1 and lines[rows[0].line + 1].words.strip():
        return True
    if any(len(cell.text) > _MAX_HEADING for cell in first) or any(not cell.text for cell in first[1:]):
        return False
    if not first[0].text:
        return True
    if any(_has_figures(cell) for cell in first):
        return False
    above_figures = any(
        sum(_has_figures(row[column]) for row in others) * 2 > len(others) for column in range(1, len(first))
    )
    return above_figures or len(first) > 2  # noqa: PLR2004 - two columns of words are often names and values


def _has_figures(cell: Cell) -> bool:
    return re.search(r"\d", _YEAR.sub("", cell.text)) is not None
