"""Weights -> few bits, with the error of each rounding made up for by the weights that follow.

Plain rounding treats all weights alike. What matters is what a layer puts out: with the inputs that a layer
really sees, the error of one column can be carried over to the columns after it, in proportion to how their
inputs go together (GPTQ; Frantar, Ashkboos, Hoefler and Alistarh, 2023).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from eval.training.features import Feature
from eval.training.model import SpanModel, predict
from service.answering.weights import Rounded, Rounding, quantised

_DAMPING = 0.01  # of the mean of the diagonal, so that it can be inverted
_BLOCK = 128


def input_products(model: SpanModel, features: Sequence[Feature], pad_id: int) -> dict[str, Tensor]:
    """Return, for each linear layer by name, the products of its inputs, `float32 (in, in)`, summed.

    Padding counts too, as it does at run time.
    """
    found: dict[str, Tensor] = {}
    hooks = []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear):

            def add(_: nn.Module, given: tuple[Tensor, ...], name: str = name) -> None:
                rows = given[0].detach().reshape(-1, given[0].shape[-1]).float()
                product = rows.T @ rows
                found[name] = found[name] + product if name in found else product

            hooks.append(layer.register_forward_pre_hook(add))
    try:
        predict(model, features, pad_id)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def inverted(products: Tensor) -> Tensor:
    """Return the inverse of a layer's products, damped so that there is one, `float64 (in, in)`."""
    damping = _DAMPING * products.double().diagonal().mean().clamp(min=1e-6)
    damped = products.double() + damping * torch.eye(len(products), dtype=torch.float64)
    return torch.cholesky_inverse(torch.linalg.cholesky(damped))


def rounded(weights: Tensor, products: Tensor, bits: int) -> Rounded:
    """Return whole numbers of `bits` bits, `int8 (out, in)`, and a scale a row, `float32 (out, 1)`.

    `weights`: `float32 (out, in)`; `products`: the layer's, from `input_products`.
    """
    most = 2 ** (bits - 1) - 1
    _, scale = quantised(weights.numpy(), bits)
    steps = torch.from_numpy(scale)
    # Columns in order of how strong their inputs are: the strongest are rounded first, with all others
    # still free to make up for them.
    order = torch.argsort(products.diagonal(), descending=True)
    left = weights[:, order].clone()
    inverse = torch.linalg.cholesky(inverted(products[order][:, order]), upper=True).float()
    whole = torch.zeros_like(left)
    for first in range(0, left.shape[1], _BLOCK):
        last = min(first + _BLOCK, left.shape[1])
        errors = torch.zeros(len(left), last - first)
        for column in range(first, last):
            given = left[:, column : column + 1]
            whole[:, column : column + 1] = (given / steps).round().clamp(-most, most)
            error = (given - whole[:, column : column + 1] * steps) / inverse[column, column]
            left[:, column:last] -= error * inverse[column, column:last]
            errors[:, column - first] = error[:, 0]
        left[:, last:] -= errors @ inverse[first:last, last:]
    back = torch.empty_like(whole)
    back[:, order] = whole
    return back.numpy().astype(np.int8), scale


def rounding(model: SpanModel, products: Mapping[str, Tensor]) -> Rounding:
    """Return a rounding that knows the model's linear layers by their weights, and treats others plainly."""
    known = {
        _print(layer.weight.detach().numpy()): products[name]
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and name in products
    }

    def choose(matrix: npt.NDArray[np.float32], bits: int) -> Rounded:
        product = known.get(_print(matrix))
        return (
            quantised(matrix, bits) if product is None else rounded(torch.from_numpy(matrix), product, bits)
        )

    return choose


def _print(matrix: npt.NDArray[np.float32]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype=np.float16).tobytes()).digest()
