"""Pack model weights into few bits, and unpack them. Pure NumPy.

A matrix is stored as integers with one scale per row; Zstandard compresses the integers to about as many bits
each as were asked for. Unpacked, they are 16-bit floats again: fewer bits make the file small, not the
arithmetic fast. The file is in the safetensors format inside Zstandard, which decompresses ten times as
fast as deflate. Check its hash before unpacking (`service.answering.reading.network.read_card`).
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

_PLAIN = "plain"  # the bytes between the matrices, concatenated
_MOST = 1 << 31  # the largest size, in bytes, that is decompressed
# Higher levels take minutes and gain nothing.
_COMPRESSOR = zstandard.ZstdCompressor(level=3, write_checksum=True)
_LEAST = np.finfo(np.float16).smallest_subnormal
_CLIPS = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)  # shares of a row's largest weight to clip at


Rounded = tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]
"""Integers, `int8 (rows, columns)`, and one scale per row, `float32 (rows, 1)`."""

Rounding = Callable[[npt.NDArray[np.float32], int], Rounded]
"""A matrix, `float32 (rows, columns)`, and a number of bits -> the matrix as integers of that many bits."""


def quantised(matrix: npt.NDArray[np.float32], bits: int) -> Rounded:
    """Return integers of `bits` bits, `int8` of the matrix's shape, and one scale per row, `(rows, 1)`.

    Each row is clipped where, of a few choices, its squared error is smallest.
    """
    most = 2 ** (bits - 1) - 1
    peak = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-8)
    best = np.full((len(matrix), 1), np.inf, dtype=np.float32)
    scale = peak / most
    for clip in _CLIPS:
        # At least the smallest 16-bit float, so that a row of zeros is not divided by zero.
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
    """Write a file of 16-bit weights, with the matrices in `bits` bits and all other bytes unchanged.

    `matrices` maps a matrix's byte offset in `blob` to its rows and columns. `rounding` chooses the integers.
    """
    from safetensors.numpy import save  # noqa: PLC0415 - only needed for writing

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
    """Return the bytes that were packed, each matrix to within half a step of its row's scale.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or not one that `pack` wrote.
    """
    packed = path.read_bytes()
    try:
        if not 0 <= zstandard.frame_content_size(packed) <= _MOST:
            raise ValueError(
                f"{path} is not a file of packed weights (it does not state its size, or is too large)"
            )
        data = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError(f"{path} is not a file of packed weights ({error})") from error
    stored = safetensors_arrays(np.frombuffer(data, dtype=np.uint8))
    offsets = sorted(int(name) for name in stored if name.isdecimal())
    blob = np.empty(stored[_PLAIN].size + sum(2 * stored[f"{at}"].size for at in offsets), dtype=np.uint8)
    with ThreadPoolExecutor() as pool:
        # In threads, because NumPy releases Python's lock.
        list(pool.map(lambda at: _restore(blob, at, stored), offsets))
    _fill(blob, offsets, stored)
    return blob


def _restore(blob: Bytes, offset: int, stored: Mapping[str, npt.NDArray[Any]]) -> None:
    whole, scale = stored[f"{offset}"], stored[f"{offset}.scale"]
    part = blob[offset : offset + 2 * whole.size]
    values = part.view(np.float16).reshape(whole.shape)
    # Multiplied in single precision and cast in chunks, so that no second copy of the matrix is made.
    np.multiply(whole, scale, out=values, dtype=np.float32, casting="unsafe")


def _fill(blob: Bytes, offsets: list[int], stored: Mapping[str, npt.NDArray[Any]]) -> None:
    """Copy the bytes between the matrices into their places."""
    plain, place, taken = stored[_PLAIN], 0, 0
    for offset in [*offsets, len(blob)]:
        size = offset - place
        blob[place:offset] = plain[taken : taken + size]
        taken += size
        place = offset + (2 * stored[f"{offset}"].size if offset < len(blob) else 0)
