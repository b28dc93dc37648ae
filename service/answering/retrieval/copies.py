"""Near-identical passages: a wire report printed by twelve papers is one passage with twelve places.

Unless copies count once, they fill the few passages that are read, and what only one article says is never
read. The copy that ranks first is read; the places of the others become further citations. Pure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from indexer.arrays import Vector
from indexer.records import ScoredPassage
from service.answering.answers import Span
from service.answering.overlap import asked_terms, terms_of

MIN_JACCARD = 0.7
"""The least share of common word trigrams, of all that two passages have, that makes them near-identical."""

MIN_COSINE = 0.97
"""The least cosine of their vectors that does, unless they differ in a name."""

FURTHER = 32
"""Passages beyond those that are returned that are looked at for copies."""

_SIMILAR_SENTENCE = 0.5  # share of common words from which two sentences say the same of something
_CACHED = 4_000
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def collapse(
    ranked: Iterable[ScoredPassage], count: int, vector_of: Callable[[ScoredPassage], Vector]
) -> list[ScoredPassage]:
    """Return the first `count` passages that are no copies of better ones, each with its `copies`.

    `ranked` is best first; it is read until they are found and `FURTHER` more have been compared with them.
    Passages that overlap in one article are not copies of each other.
    """
    kept: list[ScoredPassage] = []
    copies: list[list[ScoredPassage]] = []
    for seen, scored in enumerate(ranked):
        if len(kept) == count and seen >= count + FURTHER:
            break
        original = next(
            (place for place, one in enumerate(kept) if _are_copies(one, scored, vector_of)), None
        )
        if original is not None:
            copies[original].append(scored)
        elif len(kept) < count:
            kept.append(scored)
            copies.append([])
    return [
        replace(one, copies=tuple(its_copies)) if its_copies else one
        for one, its_copies in zip(kept, copies, strict=True)
    ]


def _are_copies(
    one: ScoredPassage, other: ScoredPassage, vector_of: Callable[[ScoredPassage], Vector]
) -> bool:
    if _overlap(one, other):
        return False
    if one.text == other.text:
        return True
    first, second = _trigrams(one.text), _trigrams(other.text)
    common = len(first & second)
    similar = common >= MIN_JACCARD * (len(first) + len(second) - common)
    if not similar:
        similar = float(vector_of(one) @ vector_of(other)) >= MIN_COSINE and not _names_differ(one, other)
    return similar and not _figures_differ(one, other)


def _overlap(one: ScoredPassage, other: ScoredPassage) -> bool:
    first, second = one.passage, other.passage
    return first.article_id == second.article_id and first.start < second.end and second.start < first.end


@functools.lru_cache(maxsize=_CACHED)
def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < 3:  # noqa: PLR2004 - too short for a trigram
        return frozenset([tuple(words)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _names_differ(one: ScoredPassage, other: ScoredPassage) -> bool:
    """Whether a capitalised word is in one of the two alone."""
    words = [set(_WORD.findall(scored.text)) for scored in (one, other)]
    return any(word[0].isupper() for word in words[0] ^ words[1])


def _figures_differ(one: ScoredPassage, other: ScoredPassage) -> bool:
    """Whether two sentences that say the same give other numbers: "40 days" is no copy of "90 days"."""
    return any(
        _NUMBER.findall(first) != _NUMBER.findall(second) and _jaccard(first, second) >= _SIMILAR_SENTENCE
        for first in _sentences(one)
        for second in _sentences(other)
        if first != second
    )


def _jaccard(one: str, other: str) -> float:
    first, second = ({*_WORD.findall(_NUMBER.sub("", text).casefold())} for text in (one, other))
    return len(first & second) / len(first | second) if first or second else 0.0


def _sentences(scored: ScoredPassage) -> list[str]:
    first = scored.passage.start
    return [scored.text[start - first : end - first] for start, end in scored.sentences] or [scored.text]


def other_places(span: Span, question: str) -> list[Span]:
    """Return the same words in the copies of the span's passage, those whose sentence is the same there.

    A copy whose context words lack a term of the question that the original's have is left out: it is
    another company's document.
    """
    places = []
    needed = asked_terms(question) & terms_of(span.scored.context) - terms_of(span.scored.text)
    for copy in span.scored.copies:
        if needed <= terms_of(copy.context) | terms_of(copy.text):
            start = _same_place(span, copy)
            if start is not None:
                places.append(Span(copy, start, start + len(span.text), span.score))
    return places


def _same_place(span: Span, copy: ScoredPassage) -> int | None:
    """Where the span is in a copy that holds its sentence unchanged."""
    if not span.sentences:
        return None
    at = copy.text.find(span.quote)
    return None if at < 0 else copy.passage.start + at + span.start - span.quote_range[0]
