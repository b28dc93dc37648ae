"""Spans without what is no part of their words: punctuation, list markers, emoji, lone brackets. Pure."""

from __future__ import annotations

import re
import unicodedata

from indexer.lines import marker_of
from service.answering.extents.quantities import ABBREVIATION, GRADE_SIGN, LOOK, QUANTITY
from service.answering.extents.words import quotes

_JOINER = "\u200d"
_MARKS = frozenset(".,;:!?…/|*•·–—-−_")
_NAMED_DOT = re.compile(r"\.[^\W\d_]\w*")  # ".NET"
_PATH = re.compile(r"/[\w.]")
_LINE_BREAKS = "\n\r\x0b\x0c\x85\u2028\u2029"


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without punctuation, list markers and emoji at its ends, without lone brackets.

    Signs that carry meaning stay (currency, per cent, degrees, inches, grades), and so do the full stop of an
    abbreviation ("U.S.") and a bracket or a quotation mark whose partner is inside. A span of punctuation
    alone becomes empty.
    """
    start = _after_list_marker(text, start, end)
    before = None
    while before != (start, end) and start < end:
        before = start, end
        words = text[start:end]
        if (
            words[0].isspace()
            or _is_emoji(words[0])
            or _starts_with_mark(text, start)
            or _unbalanced(words, 0)
        ):
            start += 1
        elif (
            words[-1].isspace()
            or (_is_emoji(words[-1]) and not (words[-1] in "★☆" and words[-2:-1].isdigit()))
            or _unbalanced(words, len(words) - 1, text[max(0, start - 200) : start])
            or _ends_with_mark(text, start, end)
        ):
            end -= 1
    return (start, end) if any(char.isalnum() for char in text[start:end]) else (start, start)


def _after_list_marker(text: str, start: int, end: int) -> int:
    """The start without the marker of the list item that the span begins."""
    low = max(0, start - LOOK)
    if low > 0 and text[low:start].isprintable():
        return start
    line = max(text.rfind(mark, low, start) for mark in _LINE_BREAKS) + 1
    if line == 0 and low > 0:
        return start
    marker = marker_of(text[line : line + 2 * LOOK])
    if marker is None or not start < line + marker.end() < end:
        return start
    words = line + marker.end()
    return words if any(char.isalnum() for char in text[words:end]) else start


def _is_emoji(char: str) -> bool:
    if char < _JOINER:
        return False
    category = unicodedata.category(char)
    return (
        (category == "So" and char >= "\u2190" and char not in "♭♮♯")
        or (category == "Sk" and char >= "\U0001f000")  # skin tones
        or char in (_JOINER, "\ufe0f", "\u20e3")
    )


def _starts_with_mark(text: str, start: int) -> bool:
    # A minus and a decimal point belong to their number, a dot and a slash to a name or a path.
    char = text[start]
    if char not in _MARKS:
        return False
    if QUANTITY.match(text, start):
        return False
    before = text[max(0, start - 1) : start].strip()
    if char == "." and _NAMED_DOT.match(text, start):
        return before != "" and before not in "(\"'“‘`["
    return char != "/" or before != "" or _PATH.match(text, start) is None


def _ends_with_mark(text: str, start: int, end: int) -> bool:
    char = text[end - 1]
    if char not in _MARKS:
        return False
    if char in "-–−":
        return not any(
            sign.end() == end for sign in GRADE_SIGN.finditer(text, max(start, end - 4), end + LOOK)
        )
    return ABBREVIATION.search(text[start:end]) is None


_OPENING_APOSTROPHE = re.compile(r"(?<!\w)['‘](?=\S)")
_CLOSING_APOSTROPHE = re.compile(r"(?<=\S)['’](?!\w)")
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "‘": "’"}


def _unbalanced(words: str, place: int, before: str = "") -> bool:
    """Whether the character is a bracket or quotation mark without a partner in the words.

    `before`: the text before the words, which shows whether a mark after a figure closes a quotation.
    """
    char = words[place]
    after_figure = place > 0 and words[place - 1].isdigit()
    if char == '"':
        count = quotes(words)
        if after_figure:
            return quotes(before + words) % 2 == 1 and count % 2 == 0
        return count % 2 == 1
    if char in "'’":
        return not after_figure and _is_lone_apostrophe(words, place)
    if char == "”" and after_figure and "“" not in before + words:
        return False
    for opening, closing in _PAIRS.items():
        if char in (opening, closing):
            return words.count(opening) != words.count(closing)
    return False


def _is_lone_apostrophe(words: str, place: int) -> bool:
    """Whether the first or the last character of the words is one of two single quotation marks."""
    if place == 0:  # "'90s" begins with an apostrophe
        return not words[1:2].isdigit() and _CLOSING_APOSTROPHE.search(words, 1) is None
    return place == len(words) - 1 and _OPENING_APOSTROPHE.search(words) is None
