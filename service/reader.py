"""Question and passages -> spans that may answer it: tokenise, run the span model, search its logits.

The model runs on OpenVINO (`service.network`); nothing here imports torch. The sentence baseline
(`service.sentences`) stands behind the same protocol and stays measured against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from indexer.batching import by_length, padded
from indexer.records import ScoredPassage
from service.answers import Span
from service.spans import Offsets, merged, search, sentence_of, tidied, whole_words


class Reader(Protocol):
    """Finds spans in passages.

    `name` stands in every response; `fingerprint`, the SHA-256 of its weights, in every evaluation's record.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return candidate spans, best first, with offsets into their articles.

        No two of them are the same place. An empty list means that there is nothing to offer.
        """
        ...


class Network(Protocol):
    """The span model: token ids in, start and end logits out."""

    def __call__(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return `float32 (2, batch, length)` for ids and mask of `int64 (batch, length)`."""
        ...


_BATCH = 8  # windows of a pass


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """How a span model reads.

    `max_tokens`: question and context together; a longer passage is read in windows that share `stride`
    tokens. `retrieval_weight`: what a passage's fused score adds to its spans'. `spans`: candidates a
    window, at most.
    """

    max_tokens: int = 256
    stride: int = 96
    question_tokens: int = 64
    retrieval_weight: float = 0.0
    spans: int = 20


@dataclass(frozen=True, slots=True)
class _Window:
    """A passage, or a part of one, with the question before it. The context is `ids[first:last]`."""

    scored: ScoredPassage
    ids: list[int]
    first: int
    last: int
    offsets: Offsets


class SpanReader:
    """Offers the spans that a model trained on question answering finds, most likely first."""

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
            raise ValueError("the windows leave no room beside the longest question and the stride")
        self._network = network
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(
            self._settings.max_tokens, stride=self._settings.stride, strategy="only_second"
        )
        self._pad = int(tokenizer.token_to_id("<pad>") or tokenizer.token_to_id("[PAD]") or 0)

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return every window's best spans, best first; a place that two windows hold counts once."""
        windows = [window for scored in passages for window in self._windows(question, scored)]
        whole = asks_for_more(question)
        return merged(
            *(
                self._spans(window, logits, whole=whole)
                for window, logits in zip(windows, self._logits(windows), strict=True)
            )
        )

    def _windows(self, question: str, scored: ScoredPassage) -> Iterator[_Window]:
        encoding = self._tokenizer.encode(self._shortened(question), scored.text)
        for part in (encoding, *encoding.overflowing):
            places = [place for place, kind in enumerate(part.sequence_ids) if kind == 1]
            if places:
                first, last = places[0], places[-1] + 1
                offsets = np.array(part.offsets[first:last], dtype=np.int32)
                yield _Window(scored, part.ids, first, last, offsets)

    def _shortened(self, question: str) -> str:
        # A question may not push the passage out of the window. It is encoded as the second of a pair:
        # the truncation is of the second, and raises an error over a long text that is alone.
        offsets = self._tokenizer.encode("", question, add_special_tokens=False).offsets
        most = self._settings.question_tokens
        return question if len(offsets) <= most else question[: offsets[most - 1][1]]

    def _logits(self, windows: Sequence[_Window]) -> list[npt.NDArray[np.float32]]:
        """Run the windows in batches of like length; return `float32 (2, tokens)` a window, in order."""
        found: list[npt.NDArray[np.float32]] = [np.empty((2, 0), np.float32)] * len(windows)
        for batch in by_length([len(window.ids) for window in windows], _BATCH):
            logits = self._network(*padded([windows[place].ids for place in batch], self._pad))
            for row, place in enumerate(batch):
                found[place] = logits[:, row, : len(windows[place].ids)]
        return found

    def _spans(self, window: _Window, logits: npt.NDArray[np.float32], *, whole: bool) -> Iterator[Span]:
        scored, passage = window.scored, window.scored.passage
        starts, ends = logits[:, window.first : window.last]
        sentences = [(start - passage.start, end - passage.start) for start, end in scored.sentences]
        regions = None if whole else sentence_of(window.offsets, sentences)
        added = self._settings.retrieval_weight * scored.score
        for candidate in search(
            starts,
            ends,
            window.offsets,
            regions,
            no_answer=float(logits[0, 0] + logits[1, 0]),
            count=self._settings.spans,
        ):
            start, end = tidied(scored.text, *whole_words(scored.text, candidate.start, candidate.end))
            if start < end:
                yield Span(
                    passage, passage.start + start, passage.start + end, scored.text[start:end],
                    candidate.score + added,
                )  # fmt: skip


_REASON_OR_LIST = re.compile(
    r"\b(?:why|how come|reasons?|list|name (?:the|all|some|two|three|four|five)"
    r"|(?:what|which) (?:are|were)|explain|describe)\b",
    re.IGNORECASE,
)


def asks_for_more(question: str) -> bool:
    """Whether a question asks for a list or a reason, which may go on over several sentences."""
    return _REASON_OR_LIST.search(question) is not None
