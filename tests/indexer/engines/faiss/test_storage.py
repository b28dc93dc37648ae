"""Generations on disk: their files, manifests and the pointer, and which of them is opened."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.index import open_index, self_check
from indexer.engines.faiss.storage import FORMAT, Layout, Manifest, current_number, read_manifest
from indexer.errors import DamagedGenerationError, FormatVersionError, IndexMissingError
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

_SPLITTER = SplitterSettings(max_tokens=24, overlap_tokens=4)
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


def test_an_index_folder_holds_generations_a_pointer_and_a_lock(pristine: Path) -> None:
    names = {path.name for path in (pristine / "index").iterdir()}
    assert names - {"LOCK"} == {"CURRENT", "gen-000001", "gen-000002"}


def test_current_names_the_generation_and_its_manifest_s_checksum(pristine: Path) -> None:
    root = pristine / "index"
    manifest = json.loads((root / "gen-000002" / "MANIFEST.json").read_text("ascii"))
    assert (root / "CURRENT").read_bytes() == f"gen-000002 {manifest['checksum']}\n".encode()
    assert current_number(Layout(root)) == 2


def test_the_manifest_says_what_the_generation_is_made_of(pristine: Path) -> None:
    folder = pristine / "index" / "gen-000002"
    manifest = json.loads((folder / "MANIFEST.json").read_text("ascii"))
    created = datetime.datetime.fromisoformat(manifest.pop("created"))
    files = manifest.pop("files")
    del manifest["checksum"]
    assert manifest == {
        "format": FORMAT,
        "generation": 2,
        "source": str(pristine / "articles"),
        "encoder": {"name": "fake", "sha256": "ab" * 32, "dimension": 32},
        "splitter": {"max_tokens": 24, "overlap_tokens": 4, "language": "en"},
        "dense": "ivf-sq8",
        "articles": 2,
        "passages": 2,
    }
    assert created.utcoffset() == datetime.timedelta(0)
    assert abs(datetime.datetime.now(datetime.UTC) - created) < datetime.timedelta(hours=1)
    assert sorted(files) == _FILES


def test_the_manifest_has_size_and_sha256_of_every_other_file(pristine: Path) -> None:
    folder = pristine / "index" / "gen-000002"
    files = json.loads((folder / "MANIFEST.json").read_text("ascii"))["files"]
    assert {path.name for path in folder.iterdir()} == {*files, "MANIFEST.json"}
    for name, stated in files.items():
        data = (folder / name).read_bytes()
        assert stated == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_no_file_of_a_generation_is_a_pickle(pristine: Path) -> None:
    """Each file is one of four formats by its first bytes, and no array holds objects."""
    first_bytes = {
        ".sqlite": b"SQLite format 3\0",
        ".faiss": b"Iw",
        ".json": b"{",
        ".npy": b"\x93NUMPY",
    }
    for path in (pristine / "index").glob("gen-*/*"):
        assert path.read_bytes().startswith(first_bytes[path.suffix]), path
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        if path.suffix == ".npy":
            array = np.load(path, allow_pickle=False)
            assert not array.dtype.hasobject


def test_a_generation_has_the_permissions_of_the_index_folder(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    root = tmp_path / "index"
    root.mkdir()
    root.chmod(0o750)
    build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    assert (root / "gen-000001").stat().st_mode & 0o777 == 0o750


def test_only_names_of_generations_count(tmp_path: Path) -> None:
    for name in (
        "gen-000007",
        "gen-0000008",
        "gen-00009",
        "gen-٠٠٠٠١٠",
        "gen-000011x",
        ".building-gen-000012",
    ):
        (tmp_path / name).mkdir()
    assert Layout(tmp_path).numbers() == [7]


def test_the_previous_generation_is_kept_and_older_ones_are_removed(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    for number in range(4):
        (articles / "harbour.txt").write_text(f"Version {number} of the harbour.", "utf-8")
        build(Corpus(articles), tmp_path / "index", fake_encoder, BuildSettings(_SPLITTER))
    assert Layout(tmp_path / "index").numbers() == [4, 3]
    assert {path.name for path in (tmp_path / "index").iterdir()} - {"LOCK"} == {
        "CURRENT",
        "gen-000003",
        "gen-000004",
    }


def test_an_open_index_works_after_its_generation_is_removed(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    root = tmp_path / "index"
    build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    opened = open_index(root)
    for number in range(3):
        (articles / "harbour.txt").write_text(f"Version {number} of the harbour.", "utf-8")
        build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    assert not (root / "gen-000001").exists()
    self_check(opened)
    found = opened.find_article("railway.txt")
    assert found is not None
    assert found.text == (articles / "railway.txt").read_text("utf-8")
    opened.close()


def test_a_sound_index_opens_without_a_warning(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _served(root) == "gen-000002"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_folder_without_generations_is_a_missing_index(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexMissingError, match=r"quoth index FOLDER --out"):
            open_index(folder)
    assert not (tmp_path / "nowhere").exists()


def test_a_generation_under_another_name_is_refused(lone: Path) -> None:
    (lone / "gen-000002").rename(lone / "gen-000007")
    with pytest.raises(DamagedGenerationError, match="is that of gen-000002"):
        open_index(lone)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"1", b"{" * 100_000, b"\xff", b'{"checksum": 1}']
)
def test_bytes_that_are_not_a_manifest_are_damage(data: bytes) -> None:
    with pytest.raises(DamagedGenerationError, match=r"MANIFEST\.json"):
        Manifest.from_bytes(data)


def _rewrite_format(folder: Path, version: Any) -> None:
    manifest = replace(read_manifest(folder), format=version)
    (folder / "MANIFEST.json").write_bytes(manifest.to_bytes())


@pytest.mark.parametrize("version", [FORMAT + 1, FORMAT - 1, None, "1"])
def test_another_format_version_is_refused(lone: Path, version: Any) -> None:
    _rewrite_format(lone / "gen-000002", version)
    with pytest.raises(FormatVersionError, match=rf"format {version}, this version of Quoth reads {FORMAT}"):
        open_index(lone)


def test_another_format_version_gives_way_to_the_one_before(root: Path) -> None:
    _rewrite_format(root / "gen-000002", FORMAT + 1)
    assert _served(root) == "gen-000001"


@pytest.mark.parametrize(
    "fields",
    [
        {"generation": "2"},
        {"generation": True},
        {"passages": None},
        {"encoder": {}},
        {"encoder": None},
        {"splitter": {"language": "en"}},
        {"files": []},
        {"files": {"corpus.sqlite": None}},
        {"files": {"corpus.sqlite": {"size": "1", "sha256": ""}}},
        {"unheard_of": 1},
        {"format": float(FORMAT)},
    ],
)
def test_a_manifest_with_invalid_values_is_refused(lone: Path, fields: dict[str, Any]) -> None:
    path = lone / "gen-000002" / "MANIFEST.json"
    stated = json.loads(path.read_bytes())
    del stated["checksum"]
    text = json.dumps({**stated, **fields}, indent=2, sort_keys=True) + "\n"
    checksum = hashlib.sha256(text.encode("ascii")).hexdigest()
    path.write_text(json.dumps({**stated, **fields, "checksum": checksum}, indent=2, sort_keys=True) + "\n")
    (lone / "CURRENT").write_text(f"gen-000002 {checksum}\n")
    with pytest.raises(
        DamagedGenerationError, match=r"MANIFEST\.json.* (has invalid values|has other fields)"
    ):
        open_index(lone)


def test_a_manifest_is_read_as_written(pristine: Path) -> None:
    manifest = read_manifest(pristine / "index" / "gen-000002")
    again = Manifest.from_bytes(manifest.to_bytes())
    assert asdict(again) == asdict(manifest)
    assert again.checksum == manifest.checksum
