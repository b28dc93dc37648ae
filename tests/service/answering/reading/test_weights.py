"""Packed weights: a round trip is exact to within rounding, and any other file is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from indexer.mapped import Bytes
from service.answering.reading.weights import pack, quantised, unpack

BITS = [2, 3, 4, 5, 6, 7, 8]
Matrix = npt.NDArray[np.float16]


def even_rows(seed: int, rows: int, columns: int) -> Matrix:
    """Rows without outliers: half of a row's values equal its largest, so that none is clipped."""
    draw = np.random.default_rng(seed)
    signs = draw.choice([-1.0, 1.0], size=(rows, columns))
    sizes = np.where(np.arange(columns) % 2 == 0, 1.0, draw.uniform(size=(rows, columns)))
    return (signs * sizes * draw.uniform(0.01, 2.0, size=(rows, 1))).astype(np.float16)


def as_bytes(values: Matrix) -> Bytes:
    return np.frombuffer(values.tobytes(), dtype=np.uint8)


@pytest.mark.parametrize("bits", BITS)
def test_integers_have_the_requested_bits_and_each_row_one_scale(bits: int) -> None:
    matrix = np.random.default_rng(bits).normal(size=(20, 300)).astype(np.float32)
    whole, scale = quantised(matrix, bits)
    assert whole.dtype == np.int8
    assert (whole.shape, scale.shape) == ((20, 300), (20, 1))
    most = {2: 1, 3: 3, 4: 7, 5: 15, 6: 31, 7: 63, 8: 127}[bits]
    assert whole.max() == most
    assert whole.min() == -most


@pytest.mark.parametrize("bits", BITS)
def test_clipping_never_makes_the_error_of_a_row_larger(bits: int) -> None:
    draw = np.random.default_rng(bits)
    matrix = draw.standard_t(3, size=(50, 200)).astype(np.float16).astype(np.float32)
    whole, scale = quantised(matrix, bits)
    error = ((whole * scale - matrix) ** 2).sum(axis=1)
    step = np.abs(matrix).max(axis=1) / (2 ** (bits - 1) - 1)
    # Scales are rounded to 16-bit floats, which hold 11 bits.
    step = step.astype(np.float16).astype(np.float32)
    unclipped = ((np.rint(matrix / step[:, None]) * step[:, None] - matrix) ** 2).sum(axis=1)
    assert (error <= unclipped * (1 + 1e-3)).all()
    if bits <= 4:
        # With few bits, clipping the outliers makes all other values more exact.
        assert error.sum() < 0.9 * unclipped.sum()


@pytest.mark.parametrize("bits", BITS)
def test_a_round_trip_changes_a_value_by_half_a_step_at_most(bits: int, tmp_path: Path) -> None:
    matrix = even_rows(bits, 30, 64)
    pack(tmp_path / "weights.zst", as_bytes(matrix), {0: matrix.shape}, bits)
    found = unpack(tmp_path / "weights.zst").view(np.float16).reshape(matrix.shape)
    peak = np.abs(matrix.astype(np.float64)).max(axis=1, keepdims=True)
    half_a_step = peak / (2 ** (bits - 1) - 1) / 2
    # The scale and the value that comes back are each rounded to a 16-bit float.
    rounding = peak * 2.0**-10
    assert (np.abs(found.astype(np.float64) - matrix) <= half_a_step + rounding).all()


@pytest.mark.parametrize("bits", BITS)
def test_a_matrix_of_whole_steps_is_restored_exactly(bits: int, tmp_path: Path) -> None:
    most = 2 ** (bits - 1) - 1
    draw = np.random.default_rng(bits)
    whole = draw.integers(-most, most, size=(12, 40), endpoint=True)
    whole[:, :20] = most
    matrix = (whole * 2.0 ** draw.integers(-9, 4, size=(12, 1))).astype(np.float16)
    pack(tmp_path / "weights.zst", as_bytes(matrix), {0: (12, 40)}, bits)
    assert unpack(tmp_path / "weights.zst").tobytes() == matrix.tobytes()


def test_bytes_outside_the_matrices_are_restored_exactly(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    first, second = even_rows(1, 8, 16), even_rows(2, 5, 12)
    # An odd number of bytes before, between and after; NaNs and infinities among them.
    rest = [draw.integers(256, size=size).astype(np.uint8) for size in (7, 130, 33)]
    blob = np.concatenate([rest[0], as_bytes(first), rest[1], as_bytes(second), rest[2]])
    before = blob.tobytes()
    places = {7: (8, 16), 7 + 256 + 130: (5, 12)}
    pack(tmp_path / "weights.zst", blob, places, 4)
    found = unpack(tmp_path / "weights.zst")
    assert blob.tobytes() == before
    assert found.dtype == np.uint8
    assert len(found) == len(blob)
    changed = np.flatnonzero(found != blob)
    assert len(changed)
    inside = ((changed >= 7) & (changed < 263)) | ((changed >= 393) & (changed < 513))
    assert inside.all()
    back = found[393:513].copy().view(np.float16).reshape(5, 12)
    assert np.abs(back.astype(np.float64) - second).max() < np.abs(second).max() / 7


def test_a_file_without_matrices_is_restored_exactly(tmp_path: Path) -> None:
    blob = np.arange(251, dtype=np.uint8)
    pack(tmp_path / "weights.zst", blob, {}, 4)
    assert unpack(tmp_path / "weights.zst").tobytes() == blob.tobytes()


@pytest.mark.parametrize("bits", BITS)
def test_rows_of_zeros_stay_zero_and_rows_of_tiny_values_stay_tiny(bits: int, tmp_path: Path) -> None:
    matrix = np.zeros((3, 10), dtype=np.float16)
    matrix[1] = even_rows(0, 1, 10)
    matrix[2, 4] = 2e-7
    pack(tmp_path / "weights.zst", as_bytes(matrix), {0: (3, 10)}, bits)
    found = unpack(tmp_path / "weights.zst").view(np.float16).reshape(3, 10)
    assert (found[0] == 0).all()
    assert np.isfinite(found).all()
    assert np.abs(found[2].astype(np.float64)).max() <= 4e-7


def test_fewer_bits_make_a_smaller_file(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(256, 256)).astype(np.float16)
    sizes = []
    for bits in BITS:
        pack(tmp_path / f"{bits}.zst", as_bytes(matrix), {0: (256, 256)}, bits)
        sizes.append((tmp_path / f"{bits}.zst").stat().st_size)
    assert sizes == sorted(sizes)
    # At most the requested bits, and a little for the scales.
    for bits, size in zip(BITS, sizes, strict=True):
        assert size * 8 < 256 * 256 * (bits + 0.5), bits


def packed(path: Path) -> bytes:
    matrix = even_rows(3, 16, 16)
    blob = np.concatenate([np.arange(100, dtype=np.uint8), as_bytes(matrix)])
    pack(path, blob, {100: (16, 16)}, 5)
    return path.read_bytes()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape("none.zst")):
        unpack(tmp_path / "none.zst")


def _written(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> Path:
    path.write_bytes(zstandard.ZstdCompressor().compress(save(arrays)))
    return path


def test_a_file_of_other_arrays_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        unpack(_written(tmp_path / "other.zst", {"weights": np.zeros(3)}))
    np.save(tmp_path / "single.npy", np.zeros(3))
    with pytest.raises(ValueError, match=re.escape("single.npy is not a file of packed weights")):
        unpack(tmp_path / "single.npy")


def test_a_file_that_claims_to_be_huge_is_an_error_before_it_is_read(tmp_path: Path) -> None:
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(70_000)))
    # A frame of more than 65,791 bytes gives its size in the 4 bytes after its descriptor.
    assert int.from_bytes(frame[5:9], "little") == 70_000
    frame[5:9] = (2**32 - 1).to_bytes(4, "little")
    (tmp_path / "weights.zst").write_bytes(frame)
    with pytest.raises(ValueError, match="too large"):
        unpack(tmp_path / "weights.zst")


@pytest.mark.parametrize("keep", [0, 1, 4, 60, 400, -200, -1])
def test_a_file_that_was_cut_short_is_an_error(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "weights.zst"
    path.write_bytes(packed(path)[:keep])
    with pytest.raises(ValueError, match="not a file of packed weights"):
        unpack(path)


def test_a_matrix_beyond_the_end_is_an_error(tmp_path: Path) -> None:
    arrays: Any = {
        "plain": np.zeros(10, np.uint8),
        "40": np.ones((2, 8), np.int8),
        "40.scale": np.ones((2, 1)),
    }
    with pytest.raises(ValueError, match="reshape"):
        unpack(_written(tmp_path / "weights.zst", arrays))


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, bytes]:
    path = tmp_path_factory.mktemp("packed") / "weights.zst"
    stored = packed(path)
    return path, stored, unpack(path).tobytes()


@settings(max_examples=200, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_a_changed_byte_is_an_error_or_changes_nothing(
    intact: tuple[Path, bytes, bytes], place: float, value: int
) -> None:
    path, stored, expected = intact
    damaged = bytearray(stored)
    damaged[int(place * len(stored))] ^= value
    path.with_name("damaged.zst").write_bytes(damaged)
    try:
        found = unpack(path.with_name("damaged.zst"))
    except (OSError, ValueError, KeyError, TypeError):
        return
    assert found.tobytes() == expected
