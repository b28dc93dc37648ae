"""Logits -> ranked legal spans. Pure NumPy.

A span's score is the sum of its start and its end logit, less the passage's no-answer score, the sum of
the two logits of the token that stands for "no answer" there (Devlin et al., 2019, for SQuAD 2.0). That
difference means the same in every passage, so spans of different passages can be compared; a softmax
over one passage's spans cannot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.answers import Span

Logits = npt.NDArray[np.float32]
Offsets = npt.NDArray[np.int32]

_CURRENCY = "$£¥\u20a0-\u20cf"
_APART = re.compile(rf"\s+(?=[%‰°])|(?<=[{_CURRENCY}])\s+")  # "5 %" is "5%", "€ 5" is "€5"
# What can go without a change of what is said. A number keeps its sign, its point, comma, colon and
# stroke; letters, combining marks and every other mark stay: "C#" is not "C".
_IDLE = re.compile(
    rf"\.(?!\d)|(?<!\d)[,:/]|[,:/](?!\d)|(?<=\w)[-–]|[-–](?![\d{_CURRENCY}])"
    r"|[!?;…\"'`()\[\]{}|*_\\«»‹›‘-‟―—·•、。，；：？！「」『』（）]"
)

MAX_SPAN_TOKENS = 40
"""Longest answer, in tokens of the reader; a list or a reason may be longer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A legal span of one window: half-open characters of its text, and its score."""

    start: int
    end: int
    score: float


def search(
    starts: Logits,
    ends: Logits,
    offsets: Offsets,
    regions: npt.NDArray[np.int32] | None = None,
    *,
    no_answer: float = 0.0,
    longest: int = MAX_SPAN_TOKENS,
    count: int = 20,
) -> list[Candidate]:
    """Return the best legal spans, best first; equal scores in order of their place.

    `starts`, `ends`: `float32 (n,)`, the context tokens' logits. `offsets`: `int32 (n, 2)`, their
    characters. `regions`: `int32 (n,)`, the sentence of each token; with it no span leaves its sentence.
    Every pair of a start and an end is looked at jointly: none ends before it starts, none is longer than
    `longest` tokens.
    """
    size = len(starts)
    if size == 0 or count < 1:
        return []
    # One row a start, one column a length: `longest` columns, where a row an end would have `n`.
    width = min(longest, size)
    with np.errstate(invalid="ignore"):  # an infinite logit makes no number, and no candidate
        scores = starts[:, None].astype(np.float64) + _ahead(ends, width, -np.inf)
    legal = np.isfinite(scores)
    if regions is not None:
        legal &= _ahead(regions, width, _NOWHERE) == regions[:, None]
    flat = np.where(legal, scores, -np.inf).ravel()
    # The least score that is kept; of the places that share it, the first are, whatever the sort's order.
    least = np.partition(flat, max(0, flat.size - count))[max(0, flat.size - count)]
    best = np.flatnonzero((flat >= least) & np.isfinite(flat))
    best = best[np.argsort(-flat[best], kind="stable")][:count]
    return [
        Candidate(
            int(offsets[at // width, 0]),
            int(offsets[at // width + at % width, 1]),
            float(flat[at] - no_answer),
        )
        for at in best
    ]


_NOWHERE = np.iinfo(np.int32).min  # the sentence of no token


def _ahead(values: npt.NDArray[Any], width: int, beyond: float) -> npt.NDArray[Any]:
    """Return each value with the `width - 1` after it, `(n, width)`; `beyond` where there are none."""
    padded = np.concatenate([values, np.full(width - 1, beyond, dtype=values.dtype)])
    return np.lib.stride_tricks.sliding_window_view(padded, width)


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span widened to the words that it cuts: runs of letters, digits and combining marks."""
    while 0 < start < len(text) and _in_word(text[start - 1]) and _in_word(text[start]):
        start -= 1
    while 0 < end < len(text) and _in_word(text[end - 1]) and _in_word(text[end]):
        end += 1
    return start, end


def tidied(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without what does not belong to its words: marks at its ends, brackets left open.

    Signs that say something stay (currency, per cent, degrees), and so do the stop of an abbreviation
    ("U.S.") and a bracket or a quotation mark whose partner is inside. A span of nothing but marks comes
    back empty.
    """
    before = None
    while before != (start, end) and start < end:
        before = start, end
        words = text[start:end]
        if words[0].isspace() or _opens_badly(words) or _alone(words, 0):
            start += 1
        elif words[-1].isspace() or _alone(words, len(words) - 1) or _stop(words):
            end -= 1
    return (start, end) if any(char.isalnum() for char in text[start:end]) else (start, start)


_MARKS = frozenset(".,;:!?…/|*•·–—-_")
_NUMBER = re.compile(rf"[-–]?[{_CURRENCY}]?\.?\d")
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", '"': '"'}
_ABBREVIATION = re.compile(r"(?:\b\w\.){2,}$|\b(?:Inc|Ltd|Co|Corp|Jr|Sr|St|Mr|Mrs|Dr|No|a\.m|p\.m)\.$")


def _opens_badly(words: str) -> bool:
    # A minus and a decimal point belong to their number.
    return words[0] in _MARKS and not _NUMBER.match(words)


def _stop(words: str) -> bool:
    return words[-1] in _MARKS and not _ABBREVIATION.search(words)


def _alone(words: str, place: int) -> bool:
    """Whether a bracket or a quotation mark has no partner within the words."""
    char = words[place]
    if char == '"':
        return words.count(char) % 2 == 1
    for opening, closing in _PAIRS.items():
        if char in (opening, closing):
            return words.count(opening) != words.count(closing)
    return False


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def merged(*found: Iterable[Span]) -> list[Span]:
    """Return the spans of several readings, best first; a place that two of them found counts once."""
    best: dict[tuple[str, int, int], Span] = {}
    for spans in found:
        for span in spans:
            key = (span.passage.article_id, span.start, span.end)
            if key not in best or best[key].score < span.score:
                best[key] = span
    # Sorting is stable: equal scores keep the order of their passages.
    return sorted(best.values(), key=lambda span: -span.score)


def distinct(spans: Iterable[Span], most: int | None = None) -> list[list[Span]]:
    """Group spans, given best first, by their words; return the groups best first, `most` of them.

    The same words at several places are one answer, whose best place comes first. A span that overlaps a
    better one of other words is a variant of it, and no answer of its own.
    """
    groups: dict[str, list[Span]] = {}
    taken: list[Span] = []
    for span in spans:
        if any(_overlap(span, other) for other in taken):
            continue
        taken.append(span)
        groups.setdefault(same_words(span.text), []).append(span)
    # Not before: how many are wanted changes nothing about the places of the first.
    return list(groups.values())[:most]


def _overlap(one: Span, other: Span) -> bool:
    same = one.passage.article_id == other.passage.article_id
    return same and one.start < other.end and other.start < one.end


def same_words(text: str) -> str:
    """Return what two texts share that say the same: folded case and white space, no articles, idle marks."""
    # Not NFKC, for which 10² is 102.
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).replace("−", "-")
    words = _IDLE.sub(" ", _APART.sub("", folded)).split()
    # A text of idle marks alone, or of an article alone, is only itself.
    return " ".join(word for word in words if word not in {"a", "an", "the"}) or text


def sentence_of(offsets: Offsets, sentences: Sequence[tuple[int, int]]) -> npt.NDArray[np.int32]:
    """Return the number of the sentence that holds each token, -1 for one outside all, `int32 (n,)`.

    Sentences are half-open characters in the same text as the offsets, in order, without overlap.
    """
    if not sentences:
        return np.full(len(offsets), -1, dtype=np.int32)
    begins = np.array([start for start, _ in sentences])
    stops = np.array([end for _, end in sentences])
    found = np.searchsorted(begins, offsets[:, 0], side="right") - 1
    inside = (found >= 0) & (offsets[:, 0] < stops[np.maximum(found, 0)])
    return np.where(inside, found, -1).astype(np.int32)
