"""Whole words, and quotation marks that are none. Pure."""

from __future__ import annotations

import re
import unicodedata


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span widened to the words that it cuts: runs of letters, digits and combining marks."""
    while 0 < start < len(text) and _in_word(text[start - 1]) and _in_word(text[start]):
        start -= 1
    while 0 < end < len(text) and _in_word(text[end - 1]) and _in_word(text[end]):
        end += 1
    return start, end


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def quotes(text: str) -> int:
    """Return the number of straight quotation marks, without those after a figure, which stand for inches."""
    return len(re.findall(r"(?<!\d)\"", text))
