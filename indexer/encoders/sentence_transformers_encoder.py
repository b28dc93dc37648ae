"""Any sentence-transformers model as an encoder, run by PyTorch: for architectures other than BERT.

This is the only module that knows a model framework, and it imports it when a model is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from indexer.arrays import Vector, Vectors
from indexer.batching import by_length
from indexer.encoders.files import fingerprint
from indexer.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 32  # passages per forward pass, to bound memory


class SentenceTransformerEncoder:
    """Any sentence-transformers model, on the CPU."""

    def __init__(self, model: SentenceTransformer, *, name: str, fingerprint: str) -> None:
        dimension = model.get_embedding_dimension()
        limit = model.max_seq_length
        if dimension is None or limit is None:
            raise EncoderError(f"the encoder {name} states no vector length or no input length; use another")
        self._model = model
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.max_tokens = limit - 2

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens in each text, without special tokens and without truncation."""
        if not texts:
            return []
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_query(self, question: str) -> Vector:
        """Return the question's unit vector, `float32 (dimension,)`."""
        vector = self._model.encode_query(
            question, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return cast("Vector", np.ascontiguousarray(vector, dtype=np.float32))

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector a text, `float32 (len(texts), dimension)`."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for batch in by_length([len(text) for text in texts], _BATCH):
            vectors[batch] = self._model.encode_document(
                [texts[number] for number in batch],
                batch_size=_BATCH,
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if on_progress is not None:
                on_progress(len(batch))
        return vectors


def load_sentence_transformer(path: Path, name: str) -> SentenceTransformerEncoder:
    """Load the model in a folder; nothing is ever downloaded.

    Raises:
        EncoderError: its files cannot be loaded.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Both take seconds to import: only when a model is needed.
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise EncoderError(f"the encoder in {path} cannot be loaded: {error}") from error
    model.eval()
    return SentenceTransformerEncoder(model, name=name, fingerprint=fingerprint(path))
