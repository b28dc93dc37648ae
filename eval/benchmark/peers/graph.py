"""Read a shipped reader's parameters from its graph, by their names in `eval.training.model.SpanModel`.

Matrices and embeddings keep their names when OpenVINO converts a PyTorch model. Biases and layer norm scales
lose theirs, but the operations that use them are named after their modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.benchmark.peers.errors import CheckpointError
from indexer.runtime import openvino
from service.answering.reading.network import GRAPH, WEIGHTS
from service.answering.reading.weights import unpack

Array = npt.NDArray[np.float32]

_NAMED = re.compile(r"self\._model\.(?P<name>.+\.weight)(?:_compressed)?")
_APPLIED = re.compile(r"__module\._model\.(?P<module>.+)/aten::(?P<operation>linear/Add|layer_norm/\w+)")
_PARTS = {"linear/Add": "bias", "layer_norm/Add": "bias", "layer_norm/Multiply_1": "weight"}
_HEADS = re.compile(r"__module\._model\..+\.attention\.(?:self|attn)/aten::view/Reshape")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a span model. A bias of zeros or a scale of ones may be missing, as it has no effect.

    `heads`: attention heads per layer; `epsilon`: what layer norms add to the variance.
    """

    arrays: dict[str, Array]
    heads: int
    epsilon: float


def parameters(folder: Path) -> Parameters:
    """Read a reader's folder.

    Raises:
        CheckpointError: a file is missing or damaged, or the graph is not that of a span model.
    """
    try:
        blob = unpack(folder / WEIGHTS)
        weights = openvino.Tensor(blob, shared_memory=True)  # not copied: keep it alive as long as the graph
        graph = openvino.Core().read_model((folder / GRAPH).read_bytes(), weights)
    # OpenVINO raises bare RuntimeError.
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"the reader in {folder} cannot be read ({error})") from error
    arrays: dict[str, Array] = {}
    heads, epsilon = 0, 0.0
    for operation in graph.get_ordered_ops():
        name = operation.get_friendly_name()
        if operation.get_type_name() == "Constant" and (named := _NAMED.fullmatch(name)):
            arrays[named["name"]] = _values(operation)
        elif (applied := _APPLIED.fullmatch(name)) and applied["operation"] in _PARTS:
            arrays[f"{applied['module']}.{_PARTS[applied['operation']]}"] = _constant(operation).reshape(-1)
        elif operation.get_type_name() == "MVN":
            epsilon = float(operation.get_attributes()["eps"])
        elif _HEADS.fullmatch(name):
            heads = int(_constant(operation).reshape(-1)[-2])
    if not arrays or heads <= 0 or not epsilon:
        raise CheckpointError(
            f"{folder / GRAPH} is not the graph of a span model exported by `eval.training`"
        )
    return Parameters(arrays, heads, epsilon)


def _constant(operation: Any) -> Array:  # noqa: ANN401 - OpenVINO's own
    """Return the constant among an operation's inputs."""
    for operand in operation.inputs():
        node = operand.get_source_output().get_node()
        if node.get_type_name() == "Convert":
            node = node.input_value(0).get_node()
        if node.get_type_name() == "Constant":
            return _values(node)
    raise CheckpointError(
        f"{operation.get_friendly_name()} in {GRAPH} has no constant input: export the reader again"
    )


def _values(constant: Any) -> Array:  # noqa: ANN401 - OpenVINO's own
    # A copy: the graph owns the constant's memory.
    values: Array = np.array(constant.data, dtype=np.float32)
    return values
