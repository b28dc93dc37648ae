"""FAISS against brute force in NumPy: ids and scores, with and without a filter, for every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.arrays import Ids, Mask, Scores, Vector, Vectors
from indexer.engines.faiss.dense import FLAT_UP_TO, HNSW_UP_TO, DenseIndex, kind_for
from indexer.errors import DamagedGenerationError, SettingsError
from indexer.settings import FaissChoice, FaissKind, check_choice, check_kind

DIMENSION = 48
KINDS: tuple[FaissKind, ...] = ("flat", "hnsw", "ivf-sq8")


def unit(rows: npt.NDArray[np.floating]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def clustered(count: int, *, seed: int) -> Vectors:
    """Unit vectors around some centres, as passages lie around their topics."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, count // 50), DIMENSION))
    return unit(
        centres[rng.integers(len(centres), size=count)] + 0.5 * rng.standard_normal((count, DIMENSION))
    )


def exact(vectors: Vectors, query: Vector, count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
    """Every inner product in double precision, sorted by score and then by id."""
    scores = np.round(vectors.astype(np.float64) @ query.astype(np.float64), 9)
    ids = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    best = sorted(ids.tolist(), key=lambda number: (-scores[number], number))[:count]
    return np.array(best, dtype=np.int64), scores[best].astype(np.float32)


@pytest.fixture(scope="module")
def many() -> Vectors:
    return clustered(3000, seed=7)


@pytest.fixture(scope="module")
def queries() -> Vectors:
    rng = np.random.default_rng(8)
    near = clustered(3000, seed=7)[rng.integers(3000, size=40)]
    return unit(near + 0.08 * rng.standard_normal(near.shape))


@pytest.fixture(scope="module")
def indexes(many: Vectors) -> dict[FaissKind, DenseIndex]:
    return {kind: DenseIndex.build(many, kind) for kind in KINDS}


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 400),
    distinct=st.integers(1, 40),
    count=st.sampled_from([1, 2, 5, 10, 99, 100, 150, 1000]),
    share=st.sampled_from([None, 0.0, 0.05, 0.5, 1.0]),
)
@settings(max_examples=120, deadline=None)
@example(seed=4, size=400, distinct=3, count=150, share=None)
@example(seed=0, size=60, distinct=2, count=10, share=None)
def test_flat_search_is_brute_force_even_with_duplicates(
    seed: int, size: int, distinct: int, count: int, share: float | None
) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.standard_normal((distinct, DIMENSION)))[rng.integers(distinct, size=size)]
    query: Vector = unit(rng.standard_normal((1, DIMENSION)))[0]
    allowed = None if share is None else rng.random(size) < share

    ids, scores = DenseIndex.build(vectors, "flat").search(query, count, allowed)

    expected_ids, expected_scores = exact(vectors, query, count, allowed)
    assert ids.tolist() == expected_ids.tolist()
    np.testing.assert_allclose(scores, expected_scores, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_flat_search_of_thousands_is_brute_force(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors
) -> None:
    allowed = np.arange(len(many)) % 3 == 0
    for query in queries:
        for mask in (None, allowed):
            ids, scores = indexes["flat"].search(query, 25, mask)
            expected_ids, expected_scores = exact(many, query, 25, mask)
            assert ids.tolist() == expected_ids.tolist()
            np.testing.assert_allclose(scores, expected_scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("kind", "least"), [("hnsw", 0.97), ("ivf-sq8", 0.9)])
def test_approximate_search_finds_nearly_all_of_the_exact_ten(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind, least: float
) -> None:
    found = [
        len(set(indexes[kind].search(query, 10)[0].tolist()) & set(exact(many, query, 10)[0].tolist())) / 10
        for query in queries
    ]

    assert np.mean(found) >= least


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_no_result_is_outside_the_filter(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind, share: float
) -> None:
    allowed = np.random.default_rng(9).random(len(many)) < share
    for query in queries[:10]:
        ids, scores = indexes[kind].search(query, 10, allowed)

        assert allowed[ids].all()
        assert len(set(ids.tolist())) == len(ids) == min(10, int(allowed.sum()))
        # The scores are those of the returned ids; a byte a dimension rounds them.
        np.testing.assert_allclose(
            scores, many[ids] @ query, rtol=0, atol=0.02 if kind == "ivf-sq8" else 1e-6
        )


@pytest.mark.parametrize("kind", KINDS)
def test_all_are_found_when_few_are_allowed(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind
) -> None:
    allowed = np.zeros(len(many), dtype=np.bool_)
    few = [3, 700, 1501, 2999]
    allowed[few] = True

    for query in queries[:10]:
        assert sorted(indexes[kind].search(query, 10, allowed)[0].tolist()) == few


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_when_nothing_is_allowed(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind
) -> None:
    ids, scores = indexes[kind].search(queries[0], 10, np.zeros(len(many), dtype=np.bool_))

    assert len(ids) == len(scores) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_scores_fall_and_ties_rank_by_id(kind: FaissKind) -> None:
    vectors = np.repeat(clustered(30, seed=1), 4, axis=0)
    query = vectors[80]

    ids, scores = DenseIndex.build(vectors, kind).search(query, 6)

    assert ids[:4].tolist() == [80, 81, 82, 83]
    assert (np.diff(scores) <= 0).all()
    assert all(a < b for a, b, x, y in zip(ids, ids[1:], scores, scores[1:], strict=False) if x == y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 39, 500])
def test_vectors_are_returned_as_added(kind: FaissKind, count: int) -> None:
    vectors = clustered(count, seed=2)
    index = DenseIndex.build(vectors, kind)

    assert len(index) == count
    assert index.dimension == DIMENSION
    np.testing.assert_array_equal(index.vectors(0, count), vectors)
    np.testing.assert_array_equal(index.vectors(count // 2, 1), vectors[count // 2 : count // 2 + 1])
    assert index.vectors(0, count).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_index_answers_as_before(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind, tmp_path: Path
) -> None:
    allowed = np.arange(len(many)) % 5 == 0
    indexes[kind].save(tmp_path / "dense", tmp_path / "originals.npy")

    loaded = DenseIndex.load(tmp_path / "dense", tmp_path / "originals.npy", kind)

    assert (tmp_path / "originals.npy").exists() == (kind == "ivf-sq8")
    assert (len(loaded), loaded.dimension, loaded.kind) == (len(many), DIMENSION, kind)
    np.testing.assert_array_equal(loaded.vectors(0, len(many)), many)
    for query in queries[:10]:
        for mask in (None, allowed):
            for before, after in zip(
                indexes[kind].search(query, 10, mask), loaded.search(query, 10, mask), strict=True
            ):
                np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(("kind", "tolerance"), [("flat", 1e-6), ("hnsw", 1e-6), ("ivf-sq8", 0.02)])
def test_scores_of_chosen_ids_are_their_inner_products(
    indexes: dict[FaissKind, DenseIndex], many: Vectors, queries: Vectors, kind: FaissKind, tolerance: float
) -> None:
    ids = np.array([2999, 0, 17, 17], dtype=np.int64)

    scores = indexes[kind].scores(queries[0], ids)

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, many[ids] @ queries[0], rtol=0, atol=tolerance)
    assert len(indexes[kind].scores(queries[0], ids[:0])) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_not_an_index_is_reported_as_damaged(kind: FaissKind, tmp_path: Path) -> None:
    path = tmp_path / "dense"
    path.write_bytes(b"no index at all")

    with pytest.raises(DamagedGenerationError, match="quoth index"):
        DenseIndex.load(path, tmp_path / "originals.npy", kind)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="flat, hnsw, ivf-sq8"):
        check_kind("annoy")
    with pytest.raises(SettingsError, match="flat, hnsw, ivf-sq8"):
        check_kind("auto")
    with pytest.raises(SettingsError, match="auto, flat, hnsw, ivf-sq8"):
        check_choice("annoy")
    assert (check_kind("hnsw"), check_choice("hnsw"), check_choice("auto")) == ("hnsw", "hnsw", "auto")


@pytest.mark.parametrize(
    ("choice", "passages", "kind"),
    [
        ("auto", 1, "flat"),
        ("auto", FLAT_UP_TO, "flat"),
        ("auto", FLAT_UP_TO + 1, "hnsw"),
        ("auto", HNSW_UP_TO, "hnsw"),
        ("auto", HNSW_UP_TO + 1, "ivf-sq8"),
        ("flat", HNSW_UP_TO + 1, "flat"),
        ("ivf-sq8", 1, "ivf-sq8"),
    ],
)
def test_the_kind_is_the_named_one_or_chosen_by_the_number_of_passages(
    choice: FaissChoice, passages: int, kind: FaissKind
) -> None:
    assert kind_for(choice, passages) == kind
