"""Text -> lines, and which of them are list items. Pure.

Every character that Unicode calls a line break ends a line: also a lone carriage return, as in files of the
classic Mac OS, a form feed between pages, NEL and the separators U+2028 and U+2029.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexer.sentence_ends import begins_sentence

# A text whose lines were wrapped at a column continues many of its lines in lower case; a text with a
# paragraph or a list item on each line continues hardly any.
_WRAPPED_SHARE = 0.3

# Letters with a full stop are markers in lower case only: "J. Smith" may begin a line, and so may "c. 1900".
_MARKER = re.compile(
    r"""
    \s*(?:
        (?P<bullet>[-*+•◦▪‣⁃∙·●○■□–—・])
      | (?P<number>\(?\d{1,3}[.)．）])
      | (?P<letter>\((?:[A-Za-z]|[ivxIVX]{2,4})\) | (?:[A-Za-z]|[ivxIVX]{2,4})\)
                  | (?:[a-z]|[ivx]{2,4})\.(?!\s+\d))
    )\s+(?=\S)
    """,
    re.VERBOSE,
)
_MARKER_START = re.compile(r"\s*[-*+•◦▪‣⁃∙·●○■□–—・(\w]")
_ENDED = re.compile(r"[.!?:;][\"'”’)\]]*\s*$")


# A line that ends with one of these goes on in the next.
_NEVER_LAST = frozenset(
    ["the", "a", "an", "and", "or", "of", "is", "are", "was", "were", "which", "whose", "than"]
)
_VERBS = frozenset(["is", "are", "was", "were", "has", "have", "had", "will", "would", "can", "could", "may"])
_UNFINISHED_WORDS = 4  # the fewest words of a line that is a sentence without its end


@dataclass(frozen=True, slots=True)
class Line:
    """A line `text[start:end]` without its line break; `words` are its characters."""

    start: int
    end: int
    words: str

    @property
    def blank(self) -> bool:
        """Whether it holds only white space."""
        return not self.words.strip()

    @property
    def indent(self) -> int:
        """The number of white-space characters that it begins with."""
        return len(self.words) - len(self.words.lstrip())


@dataclass(frozen=True, slots=True)
class ListItem:
    """Lines `first` to `last`, both included, of a list item.

    `style` is its bullet, or how its number or letter is written; `number` is 0 for bullets and letters.
    `text` is where its words begin, after the marker, in characters of the whole text.
    """

    first: int
    last: int
    indent: int
    style: str
    number: int
    text: int


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text, in order; a carriage return and a line feed are one line break."""
    found = []
    start = 0
    for line in text.splitlines(keepends=True):
        words = line.splitlines()[0]
        found.append(Line(start, start + len(words), words))
        start += len(line)
    return found


def is_wrapped(lines: Sequence[Line]) -> bool:
    """Whether lines were broken at a column: many continue in lower case; list items are not counted."""
    joined = continued = 0
    for before, line in pairwise(lines):
        if line.blank or before.blank or marker_of(line.words):
            continue
        joined += 1
        continued += line.words.lstrip()[0].islower()
    return joined > 0 and continued / joined > _WRAPPED_SHARE


def is_unfinished(lines: Sequence[Line], number: int) -> bool:
    """Whether a line clearly goes on in the next, even if the text is not wrapped.

    Its last word shows it; or it is, as a heading is not, a sentence without its end that begins a paragraph,
    and the next line does not begin like a sentence.
    """
    line, following = lines[number], lines[number + 1]
    words = line.words.split()
    if following.blank or not words or words[-1][-1] in ".!?:;…" or marker_of(following.words):
        return False
    if words[-1] in _NEVER_LAST and len(words) >= _UNFINISHED_WORDS:
        return True
    return (
        len(words) >= _UNFINISHED_WORDS
        and number > 0
        and lines[number - 1].blank
        and any(word in _VERBS for word in words[1:-1])
        and begins_sentence(words[0])
        and not begins_sentence(following.words.split()[0])
        and len(following.words) <= len(line.words)
    )


def marker_of(words: str) -> re.Match[str] | None:
    """Return the list marker that a line begins with, with the white space around it, if it has one."""
    return _MARKER.match(words) if _MARKER_START.match(words) else None


def list_items(lines: Sequence[Line], *, wrapped: bool) -> list[ListItem]:
    """Return the list items, in order, each with the lines that continue it.

    In a wrapped text a line of prose may begin with a dash or a number. There a marker counts only after a
    blank line, after a colon, or beside another one of its kind in the same paragraph.
    """
    marked = _marked(lines)
    if wrapped:
        marked = _confirmed(lines, marked)
    starts = {item.first for item in marked}
    width = _width(lines) if wrapped and marked else 0
    found = []
    for item in marked:
        last = item.first
        while last + 1 < len(lines) and last + 1 not in starts and _continues(lines, item, last, width):
            last += 1
        found.append(ListItem(item.first, last, item.indent, item.style, item.number, item.text))
    return found


def _marked(lines: Sequence[Line]) -> list[ListItem]:
    found = []
    for place, line in enumerate(lines):
        marker = marker_of(line.words)
        if marker is None:
            continue
        mark = marker.group().strip()
        number = int(re.sub(r"\D", "", mark)) if marker["number"] else 0
        style = mark if marker["bullet"] else re.sub(r"\d+", "1", re.sub(r"[^\W\d]+", "a", mark))
        found.append(ListItem(place, place, line.indent, style, number, line.start + marker.end()))
    return found


def _confirmed(lines: Sequence[Line], marked: Sequence[ListItem]) -> list[ListItem]:
    paragraph = _paragraph_numbers(lines)
    # The numbers of each style in each paragraph; bullets and letters count how often they occur.
    known: dict[tuple[int, str], list[int]] = {}
    for item in marked:
        known.setdefault((paragraph[item.first], item.style), []).append(item.number)
    found = []
    for item in marked:
        before = lines[item.first - 1] if item.first else None
        beside = known[paragraph[item.first], item.style]
        neighbour = (
            (item.number - 1 in beside or item.number + 1 in beside) if item.number else len(beside) > 1
        )
        if before is None or before.blank or before.words.rstrip().endswith(":") or neighbour:
            found.append(item)
    return found


def _paragraph_numbers(lines: Sequence[Line]) -> list[int]:
    numbers, number = [], 0
    for line in lines:
        number += line.blank
        numbers.append(number)
    return numbers


def _width(lines: Sequence[Line]) -> int:
    """The column that the lines were wrapped at: a few may be longer, such as addresses."""
    lengths = sorted(len(line.words.rstrip()) for line in lines if not line.blank)
    return lengths[int(0.95 * (len(lengths) - 1))]


def _continues(lines: Sequence[Line], item: ListItem, last: int, width: int) -> bool:
    """Whether the line after `last` continues the item; `width` is 0 if the text is not wrapped."""
    before, line = lines[last], lines[last + 1]
    if line.blank:
        return False
    ended = _ENDED.search(before.words) is not None
    lower = line.words.lstrip()[0].islower()
    if before.words.split()[-1] in _NEVER_LAST:
        return True
    if line.indent > item.indent:
        return width > 0 or lower or not ended
    if width == 0 or ended:
        return False
    # A line that was broken at the column had no room for the next word.
    return lower or len(before.words.rstrip()) + 1 + len(line.words.split(None, 1)[0]) > width
