"""Search under filters, and the self-check."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engine import Filters
from indexer.engines.faiss.dense import DenseIndex
from indexer.engines.faiss.index import FaissPassageIndex, open_index, self_check
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.storage import Layout
from indexer.engines.faiss.store import Store
from indexer.errors import DamagedGenerationError
from indexer.settings import BuildSettings, FaissKind, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

_SIDECAR = """
["harbour.txt"]
publisher = "Harbour  Post"
published = 2024-01-24
["railway.txt"]
publisher = "Railway Times"
published = 2024-06-30
"""
_KINDS: list[FaissKind] = ["flat", "hnsw", "ivf-sq8"]


@pytest.fixture(params=_KINDS)
def index(
    request: pytest.FixtureRequest, articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> Iterator[FaissPassageIndex]:
    """Three articles: two with a publisher and a date, `satellite.txt` with neither."""
    (articles / "metadata.toml").write_text(_SIDECAR, "utf-8")
    settings = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=0), faiss=request.param)
    build(Corpus(articles), tmp_path / "index", fake_encoder, settings)
    opened = open_index(tmp_path / "index")
    yield opened
    opened.close()


def _articles_admitted(index: FaissPassageIndex, filters: Filters) -> set[str]:
    mask = index.mask(filters)
    assert mask is not None
    assert mask.shape == (index.manifest.passages,)
    return {index.passage(int(number)).article_id for number in np.flatnonzero(mask)}


def test_empty_filters_need_no_mask(index: FaissPassageIndex) -> None:
    assert index.mask(Filters()) is None


@pytest.mark.parametrize("name", ["Harbour Post", "HARBOUR POST", " harbour   post "])
def test_publishers_compare_without_case_and_space(index: FaissPassageIndex, name: str) -> None:
    assert _articles_admitted(index, Filters(publishers=(name,))) == {"harbour.txt"}


def test_a_publisher_matches_whole_names_only(index: FaissPassageIndex) -> None:
    assert _articles_admitted(index, Filters(publishers=("Harbour",))) == set()


def test_a_publisher_filter_leaves_out_articles_without_a_publisher(index: FaissPassageIndex) -> None:
    both = Filters(publishers=("harbour post", "railway times"))
    assert _articles_admitted(index, both) == {"harbour.txt", "railway.txt"}


@pytest.mark.parametrize(
    "filters",
    [Filters(published_from=datetime.date.min), Filters(published_to=datetime.date.max)],
)
def test_a_date_filter_leaves_out_undated_articles(index: FaissPassageIndex, filters: Filters) -> None:
    assert _articles_admitted(index, filters) == {"harbour.txt", "railway.txt"}


def test_article_ids_compare_exactly(index: FaissPassageIndex) -> None:
    assert _articles_admitted(index, Filters(article_ids=("satellite.txt",))) == {"satellite.txt"}
    assert _articles_admitted(index, Filters(article_ids=("Satellite.txt",))) == set()


def test_filters_together_admit_what_each_of_them_admits(index: FaissPassageIndex) -> None:
    harbour_and_railway = Filters(article_ids=("harbour.txt", "railway.txt"))
    in_june = replace(harbour_and_railway, published_from=datetime.date(2024, 6, 1))
    assert _articles_admitted(index, in_june) == {"railway.txt"}
    assert _articles_admitted(index, replace(in_june, publishers=("harbour post",))) == set()


def test_a_mask_admits_exactly_the_passages_of_the_articles(index: FaissPassageIndex) -> None:
    mask = index.mask(Filters(article_ids=("railway.txt",)))
    assert mask is not None
    assert np.flatnonzero(mask).tolist() == [passage.id for passage in index.passages("railway.txt")]


def test_search_never_leaves_the_filter(index: FaissPassageIndex, fake_encoder: FakeEncoder) -> None:
    # The question is about another article than the filter admits.
    mask = index.mask(Filters(article_ids=("satellite.txt",)))
    question = "The harbour report number 3 says that harbour3 reached place21"
    dense, _ = index.search_dense(fake_encoder.encode_query(question), 1000, mask)
    lexical, _ = index.search_lexical(question, 1000, mask)
    inside = [passage.id for passage in index.passages("satellite.txt")]
    assert sorted(dense.tolist()) == inside
    assert set(lexical.tolist()) <= set(inside)
    assert len(lexical) > 0


def test_a_filter_that_admits_nothing_finds_nothing(
    index: FaissPassageIndex, fake_encoder: FakeEncoder
) -> None:
    mask = index.mask(Filters(article_ids=("nowhere.txt",)))
    assert mask is not None
    assert not mask.any()
    for ids, scores in (
        index.search_dense(fake_encoder.encode_query("harbour report"), 5, mask),
        index.search_lexical("harbour report", 5, mask),
    ):
        assert ids.tolist() == []
        assert scores.tolist() == []


def test_dense_scores_are_the_cosines_of_the_passages(
    index: FaissPassageIndex, fake_encoder: FakeEncoder
) -> None:
    question = fake_encoder.encode_query("railway5 reached place35")
    ids = np.array([4, 0, 7], dtype=np.int64)
    texts = [index.passage_text(index.passage(int(number))) for number in ids]
    expected = [float(np.dot(fake_encoder.encode_query(text), question)) for text in texts]
    # SQ8 rounds each of 32 dimensions to one of 256 steps.
    np.testing.assert_allclose(index.dense_scores(question, ids), expected, atol=0.02)


def test_lexical_scores_are_those_that_the_search_ranks_by(index: FaissPassageIndex) -> None:
    ids, scores = index.search_lexical("railway5 place35", 5)
    assert "railway5" in index.passage_text(index.passage(int(ids[0])))
    assert index.lexical_scores("railway5 place35", ids).tolist() == scores.tolist()


def test_the_self_check_accepts_a_sound_index(index: FaissPassageIndex) -> None:
    self_check(index)


def _with_dense(root: Path, replaced: Callable[[DenseIndex], DenseIndex]) -> FaissPassageIndex:
    opened = open_index(root)
    opened.close()
    manifest = opened.manifest
    folder = Layout(root).generation(manifest.generation)
    return FaissPassageIndex(
        manifest,
        replaced(opened.dense),
        LexicalIndex.load(folder, manifest.passages),
        Store(folder / Layout.CORPUS),
    )


@pytest.mark.parametrize("index", ["flat"], indirect=True)
@pytest.mark.parametrize("fill", [np.nan, 0.0, 1e-3])
@pytest.mark.usefixtures("index")
def test_the_self_check_refuses_vectors_that_are_not_unit_vectors(tmp_path: Path, fill: float) -> None:
    def spoil(dense: DenseIndex) -> DenseIndex:
        return DenseIndex.build(np.full((len(dense), dense.dimension), fill, dtype=np.float32), "flat")

    opened = _with_dense(tmp_path / "index", spoil)
    with pytest.raises(DamagedGenerationError, match="does not find its own passages"):
        self_check(opened)
    opened.close()


@pytest.mark.parametrize("index", ["ivf-sq8"], indirect=True)
@pytest.mark.usefixtures("index")
def test_the_self_check_refuses_exact_vectors_in_another_order(tmp_path: Path) -> None:
    folder = Layout(tmp_path / "index").generation(1)

    def shuffle(dense: DenseIndex) -> DenseIndex:
        np.save(tmp_path / "shuffled.npy", dense.vectors(0, len(dense))[::-1], allow_pickle=False)
        return DenseIndex.load(folder / Layout.DENSE, tmp_path / "shuffled.npy", "ivf-sq8")

    opened = _with_dense(tmp_path / "index", shuffle)
    with pytest.raises(DamagedGenerationError, match="does not find its own passages"):
        self_check(opened)
    opened.close()


def test_the_self_check_refuses_passages_outside_their_text(index: FaissPassageIndex, tmp_path: Path) -> None:
    class Shifted(FaissPassageIndex):
        def passage_text(self, passage: object) -> str:  # noqa: ARG002
            return "short"

    folder = Layout(tmp_path / "index").generation(1)
    opened = Shifted.load(folder, index.manifest)
    with pytest.raises(DamagedGenerationError, match="does not find its own passages"):
        self_check(opened)
    opened.close()


@pytest.mark.usefixtures("index")
def test_files_of_two_generations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedGenerationError, match="do not belong together"):
        _with_dense(
            tmp_path / "index",
            lambda dense: DenseIndex.build(dense.vectors(0, len(dense) - 1), "flat"),
        )
