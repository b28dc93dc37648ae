"""Whether the words that may answer a question are about another case than the one it asks for.

"More than 80 hours" is not answered by the rule for "80 hours or less", and the fee of 2023 not by a cell
under "2024". Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from indexer.records import SegmentKind
from service.answering.answers import Span
from service.answering.overlap import asked_terms, terms_of
from service.answering.reader_text import cell_of

_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
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
_EXACT = re.compile(_NUMBER + r"(?:[\s\u00a0-]+(?P<unit>[^\W\d_]+|%))", re.IGNORECASE)
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

    def _below(self, other: Bounds) -> bool:
        if self.most == other.least:
            return self.without_most or other.without_least
        return self.most < other.least


def bounds(text: str) -> Iterator[Bounds]:
    """Yield the conditions on numbers in a text: "more than 80 hours", "80 hours or less"."""
    taken: list[tuple[int, int]] = []
    for pattern in (_BEFORE, _AFTER):
        for match in pattern.finditer(text):
            taken.append(match.span())
            yield _bounds(match, before=pattern is _BEFORE)
    for match in _EXACT.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            number = _number(match["number"])
            yield Bounds(number, number, _unit(match["unit"]), exact=True)


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


def _number(digits: str) -> float:
    return float(digits.replace(",", ""))


def _unit(word: str | None) -> str:
    unit = (word or "").casefold()
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") else unit  # noqa: PLR2004 - "hours", but not "ms"


def excludes(question: str, span: Span) -> bool:
    """Whether the sentence or cell of a span is about another case than the question asks for."""
    return _is_other_case(question, span) or _is_other_cell(question, span)


def _is_other_case(question: str, span: Span) -> bool:
    """Whether every condition of the span's sentence that the question bears on excludes the question's."""
    asked = [*bounds(question)]
    if not asked:
        return False
    said = [one for one in bounds(_sentence(span)) if not one.exact]
    for wanted in asked:
        related = [one for one in said if one.unit == wanted.unit]
        if related and all(wanted.excludes(one) for one in related):
            return True
    return False


def _sentence(span: Span) -> str:
    first = span.scored.passage.start
    touched = [one for one in span.scored.sentences if one[0] < span.end and span.start < one[1]]
    if not touched:
        return span.text
    return span.scored.text[touched[0][0] - first : touched[-1][1] - first]


def _is_other_cell(question: str, span: Span) -> bool:
    """Whether the question names another row or column of the table, and not the one that the span is in.

    A cell at the left names its row itself, so its column is not asked for.
    """
    cells = [one.label.partition("\t") for one in span.scored.segments if one.kind == SegmentKind.CELL]
    own = cell_of(span.scored, span.start, span.end)
    if own is None:
        return False
    row, _, column = own.label.partition("\t")
    return bool(row) and (
        _names_another(question, row, {other for other, _, _ in cells})
        or _names_another(question, column, {other for _, _, other in cells})
    )


def _names_another(question: str, own: str, headings: Set[str]) -> bool:
    """Whether a term of the question is in another heading alone, and none is in this one alone."""
    asked = asked_terms(question)
    mine = asked & terms_of(own)
    others = asked & frozenset().union(*(terms_of(one) for one in headings if one not in {own, ""}))
    return bool(own) and bool(others - mine) and not mine - others
