"""A BERT encoder's weights -> an OpenVINO graph, operation by operation; no model framework is imported.

The architecture is that of Devlin et al. (2019, https://arxiv.org/abs/1810.04805), as `transformers` names
its parts: a post-norm transformer over the sum of word, position and segment embeddings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.runtime import openvino

Tensor = npt.NDArray[np.float32]
Weights = Callable[[str], Tensor]
"""Name -> weight; KeyError if there is none by that name."""

opset = openvino.opset15
Node = Any
"""An operation's output; OpenVINO has no types."""

# exp(-10,000) is 0 in every precision. The smallest float, the usual choice, overflows in 16 bits.
_MASKED = np.float32(10_000)


@dataclass(frozen=True, slots=True)
class BertShape:
    """The hyperparameters of a BERT model that its weights do not show."""

    layers: int
    heads: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, object]) -> BertShape | None:
        """Read a `config.json`; None if it describes another architecture or an unsupported variant."""
        known = {
            "model_type": ("bert",),
            "hidden_act": ("gelu",),
            "position_embedding_type": ("absolute", None),
            "is_decoder": (False, None),
        }
        if any(config.get(name) not in values for name, values in known.items()):
            return None
        try:
            return cls(
                int(str(config["num_hidden_layers"])),
                int(str(config["num_attention_heads"])),
                float(str(config["layer_norm_eps"])),
            )
        except (KeyError, ValueError):
            return None


def sentence_graph(shape: BertShape, weights: Weights, pooling: str) -> openvino.Model:
    """Return a graph from rows of token ids to one vector a row.

    Inputs are `ids` and `mask`, `int64 (batch, length)`; the output is `float32 (batch, width)`, not
    normalised. `pooling`: `mean` of the hidden states over the mask, or `cls`, the first of them.

    Raises:
        KeyError: a weight is missing.
    """
    ids = opset.parameter([-1, -1], np.int64, name="ids")
    mask = opset.parameter([-1, -1], np.int64, name="mask")
    hidden = _embedded(ids, weights, shape.epsilon)
    kept = opset.convert(mask, "f32")
    # Added to the attention scores of padding, so that its weight is 0.
    bias = opset.multiply(opset.subtract(opset.unsqueeze(kept, _int64(1, 2)), np.float32(1)), _MASKED)
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        attended = _attention(hidden, bias, weights, f"{layer}.attention", shape.heads)
        hidden = _normalised(
            opset.add(hidden, attended), weights, f"{layer}.attention.output.LayerNorm", shape.epsilon
        )
        inner = opset.gelu(_linear(hidden, weights, f"{layer}.intermediate.dense"), "erf")
        outer = _linear(inner, weights, f"{layer}.output.dense")
        hidden = _normalised(opset.add(hidden, outer), weights, f"{layer}.output.LayerNorm", shape.epsilon)
    if pooling == "cls":
        pooled = opset.gather(hidden, np.int64(0), np.int64(1))
    else:
        parts = opset.unsqueeze(kept, _int64(2))
        total = opset.reduce_sum(opset.multiply(hidden, parts), np.int64(1), keep_dims=False)
        pooled = opset.divide(total, opset.reduce_sum(parts, np.int64(1), keep_dims=False))
    return openvino.Model([opset.result(pooled)], [ids, mask], "sentence encoder")


def _embedded(ids: Node, weights: Weights, epsilon: float) -> Node:
    words = opset.gather(_constant(weights("embeddings.word_embeddings.weight")), ids, np.int64(0))
    length = opset.gather(opset.shape_of(ids), _int64(1), np.int64(0))
    # All tokens belong to the first segment.
    segment = weights("embeddings.token_type_embeddings.weight")[0]
    positions = weights("embeddings.position_embeddings.weight") + segment
    first = opset.slice(positions, _int64(0), length, _int64(1), _int64(0))
    return _normalised(opset.add(words, first), weights, "embeddings.LayerNorm", epsilon)


def _attention(hidden: Node, bias: Node, weights: Weights, name: str, heads: int) -> Node:
    width = weights(f"{name}.self.query.weight").shape[0]
    by_head = _int64(0, 0, heads, width // heads)

    def projected(part: str) -> Node:
        split = opset.reshape(_linear(hidden, weights, f"{name}.self.{part}"), by_head, special_zero=True)
        return opset.transpose(split, _int64(0, 2, 1, 3))

    mixed = opset.scaled_dot_product_attention(projected("query"), projected("key"), projected("value"), bias)
    joined = opset.reshape(opset.transpose(mixed, _int64(0, 2, 1, 3)), _int64(0, 0, width), special_zero=True)
    return _linear(joined, weights, f"{name}.output.dense")


def _linear(hidden: Node, weights: Weights, name: str) -> Node:
    matrix = _constant(weights(f"{name}.weight"))
    product = opset.matmul(hidden, matrix, transpose_a=False, transpose_b=True)
    return opset.add(product, weights(f"{name}.bias"))


def _normalised(hidden: Node, weights: Weights, name: str, epsilon: float) -> Node:
    centred = opset.mvn(hidden, _int64(2), normalize_variance=True, eps=epsilon, eps_mode="inside_sqrt")
    return opset.add(opset.multiply(centred, weights(f"{name}.weight")), weights(f"{name}.bias"))


def _constant(array: Tensor) -> Node:
    # Without shared memory OpenVINO copies the array by way of a list of Python numbers.
    return opset.constant(array, shared_memory=True)


def _int64(*numbers: int) -> npt.NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)
