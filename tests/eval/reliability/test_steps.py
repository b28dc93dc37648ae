"""Watching a process change files: which calls are seen, and that every call is restored."""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import io
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from eval.reliability.steps import Step, watched


def _work(folder: Path) -> None:
    """Make every kind of call, with some that only read."""
    (folder / "made").mkdir()
    with (folder / "made" / "a").open("wb") as file:
        file.write(b"one")
        file.flush()
        os.fsync(file.fileno())
    assert (folder / "made" / "a").read_bytes() == b"one"
    with (folder / "t").open("w", encoding="utf-8") as text:
        text.write("é")
    (folder / "t").rename(folder / "u")
    (folder / "u").replace(folder / "v")
    (folder / "v").chmod(0o600)
    (folder / "v").unlink()
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    sqlite3.connect(folder / "base").close()
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
    shutil.rmtree(folder / "made")


def test_each_call_that_changes_the_disk_is_seen_before_and_after(tmp_path: Path) -> None:
    seen: list[str] = []
    with watched(lambda step: seen.append(f"> {step.label}"), lambda step: seen.append(f"< {step.label}")):
        _work(tmp_path)
    steps = [
        "mkdir made",
        "open a",
        "write a",
        "fsync a",
        "open t",
        "write t",
        "rename t",
        "replace u",
        "chmod v",
        "unlink v",
        f"fsync {tmp_path.name}",
        "connect base",
        "open lock",
        "flock lock",
        "unlock lock",
        "unlink a",
        "rmdir made",
    ]
    if not Path("/proc/self/fd").exists():
        steps = [
            step.split()[0] if step.split()[0] in {"fsync", "flock", "unlock"} else step for step in steps
        ]
    assert seen == [f"{mark} {step}" for step in steps for mark in "><"]


def test_watched_files_are_written_unchanged(tmp_path: Path) -> None:
    with watched(lambda _: None):
        np.save(tmp_path / "array.npy", np.arange(5))
        (tmp_path / "text").write_text("naïve\n", "utf-8")
        with (tmp_path / "text").open("a", encoding="utf-8") as file:
            file.write("more")
    assert np.load(tmp_path / "array.npy").tolist() == [0, 1, 2, 3, 4]
    assert (tmp_path / "text").read_bytes() == b"na\xc3\xafve\nmore"


def test_a_call_is_not_made_if_its_callback_raises(tmp_path: Path) -> None:
    def refuse(step: Step) -> None:
        raise OSError(28, "full", str(step.file))

    with watched(refuse), pytest.raises(OSError, match="full"):
        (tmp_path / "file").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_afterwards_every_call_is_restored(tmp_path: Path) -> None:
    def calls() -> list[object]:
        names = ("open", "chmod", "fsync", "mkdir", "remove", "rename", "replace", "rmdir", "unlink")
        return [getattr(os, name) for name in names] + [
            io.open,
            builtins.open,
            fcntl.flock,
            sqlite3.connect,
        ]

    before = calls()
    with contextlib.suppress(FileNotFoundError), watched(lambda _: None):
        assert not any(now is then for now, then in zip(calls(), before, strict=True))
        (tmp_path / "nothing").unlink()
    assert all(now is then for now, then in zip(calls(), before, strict=True))


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("/x/gen-000012", "rename gen-N"),
        ("/x/.building-gen-000012", "rename .building-gen-N"),
        ("/x/.building-current", "rename .building-current"),
        ("/x/.building-k3_x9", "rename .building-X"),
        ("/x/corpus.sqlite", "rename corpus.sqlite"),
    ],
)
def test_a_label_omits_the_parts_that_differ_between_publishes(file: str, label: str) -> None:
    assert Step("rename", file).label == label
