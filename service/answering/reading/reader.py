"""Question and passages -> spans that may answer it: tokenise, run the span model, search its logits.

The model runs on OpenVINO (`service.answering.reading.network`); nothing here imports torch.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from indexer.analyzer import narrow
from indexer.batching import by_length, padded
from indexer.records import CharRange, ScoredPassage
from service.answering.answers import Span
from service.answering.extents.values import answer_range, is_answer
from service.answering.overlap import added_parts
from service.answering.reading.reader_text import cell_numbers, cell_of, reader_text
from service.answering.reading.spans import (
    MAX_LONG_ANSWER,
    MAX_SPAN_TOKENS,
    TokenOffsets,
    merged,
    search,
    sentence_of,
)
from service.answering.settings import ReaderSettings


class Reader(Protocol):
    """Finds spans in passages.

    `name` is part of every response, `fingerprint` (SHA-256 of its weights) of every evaluation's record.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return candidate spans, best first, with offsets into their articles.

        No two spans have the same place. The list is empty if there is no candidate.
        """
        ...


class Network(Protocol):
    """The span model: token ids in, start and end logits out."""

    def __call__(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return `float32 (2, batch, length)` for ids and mask of `int64 (batch, length)`."""
        ...


_BATCH = 8  # windows in one forward pass
_CACHED_PASSAGES = (
    2_000  # whose tokens are cached, about 10 kB each: different questions often read the same passages
)


def _context_of(encoding: Encoding) -> tuple[int, int] | None:
    """Return the token range of the second of a pair of texts; None if it has no tokens."""
    kinds = encoding.sequence_ids
    if 1 not in kinds:
        return None
    return kinds.index(1), len(kinds) - kinds[::-1].index(1)


def _after_context(tokenizer: Tokenizer) -> list[int]:
    """Return the ids of the special tokens that follow the second of a pair of texts."""
    pair = tokenizer.encode("a", "a")
    found = _context_of(pair)
    return pair.ids[found[1] :] if found else []


@dataclass(frozen=True, slots=True)
class _Window:
    """A passage, or a part of one, with the question before it. The passage is `ids[first:last]`.

    `offsets` are its tokens' places in the passage; (-1, -1) for a token that is not of its own words.
    """

    scored: ScoredPassage
    ids: Sequence[int]
    first: int
    last: int
    offsets: TokenOffsets


class SpanReader:
    """Offers the spans that a model trained for question answering finds, most likely first."""

    def __init__(
        self,
        name: str,
        tokenizer: Tokenizer,
        network: Network,
        settings: ReaderSettings | None = None,
        fingerprint: str = "",
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._settings = settings or ReaderSettings()
        room = self._settings.max_tokens - self._settings.question_tokens
        if not 0 <= self._settings.stride < room - tokenizer.num_special_tokens_to_add(is_pair=True):
            raise ValueError("max_tokens leaves no room beside question_tokens and stride")
        self._network = network
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(
            self._settings.max_tokens, stride=self._settings.stride, strategy="only_second"
        )
        self._pad = int(tokenizer.token_to_id("<pad>") or tokenizer.token_to_id("[PAD]") or 0)
        self._after = tuple(_after_context(tokenizer))
        self._tokens = functools.lru_cache(maxsize=_CACHED_PASSAGES)(self._encoded)

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return the best spans of all windows, best first; a place found in two windows counts once."""
        asked = self._shortened(narrow(question))
        before = self._tokenizer.encode(asked, "").ids
        before = before[: len(before) - len(self._after)]
        windows = [
            window
            for scored in passages
            for window in self._windows(asked, before, scored, self._prefix(question, scored))
        ]
        long_answer = allows_long_answer(question)
        return merged(
            *(
                self._spans(window, logits, long_answer=long_answer)
                for window, logits in zip(windows, self._logits(windows), strict=True)
            )
        )

    def _prefix(self, question: str, scored: ScoredPassage) -> Sequence[int]:
        """The token ids of those context words of a passage that hold a term of the question that it lacks.

        All of them, always, would cost a reader that was not trained with them some accuracy: 2 points of F1
        on Wikipedia for `fast`.
        """
        if not scored.context:
            return ()
        found = self._tokens(added_parts(question, scored.context, scored.text))
        return () if found is None else found[0]

    def _windows(
        self, question: str, before: list[int], scored: ScoredPassage, prefix: Sequence[int]
    ) -> Iterator[_Window]:
        """Yield a passage's windows.

        `before` holds the token ids of the question, `prefix` those that are read between it and the passage.
        """
        shown = reader_text(scored)
        found = self._tokens(shown.text)
        room = self._settings.max_tokens - len(before) - len(self._after)
        if found is not None and len(found[0]) <= room:
            ids, offsets = found
            if ids:
                if len(prefix) + len(ids) > room:
                    prefix = ()
                first = len(before) + len(prefix)
                yield _Window(
                    scored,
                    (*before, *prefix, *ids, *self._after),
                    first,
                    first + len(ids),
                    shown.source_offsets(offsets),
                )
            return
        encoding = self._tokenizer.encode(question, shown.text)
        for part in (encoding, *encoding.overflowing):
            within = _context_of(part)
            if within is not None:
                first, last = within
                offsets = shown.source_offsets(np.array(part.offsets[first:last], dtype=np.int32))
                yield _Window(scored, part.ids, first, last, offsets)

    def _encoded(self, text: str) -> tuple[tuple[int, ...], TokenOffsets] | None:
        """Return a text's token ids and offsets; None if it is too long for one window.

        It is encoded as the second of a pair, which a tokeniser may treat differently from a single text.
        """
        encoding = self._tokenizer.encode("", text)
        if encoding.overflowing:
            return None
        first, last = _context_of(encoding) or (0, 0)
        offsets = np.array(encoding.offsets[first:last], dtype=np.int32).reshape(-1, 2)
        return tuple(encoding.ids[first:last]), offsets

    def _shortened(self, question: str) -> str:
        # A question may not push the passage out of the window. It is encoded as the second of a pair: the
        # tokeniser truncates only the second text, and raises an error for a long single text.
        offsets = self._tokenizer.encode("", question, add_special_tokens=False).offsets
        most = self._settings.question_tokens
        return question if len(offsets) <= most else question[: offsets[most - 1][1]]

    def _logits(self, windows: Sequence[_Window]) -> list[npt.NDArray[np.float32]]:
        """Run the windows in batches of similar length; return `float32 (2, tokens)` for each, in order."""
        found: list[npt.NDArray[np.float32]] = [np.empty((2, 0), np.float32)] * len(windows)
        for batch in by_length([len(window.ids) for window in windows], _BATCH):
            logits = self._network(*padded([windows[place].ids for place in batch], self._pad))
            for row, place in enumerate(batch):
                found[place] = logits[:, row, : len(windows[place].ids)]
        return found

    def _spans(
        self, window: _Window, logits: npt.NDArray[np.float32], *, long_answer: bool
    ) -> Iterator[Span]:
        scored, passage = window.scored, window.scored.passage
        starts, ends = logits[:, window.first : window.last]
        sentences = [(start - passage.start, end - passage.start) for start, end in scored.sentences]
        regions = cell_numbers(scored, window.offsets)
        if not long_answer:
            # Neither a sentence nor a cell is crossed: a number for each pair of them.
            regions += (len(scored.segments) + 1) * (1 + sentence_of(window.offsets, sentences))
        own = window.offsets[:, 0] >= 0
        # Where the tokeniser dropped a line break, a token may begin in one sentence and end in the next.
        own &= sentence_of(window.offsets, sentences) == sentence_of(window.offsets[:, ::-1] - 1, sentences)
        starts, ends = np.where(own, starts, -np.inf), np.where(own, ends, -np.inf)
        added = self._settings.retrieval_weight * scored.score
        for candidate in search(
            starts,
            ends,
            window.offsets,
            regions,
            no_answer=float(logits[0, 0] + logits[1, 0]),
            longest=MAX_LONG_ANSWER if long_answer else MAX_SPAN_TOKENS,
            count=self._settings.spans,
        ):
            within = _bounds(scored, candidate.start, candidate.end)
            start, end = answer_range(scored.text, candidate.start, candidate.end, within)
            if is_answer(scored.text[start:end], before=scored.text[:start]):
                yield Span(scored, passage.start + start, passage.start + end, candidate.score + added)


def _bounds(scored: ScoredPassage, start: int, end: int) -> CharRange:
    """Return the range of the passage that a span may grow in: its cell, or the sentences that it touches."""
    first = scored.passage.start
    cell = cell_of(scored, first + start, first + end)
    touched = [(cell.start, cell.end)] if cell is not None else scored.sentences
    found = [one for one in touched if one[0] < first + end and first + start < one[1]]
    return (
        max(0, min([one[0] - first for one in found], default=start)),
        max([one[1] - first for one in found], default=end),
    )


_REASON_OR_LIST = re.compile(
    r"\b(?:why|how come|reasons?|list|name (?:the|all|some|two|three|four|five)"
    r"|(?:what|which|who) (?:are|were)|(?:what|which)(?: \w+)? \w+s (?:are|were|have|do|did|does)"
    r"|explain|describe)\b",
    re.IGNORECASE,
)


def allows_long_answer(question: str) -> bool:
    """Whether a question asks for a list or a reason, whose answer may cross sentences."""
    return _REASON_OR_LIST.search(question) is not None
