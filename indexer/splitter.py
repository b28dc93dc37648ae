"""Article -> passages: windows of whole sentences with exact offsets. Pure.

Sentences are packed into windows of up to `max_tokens`, and neighbouring windows share whole sentences
of up to `overlap_tokens`. langchain-text-splitters cuts what cannot be a sentence (a table or a log
without a full stop, longer than a model can read) at the best place it finds. It runs with overlap 0, and
offsets are summed from the lengths of its pieces, because with an overlap its `add_start_index` can point
to a wrong occurrence or nowhere.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from langchain_text_splitters import RecursiveCharacterTextSplitter

from indexer.records import CharRange, Segment, SegmentKind
from indexer.settings import SplitterSettings

# Sentences tokenised at once, to bound memory: the tokenizer takes about half a kilobyte a token.
_BATCH = 1_000

CountTokens = Callable[[Sequence[str]], list[int]]
"""Texts -> the number of tokens in each, without special tokens."""

# Where to cut, best first. Each pattern matches the empty string after the mark, so that the pieces
# concatenated are the text.
_CUTS = [r"(?<=\n)", r"(?<=[.!?;:])(?=\s)", r"(?<=,)(?=\s)", r"(?<=\s)", ""]


def split(
    text: str,
    sentences: Sequence[CharRange],
    settings: SplitterSettings,
    count_tokens: CountTokens,
    *,
    limit: int,
    segments: Sequence[Segment] = (),
) -> list[CharRange]:
    """Return the `(start, end)` of each passage of `text`, in order.

    `sentences` are those that `segmenter.sentence_offsets` finds. Starts and ends strictly increase, every
    sentence lies whole in at least one passage, and only white space and boilerplate lie outside. `limit`
    is the most tokens the encoder reads (above it a "sentence" is cut); a sentence between `max_tokens` and
    `limit` is a passage by itself. No passage starts in the middle of a list item of `segments`, unless the
    item is longer than a passage.
    """
    pieces = [
        piece
        for offsets in sentences
        for piece in _pieces(text, offsets, count_tokens, max(limit, settings.max_tokens))
    ]
    counts: list[int] = []
    for first in range(0, len(pieces), _BATCH):
        counts += count_tokens([text[start:end] for start, end in pieces[first : first + _BATCH]])
    heads = _heads(pieces, segments)
    return [
        (pieces[first][0], pieces[last][1])
        for run in _runs(text, pieces)
        for first, last in _windows(counts, heads, run, settings)
    ]


def _heads(pieces: Sequence[CharRange], segments: Sequence[Segment]) -> list[int]:
    """The number of the piece that a passage with each piece should start at: the first one of its item."""
    heads = list(range(len(pieces)))
    starts = [start for start, _ in pieces]
    for segment in segments:
        if segment.kind == SegmentKind.ITEM:
            first, last = bisect_left(starts, segment.start), bisect_left(starts, segment.end)
            heads[first:last] = [first] * (last - first)
    return heads


def _pieces(text: str, offsets: CharRange, count_tokens: CountTokens, limit: int) -> list[CharRange]:
    start, end = offsets
    sentence = text[start:end]
    # A token is at least one character, so a short sentence need not be counted.
    if len(sentence) <= limit or count_tokens([sentence])[0] <= limit:
        return [offsets]
    splitter = RecursiveCharacterTextSplitter(
        separators=_CUTS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=limit,
        chunk_overlap=0,
        # Cached, because langchain measures the same short pieces again and again. At least 1, because it
        # repeats pieces of length 0, such as white space, even with overlap 0.
        length_function=functools.lru_cache(maxsize=4096)(lambda piece: max(1, count_tokens([piece])[0])),
    )
    pieces: list[CharRange] = []
    position = start
    for piece in splitter.split_text(sentence):
        begin = position + len(piece) - len(piece.lstrip())
        position += len(piece)
        if text[position - len(piece) : position] != piece:
            raise AssertionError("langchain-text-splitters changed the text")
        if piece.strip():
            pieces.append((begin, begin + len(piece.strip())))
    return pieces


def _runs(text: str, sentences: Sequence[CharRange]) -> Iterator[range]:
    """Yield the sentence numbers of each stretch that boilerplate does not interrupt."""
    first = 0
    for number, (before, after) in enumerate(pairwise(sentences), start=1):
        if text[before[1] : after[0]].strip():
            yield range(first, number)
            first = number
    if sentences:
        yield range(first, len(sentences))


def _windows(
    counts: Sequence[int], heads: Sequence[int], run: range, settings: SplitterSettings
) -> Iterator[tuple[int, int]]:
    """Yield `(first, last)` sentence numbers of each window over one run, both included."""
    previous = run.start - 1
    covered = run.start - 1  # the last sentence of the window before
    first = run.start
    while True:
        last = _fill(counts, first, run, settings.max_tokens)
        if first <= covered and last + 1 < run.stop and heads[last + 1] == covered + 1:
            # What this window repeats leaves no room for the whole item after it.
            first = covered + 1
            last = _fill(counts, first, run, settings.max_tokens)
        if last + 1 < run.stop and covered + 1 < heads[last + 1] <= last:
            last = heads[last + 1] - 1  # the next window would start in an item: it has all of it
        if last + 1 == run.stop:
            # The last window of a run is often short: extend it backwards while there is room, but not over
            # the whole window before it.
            start = first
            while first - 1 > previous and sum(counts[first - 1 : last + 1]) <= settings.max_tokens:
                first -= 1
            yield _at_head(first, start, heads), last
            return
        yield first, last
        previous, covered = first, last
        first = _at_head(_next_first(counts, first, last, settings), last + 1, heads)


def _at_head(first: int, most: int, heads: Sequence[int]) -> int:
    """Return the first sentence from `first` to `most` that is not in the middle of an item."""
    return next((number for number in range(first, most) if heads[number] == number), most)


def _fill(counts: Sequence[int], first: int, run: range, max_tokens: int) -> int:
    """Return the last sentence of the window that begins at `first`; a long sentence is one by itself."""
    last = first
    total = counts[first]
    while last + 1 < run.stop and total + counts[last + 1] <= max_tokens:
        last += 1
        total += counts[last]
    return last


def _next_first(counts: Sequence[int], first: int, last: int, settings: SplitterSettings) -> int:
    """Return the next window's first sentence: it repeats what fits the overlap and leaves room for more."""
    start = last + 1
    shared = 0
    while start - 1 > first:
        shared += counts[start - 1]
        if shared > settings.overlap_tokens or shared + counts[last + 1] > settings.max_tokens:
            break
        start -= 1
    return start
