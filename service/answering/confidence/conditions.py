"""Whether the words that may answer a question are about another case than the one it asks for.

"More than 80 hours" is not answered by the rule for "80 hours or less", the fee of 2023 not by a cell under
"2024", and a question about Borea not by Alba's terms if Borea's were read as well. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from indexer.records import ScoredPassage, SegmentKind
from service.answering.answers import Span
from service.answering.confidence.bounds import bounds
from service.answering.confidence.evidence import names_of
from service.answering.overlap import asked_terms, terms_of
from service.answering.reading.reader_text import cell_of

OTHER_CASE = 0.02
"""What is left of the confidence of words under a condition or in a table cell that excludes the question."""

OTHER_NAME = 0.25
"""What is left of that of words about another thing than the question names."""


def share_of_confidence(question: str, span: Span, passages: Sequence[ScoredPassage]) -> float:
    """Return the share of its confidence that a span keeps, in (0, 1]; `passages` are all that were read."""
    if _is_other_case(question, span) or _is_other_cell(question, span):
        return OTHER_CASE
    if _is_other_section(question, span) or _is_other_document(question, span, passages):
        return OTHER_NAME
    return 1.0


def _is_other_case(question: str, span: Span) -> bool:
    """Whether every condition of the span's sentence that the question bears on excludes the question's."""
    asked = [*bounds(question)]
    if not asked:
        return False
    said = [one for one in bounds(span.quote) if not one.exact]
    for wanted in asked:
        related = [one for one in said if one.unit == wanted.unit]
        if related and all(wanted.excludes(one) for one in related):
            return True
    return False


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


def _is_other_section(question: str, span: Span) -> bool:
    """Whether the question names the heading of another section of the passage, and not that of its own."""
    sections = [one for one in span.scored.segments if one.kind == SegmentKind.SECTION]
    own = next((one.label for one in sections if one.start <= span.start < one.end), None)
    return own is not None and _names_another(question, own, {one.label for one in sections})


def _is_other_document(question: str, span: Span, passages: Sequence[ScoredPassage]) -> bool:
    """Whether a name in the question is in the context words of other passages, and nowhere in its own."""
    own = terms_of(span.scored.text) | terms_of(span.scored.context)
    missing = names_of(question) - own
    return bool(missing) and any(missing & terms_of(one.context) for one in passages)
