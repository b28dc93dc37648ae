"""Examples -> features: token ids of question and text, with the tokens where answers start and end."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Encoding
from transformers import AutoTokenizer

from eval.studies.examples import ContextExample
from service.answering.reading.spans import TokenOffsets

MAX_TOKENS = 252
"""Tokens of question and text together; a longer text is read in windows. A backbone's special tokens are
not counted, so that the windows are the same for all backbones."""

STRIDE = 96
"""Text tokens that neighbouring windows share, so that no answer is cut by all of them."""

OTHER = "/other"
"""Suffix of the id of an example that reads another example's question over a different passage."""

_MAX_QUESTION_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Feature:
    """One window of an example.

    `example`: the example's id. `window`: its number among the example's windows. `ids`: token ids; those in
    `[first, last)` are the text's. `offsets`: `int32 (last - first, 2)`, the text tokens' characters.
    `starts` and `ends` map a token's position to its share of the reference answers; without an answer both
    map position 0, the no-answer token, to 1.
    """

    example: str
    window: int
    ids: list[int]
    first: int
    last: int
    offsets: TokenOffsets
    starts: dict[int, float]
    ends: dict[int, float]

    @property
    def answerable(self) -> bool:
        """Whether the window holds an answer."""
        return 0 not in self.starts


class Featuriser:
    """Turns examples into features with a backbone's tokeniser."""

    def __init__(self, backbone: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(backbone)
        self.pad_id = int(self._tokenizer.pad_token_id)
        self._max_length = MAX_TOKENS + self._tokenizer.num_special_tokens_to_add(pair=True)

    def features(self, examples: Sequence[ContextExample]) -> list[Feature]:
        """Return every window of every example, in order."""
        found: list[Feature] = []
        for begin in range(0, len(examples), 512):
            batch = examples[begin : begin + 512]
            questions = [self._shortened(example.question.strip()) for example in batch]
            encoded = self._tokenizer(
                questions,
                [_shown(example) for example in batch],
                truncation="only_second",
                max_length=self._max_length,
                stride=STRIDE,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            window, previous = 0, -1
            for row, number in enumerate(encoded["overflow_to_sample_mapping"]):
                window = window + 1 if number == previous else 0
                previous = number
                found.append(_feature(batch[number], window, encoded.encodings[row]))
        return found

    @functools.cache  # noqa: B019 - lives as long as the process
    def _shortened(self, question: str) -> str:
        # A longer question would leave too little room for the text.
        encoded = self._tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)
        offsets = encoded["offset_mapping"]
        if len(offsets) <= _MAX_QUESTION_TOKENS:
            return question
        return question[: offsets[_MAX_QUESTION_TOKENS - 1][1]]


def _shown(example: ContextExample) -> str:
    return f"{example.context} {example.text}" if example.context else example.text


def _feature(example: ContextExample, window: int, encoding: Encoding) -> Feature:
    before = len(_shown(example)) - len(example.text)
    sequence = np.array([-1 if part is None else part for part in encoding.sequence_ids])
    in_text = np.flatnonzero((sequence == 1) & (np.array(encoding.offsets)[:, 0] >= before))
    first, last = int(in_text[0]), int(in_text[-1]) + 1
    offsets = np.array(encoding.offsets[first:last], dtype=np.int32) - before
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    inside = [span for span in example.spans if offsets[0, 0] <= span[0] and span[1] <= offsets[-1, 1]]
    for begin, end in inside:
        # The token that holds the first character, and the one that holds the last.
        start = first + int(np.searchsorted(offsets[:, 1], begin, side="right"))
        stop = first + int(np.searchsorted(offsets[:, 0], end, side="left")) - 1
        starts[start] = starts.get(start, 0.0) + 1 / len(inside)
        ends[stop] = ends.get(stop, 0.0) + 1 / len(inside)
    return Feature(
        example.id,
        window,
        list(encoding.ids),
        first,
        last,
        offsets,
        starts or {0: 1.0},
        ends or {0: 1.0},
    )


Group = list[Feature]
"""All windows read for one question; the loss is normalised over them together."""


def grouped(features: Sequence[Feature]) -> list[Group]:
    """Group windows by question, in order of the examples.

    An example whose id ends in `OTHER` is the same question on another passage, and joins its group.
    """
    found: dict[str, Group] = {}
    for feature in features:
        found.setdefault(feature.example.removesuffix(OTHER), []).append(feature)
    return list(found.values())


def batches(
    groups: Sequence[Group], *, tokens: int, seed: int | None, max_windows: int = 128
) -> list[list[Group]]:
    """Batch groups of similar length: at most `tokens` padded tokens and `max_windows` windows each.

    A group that is larger than that has a batch to itself. Lengths are padded to multiples of 32, as the
    processor's matrix units are fast with few shapes. A seed shuffles groups and batches; without one, groups
    of one length keep their order.
    """
    chosen = list(groups)
    draw = random.Random(seed)
    if seed is not None:
        draw.shuffle(chosen)
    open_batches: dict[int, list[Group]] = {}
    found = []
    for group in chosen:
        length = padded(max(len(feature.ids) for feature in group))
        batch = open_batches.setdefault(length, [])
        size = sum(len(one) for one in batch) + len(group)
        if batch and size > min(max_windows, tokens // length):
            found.append(batch)
            batch = open_batches[length] = []
        batch.append(group)
    found.extend(batch for batch in open_batches.values() if batch)
    if seed is not None:
        draw.shuffle(found)
    return found


def padded(length: int) -> int:
    """Return the length that a batch is padded to."""
    return -(-length // 32) * 32
