"""Text -> sentences with exact offsets. Pure.

sentencex, Wikimedia's rule-based segmenter, decides where a sentence ends. On Wikipedia paragraphs it cuts
0.1% of the reference answers (`python -m eval.benchmark.segmenters`), no more than pysbd and syntok, in a
hundredth of pysbd's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sentencex

from indexer.boilerplate import is_boilerplate
from indexer.records import CharRange, Segment

# A text whose lines were wrapped at a column continues many of its lines in lower case; a text with a
# paragraph or a list item on each line continues hardly any.
_WRAPPED_SHARE = 0.3
# Characters given to sentencex at once. On some texts, such as Chinese, its time grows with the square of
# the length: hundredths of a second at this length, minutes at a million characters.
_WINDOW = 10_000
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


def sentence_offsets(
    text: str,
    segments: Sequence[Segment] = (),  # noqa: ARG001 - to come
    *,
    language: str = "en",
) -> list[CharRange]:
    """Return the `(start, end)` of each sentence of `text`, in order, without surrounding white space.

    Sentences do not overlap; only white space and boilerplate lie between them. A blank line always
    ends a sentence, and so does a line break unless the text is wrapped at a column. One longer than 10,000
    characters is cut there, at white space where there is some.
    """
    return [sentence for block in blocks(text) for sentence in _sentences(text, block, language)]


def blocks(text: str) -> list[CharRange]:
    """Return the `(start, end)` of each paragraph or line that holds text and is not boilerplate."""
    wrapped = _is_wrapped(text)
    found: list[CharRange] = []
    open_block: CharRange | None = None
    for start, end in _lines(text):
        line = text[start:end]
        if not line.strip() or is_boilerplate(line):
            open_block = None
            continue
        if open_block is not None and wrapped:
            found.pop()
            start = open_block[0]  # noqa: PLW2901 - the block continues
        open_block = (start, end)
        found.append(open_block)
    return [_trim(text, start, end) for start, end in found]


def _lines(text: str) -> Iterator[CharRange]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _is_wrapped(text: str) -> bool:
    joined = continued = 0
    for paragraph in _BLANK_LINE.split(text):
        for line in paragraph.strip("\n").split("\n")[1:]:
            joined += 1
            continued += line.lstrip()[:1].islower()
    return joined > 0 and continued / joined > _WRAPPED_SHARE


def _sentences(text: str, block: CharRange, language: str) -> Iterator[CharRange]:
    start, end = block
    while start < end:
        stop = min(end, start + _WINDOW)
        ends = _ends(text, start, stop, language)
        if stop < end:
            # The last sentence may continue: the next window begins with it, unless it fills this one.
            ends = ends[:-1] or [_last_white_space(text, start, stop)]
        for found in ends:
            first, last = _trim(text, start, found)
            if first < last:
                yield first, last
            start = found


def _ends(text: str, start: int, end: int, language: str) -> list[int]:
    """Where the sentences of `text[start:end]` end; the last one ends with it."""
    # sentencex 1.0 panics on white space outside ASCII before a full stop, so it sees plain spaces:
    # one for one, which keeps every offset.
    plain = "".join(" " if char.isspace() else char for char in text[start:end])
    boundaries = sentencex.get_sentence_boundaries(language, plain)
    return [*(start + boundary["end_index"] for boundary in boundaries[:-1]), end]


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
