"""Model weights in few bits: pack and unpack. Pure NumPy.

A matrix is kept as whole numbers with one scale a row, on a grid coarse enough that the archive's
entropy coding (deflate) takes them down to about as many bits as the grid has. At run time they are
16-bit floats again: the grid is for the disk and for git, not for the arithmetic.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
_PLAIN = "plain"
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
    plain = blob.copy()
    kept: dict[str, npt.NDArray[np.generic]] = {}
    for offset, (rows, columns) in matrices.items():
        part = plain[offset : offset + 2 * rows * columns]
        whole, scale = rounding(part.view(np.float16).reshape(rows, columns).astype(np.float32), bits)
        kept[f"{offset}"], kept[f"{offset}.scale"] = whole, scale
        part[:] = 0
    np.savez_compressed(path, **{_PLAIN: plain}, **kept)  # type: ignore[arg-type]


def unpack(path: Path) -> Bytes:
    """Return the bytes that `pack` was given, its matrices to within half a step of their grid.

    Raises:
        OSError, ValueError, KeyError: the file is missing or not one that `pack` wrote.
    """
    try:
        # Opened here: NumPy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            blob: Bytes = stored[_PLAIN]
            for name in stored.files:
                if name.isdecimal():
                    matrix = (stored[name] * stored[f"{name}.scale"]).astype(np.float16)
                    blob[int(name) : int(name) + matrix.nbytes] = matrix.reshape(-1).view(np.uint8)
    # What else zipfile, zlib and NumPy raise over a damaged file.
    except (EOFError, RuntimeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a file of packed weights ({error})") from error
    return blob
