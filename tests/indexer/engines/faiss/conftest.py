"""A published index that the tests of the FAISS engine damage, each its own copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.storage import Layout
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, make_encoder: type[FakeEncoder]) -> Path:
    """Generation 1 holds one article, generation 2 two; the kind with the most files is ivf-sq8."""
    base = tmp_path_factory.mktemp("pristine")
    articles = base / "articles"
    articles.mkdir()
    settings = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=4), "ivf-sq8")
    for name in ("first.txt", "second.txt"):
        (articles / name).write_text(
            f"The {name} tells of a port. It was built in {len(name)} years.", "utf-8"
        )
        build(Corpus(articles), base / "index", make_encoder(), settings)
    return base


@pytest.fixture
def root(pristine: Path, tmp_path: Path) -> Path:
    shutil.copytree(pristine / "index", tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def lone(root: Path) -> Path:
    """Only generation 2, so that there is none to fall back to."""
    shutil.rmtree(Layout(root).generation(1))
    return root
