"""Conditions on numbers: "more than 80 hours", "80 hours or less", "between 3 and 15 years". Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty""".split()  # noqa: SIM905 - a list of twenty strings would be harder to read
_FIGURE = rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:{'|'.join(_WORDS)})\b"
_NUMBER = rf"(?P<number>{_FIGURE})"
_UNIT = r"(?:[\s\u00a0-]+(?P<unit>[^\W\d_]+|%))?"
_BEFORE = re.compile(
    r"\b(?P<bound>(?:no|not)\s+(?:more|greater|later|older|longer|larger|higher)\s+than|at\s+most|up\s+to|maximum\s+of"
    r"|(?:no|not)\s+(?:less|fewer|younger|smaller|shorter|lower)\s+than|at\s+least|minimum\s+of"
    r"|more\s+than|over|above|exceed(?:s|ing)?|in\s+excess\s+of|greater\s+than|older\s+than|longer\s+than|larger\s+than"
    r"|less\s+than|fewer\s+than|under|below|younger\s+than|shorter\s+than|smaller\s+than)\s+(?:[$€£]|US\$)?"
    + _NUMBER
    + _UNIT,
    re.IGNORECASE,
)
_AFTER = re.compile(
    _NUMBER
    + _UNIT
    + r"(?:\s+of\s+\w+)?\s+(?:or|and)\s+(?P<bound>less|fewer|under|below|younger|shorter|smaller"
    r"|more|over|above|older|longer|larger|up|greater)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"\b(?:between\s+(?P<least>{_FIGURE})(?:\s+[^\W\d_]+)?\s+and"
    rf"|(?:from\s+)?(?P<from>{_FIGURE})(?:\s+to|\s*[-–]))\s*" + _NUMBER + _UNIT,
    re.IGNORECASE,
)
_EXACT = re.compile(r"\b" + _NUMBER + r"(?:[\s\u00a0-]+(?P<unit>[^\W\d_]+|%))", re.IGNORECASE)
_AT_MOST = re.compile(
    r"(?:no|not)\s+(?:more|greater|later|older|longer|larger|higher)|at\s+most|up\s+to|maximum", re.IGNORECASE
)
_AT_LEAST = re.compile(
    r"(?:no|not)\s+(?:less|fewer|younger|smaller|shorter|lower)|at\s+least|minimum", re.IGNORECASE
)
_ABOVE = re.compile(r"more|over|above|exceed|excess|greater|older|longer|larger|up$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers that a condition admits, of one unit, from `least` to `most`.

    `without_least`, `without_most`: that end is not admitted itself. `exact`: it is one number.
    """

    least: float
    most: float
    unit: str
    without_least: bool = False
    without_most: bool = False
    exact: bool = False

    def excludes(self, other: Bounds) -> bool:
        """Whether no number satisfies both; bounds of different units never exclude each other."""
        if self.unit != other.unit:
            return False
        return self._below(other) or other._below(self)

    def within(self, other: Bounds) -> bool:
        """Whether every number that satisfies this one satisfies the other, which has the same unit."""
        if self.unit != other.unit:
            return False
        above = self.least > other.least or (
            self.least == other.least and (self.without_least or not other.without_least)
        )
        below = self.most < other.most or (
            self.most == other.most and (self.without_most or not other.without_most)
        )
        return above and below

    def _below(self, other: Bounds) -> bool:
        if self.most == other.least:
            return self.without_most or other.without_least
        return self.most < other.least


def bounds(text: str) -> Iterator[Bounds]:
    """Yield the conditions on numbers in a text."""
    for _, found in bounds_with_ranges(text):
        yield found


def bounds_with_ranges(text: str) -> Iterator[tuple[tuple[int, int], Bounds]]:
    """Yield the conditions on numbers in a text, each after where it begins and ends."""
    taken: list[tuple[int, int]] = []
    for match in _RANGE.finditer(text):
        taken.append(match.span())
        least = match["least"] or match["from"]
        yield match.span(), Bounds(_number(least), _number(match["number"]), _unit(match["unit"]))
    for pattern in (_BEFORE, _AFTER):
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                yield match.span(), _bounds(match, before=pattern is _BEFORE)
    for match in _EXACT.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            number = _number(match["number"])
            yield match.span(), Bounds(number, number, _unit(match["unit"]), exact=True)


def _bounds(match: re.Match[str], *, before: bool) -> Bounds:
    number, unit, words = _number(match["number"]), _unit(match["unit"]), match["bound"]
    included = not before
    if before and _AT_MOST.match(words):
        return Bounds(-math.inf, number, unit)
    if before and _AT_LEAST.match(words):
        return Bounds(number, math.inf, unit)
    if _ABOVE.match(words) or "excess" in words.lower():
        return Bounds(number, math.inf, unit, without_least=not included)
    return Bounds(-math.inf, number, unit, without_most=not included)


def _number(figure: str) -> float:
    word = figure.casefold()
    return float(_WORDS.index(word) + 1) if word in _WORDS else float(figure.replace(",", ""))


def _unit(word: str | None) -> str:
    unit = (word or "").casefold()
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") else unit  # noqa: PLR2004 - "hours", but not "ms"
