"""A shipped reader's folder -> the span model it was exported from, to train it further.

The weights are the shipped ones, which are rounded to a few bits: the model scores as the shipped reader
does, not as the model before the rounding (`f1_lost_in_conversion` in the card says how far apart they are).
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig

from eval.training.model import SpanModel, untrained
from indexer.errors import QuothError
from indexer.mapped import Bytes
from service.answering.reading.network import GRAPH, WEIGHTS, read_card
from service.answering.reading.weights import unpack

_PARAMETER = re.compile(
    r"__module\._model\.(?P<module>[\w.]+)/aten::"
    r"(?:(?P<weight>embedding/Gather|linear/MatMul|layer_norm/Multiply_1)|(?:linear|layer_norm)/Add)$"
)
"""Name of the operation that uses a parameter, as OpenVINO's conversion from PyTorch writes it."""

_FUSED = re.compile(r"(?P<attention>.+)\.product\.(?P<kind>weight|bias)$")
_SEPARATE = {"mpnet": ("q", "k", "v"), "bert": ("query", "key", "value")}
_RENAMED = {"mpnet": {".attn.out.": ".attn.o."}, "bert": {}}


class RestoreError(QuothError):
    """A reader's folder that does not hold a model of the expected shape."""


def restored(folder: Path, backbone: Path) -> SpanModel:
    """Return the span model of a shipped reader; `backbone` is the folder of the encoder that it came from.

    Raises:
        ReaderError: the folder is damaged or incomplete.
        RestoreError: the graph is not one that `eval.training.export` writes for BERT or MPNet.
    """
    card = read_card(folder)
    config = AutoConfig.from_pretrained(backbone)
    config.intermediate_size = card["shape"]["inner"]
    if config.model_type not in _SEPARATE:
        raise RestoreError(f"{folder}: a reader of type {config.model_type} cannot be restored")
    model = untrained(config)
    weights: dict[str, Tensor] = {}
    for name, value in _parameters(folder / GRAPH, unpack(folder / WEIGHTS)).items():
        weights |= _separated(
            name, value, config.model_type, config.hidden_size // config.num_attention_heads
        )
    try:
        missing, unexpected = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise RestoreError(f"{folder}: {error}") from error
    known = dict(model.named_parameters())
    if unexpected or any(name in known for name in missing):
        names = ", ".join([*unexpected, *(name for name in missing if name in known)])
        raise RestoreError(f"{folder}: the graph is not that of a {config.model_type} reader: {names}")
    return model.eval()


def _parameters(graph: Path, blob: Bytes) -> dict[str, Tensor]:
    """Return the graph's parameters in float32, by their names in the exported model."""
    root = ElementTree.parse(graph).getroot()  # noqa: S314 - its hash was checked
    layers = {layer.get("id", ""): layer for layer in root.iterfind(".//layer")}
    users = {edge.get("from-layer", ""): edge.get("to-layer", "") for edge in root.iterfind(".//edge")}
    found = {}
    for number, layer in layers.items():
        data = layer.find("data")
        if layer.get("type") != "Const" or data is None or data.get("element_type") != "f16":
            continue
        user = layers[users[number]]
        while user.get("type") == "Convert":
            user = layers[users[user.get("id", "")]]
        match = _PARAMETER.match(user.get("name", ""))
        if match is None:
            continue
        start, size = int(data.get("offset", "0")), int(data.get("size", "0"))
        # Biases have leading dimensions of 1.
        shape = [int(one) for one in data.get("shape", "").split(",") if int(one) > 1]
        values = blob[start : start + size].view(np.float16).astype(np.float32).reshape(shape)
        found[f"{match['module']}.{'weight' if match['weight'] else 'bias'}"] = torch.from_numpy(values)
    return found


def _separated(name: str, value: Tensor, kind: str, head_size: int) -> dict[str, Tensor]:
    """Return a parameter by its names in an unfused model: three for a fused product."""
    match = _FUSED.match(name)
    if match is None:
        for fused, separate in _RENAMED[kind].items():
            name = name.replace(fused, separate)
        return {name: value}
    parts = list(value.chunk(3))
    parts[0] = parts[0] * math.sqrt(head_size)  # the scores' scale was folded into the queries
    return {
        f"{match['attention']}.{part}.{match['kind']}": one.clone()
        for part, one in zip(_SEPARATE[kind], parts, strict=True)
    }
