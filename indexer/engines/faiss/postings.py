"""Numbered terms -> the passages that hold each, with their BM25 scores.

The score of every term in every passage is precomputed, as in X. H. Lù, "BM25S" (2024): the score of a
question is a sum of lookups. Scores equal those of the library bm25s to the last bit; this module builds them
in a fraction of its memory and time, and finds the best without sorting all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from indexer.arrays import Ids, Mask, Scores

# Robertson and Zaragoza (2009) give k1 of 1.2 to 2 and b of 0.5 to 0.8 as the usual good values.
K1 = 1.5
B = 0.75

Numbers = npt.NDArray[np.int32]

_CHUNK = 4_096  # passages whose terms are counted together


@dataclass(frozen=True, slots=True)
class Postings:
    """Which of `count` passages hold each term, and their scores for it.

    The passages of term t are `passages[starts[t]:starts[t + 1]]`, `int32`, ascending; `scores`, `float32`
    and above 0, are parallel to them: 8 bytes a posting. `starts` is `int64 (terms + 1,)`.
    """

    scores: Scores
    passages: Numbers
    starts: Ids
    count: int

    def sums(self, terms: Sequence[int]) -> Scores:
        """Return the score of every passage, `float32 (count,)`; a repeated term counts each time."""
        total = np.zeros(self.count, np.float32)
        for term in terms:
            np.add.at(total, *self._of(term))
        return total

    def look_up(self, terms: Sequence[int], ids: Ids) -> Scores:
        """Return the scores of these passages, as `sums` has them."""
        total = np.zeros(len(ids), np.float32)
        sought = ids.astype(np.int32)  # of another type, searchsorted would convert the whole array
        for term in terms:
            passages, scores = self._of(term)
            if len(passages):
                places = np.minimum(np.searchsorted(passages, sought), len(passages) - 1)
                total += np.where(passages[places] == sought, scores[places], np.float32(0))
        return total

    def best(self, terms: Sequence[int], count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
        """Return ids and scores of the `count` highest scores above 0; equal scores rank by id.

        `allowed`, if given, is `bool (passages,)`: which passages may be returned.
        """
        total = self.sums(terms)
        if allowed is not None:
            total *= allowed
        # The `count`-th best score among the passages of one term, the rarest in at least `count` passages,
        # is a lower bound: what is below it is out before anything is sorted.
        enough = [term for term in terms if self._frequency(term) >= count]
        rarest = min(enough, key=self._frequency, default=None)
        bound = 0.0 if rarest is None else _nth_highest(total[self._of(rarest)[0]], count)
        ids = np.flatnonzero(total >= bound if bound > 0 else total)
        ids = ids[total[ids] >= _nth_highest(total[ids], count)]
        order = np.lexsort((ids, -total[ids]))[:count]
        return ids[order], total[ids[order]]

    def _of(self, term: int) -> tuple[Numbers, Scores]:
        here = slice(self.starts[term], self.starts[term + 1])
        return self.passages[here], self.scores[here]

    def _frequency(self, term: int) -> int:
        return int(self.starts[term + 1] - self.starts[term])


def build(documents: Iterable[Sequence[int]]) -> Postings:
    """Score every term of every passage; a passage is given as the numbers of its terms, from 0.

    Robertson's formula with Lucene's idf, which is never negative: `idf * tf / (tf + k1 * (1 - b + b *
    length / average length))`, `idf = ln(1 + (n - df + 0.5) / (df + 0.5))`. Building takes 20 bytes of
    memory a posting.
    """
    counted: list[_Counted] = []
    lengths = [np.empty(0, np.int64)]
    first = 0
    for chunk in _chunks(documents):
        lengths.append(np.fromiter(map(len, chunk), np.int64, len(chunk)))
        counted.append(_count(chunk, lengths[-1], first))
        first += len(chunk)
    return _score(counted, np.concatenate(lengths))


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often each of some passages holds each term, ordered by term, then by passage."""

    terms: Numbers
    passages: Numbers
    times: Numbers


def _chunks(documents: Iterable[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    source = iter(documents)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


def _count(chunk: list[Sequence[int]], lengths: Ids, first: int) -> _Counted:
    terms = np.fromiter((term for document in chunk for term in document), np.int64, int(lengths.sum()))
    passages = np.repeat(np.arange(first, first + len(chunk)), lengths)
    pairs, times = np.unique(terms << 32 | passages, return_counts=True)
    return _Counted(
        (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32), times.astype(np.int32)
    )


def _score(counted: list[_Counted], lengths: Ids) -> Postings:
    terms = max((int(one.terms[-1]) + 1 for one in counted if len(one.terms)), default=0)
    frequency = np.zeros(terms, np.int64)
    for one in counted:
        frequency += np.bincount(one.terms, minlength=terms)
    count = len(lengths)
    idf = np.array([math.log(1 + (count - df + 0.5) / (df + 0.5)) for df in frequency.tolist()], np.float32)
    average = float(lengths.mean()) if lengths.any() else 1.0  # without any word there is nothing to score
    norm = K1 * ((1 - B) + B * lengths / average)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(frequency)])
    free = starts[:-1].copy()  # position of each term's next posting
    scores, passages = np.empty(starts[-1], np.float32), np.empty(starts[-1], np.int32)
    for one in counted:
        held, first, times = np.unique(one.terms, return_index=True, return_counts=True)
        places = np.arange(len(one.terms)) + np.repeat(free[held] - first, times)
        free[held] += times
        passages[places] = one.passages
        scores[places] = idf[one.terms] * (one.times / (norm[one.passages] + one.times))
    return Postings(scores, passages, starts, count)


def _nth_highest(scores: Scores, count: int) -> float:
    """The `count`-th highest score, 0 if there are fewer."""
    if len(scores) < count:
        return 0.0
    return float(np.partition(scores, len(scores) - count)[len(scores) - count])
