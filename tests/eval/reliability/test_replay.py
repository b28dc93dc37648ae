"""Replayed power cuts while publishing; and publishes without a sync, which must be detected."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.reliability import replay, specimen
from eval.reliability.disk import Disk, Enter, Leave, Move, Sync, Write
from eval.reliability.recording import record
from indexer import durable
from indexer.engines.faiss import publication

_sync = durable.sync


def test_a_recording_has_every_change_in_order(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"o")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "x").write_bytes(b"x")

    def act() -> None:
        with (tmp_path / "new").open("wb") as file:
            file.write(b"12")
            file.flush()
            os.fsync(file.fileno())
        (tmp_path / "new").replace(tmp_path / "old")
        _sync(tmp_path)
        (tmp_path / "gone").rename(tmp_path / "going")
        (tmp_path / "going" / "x").unlink()
        (tmp_path / "going").rmdir()
        (tmp_path / "old").write_bytes(b"123")

    recording = record(tmp_path, act)

    assert recording.before == {"gone": None, "gone/x": b"x", "old": b"o"}
    assert recording.operations == (
        Enter("new", folder=False),
        Write("new", b"12"),
        Sync("new"),
        Move("new", "old"),
        Sync(""),
        Move("gone", "going"),
        Leave("going/x"),
        Leave("going"),
        Write("old", b""),
        Write("old", b"123"),
    )


def test_a_replayed_publish_gives_the_folder_that_it_left(tmp_path: Path) -> None:
    recording = record(tmp_path, lambda: specimen.publish(tmp_path / "index", 1, "ivf-sq8"))
    disk = Disk(recording.before)
    for operation in recording.operations:
        disk.apply(operation)
    on_disk = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() if path.is_file() else None
        for path in tmp_path.rglob("*")
    }
    assert disk.intact() == on_disk
    # Writes in C by SQLite and NumPy were recorded, and each file was synced after its last change.
    for name in ("corpus.sqlite", "dense.faiss", "vectors.npy", "MANIFEST.json"):
        last = [operation for operation in recording.operations if operation.path.endswith(f"/{name}")][-1]
        assert isinstance(last, Sync), name


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_a_power_cut_at_any_operation_leaves_the_old_version_or_the_new_one(scenario: str) -> None:
    outcome = replay.campaign(2, seed=0, scenarios=[scenario])
    assert outcome.failures == ()
    counted = outcome.figures[scenario]
    assert counted["operations"] > 30
    assert counted["old"] > 30
    assert counted["new"] >= 3
    assert outcome.trials == counted["old"] + counted["new"]


# A publish without one of its syncs must be detected.


def _sync_folders_only(path: Path) -> None:
    if path.is_dir():
        _sync(path)


def _sync_all_but_the_index_folder(path: Path) -> None:
    if path.name != replay.INDEX:
        _sync(path)


def _make_folder_alone(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)


def _write_unsynced(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "instead", "scenario"),
    [
        ("_sync", _sync_folders_only, "the first"),
        ("_sync", _sync_all_but_the_index_folder, "one more"),
        ("_make_folder", _make_folder_alone, "the first"),
        ("_write_synced", _write_unsynced, "the first"),
    ],
)
def test_a_publish_without_a_sync_is_detected(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: Callable[..., None], scenario: str
) -> None:
    monkeypatch.setattr(publication, name, instead)
    outcome = replay.campaign(2, seed=0, scenarios=[scenario])
    assert len(outcome.failures) >= 1
