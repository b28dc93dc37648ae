"""Files mapped into memory, and the safetensors format."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save, save_file

from indexer.mapped import Mapped, safetensors_arrays


def _resident() -> int:
    """Kilobytes of mapped files in this process's memory, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssFile"))


def test_the_mapped_bytes_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 100)
    assert Mapped.open(tmp_path / "file").bytes.tobytes() == bytes(range(256)) * 100


def test_a_copy_outlives_the_data_it_was_made_from() -> None:
    data = np.arange(100_000, dtype=np.uint8)
    mapped = Mapped.copy_of(data)
    data[:] = 0
    assert mapped.bytes[:300].tolist() == [number % 256 for number in range(300)]


@pytest.mark.slow
def test_the_array_alone_keeps_the_file_mapped(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"words" * 10_000)
    array = Mapped.open(tmp_path / "file").bytes
    gc.collect()
    assert array[-5:].tobytes() == b"words"


def test_writing_to_the_array_does_not_change_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"words")
    Mapped.open(tmp_path / "file").bytes[:] = 0
    assert (tmp_path / "file").read_bytes() == b"words"


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the kernel's account of memory is Linux's"
)
def test_released_pages_leave_the_memory_and_are_read_again() -> None:
    mapped = Mapped.copy_of(np.ones(40_000_000, dtype=np.uint8))
    before = _resident()
    assert mapped.bytes.sum() == 40_000_000
    held = _resident()
    mapped.release()
    assert held - before > 30_000
    assert _resident() - before < 5_000
    assert mapped.bytes.sum() == 40_000_000


def test_an_empty_or_missing_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty"):
        Mapped.open(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        Mapped.open(tmp_path / "none")


def test_arrays_equal_those_that_the_safetensors_library_wrote(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    arrays: dict[str, npt.NDArray[Any]] = {
        "single": draw.standard_normal((3, 4)).astype(np.float32),
        "half": draw.standard_normal(7).astype(np.float16),
        "whole": draw.integers(-5, 5, (2, 2, 2)),
        "scalar": np.array(3.5, dtype=np.float32),
        "none": np.zeros((0, 4), dtype=np.float32),
    }
    save_file(arrays, tmp_path / "file", metadata={"format": "np"})
    mapped = Mapped.open(tmp_path / "file")
    found = safetensors_arrays(mapped.bytes)
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert np.shares_memory(found["single"], mapped.bytes)


def test_arrays_of_types_that_numpy_lacks_are_left_out() -> None:
    header = {
        "brain": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
        "single": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
    }
    text = json.dumps(header).encode()
    data = len(text).to_bytes(8, "little") + text + bytes(8)
    assert set(safetensors_arrays(np.frombuffer(data, dtype=np.uint8))) == {"single"}


@pytest.mark.parametrize("size", [0, 4, 8, 30, -1])
def test_a_file_cut_short_is_an_error(size: int) -> None:
    data = np.frombuffer(save({"some": np.arange(10.0)}), dtype=np.uint8)[:size]
    with pytest.raises((ValueError, KeyError, TypeError)):
        safetensors_arrays(data)
