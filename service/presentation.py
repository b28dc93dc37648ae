"""An answer as a person sees it: its quotations by part, and their sentences with the answers marked. Pure.

The page and the terminal use it; `web/widget/quoth-chat-layout.js` does the same in the browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.answering.answers import Answer, Citation, Polarity, Quotation

POLARITIES = {Polarity.SAYS_YES: "says yes", Polarity.SAYS_NO: "says no"}
"""The label beside a quotation that answers a yes/no question."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A quotation that is shown. `number` is the 1-based number of its sentence."""

    quotation: Quotation
    number: int


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive quotations for one part of the question; `part` is None for all of it."""

    part: str | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence, or sentences, around one or more of the quotations.

    `citation` is that of the first quotation in it. `places` are the citations of all of them. `runs` are the
    sentence's words in their order, with whether they are marked as an answer.
    """

    citation: Citation
    places: tuple[Citation, ...]
    runs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is shown of an answer. `others` are other places with the same words as one of its quotations."""

    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    others: tuple[Citation, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All quotations that are shown."""
        return tuple(entry for section in self.sections for entry in section.entries)


def present(answer: Answer) -> Presentation:
    """Lay out an answer; an abstention has nothing to lay out.

    The answer comes first, then the other answers in their order. Those within the answer's own words are
    not repeated: they are the items of an enumeration, and marked in its sentence one by one. Quotations from
    one sentence share it.
    """
    if answer.quotation is None:
        return Presentation((), (), ())
    first = answer.quotation
    answers = answer.answers or (first,)
    items = [one.citation for one in answers if _is_item(one, first)]
    shown = [first, *(one for one in answers if not _is_item(one, first))]
    sections: list[tuple[str | None, list[Entry]]] = []
    places: list[list[Citation]] = []
    marked: list[list[Citation]] = []
    for quotation in shown:
        citation = quotation.citation
        holding = (number for number, held in enumerate(places) if _holds(held[0], citation))
        number = next(holding, len(places))
        if number == len(places):
            places.append([])
            marked.append([])
        places[number].append(citation)
        marked[number] += items if quotation is first and len(items) > 1 else [citation]
        if not sections or sections[-1][0] != quotation.part:
            sections.append((quotation.part, []))
        sections[-1][1].append(Entry(quotation, number + 1))
    others = {(one.article_id, one.start, one.end): one for each in shown for one in each.other_citations}
    return Presentation(
        tuple(Section(part, tuple(entries)) for part, entries in sections),
        tuple(
            Sentence(held[0], tuple(held), tuple(_runs(held[0], ranges)))
            for held, ranges in zip(places, marked, strict=True)
        ),
        tuple(others.values()),
    )


def _is_item(quotation: Quotation, answer: Quotation) -> bool:
    """Whether a quotation is the answer, or lies within it and answers the same part."""
    item, whole = quotation.citation, answer.citation
    return (
        quotation.part in {None, answer.part}
        and item.article_id == whole.article_id
        and whole.start <= item.start
        and item.end <= whole.end
    )


def _holds(sentence: Citation, citation: Citation) -> bool:
    """Whether the sentence of one citation holds the words of another."""
    return (
        sentence.article_id == citation.article_id
        and sentence.quote_start <= citation.start
        and citation.end <= sentence.quote_end
    )


def _runs(sentence: Citation, ranges: Iterable[Citation]) -> Iterable[tuple[str, bool]]:
    position = 0
    for one in sorted(ranges, key=lambda place: place.start):
        start, end = one.start - sentence.quote_start, one.end - sentence.quote_start
        # The same words may answer two parts.
        if start >= position:
            yield sentence.quote[position:start], False
            yield sentence.quote[start:end], True
            position = end
    yield sentence.quote[position:], False
