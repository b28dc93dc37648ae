"""NumPy's array files: mapped as saved; anything else is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from indexer.engines.faiss.npy_file import map_array
from indexer.errors import DamagedGenerationError


def test_an_array_is_mapped_as_it_was_saved(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(map_array(tmp_path / "a.npy", np.int32, 2), array)


@pytest.mark.parametrize(
    "array", [np.arange(3, dtype=np.int64), np.zeros((3, 1), np.int32), np.zeros(3, np.float32)]
)
def test_another_array_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DamagedGenerationError, match="another array"):
        map_array(tmp_path / "a.npy", np.int32, 1)


def _with_header(header: str, data: bytes = b"\0" * 12) -> bytes:
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"PK\x03\x04 no archive",
        b"\x80\x04N.",  # a pickle of None
        _with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (4,)}"),  # 12 bytes hold 3
        _with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776,)}"),
        _with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (10000000000000000000000,)}"),
        _with_header("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}"),
        _with_header("{'descr': '<i4', 'fortran_order': False, 'shape': (3,)"),
        _with_header("{'descr': '<i4', 'fortran_order': False, 1: (3,)}"),
        _with_header("(((("),
        _with_header("[" * 5_000),
    ],
)
def test_a_file_that_is_not_an_array_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(DamagedGenerationError, match=r"a\.npy cannot be read .*quoth index"):
        map_array(path, np.int32, 1)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedGenerationError, match="cannot be read"):
        map_array(tmp_path / "none.npy", np.int32, 1)
