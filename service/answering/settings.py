"""Settings of answering; each default and each range is written here and nowhere else.

Nothing heavy is imported here, so that the commands can show the defaults in their help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval
from typing_extensions import Doc

from indexer.ranges import check_ranges

MAX_QUESTION = 1_000
"""The longest question, in characters."""

Fusion = Literal["convex", "reciprocal-rank"]
"""How the rankings of dense and lexical search become one (`service.answering.retrieval.fusion`)."""


@dataclass(frozen=True, slots=True)
class RetrieverSettings:
    """How passages are found.

    The default weight was best over the development sets (`python -m eval.studies.retrieval`).
    """

    fusion: Annotated[Fusion, Doc("How the two searches are fused: convex or reciprocal-rank.")] = "convex"
    dense_weight: Annotated[
        float, Interval(ge=0, le=1), Doc("Weight of the dense score; the lexical score has the rest.")
    ] = 0.7
    candidates: Annotated[
        int, Interval(ge=1, le=10_000), Doc("Passages that each search contributes to the fusion.")
    ] = 100

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class AnswererSettings:
    """How passages become an answer."""

    top_k: Annotated[int, Interval(ge=1, le=50), Doc("Passages that are read for a question.")] = 4
    alternatives: Annotated[
        int, Interval(ge=0, le=20), Doc("Other candidates that are shown beside an answer.")
    ] = 3
    min_confidence: Annotated[
        Annotated[float, Interval(ge=0, le=1)] | None,
        Doc("Withhold an answer below this confidence; by default the threshold fitted with the reader."),
    ] = None
    cache_size: Annotated[
        int,
        Interval(ge=0, le=1_000_000),
        Doc("Questions whose candidates are cached; the least recently asked are dropped first."),
    ] = 1_000

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """How a span model reads; stored with its weights.

    `max_tokens`: of question and context together; a longer passage is read in windows that share `stride`
    tokens. `question_tokens`: a longer question is cut. `retrieval_weight`: weight of the passage's fused
    score in a span's score. `spans`: the most candidates of one window.
    """

    max_tokens: int = 256
    stride: int = 96
    question_tokens: int = 64
    retrieval_weight: float = 0.0
    spans: int = 20
