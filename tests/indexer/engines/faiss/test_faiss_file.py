"""FAISS files that Quoth never writes, though their checksums may fit: refused."""

from __future__ import annotations

import contextlib
import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import faiss as typed_faiss
import numpy as np
import pytest

from indexer.arrays import Vectors
from indexer.engines.faiss.dense import DenseIndex
from indexer.engines.faiss.faiss_file import read_faiss
from indexer.errors import DamagedGenerationError, FormatVersionError

faiss: Any = typed_faiss
Kind = Literal["flat", "hnsw", "ivf-sq8"]
KINDS: tuple[Kind, ...] = ("flat", "hnsw", "ivf-sq8")
DIMENSION = 8


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    rows = np.random.default_rng(3).standard_normal((400, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def save(tmp_path: Path, vectors: Vectors) -> Callable[[Kind], Path]:
    """Write an index of the kind, with the vectors that it rounds beside it."""

    def write(kind: Kind) -> Path:
        DenseIndex.build(vectors, kind).save(tmp_path / "dense", tmp_path / "vectors.npy")
        return tmp_path / "dense"

    return write


def _rewrite(path: Path, change: Callable[[Any], None]) -> Path:
    index = faiss.read_index(str(path))
    change(index)
    faiss.write_index(index, str(path))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_the_limits_of_the_process_are_restored(save: Callable[[Kind], Path], kind: Kind) -> None:
    def limits() -> tuple[int, int]:
        return faiss.get_deserialization_vector_byte_limit(), faiss.get_deserialization_loop_limit()

    before = limits()
    path = save(kind)
    read_faiss(path, kind)
    assert limits() == before
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DamagedGenerationError):
        read_faiss(path, kind)
    assert limits() == before


# Half a terabyte, where FAISS's own limit is a whole one; and sizes that overflow when multiplied by the
# bytes of an element, or added to a position.
_LIES = (2**39, 2**61, 2**61 + 400, 2**62 + 400, 2**63, 2**64 - 64, 2**64 - 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lie", _LIES)
def test_a_size_larger_than_the_file_is_refused_before_memory_is_allocated(
    save: Callable[[Kind], Path], vectors: Vectors, kind: Kind, lie: int
) -> None:
    """Every position that a size may have."""
    path = save(kind)
    data = path.read_bytes()
    for place in range(4, 180):
        path.write_bytes(data[:place] + struct.pack("<Q", lie) + data[place + 8 :])
        with contextlib.suppress(DamagedGenerationError):  # a MemoryError fails the test
            index = DenseIndex(read_faiss(path, kind), kind)
            index.search(vectors[0], 10)
            index.vectors(0, len(index))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_anywhere_is_refused(save: Callable[[Kind], Path], kind: Kind) -> None:
    path = save(kind)
    data = path.read_bytes()
    pages = [page + beside for page in range(4_096, len(data), 4_096) for beside in range(-9, 9)]
    for length in (*range(250), *pages, *range(len(data) - 40, len(data))):
        path.write_bytes(data[:length])
        with pytest.raises(DamagedGenerationError):
            read_faiss(path, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_works_after_its_file_is_removed(
    save: Callable[[Kind], Path], vectors: Vectors, kind: Kind
) -> None:
    path = save(kind)
    index = DenseIndex(read_faiss(path, kind), kind)
    path.unlink()
    assert index.search(vectors[17], 1)[0].tolist() == [17]
    np.testing.assert_allclose(index.vectors(0, 400), vectors, atol=0.05)


def test_a_file_that_fills_its_last_page_is_read(tmp_path: Path) -> None:
    rows = np.random.default_rng(4).standard_normal((506, 2)).astype(np.float32)
    path = tmp_path / "dense"
    DenseIndex.build(rows, "flat").save(path, tmp_path / "vectors.npy")
    assert mmap.PAGESIZE - path.stat().st_size % mmap.PAGESIZE < 8
    np.testing.assert_array_equal(DenseIndex(read_faiss(path, "flat"), "flat").vectors(0, 506), rows)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_bytes_after_the_index_is_refused(save: Callable[[Kind], Path], kind: Kind) -> None:
    path = save(kind)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedGenerationError, match=f"not a sound {kind} index"):
        read_faiss(path, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_an_index_of_another_kind_is_refused(save: Callable[[Kind], Path], kind: Kind, other: Kind) -> None:
    path = save(kind)
    if kind == other:
        assert read_faiss(path, other).ntotal == 400
    else:
        with pytest.raises(DamagedGenerationError, match=rf"not a sound {other} index: run `quoth index`"):
            read_faiss(path, other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: faiss.IndexFlatL2(DIMENSION),
        lambda: faiss.IndexFlat(DIMENSION, faiss.METRIC_L1),
        lambda: faiss.IndexIVFFlat(faiss.IndexFlatIP(DIMENSION), DIMENSION, 2, faiss.METRIC_INNER_PRODUCT),
        lambda: faiss.IndexHNSWFlat(DIMENSION, 32),
        lambda: faiss.IndexHNSWSQ(DIMENSION, faiss.ScalarQuantizer.QT_fp16, 32),
        lambda: faiss.IndexScalarQuantizer(DIMENSION, faiss.ScalarQuantizer.QT_fp16),
    ],
)
def test_an_index_that_quoth_never_writes_is_refused(
    tmp_path: Path, vectors: Vectors, make: Callable[[], Any]
) -> None:
    index = make()
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "dense"))
    for kind in KINDS:
        with pytest.raises(DamagedGenerationError):
            read_faiss(tmp_path / "dense", kind)


def _links(graph: Any) -> Any:
    return faiss.rev_swig_ptr(graph.neighbors.data(), graph.neighbors.size())


def _link_down(index: Any) -> None:
    """On the level above the lowest, a link to a point that is on the lowest alone."""
    graph = index.hnsw
    levels = faiss.vector_to_array(graph.levels)
    high, low = int(np.flatnonzero(levels > 1)[0]), int(np.flatnonzero(levels == 1)[-1])
    _links(graph)[graph.offsets.at(high) + graph.cum_nneighbor_per_level.at(1)] = low


def _enter_low(index: Any) -> None:
    levels = faiss.vector_to_array(index.hnsw.levels)
    index.hnsw.entry_point = int(np.flatnonzero(levels == 1)[0])


def _enter_nowhere(index: Any) -> None:
    index.hnsw.entry_point = -1


@pytest.mark.parametrize("change", [_link_down, _enter_low, _enter_nowhere])
def test_a_graph_with_invalid_links_is_refused(
    save: Callable[[Kind], Path], change: Callable[[Any], None]
) -> None:
    path = _rewrite(save("hnsw"), lambda _: None)
    assert read_faiss(path, "hnsw").hnsw.max_level >= 1
    with pytest.raises(DamagedGenerationError, match="not a sound hnsw index"):
        read_faiss(_rewrite(path, change), "hnsw")


def _ids(index: Any) -> Any:
    lists = faiss.downcast_InvertedLists(index.invlists)
    return faiss.rev_swig_ptr(lists.get_ids(0), lists.list_size(0))


def _same_id_twice(index: Any) -> None:
    _ids(index)[0] = _ids(index)[1]


def _id_of_none(index: Any) -> None:
    _ids(index)[0] = 400


@pytest.mark.parametrize("change", [_same_id_twice, _id_of_none])
def test_lists_with_repeated_or_invalid_ids_are_refused(
    save: Callable[[Kind], Path], change: Callable[[Any], None]
) -> None:
    path = _rewrite(save("ivf-sq8"), lambda _: None)
    assert read_faiss(path, "ivf-sq8").ntotal == 400
    with pytest.raises(DamagedGenerationError):
        read_faiss(_rewrite(path, change), "ivf-sq8")


def test_positions_stated_in_the_file_are_ignored(save: Callable[[Kind], Path], vectors: Vectors) -> None:
    def mislead(index: Any) -> None:
        places = index.direct_map.array
        faiss.rev_swig_ptr(places.data(), places.size())[:] = 2**40

    path = _rewrite(save("ivf-sq8"), mislead)
    found = read_faiss(path, "ivf-sq8").reconstruct_n(0, 400)
    np.testing.assert_allclose(found, vectors, atol=0.05)


@pytest.mark.parametrize("shape", [(399, DIMENSION), (400, DIMENSION - 1), (400 * DIMENSION,)])
def test_originals_of_another_shape_are_refused(
    save: Callable[[Kind], Path], tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = save("ivf-sq8")
    np.save(tmp_path / "vectors.npy", np.zeros(shape, dtype=np.float32))
    with pytest.raises(DamagedGenerationError, match=r"(vectors\.npy holds another|do not belong together)"):
        DenseIndex.load(path, tmp_path / "vectors.npy", "ivf-sq8")


def test_an_unknown_kind_is_reported_as_another_version(save: Callable[[Kind], Path], tmp_path: Path) -> None:
    with pytest.raises(FormatVersionError, match="'annoy', which this version"):
        DenseIndex.load(save("flat"), tmp_path / "vectors.npy", "annoy")
