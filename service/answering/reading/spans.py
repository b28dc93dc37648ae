"""Logits -> ranked legal spans. Pure NumPy.

A span's score is the sum of its start and its end logit, less the passage's no-answer score, the sum of
the two logits of the token that means "no answer" there (Devlin et al., 2019, for SQuAD 2.0). That
difference means the same in every passage, so spans of different passages can be compared; a softmax
over one passage's spans cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.answering.answers import Span, overlap
from service.answering.same import normalised

Logits = npt.NDArray[np.float32]
TokenOffsets = npt.NDArray[np.int32]
"""Start and end of each token, `int32 (n, 2)`: half-open, in code points of the text that was tokenised."""

MAX_SPAN_TOKENS = 40
"""Longest answer, in tokens of the reader, to a question that asks for neither a list nor a reason."""

MAX_LONG_ANSWER = 128
"""Longest list or reason, in tokens of the reader: all of a passage, or nearly."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A legal span of one window: half-open characters of its text, and its score."""

    start: int
    end: int
    score: float


def search(
    starts: Logits,
    ends: Logits,
    offsets: TokenOffsets,
    regions: npt.NDArray[np.int32] | None = None,
    *,
    no_answer: float = 0.0,
    longest: int = MAX_SPAN_TOKENS,
    count: int = 20,
) -> list[Candidate]:
    """Return the best legal spans, best first; equal scores in order of their place.

    `starts`, `ends`: `float32 (n,)`, the context tokens' logits. `offsets`: `int32 (n, 2)`, their
    characters. `regions`: `int32 (n,)`, the sentence of each token; with it no span crosses a sentence.
    All pairs of a start and an end are scored jointly: none ends before it starts, none is longer than
    `longest` tokens.
    """
    size = len(starts)
    if size == 0 or count < 1:
        return []
    # A row for each start, a column for each length: `longest` columns instead of one for each of `n` ends.
    width = min(longest, size)
    with np.errstate(invalid="ignore"):  # infinite logits can sum to NaN, which is no candidate
        scores = starts[:, None].astype(np.float64) + _ahead(ends, width, -np.inf)
    legal = np.isfinite(scores)
    if regions is not None:
        legal &= _ahead(regions, width, _NO_SENTENCE) == regions[:, None]
    flat = np.where(legal, scores, -np.inf).ravel()
    # The lowest score that is kept. Of equal scores the first places are kept: partitioning leaves no order.
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


_NO_SENTENCE = np.iinfo(np.int32).min  # of the padding beyond the last token


def _ahead(values: npt.NDArray[Any], width: int, beyond: float) -> npt.NDArray[Any]:
    """Return each value and the `width - 1` after it, `(n, width)`, padded with `beyond` at the end."""
    padded = np.concatenate([values, np.full(width - 1, beyond, dtype=values.dtype)])
    return np.lib.stride_tricks.sliding_window_view(padded, width)


def merged(*found: Iterable[Span]) -> list[Span]:
    """Return the spans of several windows, best first; a place found in two of them counts once."""
    best: dict[tuple[str, int, int], Span] = {}
    for spans in found:
        for span in spans:
            key = (span.passage.article_id, span.start, span.end)
            if key not in best or best[key].score < span.score:
                best[key] = span
    # Sorting is stable: equal scores keep the order of their passages.
    return sorted(best.values(), key=lambda span: -span.score)


def distinct(spans: Iterable[Span], most: int | None = None) -> list[list[Span]]:
    """Group spans, given best first, by their words; return the first `most` groups, best first.

    The same words in several places are one answer, with its best place first. A span that overlaps a better
    one with other words is a variant of it, not a separate answer.
    """
    groups: dict[str, list[Span]] = {}
    taken: list[Span] = []
    for span in spans:
        if any(overlap(span, other) for other in taken):
            continue
        taken.append(span)
        groups.setdefault(normalised(span.text), []).append(span)
    # Cut only now: the number of groups must not change the places within a group.
    return list(groups.values())[:most]


def sentence_of(offsets: TokenOffsets, sentences: Sequence[tuple[int, int]]) -> npt.NDArray[np.int32]:
    """Return the number of the sentence that holds each token, -1 for a token outside any, `int32 (n,)`.

    `sentences` are half-open character ranges of the text that the offsets count in, in order, without
    overlap.
    """
    if not sentences:
        return np.full(len(offsets), -1, dtype=np.int32)
    first = np.array([start for start, _ in sentences])
    last = np.array([end for _, end in sentences])
    found = np.searchsorted(first, offsets[:, 0], side="right") - 1
    inside = (found >= 0) & (offsets[:, 0] < last[np.maximum(found, 0)])
    return np.where(inside, found, -1).astype(np.int32)
