"""A span that a model marked -> the words that belong together: values, names and addresses, whole. Pure.

A value without its sign, its currency or its "at least" is another value, and half an address is no
address. What is added stands directly beside the span and in the same sentence or cell, which the caller
gives.
"""

from __future__ import annotations

import re

from indexer.analyzer import is_function_word
from service.answering.extents.addresses import whole_addresses
from service.answering.extents.brackets import balanced
from service.answering.extents.quantities import LOOK, whole_value
from service.answering.extents.trimming import trimmed
from service.answering.extents.words import whole_words

_ROUNDS = 6  # what is added may be beside something that belongs to it; a few rounds find all


def answer_range(text: str, start: int, end: int, within: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return the span with all that belongs to it and nothing else; an empty one if there are no words in it.

    `within`: the characters that may be added, of the sentence, sentences or cell that holds the span; all
    of the text by default. Offsets are half-open, in code points.
    """
    start, end = whole_words(text, start, end)
    low, high = within if within is not None else (0, len(text))
    low, high = max(0, min(low, start)), min(len(text), max(high, end))
    before = None
    for _ in range(_ROUNDS):
        if before == (start, end) or start >= end:
            break
        before = start, end
        start, end = trimmed(text, *_within(whole_words(text, start, end), low, high))
        if start < end:
            start, end = _within(whole_addresses(text, start, end), low, high)
            start, end = _within(whole_value(text, start, end), low, high)
            start, end = _within(balanced(text, start, end, low, high), low, high)
    return trimmed(text, start, end) if start < end else (start, end)


def _within(found: tuple[int, int], low: int, high: int) -> tuple[int, int]:
    return max(found[0], low), min(found[1], high)


# Qualifiers, currencies and units, in lower case, which say nothing without a value.
_NOT_ALONE = frozenset(
    """
    approx approximately nearly almost around roughly circa ca up least most more less fewer only just
    rs kr hk$ us$ a$ c$ nz$ s$ r$ nt$ °c °f
    """.split()  # noqa: SIM905 - a list of thirty strings would be harder to read
)
# Names that are function words in another case.
_NAMES = frozenset(["IT", "US", "WHO", "May", "Will"])
_MARKER_ALONE = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\([A-Z]\)|[-*•◦▪–—]")
_SENTENCE_ENDS = ".!?:;\"“”'‘’"


def is_answer(words: str, *, before: str = "") -> bool:
    """Whether words can be an answer: not only function words, a qualifier, a currency or a list marker.

    `before`: the text before them; a lone "A" is a letter in the middle of a sentence, else an article.
    """
    stripped = words.strip()
    if not any(char.isalnum() for char in stripped) or _MARKER_ALONE.fullmatch(stripped):
        return False
    if stripped == "A":
        rest = before[-LOOK:].rstrip()
        return rest != "" and rest[-1] not in _SENTENCE_ENDS and "\n" not in before[len(before) - 2 :]
    parts = [part.strip(".,;:!?\"'“”‘’()[]") for part in stripped.split()]
    if len(parts) > 1 and all(part[:1].isupper() for part in parts):
        return True  # "The Who"
    return any(
        part and (part in _NAMES or not (is_function_word(part.casefold()) or part.casefold() in _NOT_ALONE))
        for part in parts
    )
