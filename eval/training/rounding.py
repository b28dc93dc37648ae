"""Rounds weights to a few bits, and compensates each rounding error in the weights not yet rounded.

Plain rounding treats all weights alike, but only a layer's output matters: given real inputs, the error of
one column can be compensated in the columns after it, as far as their inputs are correlated (GPTQ; Frantar,
Ashkboos, Hoefler and Alistarh, 2023).
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
from service.answering.reading.weights import Rounded, Rounding, quantised

_DAMPING = 0.01  # added to the diagonal, relative to its mean, so that the matrix can be inverted
_BLOCK = 128


def gram_matrices(model: SpanModel, features: Sequence[Feature], pad_id: int) -> dict[str, Tensor]:
    """Return the Gram matrix of each linear layer's inputs X, X^T X, `float32 (in, in)`, by the layer's name.

    Padding is included, as it is computed at run time too.
    """
    found: dict[str, Tensor] = {}
    hooks = []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear):

            def add(_: nn.Module, given: tuple[Tensor, ...], name: str = name) -> None:
                rows = given[0].detach().reshape(-1, given[0].shape[-1]).float()
                gram = rows.T @ rows
                found[name] = found[name] + gram if name in found else gram

            hooks.append(layer.register_forward_pre_hook(add))
    try:
        predict(model, features, pad_id)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def damped_inverse(gram: Tensor) -> Tensor:
    """Return the inverse of a Gram matrix, damped so that it always exists, `float64 (in, in)`."""
    damping = _DAMPING * gram.double().diagonal().mean().clamp(min=1e-6)
    damped = gram.double() + damping * torch.eye(len(gram), dtype=torch.float64)
    return torch.cholesky_inverse(torch.linalg.cholesky(damped))


def rounded(weights: Tensor, gram: Tensor, bits: int) -> Rounded:
    """Return integers of `bits` bits, `int8 (out, in)`, and a scale per row, `float32 (out, 1)`.

    `weights`: `float32 (out, in)`; `gram`: the layer's, from `gram_matrices`.
    """
    most = 2 ** (bits - 1) - 1
    _, scale = quantised(weights.numpy(), bits)
    steps = torch.from_numpy(scale)
    # Columns with the largest inputs are rounded first, while all others can still compensate.
    order = torch.argsort(gram.diagonal(), descending=True)
    left = weights[:, order].clone()
    inverse = torch.linalg.cholesky(damped_inverse(gram[order][:, order]), upper=True).float()
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


def rounding(model: SpanModel, grams: Mapping[str, Tensor]) -> Rounding:
    """Return a rounding by the Gram matrices of the model's layers; other matrices are rounded plainly."""
    known = {
        _fingerprint(layer.weight.detach().numpy()): grams[name]
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and name in grams
    }

    def choose(matrix: npt.NDArray[np.float32], bits: int) -> Rounded:
        gram = known.get(_fingerprint(matrix))
        return quantised(matrix, bits) if gram is None else rounded(torch.from_numpy(matrix), gram, bits)

    return choose


def _fingerprint(matrix: npt.NDArray[np.float32]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype=np.float16).tobytes()).digest()
