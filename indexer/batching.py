"""Token ids of many lengths -> batches with little padding, of few shapes. Pure NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

_STEP = 16
"""Lengths are rounded up to a multiple of this, because OpenVINO prepares for each new shape."""


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the indices of `lengths` in batches of `size`, the longest first."""
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    for first in range(0, len(order), size):
        yield order[first : first + size]


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Ids, Ids]:
    """Return token ids, padded with `pad`, and the attention mask, 0 for padding: `int64 (rows, length)`."""
    length = -(-max(map(len, rows)) // _STEP) * _STEP
    ids = np.full((len(rows), length), pad, dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
