"""Text -> sentences with exact offsets. Pure.

sentencex, Wikimedia's rule-based segmenter, finds where a sentence may end, and `sentence_ends` the places
among these where it goes on. On Wikipedia paragraphs they cut 0.1% of the reference answers
(`python -m eval.benchmark.segmenters`), no more than pysbd and syntok, in a hundredth of pysbd's time.

No sentence crosses the bounds of a block: a paragraph, a line, a list item, a row of a table or a heading.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import sentencex

from indexer.boilerplate import is_boilerplate
from indexer.lines import Line, is_unfinished, is_wrapped, lines_of, list_items, marker_of
from indexer.records import CharRange, Segment, SegmentKind
from indexer.sentence_ends import goes_on
from indexer.tables import tables

# Characters given to sentencex at once. On some texts, such as Chinese, its time grows with the square of
# the length: hundredths of a second at this length, minutes at a million characters.
_WINDOW = 10_000
_LONGEST_MARKER = 40  # characters, with the white space after it
_LONGEST_ROW = 400  # characters of a table row or a heading that is one sentence
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")

# sentencex 1.0 panics on white space outside ASCII before a full stop, so it sees plain spaces: one for one,
# which keeps every offset.
_NOT_PLAIN_SPACE = re.compile(
    "[" + "".join(re.escape(char) for char in map(chr, range(0x3001)) if char.isspace() and char != " ") + "]"
)
# It takes the dot of a name like ".NET" or "Example.COM" for the end of a sentence.
_DOT_IN_NAME = re.compile(
    r"\.(?=(?:NET|Net|COM|Com|ORG|Org|EDU|GOV|Gov|IO|JS|TV|AI|TXT|PDF|CSV|JSON|XML|HTML|ZIP|EXE)\b)(?<![.!?]\.)"
)
_SENTENCE_IN_BRACKETS = re.compile(r"(\([^()]*[.!?][\"'”’]?\))\s+(?=[\"“‘]?[^\W\d_a-z])")


def sentence_offsets(
    text: str,
    segments: Sequence[Segment] = (),
    *,
    language: str = "en",
) -> list[CharRange]:
    """Return the `(start, end)` of each sentence of `text`, in order, without surrounding white space.

    Sentences do not overlap; only white space and boilerplate lie between them. A blank line always
    ends a sentence, and so do the bounds of list items and table rows and of the items, rows and headings in
    `segments`, and a line break unless the text is wrapped at a column. A row or a heading is one sentence; a
    row longer than 400 characters is cut between its cells. A sentence longer than 10,000 characters is cut
    there, at white space where there is some.
    """
    found: list[CharRange] = []
    for block, whole in _blocks(text, segments):
        if whole:
            found.append(block)
        else:
            found += _sentences(text, block, language)
    return found


def blocks(text: str, segments: Sequence[Segment] = ()) -> list[CharRange]:
    """Return the `(start, end)` of each paragraph, line, list item or table row that is not boilerplate."""
    return [block for block, _ in _blocks(text, segments)]


def _blocks(text: str, segments: Sequence[Segment]) -> list[tuple[CharRange, bool]]:
    """Return the blocks in order, and of each whether it is one sentence."""
    lines = lines_of(text)
    found: list[CharRange] = []
    rows: list[CharRange] = []
    if len(lines) == 1:
        if lines[0].words.strip() and not is_boilerplate(lines[0].words):
            found.append(_trim(text, 0, len(text)))
    else:
        found, rows = _blocks_of_lines(text, lines)
    if segments:
        found = _cut_at(text, found, _bounds(text, segments))
        rows += _rows_and_headings(text, segments)
    return _joined(text, found, sorted(set(rows)))


def _blocks_of_lines(text: str, lines: Sequence[Line]) -> tuple[list[CharRange], list[CharRange]]:
    """Return the blocks that the lines make up, and those of them that are rows of a table."""
    wrapped = is_wrapped(lines)
    in_table = {row.line for rows in tables(lines) for row in rows}
    continues = [wrapped or (number > 0 and is_unfinished(lines, number - 1)) for number in range(len(lines))]
    for item in list_items(lines, wrapped=wrapped):
        if item.first not in in_table:
            continues[item.first] = False
            continues[item.first + 1 : item.last + 1] = [True] * (item.last - item.first)
            if item.last + 1 < len(lines):
                continues[item.last + 1] = False
    for row in in_table:
        continues[row : row + 2] = [False] * len(continues[row : row + 2])
    found: list[CharRange] = []
    rows: list[CharRange] = []
    open_block: CharRange | None = None
    for number, line in enumerate(lines):
        if line.blank or is_boilerplate(line.words):
            open_block = None
            continue
        start = line.start
        if open_block is not None and continues[number]:
            found.pop()
            start = open_block[0]
        open_block = (start, line.end)
        found.append(open_block)
        if number in in_table and line.end - line.start <= _LONGEST_ROW:
            rows.append(_trim(text, line.start, line.end))
    return [_trim(text, start, end) for start, end in found], rows


def _bounds(text: str, segments: Sequence[Segment]) -> list[int]:
    """Where the segments make a sentence end."""
    bounds: set[int] = set()
    for segment in segments:
        if segment.kind == SegmentKind.ITEM:
            bounds |= {segment.start, segment.end}
        elif segment.kind == SegmentKind.SECTION:
            bounds |= {segment.start, _heading_end(text, segment)}
    for row in _rows(text, segments):
        bounds |= {row[0].start, row[-1].end}
        if row[-1].end - row[0].start > _LONGEST_ROW:
            bounds |= {cell.start for cell in row}
    return sorted(bounds)


def _rows_and_headings(text: str, segments: Sequence[Segment]) -> list[CharRange]:
    sections = [one for one in segments if one.kind == SegmentKind.SECTION and one.label]
    found = [(row[0].start, row[-1].end) for row in _rows(text, segments)]
    found += [(section.start, _heading_end(text, section)) for section in sections]
    return [_trim(text, start, end) for start, end in found if end - start <= _LONGEST_ROW]


def _heading_end(text: str, section: Segment) -> int:
    blank = _BLANK_LINE.search(text, section.start, section.end)
    return section.end if blank is None else blank.start()


def _rows(text: str, segments: Sequence[Segment]) -> list[list[Segment]]:
    """The cells of each row: those on one line."""
    rows: list[list[Segment]] = []
    for cell in segments:
        if cell.kind != SegmentKind.CELL:
            continue
        if rows and _on_one_line(text[rows[-1][-1].end : cell.start]):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows


def _on_one_line(between: str) -> bool:
    return between.isprintable() or len(f"{between}.".splitlines()) == 1


def _cut_at(text: str, found: Sequence[CharRange], bounds: Sequence[int]) -> list[CharRange]:
    """The blocks cut at each bound inside them."""
    cut: list[CharRange] = []
    for start, end in found:
        inside = bounds[bisect_right(bounds, start) : bisect_left(bounds, end)]
        for first, last in zip([start, *inside], [*inside, end], strict=True):
            block = _trim(text, first, last)
            if block[0] < block[1]:
                cut.append(block)
    return cut


def _joined(
    text: str, found: Sequence[CharRange], wholes: Sequence[CharRange]
) -> list[tuple[CharRange, bool]]:
    """The blocks, those of a row or a heading joined to one; boilerplate between them keeps them apart."""
    joined: list[tuple[CharRange, bool]] = []
    number = place = 0
    while place < len(found):
        block = found[place]
        while number < len(wholes) and wholes[number][1] <= block[0]:
            number += 1
        last = place
        if number < len(wholes) and wholes[number][0] <= block[0]:
            while last + 1 < len(found) and found[last + 1][1] <= wholes[number][1]:
                if text[found[last][1] : found[last + 1][0]].strip():
                    break
                last += 1
            whole = found[last][1] <= wholes[number][1]
            joined.append(((block[0], found[last][1]), whole))
        else:
            joined.append((block, False))
        place = last + 1
    return joined


def _sentences(text: str, block: CharRange, language: str) -> Iterator[CharRange]:
    start, end = block
    # After a list marker sentencex does not see the ends of sentences.
    marker = marker_of(text[start : min(end, start + _LONGEST_MARKER)])
    position = start + marker.end() if marker is not None and start + marker.end() < end else start
    for first, last in _sentences_from(text, position, end, language):
        yield (start if first == position else first), last


def _sentences_from(text: str, start: int, end: int, language: str) -> Iterator[CharRange]:
    while start < end:
        stop = min(end, start + _WINDOW)
        found = _segmented(text, start, stop, language)
        if stop < end:
            # The last sentence may continue: the next window begins with it, unless it fills this one.
            cut = _trim(text, start, _last_white_space(text, start, stop))
            found = found[:-1] or ([cut] if cut[0] < cut[1] else [])
        yield from found
        if stop == end:
            return
        start = found[-1][1] if found else stop


def _segmented(text: str, start: int, end: int, language: str) -> list[CharRange]:
    """The sentences of `text[start:end]`."""
    plain = _NOT_PLAIN_SPACE.sub(" ", text[start:end])
    boundaries = sentencex.get_sentence_boundaries(language, _without_misleading_marks(plain))
    found: list[CharRange] = []
    first, last = _trim(text, start, end)
    for boundary in boundaries[:-1]:
        stop, following = start + boundary["end_index"], start + boundary["end_index"]
        while stop > first and text[stop - 1].isspace():
            stop -= 1
        while following < last and text[following].isspace():
            following += 1
        if first < stop and following < last and not goes_on(text, first, stop, following):
            found += _after_brackets(text, first, stop)
            first = following
    if first < last:
        found += _after_brackets(text, first, last)
    return found


def _after_brackets(text: str, start: int, end: int) -> list[CharRange]:
    """A sentence, cut where it follows another one that is in brackets: sentencex sees no end there."""
    brackets = _SENTENCE_IN_BRACKETS.match(text, start, end) if text[start] == "(" else None
    if brackets is None:
        return [(start, end)]
    return [(start, brackets.end(1)), _trim(text, brackets.end(), end)]


def _without_misleading_marks(plain: str) -> str:
    """The text with a letter for each mark that sentencex would take for what it is not.

    These are dots in names, apostrophes in words, and quotation marks after a word while none is open: inches
    and feet, the possessive of a plural.
    """
    plain = _DOT_IN_NAME.sub("x", plain).replace("•", "-")
    hidden: list[int] = []
    for quote in "\"'’":
        is_open = False
        at = plain.find(quote)
        while at >= 0:
            if plain[at - 1 : at].isalnum() and (quote != '"' or not is_open):
                inside = plain[at + 1 : at + 2].isalnum()
                if inside or (quote != "’" and not is_open):
                    hidden.append(at)
                else:
                    is_open = False
            elif quote != "'" or not plain[at + 1 : at + 3].isdigit():  # not "the '90s"
                is_open = not is_open
            else:
                hidden.append(at)
            at = plain.find(quote, at + 1)
    if not hidden:
        return plain
    parts: list[str] = []
    position = 0
    for at in sorted(hidden):
        parts.append(plain[position:at])
        position = at + 1
    return "x".join([*parts, plain[position:]])


def _last_white_space(text: str, start: int, end: int) -> int:
    """The end of the last white space of `text[start:end]`, or `end` where there is none."""
    for position in range(end, start + 1, -1):
        if text[position - 1].isspace():
            return position
    return end


def _trim(text: str, start: int, end: int) -> CharRange:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
