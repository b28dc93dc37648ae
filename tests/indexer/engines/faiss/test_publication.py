"""Publishing: the pointer moves last, a failure changes nothing, old generations go, one writer at a time."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from indexer import durable
from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss import publication
from indexer.engines.faiss.index import open_index
from indexer.engines.faiss.publication import collect, publish, writer_lock
from indexer.engines.faiss.storage import Layout, Manifest, current_number, open_newest
from indexer.errors import DamagedGenerationError, PublishError, WriterLockedError
from indexer.settings import SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

_ROOT = Path(__file__).resolve().parents[4]


def _describe(number: int, files: dict[str, dict[str, Any]]) -> Manifest:
    return Manifest(
        generation=number,
        created="2024-01-24T00:00:00+00:00",
        source="here",
        encoder={"name": "fake", "sha256": "ab" * 32, "dimension": 32},
        splitter=asdict(SplitterSettings()),
        dense="flat",
        articles=1,
        passages=1,
        files=files,
    )


def _write_note(folder: Path) -> None:
    (folder / "note").write_text("whole")


def _accept(folder: Path, manifest: Manifest) -> None:
    pass


def test_a_generation_that_fails_the_check_is_not_published(tmp_path: Path) -> None:
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


@pytest.mark.slow
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
        # NumPy's error for a file that it could not write whole.
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


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
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
    """Too many open files do not mean damage: the generation just published must stay."""
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


def test_if_the_folder_cannot_be_synced_the_unpublished_generation_is_removed(
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


def test_opening_tries_again_if_the_generation_is_removed_meanwhile(tmp_path: Path) -> None:
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


# One writer at a time

_HOLD = """
import sys
from pathlib import Path
from indexer.engines.faiss.publication import writer_lock
from indexer.engines.faiss.storage import Layout
with writer_lock(Layout(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `tmp_path/index`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, tmp_path / "index"],
        cwd=_ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
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


def test_a_writer_does_not_keep_readers_out(root: Path) -> None:
    with writer_lock(Layout(root)):
        index = open_index(root)
        index.close()
    assert index.manifest.name == "gen-000002"


def test_the_lock_is_free_again_after_a_failure(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(RuntimeError, match="stop"), writer_lock(layout):
        raise RuntimeError("stop")
    with writer_lock(layout):
        pass
