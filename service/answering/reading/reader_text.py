"""What a reader is shown of a passage: its words, with marks where its layout says what words do not.

"12 euros" says nothing without "Fee 2024", so the heading of its column comes before each table cell. White
space is all alike to a model: it would read the lines of a list as one sentence, so a line that ends without
a mark gets a semicolon. Both are inserted for the model alone: no answer may hold one, and none may run from
one cell into another.

With semicolons 18 of 18 questions about lines of lists are read right and not 15, by `fast` 17 and not 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from indexer.analyzer import narrow
from indexer.records import ScoredPassage, Segment, SegmentKind

Places = npt.NDArray[np.int32]
"""For each character that is shown, its place in the passage; -1 for an inserted one, `int32 (n,)`."""

_INSERTED = -1
_LINE_END = ";"  # after a line, and in place of the tab between two cells
_ENDS = frozenset(".!?:;,…")  # after which a line needs no mark


@dataclass(frozen=True, slots=True)
class ReaderText:
    """`text` is what the model reads; `places` is None where that is the passage's own text."""

    text: str
    places: Places | None = None

    def source_offsets(self, offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return where tokens are in the passage, `int32 (n, 2)`; (-1, -1) for a token that was inserted.

        `offsets`, `int32 (n, 2)`, are the tokens' characters in `text`.
        """
        if self.places is None or not len(offsets):
            return offsets
        starts = self.places[np.minimum(offsets[:, 0], len(self.places) - 1)]
        lasts = self.places[np.maximum(offsets[:, 1] - 1, 0)]
        own = (starts != _INSERTED) & (lasts != _INSERTED) & (offsets[:, 0] < offsets[:, 1])
        return np.where(own[:, None], np.stack([starts, lasts + 1], axis=1), _INSERTED).astype(np.int32)


def reader_text(scored: ScoredPassage) -> ReaderText:
    """Return what the reader is shown of a passage."""
    inserted = _insertions(scored)
    if not inserted:
        return ReaderText(narrow(scored.text))
    parts: list[str] = []
    places: list[int] = []
    position = 0
    for place in [*sorted(inserted), len(scored.text)]:
        parts.append(scored.text[position:place])
        places.extend(range(position, place))
        words, replaced = inserted.get(place, ("", 0))
        parts.append(words)
        places.extend([_INSERTED] * len(words))
        position = place + replaced
    return ReaderText(narrow("".join(parts)), np.array(places, dtype=np.int32))


def _insertions(scored: ScoredPassage) -> dict[int, tuple[str, int]]:
    """Return what to insert by its place in the passage, and how many characters it replaces there."""
    text, first = scored.text, scored.passage.start
    found: dict[int, tuple[str, int]] = {}
    for (_, end), (start, _) in pairwise(scored.sentences):
        if "\n" in text[end - first : start - first] and text[end - first - 1] not in _ENDS:
            found[end - first] = (_LINE_END, 0)
    for cell in _cells(scored):
        start, end = cell.start - first, cell.end - first
        if start >= 0:
            line = text[text.rfind("\n", 0, start) + 1 : start]
            found[start] = (_before(cell, line), 0)
        if 0 <= end < len(text) and text[end] == "\t":
            found[end] = (f"{_LINE_END} ", 1)
    return {place: one for place, one in found.items() if one[0]}


def _before(cell: Segment, line: str) -> str:
    """The headings of a cell that its line does not show before it."""
    row, _, column = cell.label.partition("\t")
    shown = f"{row}, " if row and row not in line else ""
    return f"{shown}{column}: " if column else shown


def cell_numbers(scored: ScoredPassage, offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the number of the table cell that holds each token, from 1, and 0 outside tables, `int32 (n,)`.

    `offsets`, `int32 (n, 2)`, are the tokens' characters in the passage.
    """
    numbers = np.zeros(len(offsets), dtype=np.int32)
    for number, cell in enumerate(_cells(scored), start=1):
        start, end = cell.start - scored.passage.start, cell.end - scored.passage.start
        numbers[(offsets[:, 0] < end) & (offsets[:, 1] > start)] = number
    return numbers


def _cells(scored: ScoredPassage) -> Sequence[Segment]:
    return [one for one in scored.segments if one.kind == SegmentKind.CELL]


def cell_of(scored: ScoredPassage, start: int, end: int) -> Segment | None:
    """Return the table cell that a span of the article is in, None if it is in none."""
    return next((one for one in _cells(scored) if one.start <= start and end <= one.end), None)
