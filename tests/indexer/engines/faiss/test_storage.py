"""Generations on disk: layout, damage, locks, full and read-only disks, crashes."""

from __future__ import annotations

import datetime
import errno
import hashlib
import json
import logging
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer import durable
from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss import publication
from indexer.engines.faiss.index import open_index, self_check
from indexer.engines.faiss.publication import collect, publish, writer_lock
from indexer.engines.faiss.storage import (
    FORMAT,
    Layout,
    Manifest,
    current_number,
    open_newest,
    read_manifest,
    verify,
)
from indexer.errors import (
    DamagedGenerationError,
    FormatVersionError,
    IndexMissingError,
    PublishError,
    WriterLockedError,
)
from indexer.settings import BuildSettings, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

_ROOT = Path(__file__).resolve().parents[2]
_SPLITTER = SplitterSettings(max_tokens=24, overlap_tokens=4)
_DAMAGED = (DamagedGenerationError, FormatVersionError)


# A published index of two generations, built once and copied for each test that harms it.


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, make_encoder: type[FakeEncoder]) -> Path:
    """Generation 1 holds one article, generation 2 another one besides; ivf-sq8 has the most files."""
    base = tmp_path_factory.mktemp("pristine")
    articles = base / "articles"
    articles.mkdir()
    settings = BuildSettings(_SPLITTER, "ivf-sq8")
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
    """An index with nothing to fall back to: only generation 2."""
    shutil.rmtree(Layout(root).generation(1))
    return root


def _generation_files() -> list[str]:
    return [
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


# What lies on disk


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
    assert sorted(files) == _generation_files()


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


def test_a_generation_may_be_read_by_whom_the_index_folder_may(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    root = tmp_path / "index"
    root.mkdir()
    root.chmod(0o750)
    build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    assert (root / "gen-000001").stat().st_mode & 0o777 == 0o750


def test_the_previous_generation_is_kept_and_no_older_one(
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


def test_an_open_index_answers_on_after_its_generation_is_collected(
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


# Refusals


def test_a_sound_index_opens_without_a_warning(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _served(root) == "gen-000002"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", _generation_files())
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


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json"])
@pytest.mark.parametrize("size", [0, 1, 0.5, -1])
def test_a_file_cut_short_is_refused(lone: Path, name: str, size: float) -> None:
    path = Layout(lone).generation(2) / name
    data = path.read_bytes()
    length = {0: 0, 1: 1, 0.5: len(data) // 2, -1: len(data) - 1}[size]
    path.write_bytes(data[:length])
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json"])
def test_a_missing_file_is_refused(lone: Path, name: str) -> None:
    (Layout(lone).generation(2) / name).unlink()
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json"])
@pytest.mark.parametrize("extra", [b"\0", b"\n", b"{}", b"\0" * 4096])
def test_a_file_with_bytes_added_is_refused(lone: Path, name: str, extra: bytes) -> None:
    path = Layout(lone).generation(2) / name
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json"])
def test_a_folder_in_the_place_of_a_file_is_refused(lone: Path, name: str) -> None:
    path = Layout(lone).generation(2) / name
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedGenerationError, match=name):
        open_index(lone)


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json"])
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


def test_a_generation_under_another_name_is_refused(lone: Path) -> None:
    (lone / "gen-000002").rename(lone / "gen-000007")
    with pytest.raises(DamagedGenerationError, match="is that of gen-000002"):
        open_index(lone)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"1", b"{" * 100_000, b"\xff", b'{"checksum": 1}']
)
def test_what_is_no_manifest_is_damage(data: bytes) -> None:
    with pytest.raises(DamagedGenerationError, match=r"MANIFEST\.json"):
        Manifest.from_bytes(data)


def test_every_generation_damaged_names_the_first_tried_and_the_remedy(root: Path) -> None:
    (root / "gen-000001" / "corpus.sqlite").unlink()
    (root / "gen-000002" / "dense.faiss").write_bytes(b"")
    with pytest.raises(DamagedGenerationError, match=r"gen-000002/dense\.faiss has 0 bytes.*quoth index"):
        open_index(root)


def test_an_index_that_was_never_made_is_missing(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexMissingError, match=r"quoth index FOLDER --out"):
            open_index(folder)
    assert not (tmp_path / "nowhere").exists()


def _rewrite_format(folder: Path, version: Any) -> None:
    manifest = replace(read_manifest(folder), format=version)
    (folder / "MANIFEST.json").write_bytes(manifest.to_bytes())


@pytest.mark.parametrize("version", [FORMAT + 1, FORMAT - 1, None, "1"])
def test_another_format_version_is_refused(lone: Path, version: Any) -> None:
    _rewrite_format(lone / "gen-000002", version)
    with pytest.raises(FormatVersionError, match=rf"format {version}, this version of Quoth reads {FORMAT}"):
        open_index(lone)


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
def test_a_manifest_that_only_looks_like_one_is_refused(lone: Path, fields: dict[str, Any]) -> None:
    path = lone / "gen-000002" / "MANIFEST.json"
    stated = json.loads(path.read_bytes())
    del stated["checksum"]
    text = json.dumps({**stated, **fields}, indent=2, sort_keys=True) + "\n"
    checksum = hashlib.sha256(text.encode("ascii")).hexdigest()
    path.write_text(json.dumps({**stated, **fields, "checksum": checksum}, indent=2, sort_keys=True) + "\n")
    (lone / "CURRENT").write_text(f"gen-000002 {checksum}\n")
    with pytest.raises(DamagedGenerationError, match=r"MANIFEST\.json.* (states what|has other fields)"):
        open_index(lone)


def test_another_format_version_gives_way_to_the_one_before(root: Path) -> None:
    _rewrite_format(root / "gen-000002", FORMAT + 1)
    assert _served(root) == "gen-000001"


def test_a_manifest_comes_back_as_it_was_written(pristine: Path) -> None:
    manifest = read_manifest(pristine / "index" / "gen-000002")
    again = Manifest.from_bytes(manifest.to_bytes())
    assert asdict(again) == asdict(manifest)
    assert again.checksum == manifest.checksum


@pytest.mark.parametrize("name", [*_generation_files(), "MANIFEST.json", "../CURRENT"])
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


# Publishing, with files of our own


def _describe(number: int, files: dict[str, dict[str, Any]]) -> Manifest:
    return Manifest(
        generation=number,
        created="2024-01-24T00:00:00+00:00",
        source="here",
        encoder={"name": "fake", "sha256": "ab" * 32, "dimension": 32},
        splitter=asdict(_SPLITTER),
        dense="flat",
        articles=1,
        passages=1,
        files=files,
    )


def _write_note(folder: Path) -> None:
    (folder / "note").write_text("whole")


def _accept(folder: Path, manifest: Manifest) -> None:
    pass


def test_a_generation_that_does_not_answer_is_not_published(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)

    def refuse(folder: Path, manifest: Manifest) -> None:
        assert (folder / "note").read_text() == "whole"
        raise DamagedGenerationError(f"{manifest.name} does not answer")

    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(DamagedGenerationError, match="gen-000002 does not answer"):
        publish(layout, _write_note, _describe, refuse)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert current_number(layout) == 1


def test_the_pointer_moves_only_after_the_check(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    seen: list[int | None] = []
    publish(layout, _write_note, _describe, lambda *_: seen.append(current_number(layout)))
    assert seen == [1]
    assert current_number(layout) == 2


def test_a_reader_finds_a_whole_pointer_at_every_moment(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    done = threading.Event()

    def publish_on() -> None:
        try:
            for _ in range(100):
                publish(layout, _write_note, _describe, _accept)
        finally:
            done.set()

    writer = threading.Thread(target=publish_on)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(layout.current.read_bytes())
    writer.join()
    assert current_number(layout) == 101
    assert len(seen) > 1
    assert [pointer for pointer in seen if not re.fullmatch(rb"gen-\d{6} [0-9a-f]{64}\n", pointer)] == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full: free some space"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "quota is used up: free some space"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "read-only: choose another folder"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "no permission .* choose another folder"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error: check the disk"),
        # As NumPy reports a file that it could not write whole.
        (OSError("128000 requested and 32736 written"), "the disk is full: free some space"),
    ],
)
def test_a_failure_to_write_says_what_to_do_and_changes_nothing(
    tmp_path: Path, failure: OSError, said: str
) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    before = {path.name for path in tmp_path.iterdir()}

    def write(folder: Path) -> None:
        _write_note(folder)
        raise failure

    with pytest.raises(PublishError, match=rf"{said}.*untouched and still answers"):
        publish(layout, write, _describe, _accept)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert current_number(layout) == 1


def test_what_a_killed_writer_left_behind_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".building-abc").mkdir()
    (tmp_path / ".building-abc" / "half").write_text("half")
    (tmp_path / ".building-current").write_text("gen-0000")
    publish(Layout(tmp_path), _write_note, _describe, _accept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CURRENT", "gen-000001"]


def test_an_unpublished_generation_does_not_serve_while_the_current_one_is_valid(tmp_path: Path) -> None:
    # As after a crash between the renaming of the folder and the pointer.
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    pointer = layout.current.read_bytes()
    publish(layout, _write_note, _describe, _accept)
    layout.current.write_bytes(pointer)
    assert open_newest(layout, lambda _, manifest: manifest.name) == "gen-000001"
    assert publish(layout, _write_note, _describe, _accept).name == "gen-000003"
    assert open_newest(layout, lambda _, manifest: manifest.name) == "gen-000003"


def test_collecting_keeps_the_newest_sound_generations(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for number in range(1, 6):
        folder = layout.generation(number)
        folder.mkdir()
        (folder / "MANIFEST.json").write_bytes(_describe(number, {}).to_bytes())
    (layout.generation(4) / "MANIFEST.json").write_bytes(b"")
    collect(layout)
    assert layout.numbers() == [5, 3]


def test_a_generation_that_merely_cannot_be_read_now_is_not_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many open files say nothing of what is in them: the one just published must not go for it."""
    layout = Layout(tmp_path)
    for _ in range(2):
        publish(layout, _write_note, _describe, _accept)

    def fail(path: Path) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    publish(
        layout,
        _write_note,
        _describe,
        lambda *_: monkeypatch.setattr("indexer.engines.faiss.storage.hash_file", fail),
    )
    monkeypatch.undo()
    assert layout.numbers()[0] == 3
    assert open_newest(layout, lambda _, manifest: manifest.name) == "gen-000003"
    publish(layout, _write_note, _describe, _accept)
    assert layout.numbers() == [4, 3]


def test_the_current_generation_is_not_collected_even_if_it_is_damaged(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for _ in range(2):
        publish(layout, _write_note, _describe, _accept)
    shutil.copytree(layout.generation(2), layout.generation(1), dirs_exist_ok=True)  # not its manifest
    (layout.generation(2) / "note").write_bytes(b"w")
    layout.generation(3).mkdir()
    collect(layout)
    assert layout.numbers() == [2]


def test_a_folder_that_cannot_be_synced_keeps_no_generation_that_was_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    sync = durable.sync

    def fail(path: Path) -> None:
        if path == tmp_path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(path)

    monkeypatch.setattr(publication, "_sync", fail)
    with pytest.raises(PublishError, match="still answers"):
        publish(layout, _write_note, _describe, _accept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CURRENT", "gen-000001"]


def test_the_index_folder_is_synced_into_each_folder_that_is_made_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(publication, "_sync", synced.append)
    for _ in range(2):  # the second time there is nothing to make
        with writer_lock(Layout(tmp_path / "deep" / "deeper" / "index")):
            pass
    assert sorted(synced) == [tmp_path, tmp_path / "deep", tmp_path / "deep" / "deeper"]


def test_what_was_collected_while_it_was_opened_is_looked_for_again(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    publish(layout, _write_note, _describe, _accept)
    tried = []

    def load(folder: Path, manifest: Manifest) -> str:
        tried.append(manifest.name)
        if len(tried) == 1:
            for _ in range(3):
                publish(layout, _write_note, _describe, _accept)
        try:
            return (folder / "note").read_text()
        except FileNotFoundError as error:
            raise DamagedGenerationError(f"{folder.name} is gone") from error

    assert open_newest(layout, load) == "whole"
    assert tried == ["gen-000001", "gen-000004"]


def test_generations_go_on_past_six_digits(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for _ in range(3):
        publish(layout, _write_note, _describe, _accept, at_least=999_999)
    assert layout.numbers() == [1_000_001, 1_000_000]
    assert current_number(layout) == 1_000_001
    assert open_newest(layout, lambda _, manifest: manifest.name) == "gen-1000001"


def test_only_names_as_generations_have_them_count(tmp_path: Path) -> None:
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


# One writer at a time


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=_ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


_HOLD = """
import sys
from pathlib import Path
from indexer.publication import writer_lock
from indexer.storage import Layout
with writer_lock(Layout(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `tmp_path/index`."""
    process = _start(_HOLD, tmp_path / "index")
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_at_once(
    holder: subprocess.Popen[str], articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    assert holder.poll() is None
    began = time.monotonic()
    with pytest.raises(WriterLockedError, match=r"another process is writing .*let it finish"):
        build(Corpus(articles), tmp_path / "index", fake_encoder)
    assert time.monotonic() - began < 1
    assert fake_encoder.embedded == []


def test_the_lock_of_a_killed_process_does_not_block(
    holder: subprocess.Popen[str], articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(10)
    assert (tmp_path / "index" / "LOCK").exists()
    assert build(Corpus(articles), tmp_path / "index", fake_encoder).published


def test_a_reader_is_not_kept_out_by_a_writer(root: Path) -> None:
    with writer_lock(Layout(root)):
        assert _served(root) == "gen-000002"


def test_the_lock_is_free_again_after_a_failure(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(RuntimeError, match="stop"), writer_lock(layout):
        raise RuntimeError("stop")
    with writer_lock(layout):
        pass


# Disks that are full or may not be written


@pytest.fixture
def mount_tmpfs(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount (or remount) a small file system in memory with these options; needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", place],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("faiss", ["flat", "hnsw", "ivf-sq8"])
def test_a_full_disk_leaves_the_old_generation_serving(
    mount_tmpfs: Callable[[str], Path],
    articles: Path,
    make_encoder: type[FakeEncoder],
    make_prose: Callable[..., str],
    faiss: Any,
) -> None:
    """The room left grows step by step, so that the disk is full in each of the files in turn."""
    root = mount_tmpfs("size=4m") / "index"
    encoder = make_encoder(dimension=256)
    settings = BuildSettings(_SPLITTER, faiss)
    build(Corpus(articles), root, encoder, settings)
    (articles / "harbour.txt").write_text(make_prose("lighthouse", 300), "utf-8")
    disk = root.parent
    refused = published = 0
    for room in range(0, 1_600_000, 40_960):
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"\0" * max(0, free - room))
        try:
            report = build(Corpus(articles), root, encoder, settings)
        except PublishError as error:
            refused += 1
            assert "the disk is full: free some space" in str(error)  # noqa: PT017
            assert "untouched and still answers" in str(error)  # noqa: PT017
            assert {path.name for path in root.iterdir()} - {"LOCK"} == {"CURRENT", "gen-000001"}
            index = open_index(root)
            assert index.manifest.name == "gen-000001"
            self_check(index)
            index.close()
        else:
            published += 1
            assert report.generation == "gen-000002"
            break
        finally:
            filler.unlink()
    assert refused >= 5
    assert published == 1
    assert _served(root) == "gen-000002"


def test_a_read_only_file_system_is_refused_and_still_answers(
    mount_tmpfs: Callable[[str], Path],
    articles: Path,
    fake_encoder: FakeEncoder,
    make_prose: Callable[..., str],
) -> None:
    root = mount_tmpfs("size=4m") / "index"
    build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    mount_tmpfs("remount,ro")
    (articles / "harbour.txt").write_text(make_prose("lighthouse"), "utf-8")
    with pytest.raises(PublishError, match=r"read-only: choose another folder.*still answers"):
        build(Corpus(articles), root, fake_encoder, BuildSettings(_SPLITTER))
    assert _served(root) == "gen-000001"


@pytest.mark.parametrize("below", [".", "index", "deeper/index"])
def test_an_index_folder_at_or_below_a_file_is_refused(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder, below: str
) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(PublishError, match="choose another folder"):
        build(Corpus(articles), tmp_path / "file" / below, fake_encoder)
    assert (tmp_path / "file").read_text() == "a file"


_LIMITED = """
import resource, sys
from pathlib import Path
from indexer import durable, publication
from indexer.build import BuildSettings, build
from indexer.corpus import Corpus
from indexer.errors import PublishError
from indexer.splitter import SplitterSettings
from tests.indexer.conftest import FakeEncoder
articles, out, faiss = sys.argv[1:]
settings = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=4), faiss)
for limit in range(0, 400_000, 8192):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        build(Corpus(Path(articles)), Path(out), FakeEncoder(dimension=128), settings)
    except PublishError as error:
        print("refused", sorted(path.name for path in Path(out).iterdir() if path.name != "LOCK"), error)
    else:
        print("published")
        break
"""


@pytest.mark.parametrize("faiss", ["flat", "ivf-sq8"])
def test_a_limit_on_the_size_of_files_leaves_the_old_generation_serving(
    root: Path, articles: Path, make_prose: Callable[..., str], faiss: str
) -> None:
    """Needs no root: the limit grows step by step, so that each file in turn cannot be written whole."""
    (articles / "harbour.txt").write_text(make_prose("lighthouse", 200), "utf-8")
    output, errors = _start(_LIMITED, articles, root, faiss).communicate(timeout=60)
    *refused, last = output.splitlines()
    assert last == "published", errors
    assert len(refused) >= 5
    for line in refused:
        assert line.startswith("refused ['CURRENT', 'gen-000001', 'gen-000002']")
        assert "untouched and still answers" in line
    assert _served(root) == "gen-000003"


# Crashes

_CRASH = """
import os, random, signal, sys, time
from pathlib import Path
from indexer import durable, publication
from indexer.build import BuildSettings, build
from indexer.corpus import Corpus
from indexer.index import self_check, open_index
from indexer.splitter import SplitterSettings
from tests.indexer.conftest import FakeEncoder

articles, out, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = BuildSettings(SplitterSettings(max_tokens=24, overlap_tokens=4))
acknowledged = out.parent / "acknowledged"
EVENTS = ("open", "os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "shutil.rmtree",
          "sqlite3.connect")

def write(version):
    for name in ("a.txt", "b.txt", "c.txt"):
        (articles / name).write_text(f"In {name} all is of version {version}. It is {version} throughout.")

def acknowledge(version):
    # Replaced, because this process too is killed at any moment.
    (out.parent / "draft").write_text(str(version))
    (out.parent / "draft").replace(acknowledged)

def publish(version):
    write(version)
    build(Corpus(articles), out, FakeEncoder(), settings)
    acknowledge(version)

def served():
    index = open_index(out)
    self_check(index)
    versions = {index.find_article(article.id).text.split("version ")[1].split(".")[0]
                for article in index.articles}
    assert len(index.articles) == 3 and len(versions) == 1, versions
    index.close()
    return int(versions.pop())

def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return pid

def check(low, high):
    def work():
        version = served()
        assert low <= version <= high, (low, version, high)
        assert int(acknowledged.read_text()) <= version
        (out.parent / "served").write_text(str(version))
    _, status = os.waitpid(in_child(work), 0)
    assert status == 0, status
    return int((out.parent / "served").read_text())

def die_at(step, version):
    # CPython tells its audit hooks of every file it opens, renames and removes.
    left = step
    def hook(event, arguments):
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    write(version)
    sys.addaudithook(hook)
    build(Corpus(articles), out, FakeEncoder(), settings)
    acknowledge(version)

def loop(version):
    while True:
        publish(version)
        version += 1

os.waitpid(in_child(lambda: publish(1)), 0)
version, killed, old, new = 1, 0, 0, 0
step = 0
while True:  # at each step of one build, until a build runs to its end
    step += 1
    _, status = os.waitpid(in_child(lambda: die_at(step, version + 1)), 0)
    after = check(version, version + 1)
    old, new = old + (after == version), new + (after > version)
    version = after
    if status == 0:
        break
    assert os.WIFSIGNALED(status), status
    killed += 1
print("steps", killed, old, new)

generator = random.Random(seed)
began, kills = time.monotonic(), 0
while kills < 30 and time.monotonic() - began < 12:  # at any moment of builds one after the other
    pid = in_child(lambda: loop(version + 1))
    time.sleep(generator.uniform(0.005, 0.15))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    kills += 1
    version = check(version, 10**9)
print("moments", kills, version)
_, status = os.waitpid(in_child(lambda: publish(version + 1)), 0)
assert status == 0
print("left", sorted(path.name for path in out.iterdir() if path.name.startswith(".")))
"""


def test_a_killed_build_leaves_the_old_generation_or_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    seed = random.randrange(10**6)
    script = _start(_CRASH, tmp_path / "articles", tmp_path / "index", seed)
    output, errors = script.communicate(timeout=120)
    assert script.returncode == 0, f"seed {seed}\n{errors}"
    told = dict(line.split(maxsplit=1) for line in output.splitlines())
    killed, old, new = map(int, told["steps"].split())
    assert killed >= 25
    assert old >= 15
    assert new >= 1
    kills, version = map(int, told["moments"].split())
    assert kills >= 10
    assert version > 3
    assert told["left"] == "[]"
