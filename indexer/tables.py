"""Lines -> the tables among them: cells between tabs, between vertical bars, or in aligned columns. Pure.

Prose is never taken for a table: the rows of a run have the same number of separators, and columns that are
only aligned by spaces must all begin or all end at the same character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.lines import Line, marker_of

_RULE = re.compile(r"[\s|+:=\-–—─━═]*[-–—─━═]{2}[\s|+:=\-–—─━═]*")
_COLUMN = re.compile(r"\S+(?: \S+)*")  # one space is between words, two are between columns
_MAX_ALIGNED_CELL = 60  # characters
_MIN_ROWS = 2
_MIN_ROWS_OF_TWO_COLUMNS = 3  # two columns aligned by chance are more likely than three


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell that is not empty: its range of the text, and its column from 0."""

    start: int
    end: int
    column: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: the number of its line, and its cells that are not empty."""

    line: int
    cells: tuple[TableCell, ...]


def tables(lines: Sequence[Line]) -> list[list[TableRow]]:
    """Return the rows of each table, in order; rules between rows are left out."""
    found: list[list[TableRow]] = []
    for first, last in _paragraphs(lines):
        if not any(_may_be_row(line) for line in lines[first:last]):
            continue
        position = first
        while position < last:
            rows, position = _table_at(lines, position, last)
            if rows:
                found.append(rows)
    return found


def _paragraphs(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    first = 0
    for number, line in enumerate(lines):
        if line.blank:
            yield first, number
            first = number + 1
    yield first, len(lines)


def _may_be_row(line: Line) -> bool:
    words = line.words.strip()
    return "\t" in line.words or "|" in words or "  " in words


def _table_at(lines: Sequence[Line], first: int, end: int) -> tuple[list[TableRow], int]:
    """Return the table that begins at a line, empty if none does, and the number of the next line to try."""
    for separator in "\t|":
        count = lines[first].words.count(separator)
        if not count:
            continue
        last = first
        while last < end and (
            lines[last].words.count(separator) == count or (last > first and _is_rule(lines[last]))
        ):
            last += 1
        rows = [
            TableRow(number, _separated(lines[number], separator))
            for number in range(first, last)
            if not _is_rule(lines[number])
        ]
        return (rows if _is_table(rows) else []), last
    return _aligned(lines, first, end)


def _is_rule(line: Line) -> bool:
    return _RULE.fullmatch(line.words) is not None


def _is_table(rows: Sequence[TableRow]) -> bool:
    columns = {cell.column for row in rows for cell in row.cells}
    return (
        len(rows) >= _MIN_ROWS
        and len(columns) > 1
        and all(row.cells for row in rows)
        # "- item" after a tab is a list, and a paragraph that a tab indents has one column.
        and sum(len(row.cells) > 1 for row in rows) >= _MIN_ROWS
    )


def _separated(line: Line, separator: str) -> tuple[TableCell, ...]:
    found = []
    position = line.start
    for column, words in enumerate(line.words.split(separator)):
        start = position + len(words) - len(words.lstrip())
        if words.strip():
            found.append(TableCell(start, start + len(words.strip()), column))
        position += len(words) + 1
    return tuple(found)


def _aligned(lines: Sequence[Line], first: int, end: int) -> tuple[list[TableRow], int]:
    """The longest run of lines from `first` whose words stand in the columns of its fullest row."""
    rows: list[tuple[int, list[tuple[int, int]]]] = []
    fullest: list[tuple[int, int]] = []
    last = first
    while last < end:
        line = lines[last]
        if not (rows and _is_rule(line)):
            columns = _columns(line)
            if not columns or not _fits(fullest, columns):
                break
            rows.append((last, columns))
            fullest = max(fullest, columns, key=len)
        last += 1
    # Each cell has a column of its own in the fullest row, also in rows that came before it.
    if len(rows) < (_MIN_ROWS_OF_TWO_COLUMNS if len(fullest) == 2 else _MIN_ROWS) or not all(  # noqa: PLR2004
        _fits(fullest, columns) for _, columns in rows
    ):
        return [], max(last, first + 1)
    found = []
    for number, columns in rows:
        at = lines[number].start
        cells = [TableCell(at + start, at + stop, _place(fullest, start, stop)) for start, stop in columns]
        found.append(TableRow(number, tuple(cells)))
    return found, last


def _columns(line: Line) -> list[tuple[int, int]]:
    """The cells of a row of at least two short ones; empty if the line is no row."""
    if "\t" in line.words or "  " not in line.words.strip() or marker_of(line.words):
        return []
    found = [words.span() for words in _COLUMN.finditer(line.words)]
    return [] if len(found) < 2 or any(stop - start > _MAX_ALIGNED_CELL for start, stop in found) else found  # noqa: PLR2004


def _fits(fullest: Sequence[tuple[int, int]], columns: Sequence[tuple[int, int]]) -> bool:
    """Whether each cell of the row with fewer of them has a column of its own in the other row."""
    fewer, more = sorted((columns, fullest), key=len)
    places = [_place(more, start, stop) for start, stop in fewer]
    return -1 not in places and len(set(places)) == len(places)


def _place(columns: Sequence[tuple[int, int]], start: int, stop: int) -> int:
    """The number of the column that begins or ends at the same character, -1 if none does."""
    for number, (first, last) in enumerate(columns):
        if first == start or last == stop:
            return number
    return -1
