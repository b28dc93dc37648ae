"""A FAISS file -> an index that is safe to search, or an error.

Checksums detect damage, but not a forged file whose checksums fit. FAISS checks much of what it reads, not
all: an invalid position leads a search out of bounds, and an invalid size allocates memory that the file
never fills.

The file is mapped, not read: vectors, links and codes enter memory when searches touch them, and the system
may take that memory back. So the file may be removed while it is open, but not changed.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss as typed_faiss
import numpy as np
import numpy.typing as npt

from indexer.errors import DamagedGenerationError

# FAISS's type stubs are incomplete.
faiss: Any = typed_faiss

_limited = threading.Lock()
_NUMBER = 8  # bytes of the largest number in a file


def read_faiss(path: Path, kind: str) -> Any:  # noqa: ANN401 - SWIG classes have no type
    """Read an index of the kind (`flat`, `hnsw` or `ivf-sq8`) as `DenseIndex` builds it.

    Raises:
        DamagedGenerationError: the file cannot be read, or is not such an index.
    """
    try:
        size = path.stat().st_size
        contents = _contents(path, size)
        # Not FAISS's own mapping: it reads beyond the end of a file that is cut short.
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(contents), size)
        with _limits(size):
            index = faiss.read_index(reader)
        index.referenced_objects = [contents]  # keeps the mapping alive as long as the index
        sound = reader.rp_ == size and index.ntotal * index.d <= size and _CHECKS[kind](index)
    except (RuntimeError, OSError) as error:
        raise DamagedGenerationError(f"{path} cannot be read: run `quoth index` again") from error
    if not sound:
        raise DamagedGenerationError(f"{path} is not a sound {kind} index: run `quoth index` again")
    return index


def _contents(path: Path, size: int) -> npt.NDArray[np.uint8]:
    """A file's bytes, mapped, and readable for the length of one number beyond their end.

    FAISS may read a number that the end of the file cuts in two. A mapping has zeros from the end of the file
    to the end of its last page; if there are too few, the file is read instead.
    """
    if 0 < size % mmap.PAGESIZE <= mmap.PAGESIZE - _NUMBER:
        return np.memmap(path, np.uint8, "r", shape=(size,))
    contents = np.zeros(size + _NUMBER, np.uint8)
    with path.open("rb") as file:
        file.readinto(contents[:size].data)
    return contents


@contextlib.contextmanager
def _limits(size: int) -> Iterator[None]:
    """Make FAISS refuse vectors larger than a file of `size` bytes, and more cells than it could fill.

    An IVF file has 17 bytes or more for each vector (a code of a byte a dimension, its id, its position), and
    at most 4 * sqrt(vectors) cells. The limits are global to the process, so one file is read at a time, and
    they are restored afterwards.
    """
    with _limited:
        before = faiss.get_deserialization_vector_byte_limit(), faiss.get_deserialization_loop_limit()
        faiss.set_deserialization_vector_byte_limit(size)
        faiss.set_deserialization_loop_limit(max(1, math.isqrt(size)))
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(before[0])
            faiss.set_deserialization_loop_limit(before[1])


def _is_flat(index: Any) -> bool:  # noqa: ANN401 - SWIG, here and below
    return isinstance(index, faiss.IndexFlat) and index.metric_type == faiss.METRIC_INNER_PRODUCT


def _is_hnsw(index: Any) -> bool:  # noqa: ANN401
    if not isinstance(index, faiss.IndexHNSWFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        return False
    storage = faiss.downcast_index(index.storage)
    return (
        _is_flat(storage)
        and (storage.ntotal, storage.d) == (index.ntotal, index.d)
        and _links_are_valid(index)
    )


def _links_are_valid(index: Any) -> bool:  # noqa: ANN401
    """Whether links on each level of the graph lead only to points that have that level.

    FAISS itself checks that links lead to points, and that those of the lowest level, which every point has,
    are complete.
    """
    graph = index.hnsw
    levels = faiss.vector_to_array(graph.levels)  # number of levels of each point
    if len(levels) != index.ntotal or not 0 <= graph.entry_point < len(levels):
        return False
    if levels[graph.entry_point] != graph.max_level + 1:
        return False
    first = faiss.vector_to_array(graph.offsets)
    bounds = faiss.vector_to_array(graph.cum_nneighbor_per_level)
    links = faiss.rev_swig_ptr(graph.neighbors.data(), graph.neighbors.size())
    for level in range(1, graph.max_level + 1):
        here = np.flatnonzero(levels > level)
        to = links[first[here, None].astype(np.int64) + np.arange(bounds[level], bounds[level + 1])]
        if (levels[to[to >= 0]] <= level).any():
            return False
    return True


def _is_ivf(index: Any) -> bool:  # noqa: ANN401
    if not isinstance(index, faiss.IndexIVFScalarQuantizer) or index.invlists is None or not index.is_trained:
        return False
    cells = faiss.downcast_index(index.quantizer)
    lists = faiss.downcast_InvertedLists(index.invlists)
    codes = index.sq
    if not (
        index.metric_type == faiss.METRIC_INNER_PRODUCT
        and _is_flat(cells)
        and (cells.ntotal, cells.d) == (index.nlist, index.d)
        and isinstance(lists, faiss.ArrayInvertedLists)
        and codes.qtype == faiss.ScalarQuantizer.QT_8bit
        and index.code_size == codes.code_size == lists.code_size == index.d
        # Summed in Python, where invalid sizes cannot overflow to a sum that fits.
        and sum(map(lists.list_size, range(index.nlist))) == index.ntotal
    ):
        return False
    # Ignore the positions in the file: FAISS computes them itself and refuses an invalid id. With as many
    # vectors as ids, and a position for each id, no id occurs twice.
    index.set_direct_map_type(faiss.DirectMap.NoMap)
    index.set_direct_map_type(faiss.DirectMap.Array)
    return bool((faiss.vector_to_array(index.direct_map.array) >= 0).all())


_CHECKS: dict[str, Callable[[Any], bool]] = {"flat": _is_flat, "hnsw": _is_hnsw, "ivf-sq8": _is_ivf}
