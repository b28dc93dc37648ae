"""Which of a reader's candidates answer a question together: "Who wrote it?", two names in two places.

A reader offers many spans, and most of those after the best are wrong. One is taken beside it if its score is
near the best's, nearer where the question does not ask for several things. An enumeration is divided into its
items, each a quotation of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from indexer.records import CharRange
from service.answering.answers import Span, overlap
from service.answering.extents.enumerations import items, separated, unwrapped
from service.answering.same import normalised

NEAR = 0.5
"""How far below the best score another span is taken, for a question that does not ask for several things."""

NEAR_IF_ASKED = 2.0
"""The same for a question that asks for several things."""

NEAR_IF_BESIDE = 6.0
"""The same for a span that is an item of one enumeration with a span that was taken."""

NEAR_IF_WIDER = 1.0
"""The same for an enumeration that has the best span among its items."""

MOST = 20
"""The most answers to one question."""

_MORE_WORDS = 3  # that an item may have beyond twice those of another one of its kind
_CACHED = 64  # passages

_NO_PLURAL = (
    r"(?:is|was|does|has|his|its|this|thus|as|process|business|class|address|status|access|basis|loss|press"
    r"|success|crisis|analysis|series|news)"
)
_NUMBER = r"(?:two|three|four|five|six|seven|eight|nine|ten|\d{1,2}|several|various|different)"
_NO_NOUN = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|might|happen|happens"
    r"|happened|of|in|to|who|that)"
)
# "Which [northern] islands": a plural in lower case, before the verb; what "the" follows is a verb in "s".
_PLURAL = (
    rf"(?:(?!{_NO_NOUN}\b)[a-z-]+\ ){{0,3}}?"
    rf"(?!(?:{_NO_PLURAL}|{_NO_NOUN})\b)(?-i:[a-z-]{{3,}}s)\b(?!['’])"
    r"(?!\ (?:the|an?|your|my|our|its|their|for|at|when|if)\b)"
)
_ASKS = re.compile(
    rf"""(?ix)\b(?:
        (?:^|(?<=please\ )|(?<=you\ ))list | enumerate | lists?\ of | identify\ the
      | name\ (?:all|the|some|{_NUMBER})
      | (?:which|what|who)\ (?:are|were)
      | (?:the|which|what|all|both)\ {_NUMBER}
      | (?:which|what|all)\ (?:of\ the\ )?{_PLURAL}
      | (?:kinds|types|sorts|examples|reasons|ways|countries|people|members|children|men|women)
        \ (?:of|does|do|did|are|were|that|who|which)
    )\b"""
)


def asks_for_several(question: str) -> bool:
    """Whether the words of a question ask for more than one thing: "which countries", "list", "the three"."""
    return _ASKS.search(question) is not None


def answering_together(question: str, spans: Sequence[Span]) -> list[Span]:
    """Return the spans that answer a question together, none with the words of another.

    `spans` are a reader's candidates. The first is the answer: it, or its first item, comes first. The scores
    of the others are compared with its score, and may be higher.
    """
    if not spans:
        return []
    near = NEAR_IF_ASKED if asks_for_several(question) else NEAR
    best = spans[0]
    taken = _with_siblings(best, spans)
    for span in spans[1:]:
        lacking = best.score - span.score
        if lacking > max(near, NEAR_IF_BESIDE) or any(overlap(span, other) for other in taken):
            continue
        if lacking <= near or any(_beside(span, other) for other in taken):
            taken.extend(items_of(span))
    found: dict[str, Span] = {}
    for one in taken:
        found.setdefault(normalised(one.text), one)
    return [*found.values()][:MOST]


def _with_siblings(best: Span, spans: Sequence[Span]) -> list[Span]:
    """Return the best span's items, and those of the longest candidate that enumerates them with others."""
    own = items_of(best)
    found, longest = own, best
    for span in spans:
        if best.score - span.score > NEAR_IF_WIDER:
            break
        if span.passage != best.passage or not (span.start <= longest.start and longest.end <= span.end):
            continue
        parts = items_of(span)
        others = [one for one in parts if not any(overlap(one, mine) for mine in own)]
        if others and all(_alike(own[0].text, one.text) for one in others):
            found, longest = [*own, *(replace(one, score=best.score) for one in others)], span
    return found


def _alike(one: str, other: str) -> bool:
    """Whether two items may be of one kind: both names, figures or plain words, neither far longer."""
    return _kind(one) == _kind(other) and len(other.split()) <= 2 * len(one.split()) + _MORE_WORDS


def _kind(text: str) -> str:
    words = [word for word in text.split() if word[0].isalnum()]
    if any(word[0].isdigit() for word in words):
        return "figure"
    return "name" if any(word[0].isupper() for word in words) else "words"


def items_of(span: Span) -> list[Span]:
    """Return the items of a span that is an enumeration, or the span itself."""
    first = span.scored.passage.start
    parts = items(_unwrapped(span), span.start - first, span.end - first)
    return [replace(span, start=first + start, end=first + end) for start, end in parts]


def _beside(one: Span, other: Span) -> bool:
    """Whether only a separator stands between two spans of a passage: they are items of one enumeration."""
    if one.passage != other.passage:
        return False
    first = one.scored.passage.start
    ranges = sorted([(one.start - first, one.end - first), (other.start - first, other.end - first)])
    return separated(_unwrapped(one), ranges)


def _unwrapped(span: Span) -> str:
    """Return the text of a span's passage; a line break in it ends a line of a list, not a wrapped one."""
    return _unwrapped_text(span.scored.text, span.scored.passage.start, span.scored.sentences)


@functools.lru_cache(maxsize=_CACHED)
def _unwrapped_text(text: str, first: int, sentences: tuple[CharRange, ...]) -> str:
    return unwrapped(text, [(start - first, end - first) for start, end in sentences])
