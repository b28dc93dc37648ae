"""Token ids of many lengths -> batches that little is padded in, and few shapes of them. Pure NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

_STEP = 16
"""Lengths are rounded up to a multiple: each shape that is new is prepared for once."""


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the places of `lengths`, `size` together, the longest first."""
    order = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    for first in range(0, len(order), size):
        yield order[first : first + size]


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Ids, Ids]:
    """Return token ids and their mask, `int64 (rows, length)`: `pad` and 0 where a row has ended."""
    length = -(-max(map(len, rows)) // _STEP) * _STEP
    ids = np.full((len(rows), length), pad, dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
