"""A shipped span model -> a network ready to run: files checked, weights unpacked, compiled by OpenVINO."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from indexer.mapped import Bytes, Mapped
from indexer.runtime import Model, Precision, openvino
from service.answering.reading.weights import unpack
from service.errors import ReaderError

FORMAT = 2
CARD = "reader.json"
GRAPH = "graph.xml"
WEIGHTS = "weights.zst"
TOKENIZER = "tokenizer.json"

_WARM_UP = np.zeros((8, 16), dtype=np.int64), np.ones((8, 16), dtype=np.int64)
"""Ids and mask for a first pass: any ids, and a length that every model has positions for."""


class OpenVinoNetwork:
    """A span model on the processor. Safe to share between threads: each has its own inference request.

    `graph` is OpenVINO's XML, `weights` the bytes that it refers to, which must not be modified afterwards.
    """

    def __init__(self, graph: bytes, weights: Bytes, *, precision: Precision | None = None) -> None:
        model = openvino.Core().read_model(graph, openvino.Tensor(weights, shared_memory=True))
        self._model = Model(model, precision)
        self._weights = (
            weights  # OpenVINO reads this memory while the model is in use, but holds no reference
        )

    def __call__(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return start and end logits, `float32 (2, batch, length)`."""
        return self._model(ids, mask)


def read_card(folder: Path) -> dict[str, Any]:
    """Return a model's card, after checking every file of its folder against its hash.

    Raises:
        ReaderError: a file is missing, damaged, or of another format.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
        if card["format"] != FORMAT:
            raise ReaderError(
                f"{folder} has reader format {card['format']!r}, this version reads {FORMAT}: export it again"
            )
        for name in (GRAPH, WEIGHTS, TOKENIZER):
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != card["files"][name]["sha256"]:
                raise ReaderError(
                    f"{folder / name} is damaged (its SHA-256 is not the recorded one): install Quoth again"
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReaderError(
            f"{folder} holds no reader that can be used ({error}): install Quoth again"
        ) from error
    return card


def load_network(folder: Path, *, precision: Precision | None = None) -> tuple[OpenVinoNetwork, Tokenizer]:
    """Load a model's graph, weights and tokeniser. Call `read_card` first: the files are not checked here.

    Raises:
        ReaderError: OpenVINO or the tokeniser refuses a file.
    """
    try:
        weights = unpack(folder / WEIGHTS)
        mapped = _mapped(weights)
        network = OpenVinoNetwork(
            (folder / GRAPH).read_bytes(), weights if mapped is None else mapped.bytes, precision=precision
        )
        # The first pass lays out the weights for this processor: no question should have to wait for that.
        network(*_WARM_UP)
        if mapped is not None:
            mapped.release()
        return network, Tokenizer.from_file(str(folder / TOKENIZER))
    # OpenVINO and tokenizers raise bare RuntimeError and Exception.
    except Exception as error:
        raise ReaderError(
            f"the reader in {folder} cannot be loaded ({error}): install Quoth again"
        ) from error


def _mapped(weights: Bytes) -> Mapped | None:
    try:
        return Mapped.copy_of(weights)
    except OSError:
        return None  # no room for a file: the weights stay in memory
