"""Vectors -> nearest passages: FAISS, by inner product of unit vectors (cosine similarity)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import faiss as typed_faiss
import numpy as np

from indexer.arrays import Ids, Mask, Scores, Vector, Vectors
from indexer.engines.faiss.faiss_file import read_faiss
from indexer.engines.faiss.npy_file import map_array
from indexer.errors import DamagedGenerationError, FormatVersionError, SettingsError
from indexer.settings import FaissChoice, FaissKind, check_kind

# FAISS's type stubs are incomplete; among others they lack the search parameters.
faiss: Any = typed_faiss

# Numbers of passages up to which `auto` chooses each kind, by `eval.benchmark.growth` on two cores (table in
# indexer/README.md). A search in `flat` takes 0.8 ms at 10,000 passages and 13 ms at 100,000, so 3 ms at
# 25,000: up to there it is exact. At 100,000 `hnsw` and `ivf-sq8` take half a millisecond each and find 0.997
# and 0.983 of the ten nearest; at a million 1.0 and 1.8 ms, and 0.937 and 0.987: the recall of a graph falls
# as it grows. There a graph takes 1,830 bytes of memory a passage against 420, and 7 times as long to build,
# for every new generation.
FLAT_UP_TO = 25_000
HNSW_UP_TO = 100_000

# Chosen for a recall@10 of 0.98 in the least time: for cells at any size, for a graph at 100,000 passages.
# Twice the _HNSW_BUILD takes twice the time to build and gains as much as a search list longer by a third.
_HNSW_LINKS = 32
_HNSW_BUILD = 100
_HNSW_SEARCH = 160
_HNSW_FILTERED = 10_000  # if at most this many are allowed, comparing with each is as fast, and exact
_IVF_PROBES = 160  # of 4 * sqrt(n) cells; the recall is the same at a million as at 100,000
_IVF_MIN_PER_CELL = 39  # FAISS warns below this many training vectors a cell
_IVF_TRAIN_PER_CELL = 64  # FAISS's 256, and 25 rounds, would take hours at ten million
_IVF_TRAIN_ROUNDS = 10


class DenseIndex:
    """Passage vectors, searchable. The position of a vector is its passage's id."""

    def __init__(self, index: Any, kind: FaissKind, originals: Vectors | None = None) -> None:  # noqa: ANN401 - SWIG
        self._index = index
        self.kind = kind
        self._originals = originals
        if kind == "ivf-sq8":
            # Search the cells of one question on all cores instead of one.
            index.parallel_mode = 1

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @classmethod
    def build(cls, vectors: Vectors, kind: FaissKind) -> DenseIndex:
        """Index unit vectors `float32 (n, dimension)`, n at least 1; they may be mapped from a file."""
        check_kind(kind)
        dimension = vectors.shape[1]
        index: Any
        if kind == "flat":
            index = faiss.IndexFlatIP(dimension)
        elif kind == "hnsw":
            index = faiss.IndexHNSWFlat(dimension, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = _HNSW_BUILD
            index.hnsw.efSearch = _HNSW_SEARCH
        else:
            index = _ivf_sq8(vectors)
        index.add(vectors)
        return cls(index, kind, vectors if kind == "ivf-sq8" else None)

    def save(self, path: Path, originals: Path) -> None:
        """Write the index to `path` and, if it holds them only rounded, the vectors to `originals`."""
        # Through a Python file: FAISS's own writer raises a RuntimeError on a full disk.
        with path.open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))
        if self._originals is not None:
            np.save(originals, self._originals, allow_pickle=False)

    @classmethod
    def load(cls, path: Path, originals: Path, kind: str) -> DenseIndex:
        """Read an index whose checksum has been verified: FAISS itself notices little damage.

        Raises:
            DamagedGenerationError: a file cannot be read, or is not of this kind.
            FormatVersionError: this version of Quoth has no such kind.
        """
        try:
            kind = check_kind(kind)
        except SettingsError as error:
            raise FormatVersionError(
                f"{path} is of kind {kind!r}, which this version of Quoth does not read: "
                "run `quoth index` again"
            ) from error
        index = read_faiss(path, kind)
        kept = None
        if kind == "ivf-sq8":
            # Mapped, not read: only the next build uses the originals.
            kept = map_array(originals, np.float32, 2)
            if kept.shape != (index.ntotal, index.d):
                raise DamagedGenerationError(
                    f"{path} and {originals.name} do not belong together: run `quoth index` again"
                )
        return cls(index, kind, kept)

    def search(self, vector: Vector, count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
        """Return ids and cosine similarities of the `count` nearest vectors, nearest first.

        `vector` is `float32 (dimension,)`. `allowed`, if given, is `bool (n,)`: which passages may be
        returned. Fewer than `count` come back when fewer are allowed. Equal scores rank by id.
        """
        count = requested = min(count, len(self))
        if allowed is not None and self.kind == "hnsw" and np.count_nonzero(allowed) <= _HNSW_FILTERED:
            return self._search_each(vector, count, np.flatnonzero(allowed))
        parameters = self._parameters(allowed)
        while True:
            # Of vectors that tie for the last place FAISS returns any, so request more until a lower score
            # shows that all of them are there.
            requested = min(requested + 1, len(self))
            all_scores, all_ids = self._index.search(vector.reshape(1, -1), requested, params=parameters)
            found = all_ids[0] >= 0
            ids, scores = all_ids[0][found], all_scores[0][found]
            if requested == len(self) or len(ids) < requested or scores[-1] < scores[count - 1]:
                break
            requested *= 2
        order = np.lexsort((ids, -scores))[:count]
        return ids[order], scores[order]

    def _search_each(self, vector: Vector, count: int, ids: Ids) -> tuple[Ids, Scores]:
        scores = self.scores(vector, ids)
        order = np.lexsort((ids, -scores))[:count]
        return ids[order], scores[order]

    def scores(self, vector: Vector, ids: Ids) -> Scores:
        """Return the cosine similarity of `vector` to each of the vectors with these ids."""
        if len(ids) == 0:
            return np.empty(0, dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(ids) @ vector, dtype=np.float32)

    def vectors_of(self, ids: Ids) -> Vectors:
        """Return the vectors with these ids, `float32 (len(ids), dimension)`; with `ivf-sq8` rounded."""
        return np.asarray(self._index.reconstruct_batch(ids), dtype=np.float32)

    def vectors(self, first: int, count: int) -> Vectors:
        """Return `count` vectors from id `first` on, as they were added, `float32 (count, dimension)`."""
        if self._originals is not None:
            return np.array(self._originals[first : first + count])
        return np.asarray(self._index.reconstruct_n(first, count), dtype=np.float32)

    def _parameters(self, allowed: Mask | None) -> Any:  # noqa: ANN401 - SWIG classes have no type
        selector = {}
        if allowed is not None:
            selector["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.kind == "hnsw":
            # A filter thins out the graph's neighbourhoods, so the search list is longer.
            length = _HNSW_SEARCH if allowed is None else min(len(self), 8 * _HNSW_SEARCH)
            return faiss.SearchParametersHNSW(efSearch=length, **selector)
        if self.kind == "ivf-sq8":
            # The nearest cells may hold no allowed vector: with a filter, search all cells.
            cells = self._index.nlist
            probes = cells if allowed is not None else min(_IVF_PROBES, cells)
            return faiss.SearchParametersIVF(nprobe=probes, **selector)
        return faiss.SearchParameters(**selector) if selector else None


def kind_for(choice: FaissChoice, passages: int) -> FaissKind:
    """Return the named kind, or for `auto` the one that suits the number of passages."""
    if choice != "auto":
        return choice
    if passages <= FLAT_UP_TO:
        return "flat"
    return "hnsw" if passages <= HNSW_UP_TO else "ivf-sq8"


def _ivf_sq8(vectors: Vectors) -> Any:  # noqa: ANN401 - SWIG classes have no type
    """Return an empty index whose cells are trained on a sample of the vectors."""
    count, dimension = vectors.shape
    # 4 * sqrt(n) cells is FAISS's own guideline; few vectors get fewer cells, to train each on enough.
    cells = max(1, min(int(4 * math.sqrt(count)), count // _IVF_MIN_PER_CELL))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        cells,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.set_direct_map_type(faiss.DirectMap.Array)
    index.cp.min_points_per_centroid = 1  # few vectors get few cells, see above: no warning
    index.cp.niter = _IVF_TRAIN_ROUNDS
    sample = np.random.default_rng(0).permutation(count)[: _IVF_TRAIN_PER_CELL * cells]
    index.train(vectors[np.sort(sample)])
    return index
