"""Vectors -> nearest passages: FAISS, by inner product of unit vectors (cosine similarity)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal, cast, get_args

import faiss as typed_faiss
import numpy as np
import numpy.typing as npt

from indexer.arrays import map_array
from indexer.encoder import Vectors
from indexer.errors import DamagedGenerationError, FormatVersionError, SettingsError
from indexer.faiss_file import read_faiss

# FAISS's type stubs leave out much of what it has, among it the search parameters.
faiss: Any = typed_faiss

FaissKind = Literal["flat", "hnsw", "ivf-sq8"]
"""`flat` compares with every vector and is exact. `hnsw` walks a graph: logarithmic, all vectors in
memory. `ivf-sq8` reads the nearest cells only and keeps a byte a dimension, a quarter of the memory."""

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Common settings for a recall near that of the exact search; how they fare as an index grows is still to
# be measured. IVF reads a tenth of its cells, 16 at least.
_HNSW_LINKS = 32
_HNSW_BUILD = 200
_HNSW_SEARCH = 128
_HNSW_FILTERED = 10_000  # where so few are allowed, comparing with each is as quick and misses none
_IVF_MIN_PROBES = 16
_IVF_TRAIN_PER_CELL = 39  # FAISS warns below this many training vectors a cell


class DenseIndex:
    """Passage vectors, searchable. The position of a vector is its passage's id."""

    def __init__(self, index: Any, kind: FaissKind, originals: Vectors | None = None) -> None:  # noqa: ANN401 - SWIG
        self._index = index
        self.kind = kind
        self._originals = originals

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @classmethod
    def build(cls, vectors: Vectors, kind: FaissKind) -> DenseIndex:
        """Index unit vectors `float32 (n, dimension)`, n at least 1."""
        check_kind(kind)
        count, dimension = vectors.shape
        index: Any
        if kind == "flat":
            index = faiss.IndexFlatIP(dimension)
        elif kind == "hnsw":
            index = faiss.IndexHNSWFlat(dimension, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = _HNSW_BUILD
            index.hnsw.efSearch = _HNSW_SEARCH
        else:
            index = _ivf_sq8(count, dimension)
            index.train(vectors)
        index.add(vectors)
        return cls(index, kind, vectors if kind == "ivf-sq8" else None)

    def save(self, path: Path, originals: Path) -> None:
        """Write the index to `path`, and to `originals` the vectors that it holds only rounded, if so."""
        # Through a Python file: FAISS's own writer makes a RuntimeError of a full disk.
        with path.open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))
        if self._originals is not None:
            np.save(originals, self._originals, allow_pickle=False)

    @classmethod
    def load(cls, path: Path, originals: Path, kind: str) -> DenseIndex:
        """Read an index whose checksum has been verified: FAISS itself notices little damage.

        Raises:
            DamagedGenerationError: a file cannot be read, or is not one of this kind.
            FormatVersionError: there is no such kind.
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
            # Mapped, not read: only the next build looks at the originals.
            kept = map_array(originals, np.float32, 2)
            if kept.shape != (index.ntotal, index.d):
                raise DamagedGenerationError(
                    f"{path} and {originals.name} do not belong together: run `quoth index` again"
                )
        return cls(index, kind, kept)

    def search(self, vector: Vectors, count: int, allowed: Mask | None = None) -> tuple[Ids, Vectors]:
        """Return ids and cosine similarities of the `count` nearest vectors, nearest first.

        `vector` is `float32 (dimension,)`. `allowed`, if given, is `bool (n,)`: which passages may be
        returned. Fewer than `count` come back when fewer are allowed. Equal scores rank by id.
        """
        count = wanted = min(count, len(self))
        if allowed is not None and self.kind == "hnsw" and np.count_nonzero(allowed) <= _HNSW_FILTERED:
            return self._search_each(vector, count, np.flatnonzero(allowed))
        parameters = self._parameters(allowed)
        while True:
            # FAISS keeps any of the vectors that tie for the last place, so it is asked for more until
            # a lower score shows that all of them are there.
            wanted = min(wanted + 1, len(self))
            all_scores, all_ids = self._index.search(vector.reshape(1, -1), wanted, params=parameters)
            found = all_ids[0] >= 0
            ids, scores = all_ids[0][found], all_scores[0][found]
            if wanted == len(self) or len(ids) < wanted or scores[-1] < scores[count - 1]:
                break
            wanted *= 2
        order = np.lexsort((ids, -scores))[:count]
        return ids[order], scores[order]

    def _search_each(self, vector: Vectors, count: int, ids: Ids) -> tuple[Ids, Vectors]:
        scores = self.scores(vector, ids)
        order = np.lexsort((ids, -scores))[:count]
        return ids[order], scores[order]

    def scores(self, vector: Vectors, ids: Ids) -> Vectors:
        """Return the cosine similarity of `vector` to each of the vectors with these ids."""
        if len(ids) == 0:
            return np.empty(0, dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(ids) @ vector, dtype=np.float32)

    def vectors(self, first: int, count: int) -> Vectors:
        """Return `count` vectors from id `first` on, as they were put in, `float32 (count, dimension)`."""
        if self._originals is not None:
            return np.array(self._originals[first : first + count])
        return np.asarray(self._index.reconstruct_n(first, count), dtype=np.float32)

    def _parameters(self, allowed: Mask | None) -> Any:  # noqa: ANN401 - SWIG classes have no type
        selector = {} if allowed is None else {"sel": faiss.IDSelectorBatch(np.flatnonzero(allowed))}
        if self.kind == "hnsw":
            # A filter thins out the graph's neighbourhoods, so the search list grows with it.
            wanted = _HNSW_SEARCH if allowed is None else min(len(self), 8 * _HNSW_SEARCH)
            return faiss.SearchParametersHNSW(efSearch=wanted, **selector)
        if self.kind == "ivf-sq8":
            # With a filter the nearest cells may hold nothing that is allowed: look in all of them.
            probes = (
                self._index.nlist if allowed is not None else max(_IVF_MIN_PROBES, self._index.nlist // 10)
            )
            return faiss.SearchParametersIVF(nprobe=min(probes, self._index.nlist), **selector)
        return faiss.SearchParameters(**selector) if selector else None


def check_kind(kind: str) -> FaissKind:
    """Return the kind of index by this name.

    Raises:
        SettingsError: `kind` is none of `flat`, `hnsw`, `ivf-sq8`.
    """
    if kind not in get_args(FaissKind):
        raise SettingsError(f"unknown FAISS index {kind!r}: choose one of {', '.join(get_args(FaissKind))}")
    return cast("FaissKind", kind)


def _ivf_sq8(count: int, dimension: int) -> Any:  # noqa: ANN401 - SWIG classes have no type
    # 4 * sqrt(n) cells is FAISS's own guideline; a small corpus gets fewer, so that training has enough.
    cells = max(1, min(int(4 * math.sqrt(count)), count // _IVF_TRAIN_PER_CELL))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        cells,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.set_direct_map_type(faiss.DirectMap.Array)
    index.cp.min_points_per_centroid = 1  # few vectors make few cells above; FAISS need not warn
    return index
