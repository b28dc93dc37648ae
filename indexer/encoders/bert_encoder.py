"""A sentence-transformers model of BERT's architecture as an encoder, run by OpenVINO without PyTorch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from indexer.arrays import Vector, Vectors
from indexer.batching import by_length, padded
from indexer.encoders.bert import BertShape, sentence_graph
from indexer.encoders.files import fingerprint
from indexer.errors import EncoderError
from indexer.mapped import Mapped, safetensors_arrays
from indexer.runtime import Model, Precision, openvino

_PORTION = 4_096  # texts tokenised at a time, to bound memory
_BATCH = 16  # texts per forward pass; from 8 on the cores are as busy as with 64, and memory stays bounded


class BertEncoder:
    """A BERT model with a pooled, L2-normalised vector. Safe to share between threads."""

    def __init__(
        self,
        graph: openvino.Model,
        tokenizer: Tokenizer,
        *,
        name: str,
        fingerprint: str,
        max_tokens: int,
        weights: Mapped | None = None,
        precision: Precision | None = None,
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = int(graph.output(0).get_partial_shape()[1].get_length())
        self.max_tokens = max_tokens - tokenizer.num_special_tokens_to_add(is_pair=False)
        self._model = Model(graph, precision)
        self._weights = weights  # the graph points into them, so they must live as long as the model
        # Two, because truncation is state: one counts the tokens of whole texts, one truncates.
        self._counting = Tokenizer.from_str(tokenizer.to_str())
        self._counting.no_truncation()
        self._counting.no_padding()
        self._cutting = tokenizer
        self._cutting.no_padding()
        self._cutting.enable_truncation(max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens in each text, without special tokens and without truncation."""
        encodings = self._counting.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    def encode_query(self, question: str) -> Vector:
        """Return the question's unit vector, `float32 (dimension,)`."""
        vector: Vector = self._encoded([self._cutting.encode(question)])[0]
        return vector

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector a text, `float32 (len(texts), dimension)`."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for first in range(0, len(texts), _PORTION):
            portion = self._cutting.encode_batch_fast(list(texts[first : first + _PORTION]))
            for batch in by_length([len(encoding) for encoding in portion], _BATCH):
                rows = [first + index for index in batch]
                vectors[rows] = self._encoded([portion[index] for index in batch])
                if on_progress is not None:
                    on_progress(len(batch))
        return vectors

    def _encoded(self, texts: Sequence[Encoding]) -> Vectors:
        pooled = self._model(*padded([encoding.ids for encoding in texts], 0))
        # In single precision, whatever the model ran in: the index relies on unit length.
        unit: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit


def load_bert(path: Path, name: str, precision: Precision | None = None) -> BertEncoder | None:
    """Load the model in a folder; None if it is anything but a BERT with pooling.

    Raises:
        EncoderError: it is one, but its files cannot be read.
    """
    described = _description(path)
    if described is None:
        return None
    shape, pooling, max_tokens = described
    try:
        mapped = Mapped.open(path / "model.safetensors")
        weights = safetensors_arrays(mapped.bytes)
        # A checkpoint with a task head has the encoder one level down.
        prefixes = [one for one in ("", "bert.") if f"{one}embeddings.word_embeddings.weight" in weights]
        if not prefixes:
            return None  # other names, or types that NumPy lacks
        graph = sentence_graph(
            shape, lambda part: weights[prefixes[0] + part].astype(np.float32, copy=False), pooling
        )
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    # The tokeniser raises a bare Exception.
    except Exception as error:
        raise EncoderError(f"the encoder in {path} cannot be loaded: {error}") from error
    encoder = BertEncoder(
        graph,
        tokenizer,
        name=name,
        fingerprint=fingerprint(path),
        max_tokens=max_tokens,
        weights=mapped,
        precision=precision,
    )
    # The first pass converts the weights to the processor's layout; the originals can leave the memory.
    encoder.encode_query("")
    mapped.release()
    return encoder


_MODULES = ["Transformer", "Pooling", "Normalize"]


def _description(path: Path) -> tuple[BertShape, str, int] | None:
    """Shape, pooling and input length; None if a file is missing or states something unsupported."""
    try:
        modules = _json(path / "modules.json")
        config = _json(path / "config.json")
        transformer = _json(path / "sentence_bert_config.json")
        pooling = _json(path / modules[1]["path"] / "config.json")
        extras = _json(path / "config_sentence_transformers.json")
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
        plain = (
            kinds in (_MODULES, _MODULES[:2])
            and not any((extras.get("prompts") or {}).values())
            and not transformer.get("do_lower_case")
            and (path / "model.safetensors").is_file()
            and (path / "tokenizer.json").is_file()
        )
        length = min(int(transformer["max_seq_length"]), int(config["max_position_embeddings"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    shape = BertShape.of(config)
    modes = {mode for mode, on in pooling.items() if mode.startswith("pooling_mode_") and on is True}
    known = {frozenset({"pooling_mode_mean_tokens"}): "mean", frozenset({"pooling_mode_cls_token"}): "cls"}
    mode = known.get(frozenset(modes))
    return (shape, mode, length) if plain and shape is not None and mode is not None else None


def _json(path: Path) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(path.read_text("utf-8"))
