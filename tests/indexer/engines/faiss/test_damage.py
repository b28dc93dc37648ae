"""Generations that are damaged on disk: refused by name, and the newest valid one serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.index import open_index, self_check
from indexer.engines.faiss.storage import Layout, Manifest, current_number, verify
from indexer.errors import DamagedGenerationError, FormatVersionError
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

pytestmark = pytest.mark.slow

_SPLITTER = SplitterSettings(max_tokens=24, overlap_tokens=4)
_DAMAGED = (DamagedGenerationError, FormatVersionError)
_FILES = [
    "corpus.sqlite",
    "dense.faiss",
    "lexical.parameters.json",
    "lexical.passages.npy",
    "lexical.scores.npy",
    "lexical.terms.npy",
    "lexical.vocabulary.json",
    "vectors.npy",
]


def _served(root: Path) -> str:
    index = open_index(root)
    index.close()
    return index.manifest.name


def _flips(size: int, count: int) -> Iterator[tuple[int, int]]:
    """Spread `count` single-bit flips over a file: (byte, bit), first and last byte among them."""
    places = sorted({round(place) for place in np.linspace(0, size - 1, min(size, count))})
    for number, place in enumerate(places):
        yield place, number % 8


@contextmanager
def _flipped(path: Path, place: int, bit: int) -> Iterator[None]:
    data = path.read_bytes()
    path.write_bytes(data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :])
    try:
        yield
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize("name", _FILES)
def test_a_single_flipped_bit_in_any_file_is_refused(lone: Path, name: str) -> None:
    path = Layout(lone).generation(2) / name
    for place, bit in _flips(path.stat().st_size, 200):
        with _flipped(path, place, bit), pytest.raises(DamagedGenerationError, match=name):
            open_index(lone)
    assert _served(lone) == "gen-000002"


def test_every_single_flipped_bit_in_the_manifest_is_refused(lone: Path) -> None:
    data = (Layout(lone).generation(2) / "MANIFEST.json").read_bytes()
    assert Manifest.from_bytes(data).name == "gen-000002"
    for place in range(len(data)):
        for bit in range(8):
            flipped = data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
            with pytest.raises(_DAMAGED):
                Manifest.from_bytes(flipped)


def test_a_flipped_bit_in_the_manifest_refuses_the_index(lone: Path) -> None:
    path = Layout(lone).generation(2) / "MANIFEST.json"
    for place, bit in _flips(path.stat().st_size, 60):
        with _flipped(path, place, bit), pytest.raises(_DAMAGED):
            open_index(lone)


def test_every_single_flipped_bit_in_current_leaves_the_newest_generation_serving(root: Path) -> None:
    path = root / "CURRENT"
    for place in range(path.stat().st_size):
        for bit in range(8):
            with _flipped(path, place, bit):
                assert _served(root) == "gen-000002"


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"gen-000001", b"gen-000001 00\n", b"../gen-000001 0", b"\0"]
)
def test_without_a_sound_pointer_the_newest_generation_serves_with_a_warning(
    root: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    if content is None:
        (root / "CURRENT").unlink()
    else:
        (root / "CURRENT").write_bytes(content)
    assert _served(root) == "gen-000002"
    assert "CURRENT is missing or damaged" in caplog.text


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json"])
@pytest.mark.parametrize("size", [0, 1, 0.5, -1])
def test_a_file_cut_short_is_refused(lone: Path, name: str, size: float) -> None:
    path = Layout(lone).generation(2) / name
    data = path.read_bytes()
    length = {0: 0, 1: 1, 0.5: len(data) // 2, -1: len(data) - 1}[size]
    path.write_bytes(data[:length])
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json"])
def test_a_missing_file_is_refused(lone: Path, name: str) -> None:
    (Layout(lone).generation(2) / name).unlink()
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json"])
@pytest.mark.parametrize("extra", [b"\0", b"\n", b"{}", b"\0" * 4096])
def test_a_file_with_bytes_added_is_refused(lone: Path, name: str, extra: bytes) -> None:
    path = Layout(lone).generation(2) / name
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json"])
def test_a_folder_in_the_place_of_a_file_is_refused(lone: Path, name: str) -> None:
    path = Layout(lone).generation(2) / name
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json"])
def test_a_damaged_generation_gives_way_to_the_one_before_with_a_warning(
    root: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = Layout(root).generation(2) / name
    data = path.read_bytes()
    for place, bit in _flips(len(data), 20):
        caplog.clear()
        with _flipped(path, place, bit):
            assert _served(root) == "gen-000001"
        assert "gen-000002 is refused" in caplog.text
        assert "serving gen-000001 instead; run `quoth index`" in caplog.text


def test_a_file_of_another_generation_is_refused(root: Path) -> None:
    for name in ("corpus.sqlite", "dense.faiss", "MANIFEST.json"):
        path = root / "gen-000002" / name
        data = path.read_bytes()
        path.write_bytes((root / "gen-000001" / name).read_bytes())
        assert _served(root) == "gen-000001"
        path.write_bytes(data)
    assert _served(root) == "gen-000002"


def test_if_every_generation_is_damaged_the_error_names_the_first_tried_and_the_remedy(root: Path) -> None:
    (root / "gen-000001" / "corpus.sqlite").unlink()
    (root / "gen-000002" / "dense.faiss").write_bytes(b"")
    with pytest.raises(DamagedGenerationError, match=r"gen-000002/dense\.faiss has 0 bytes.*quoth index"):
        open_index(root)


@pytest.mark.parametrize("name", [*_FILES, "MANIFEST.json", "../CURRENT"])
def test_a_build_after_damage_publishes_a_sound_generation_though_no_article_changed(
    root: Path, pristine: Path, fake_encoder: FakeEncoder, name: str
) -> None:
    path = root / "gen-000002" / name
    data = path.read_bytes()
    path.write_bytes(data[:10] + bytes([data[10] ^ 1]) + data[11:])
    report = build(Corpus(pristine / "articles"), root, fake_encoder, BuildSettings(_SPLITTER, "ivf-sq8"))
    assert (report.generation, report.published, report.articles) == ("gen-000003", True, 2)
    assert current_number(Layout(root)) == 3
    verify(root / "gen-000003")
    index = open_index(root)
    assert index.manifest.name == "gen-000003"
    self_check(index)
    index.close()
