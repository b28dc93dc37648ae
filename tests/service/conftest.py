"""Fixtures of the service's tests: the seeds, indexed once with the real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from service.answering.answerer import Answerer
from service.loading import build_answerer
from service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def seeds_index_folder(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seeds") / "index"
    build(Corpus(ROOT / "seeds"), out, encoder)
    return out


@pytest.fixture(scope="session")
def seeds_index(seeds_index_folder: Path) -> Iterator[FaissPassageIndex]:
    index = open_index(seeds_index_folder)
    yield index
    index.close()


@pytest.fixture(scope="session")
def answerer(seeds_index: FaissPassageIndex, encoder: Encoder) -> Answerer:
    # Shared by all tests: what one of them asked is read anew for the next.
    return build_answerer(seeds_index, encoder, Settings.of(cache_size=0))
