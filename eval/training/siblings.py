"""The plain words in a question that another word could take the place of: "author" for "editor"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from eval.training import kinds
from eval.training.wording import quoted
from indexer.analyzer import is_function_word

_DESCRIBING = frozenset(["organ", "crop", "fuel", "sphere", "academic", "level"])
"""Kinds of words that may stand before a noun."""

_AFTER_WHO = frozenset(["wrote", "sang", "directed"])
"""Kinds of verbs that have another form in a passive sentence."""

_AFTER_WHAT = frozenset(["figure", "emblem"])
"""Kinds of nouns that have other meanings, except where they are what is asked for."""

_DEEDS = frozenset(
    """
    founded built invented discovered designed released established created introduced arrested married
    published elected opened
    """.split()  # noqa: SIM905 - shorter than a list of strings
)
_WHO = re.compile(r"(?i)\bwho\s(?:first\s|originally\s|also\s)?$")
_PASSIVE = re.compile(r"(?i)\b(?:was|were|is|are|been|being)\b[^,?]*\s$")
_NOT_NOUNS = re.compile(
    r"(?i)\b(?:what|which|to|did|does|do|who|i|you|they|can|could|will|would|us|high|middle|medical)\s$"
)
_FIXED = re.compile(r"(?i)^\s(?:attack|rate|sound|beat|stem|name|hall|part(?:y|ies)|of all)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word at [start, end) of a question, and what may replace it in the same form."""

    start: int
    end: int
    kind: str
    others: tuple[str, ...]


@cache
def _forms() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return, by word in singular or plural, its kinds and the other words in the same form."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for kind, items in kinds.words().items():
        one_form = kind in _AFTER_WHO | _AFTER_WHAT | _DEEDS | _DESCRIBING
        forms: list[Callable[[str], str]] = [str] if one_form else [str, kinds.plural]
        for form in forms:
            for item in items[:1] if kind in _DEEDS else items:
                others = tuple(form(other.words) for other in items if other is not item)
                found.setdefault(form(item.words), []).append((kind, others))
    return found


@cache
def _pattern() -> re.Pattern[str]:
    longest = sorted(_forms(), key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(longest)})(?![\w’'-])")


def siblings(question: str) -> list[Word]:
    """Return the words of a question that may be replaced: none in a name, or in quotation marks.

    Not after "what" or "which", where a word says what the answer is.
    """
    found = []
    for match in _pattern().finditer(question):
        before, after = question[: match.start()], question[match.end() :]
        if quoted(question, match.start()) or _FIXED.match(after) or re.match(r"\s[A-Z]", after):
            continue
        found += [
            Word(*match.span(), kind, others)
            for kind, others in _forms()[match[0]]
            if _stands(kind, before, after)
        ]
    return found


def _stands(kind: str, before: str, after: str) -> bool:
    """Whether a word of this kind is used here as its kind is."""
    if kind in _AFTER_WHO:
        return bool(_WHO.search(before))
    if kind in _DEEDS:
        return bool(_WHO.search(before) or _PASSIVE.search(before))
    if kind in _AFTER_WHAT and not re.search(r"(?i)\bwhat(?:'s|\sis|\swas)\sthe\s(?:\w+\s)?$", before):
        return False
    if kind == "academic" and not re.match(r"\s(?:school|degree|student|education|program)", after):
        return False
    following = re.match(r"\s([a-z]+)", after)
    if following is not None and kind not in _DESCRIBING and not is_function_word(following[1]):
        return False
    return not _NOT_NOUNS.search(before) and not re.search(r"[A-Z]\w*\s$", before.partition(" ")[2])
