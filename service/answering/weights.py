"""Model weights in few bits: pack and unpack. Pure NumPy.

A matrix is kept as whole numbers with one scale a row, on a grid coarse enough that entropy coding takes
them down to about as many bits as the grid has. At run time they are 16-bit floats again: the grid is for
the disk and for git, not for the arithmetic. The file is in the safetensors format, compressed by
Zstandard, which is read ten times as fast as deflate; what it is read from was hashed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from indexer.mapped import Bytes, safetensors_arrays

_PLAIN = "plain"  # the bytes between the matrices, one part after the other
_MOST = 1 << 31  # bytes of a file that is taken for one of weights
# Higher levels take minutes and gain nothing.
_COMPRESSOR = zstandard.ZstdCompressor(level=3, write_checksum=True)
_LEAST = np.finfo(np.float16).smallest_subnormal
_CLIPS = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)  # of the largest weight of a row


Rounded = tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]
"""Whole numbers, `int8 (rows, columns)`, and a scale a row, `float32 (rows, 1)`."""

Rounding = Callable[[npt.NDArray[np.float32], int], Rounded]
"""A matrix, `float32 (rows, columns)`, and a number of bits -> the matrix on the grid of that many."""


def quantised(matrix: npt.NDArray[np.float32], bits: int) -> Rounded:
    """Return whole numbers of `bits` bits, `int8` of the matrix's shape, and a scale a row, `(rows, 1)`.

    Of a few clippings each row takes the one with the least squared error.
    """
    most = 2 ** (bits - 1) - 1
    peak = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-8)
    best = np.full((len(matrix), 1), np.inf, dtype=np.float32)
    scale = peak / most
    for clip in _CLIPS:
        # At least the smallest 16-bit float, so that a row of zeros is divided by something.
        tried = np.maximum((peak * clip / most).astype(np.float16), _LEAST).astype(np.float32)
        error = ((np.clip(np.rint(matrix / tried), -most, most) * tried - matrix) ** 2).sum(1, keepdims=True)
        scale = np.where(error < best, tried, scale)
        best = np.minimum(error, best)
    return np.clip(np.rint(matrix / scale), -most, most).astype(np.int8), scale.astype(np.float32)


def pack(
    path: Path,
    blob: Bytes,
    matrices: dict[int, tuple[int, int]],
    bits: int,
    rounding: Rounding = quantised,
) -> None:
    """Write a file of 16-bit weights, its matrices in `bits` bits and the rest as it is.

    `matrices` maps a matrix's byte offset in `blob` to its rows and columns. `rounding` decides on the
    whole numbers.
    """
    from safetensors.numpy import save  # noqa: PLC0415 - not needed to read one

    kept: dict[str, npt.NDArray[Any]] = {}
    plain = np.ones(len(blob), dtype=np.bool_)
    for offset, (rows, columns) in matrices.items():
        part = slice(offset, offset + 2 * rows * columns)
        values = blob[part].view(np.float16).reshape(rows, columns).astype(np.float32)
        kept[f"{offset}"], kept[f"{offset}.scale"] = rounding(values, bits)
        plain[part] = False
    kept[_PLAIN] = blob[plain]
    path.write_bytes(_COMPRESSOR.compress(save(kept)))


def unpack(path: Path) -> Bytes:
    """Return the bytes that `pack` was given, its matrices to within half a step of their grid.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or not one that `pack` wrote.
    """
    packed = path.read_bytes()
    try:
        if not 0 <= zstandard.frame_content_size(packed) <= _MOST:
            raise ValueError(f"{path} is not a file of packed weights (its size is not said, or too large)")
        data = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError(f"{path} is not a file of packed weights ({error})") from error
    stored = safetensors_arrays(np.frombuffer(data, dtype=np.uint8))
    offsets = sorted(int(name) for name in stored if name.isdecimal())
    blob = np.empty(stored[_PLAIN].size + sum(2 * stored[f"{at}"].size for at in offsets), dtype=np.uint8)
    with ThreadPoolExecutor() as pool:
        # NumPy works outside of Python's lock; a matrix after the other would keep one core busy.
        list(pool.map(lambda at: _restore(blob, at, stored), offsets))
    _fill(blob, offsets, stored)
    return blob


def _restore(blob: Bytes, offset: int, stored: Mapping[str, npt.NDArray[Any]]) -> None:
    whole, scale = stored[f"{offset}"], stored[f"{offset}.scale"]
    part = blob[offset : offset + 2 * whole.size]
    values = part.view(np.float16).reshape(whole.shape)
    # In single precision, cast a piece at a time: no copy of the matrix stands beside it.
    np.multiply(whole, scale, out=values, dtype=np.float32, casting="unsafe")


def _fill(blob: Bytes, offsets: list[int], stored: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put what is between the matrices in its places."""
    plain, place, taken = stored[_PLAIN], 0, 0
    for offset in [*offsets, len(blob)]:
        size = offset - place
        blob[place:offset] = plain[taken : taken + size]
        taken += size
        place = offset + (2 * stored[f"{offset}"].size if offset < len(blob) else 0)
