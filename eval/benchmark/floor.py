"""A lower bound on a model's inference time on this machine: its matrix products alone.

A bound from a data sheet counts arithmetic units that a virtual machine may share. So the products themselves
are timed, with the model's shapes and precision, one after the other and with nothing between them: no
attention, no normalisation, no activation, no tokenisation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from indexer.runtime import Model, openvino

opset = openvino.opset15


@dataclass(frozen=True, slots=True)
class Products:
    """The weight matrices of a transformer with this number of layers, hidden size and inner size."""

    layers: int
    width: int
    inner: int

    @property
    def weights(self) -> int:
        """Weights in all matrices; each costs one multiplication and one addition per token."""
        return self.layers * (4 * self.width**2 + 2 * self.width * self.inner)

    def seconds(self, tokens: int, rounds: int = 30) -> list[float]:
        """Return the seconds of a forward pass over `tokens` tokens in each round, after a warm-up."""
        model = Model(self._graph())
        hidden = np.random.default_rng(0).standard_normal((tokens, self.width)).astype(np.float32)
        times = []
        for number in range(rounds + 3):
            began = time.perf_counter()
            model(hidden)
            if number >= 3:  # noqa: PLR2004 - the first three warm up
                times.append(time.perf_counter() - began)
        return times

    def _graph(self) -> openvino.Model:
        draw = np.random.default_rng(0)
        inputs = opset.parameter([-1, self.width], np.float32)
        hidden = inputs
        square, wide, narrow = (self.width, self.width), (self.width, self.inner), (self.inner, self.width)
        for columns, rows in [square, square, square, square, wide, narrow] * self.layers:
            # Scaled, so that a long chain of products neither overflows nor vanishes.
            matrix = draw.standard_normal((rows, columns)).astype(np.float32) / np.float32(columns**0.5)
            hidden = opset.matmul(hidden, matrix, transpose_a=False, transpose_b=True)
        return openvino.Model([opset.result(hidden)], [inputs], "products")
