"""Text -> vectors: what the index and the service need of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from indexer.arrays import Vector, Vectors


class Encoder(Protocol):
    """What the index and the service need of an encoder.

    `name` is what `load_encoder` takes; `fingerprint` identifies the weights (SHA-256, hexadecimal), so
    that vectors of two models are never compared; `dimension` is the length of a vector; `max_tokens`
    is how many tokens of a text it reads, without special tokens: the rest has no effect.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    @property
    def max_tokens(self) -> int: ...  # noqa: D102

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens in each text, without special tokens and without truncation."""
        ...

    def encode_query(self, question: str) -> Vector:
        """Return the question's unit vector, `float32 (dimension,)`."""
        ...

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector a text, `float32 (len(texts), dimension)`.

        `on_progress` is called with the number of texts done since the last call.
        """
        ...
