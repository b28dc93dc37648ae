"""Examples -> features: token ids of question and context, with the tokens where answers start and end."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding
from transformers import AutoTokenizer

from eval.training.examples import ContextExample

MAX_TOKENS = 252
"""Tokens of question and context together; a longer context is read in windows. The special tokens that
a backbone puts around them come on top, so that the windows are the same for all backbones."""

STRIDE = 96
"""Context tokens that neighbouring windows share, so that no answer is cut by all of them."""

OTHER = "/other"
"""What the id of an example ends in that puts another example's question to another passage."""

_QUESTION_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Feature:
    """One window of an example.

    `window`: its number among the example's. `ids`: token ids. `first`: the place of the context's first
    token, `last` one past its last. `offsets`: `int32 (last - first, 2)`, the context tokens'
    characters. `starts` and `ends` map a place to its share of the reference answers; both map place 0,
    the no-answer token, to 1 where there is none.
    """

    example: str
    window: int
    ids: list[int]
    first: int
    last: int
    offsets: npt.NDArray[np.int32]
    starts: dict[int, float]
    ends: dict[int, float]

    @property
    def answerable(self) -> bool:
        """Whether an answer lies in the window."""
        return 0 not in self.starts


class Featuriser:
    """Tokenises with a backbone's tokeniser."""

    def __init__(self, backbone: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(backbone)
        self.pad_id = int(self._tokenizer.pad_token_id)
        self._most = MAX_TOKENS + self._tokenizer.num_special_tokens_to_add(pair=True)

    def features(self, examples: Sequence[ContextExample]) -> list[Feature]:
        """Return every window of every example, in order."""
        found: list[Feature] = []
        for begin in range(0, len(examples), 512):
            batch = examples[begin : begin + 512]
            questions = [self._shortened(example.question.strip()) for example in batch]
            encoded = self._tokenizer(
                questions,
                [example.context for example in batch],
                truncation="only_second",
                max_length=self._most,
                stride=STRIDE,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            window, before = 0, -1
            for number, place in enumerate(encoded["overflow_to_sample_mapping"]):
                window = window + 1 if place == before else 0
                before = place
                found.append(_feature(batch[place], window, encoded.encodings[number]))
        return found

    @functools.cache  # noqa: B019 - lives as long as the process
    def _shortened(self, question: str) -> str:
        # A question longer than this leaves no room for the context.
        offsets = self._tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)
        places = offsets["offset_mapping"]
        return question if len(places) <= _QUESTION_TOKENS else question[: places[_QUESTION_TOKENS - 1][1]]


def _feature(example: ContextExample, window: int, encoding: Encoding) -> Feature:
    sequence = np.array([-1 if part is None else part for part in encoding.sequence_ids])
    places = np.flatnonzero(sequence == 1)
    first, last = int(places[0]), int(places[-1]) + 1
    offsets = np.array(encoding.offsets[first:last], dtype=np.int32)
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    held = [span for span in example.spans if offsets[0, 0] <= span[0] and span[1] <= offsets[-1, 1]]
    for begin, end in held:
        # The token that holds the first character, and the one that holds the last.
        start = first + int(np.searchsorted(offsets[:, 1], begin, side="right"))
        stop = first + int(np.searchsorted(offsets[:, 0], end, side="left")) - 1
        starts[start] = starts.get(start, 0.0) + 1 / len(held)
        ends[stop] = ends.get(stop, 0.0) + 1 / len(held)
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
"""The windows that are read for one question: a right answer in one of them is none in the others."""


def grouped(features: Sequence[Feature]) -> list[Group]:
    """Put the windows of each example together, in order of the examples.

    An example whose id ends in `OTHER` is the same question on another passage, and joins its group.
    """
    found: dict[str, Group] = {}
    for feature in features:
        found.setdefault(feature.example.removesuffix(OTHER), []).append(feature)
    return list(found.values())


def batches(groups: Sequence[Group], *, tokens: int, seed: int | None, most: int = 128) -> list[list[Group]]:
    """Put groups of like length together, at most `tokens` padded tokens and `most` windows a batch.

    Lengths are padded to multiples of 32: few shapes, which the processor's matrix units like. With a seed,
    groups and batches are shuffled by it; without, they keep their order within a length.
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
        if batch and size > min(most, tokens // length):
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
