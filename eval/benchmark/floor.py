"""The least time that a model's arithmetic takes here: its matrix products alone, at their own shapes.

A bound from a data sheet counts units that a virtual machine may not have to itself. What is measured
instead is the same products of the same shapes in the same precision, one after the other, with nothing
between them: no attention, no normalisation, no activation, no tokens.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from indexer.runtime import Model, openvino

opset = openvino.opset15


@dataclass(frozen=True, slots=True)
class Products:
    """The matrices of a transformer: its layers, their width and inner width."""

    layers: int
    width: int
    inner: int

    @property
    def weights(self) -> int:
        """Numbers in all matrices: each takes part in one multiplication and one addition a token."""
        return self.layers * (4 * self.width**2 + 2 * self.width * self.inner)

    def seconds(self, tokens: int, rounds: int = 30) -> list[float]:
        """Return how long a pass over so many tokens takes, warmed up, a figure a round."""
        model = Model(self._graph())
        hidden = np.random.default_rng(0).standard_normal((tokens, self.width)).astype(np.float32)
        taken = []
        for number in range(rounds + 3):
            began = time.perf_counter()
            model(hidden)
            if number >= 3:  # noqa: PLR2004 - the first ones prepare the shape
                taken.append(time.perf_counter() - began)
        return taken

    def _graph(self) -> openvino.Model:
        draw = np.random.default_rng(0)
        given = opset.parameter([-1, self.width], np.float32)
        hidden = given
        square, wide, narrow = (self.width, self.width), (self.width, self.inner), (self.inner, self.width)
        for columns, rows in [square, square, square, square, wide, narrow] * self.layers:
            # Scaled, so that a long chain neither overflows nor dies away.
            matrix = draw.standard_normal((rows, columns)).astype(np.float32) / np.float32(columns**0.5)
            hidden = opset.matmul(hidden, matrix, transpose_a=False, transpose_b=True)
        return openvino.Model([opset.result(hidden)], [given], "products")
