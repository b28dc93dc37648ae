"""Power cuts while the next generation is published: `python -m eval.reliability replay`.

A publish is recorded once (`recording`). The recording is then cut after each operation and replayed on a
`disk` that loses unsynced data; each folder that such a crash may leave is created and opened. It must yield
the old version or the new one intact, after the last operation the new one, and another publish must succeed
there and leave no temporary files behind.

Writes in C between two calls are not cut in the middle. That is not needed: they are not synced (an fsync by
SQLite itself is not counted), so the disk may hold half of them, zeros or nothing anyway.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.disk import Disk, Tree
from eval.reliability.recording import Recording, record
from indexer.errors import IndexMissingError

INDEX = "index"
"""The index folder, below the recorded folder."""


def _first(_: Path) -> int | None:
    """Nothing was published before."""
    return None


def _another(root: Path) -> int | None:
    """Two generations are kept; the recorded publish removes the older one."""
    for version in (1, 2, 3):
        specimen.publish(root, version)
    return 3


def _after_damage(root: Path) -> int | None:
    """The newest generation is damaged, so that the previous one serves."""
    for version in (1, 2):
        specimen.publish(root, version)
    path = root / "gen-000002" / "corpus.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:5_000] + bytes([data[5_000] ^ 1]) + data[5_001:])
    return 1


SCENARIOS: dict[str, Callable[[Path], int | None]] = {
    "the first": _first,
    "one more": _another,
    "after damage": _after_damage,
}
"""The states before the recorded publish, by name; each function returns the version that serves."""

_NEW, _NEXT = 10, 11


def campaign(
    choices: int, seed: int, folder: Path | None = None, scenarios: Sequence[str] = tuple(SCENARIOS)
) -> Outcome:
    """Replay publishes with a power cut after every operation and `choices` variants of each cut."""
    began = time.perf_counter()
    figures: dict[str, Any] = {}
    failures: list[str] = []
    trials = 0
    with specimen.workplace(folder) as work:
        for number, name in enumerate(scenarios):
            recorded = work / str(number)
            recorded.mkdir()
            old = SCENARIOS[name](recorded / INDEX)
            recording = record(recorded, lambda root=recorded / INDEX: specimen.publish(root, _NEW))  # type: ignore[misc]
            replaying = _Replaying(recording, old, work / "crashed", random.Random(seed))
            replaying.run(choices)
            failures += [f"{name}, {failure}" for failure in replaying.failures]
            trials += replaying.seen.total()
            figures[name] = {"operations": len(recording.operations), **replaying.seen}
    return Outcome("replay", trials, tuple(failures), figures | {"seed": seed}, time.perf_counter() - began)


class _Replaying:
    """A recording, cut after each operation; `seen` counts the version served after each crash."""

    def __init__(self, recording: Recording, old: int | None, folder: Path, generator: random.Random) -> None:
        self._recording = recording
        self._old = old
        self._folder = folder
        self._generator = generator
        self.seen: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self, choices: int) -> None:
        """Try every cut; a folder with the same content and expectation is tried only once."""
        disk = Disk(self._recording.before)
        tried: set[tuple[bool, str]] = set()
        operations = self._recording.operations
        for cut in range(len(operations) + 1):
            if cut:
                disk.apply(operations[cut - 1])
            done = cut == len(operations)
            for tree in (disk.intact(), *disk.crashed(choices, self._generator)):
                key = (done, _digest(tree))
                if key not in tried:
                    tried.add(key)
                    self._try(tree, cut, (_NEW,) if done else (self._old, _NEW))

    def _try(self, tree: Tree, cut: int, allowed: tuple[int | None, ...]) -> None:
        _create(tree, self._folder)
        found, failure = "other", None
        try:
            version = _served(self._folder / INDEX)
            found = {self._old: "old", _NEW: "new"}.get(version, "other")
            failure = None if version in allowed else f"version {version} serves, not one of {allowed}"
            failure = self._publish_again() or failure
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        self.seen[found] += 1
        if failure is not None:
            last = self._recording.operations[cut - 1] if cut else None
            at = f"{type(last).__name__} {last.path}" if last is not None else "nothing"
            self.failures.append(f"operation {cut} ({at}): {failure}")

    def _publish_again(self) -> str | None:
        root = self._folder / INDEX
        specimen.publish(root, _NEXT)
        if (after := _served(root)) != _NEXT:
            return f"the next publish left version {after} serving"
        if left := specimen.leftovers(root):
            return f"the next publish left {', '.join(left)} behind"
        return None


def _served(root: Path) -> int | None:
    try:
        return specimen.read(root)
    except IndexMissingError:
        return None


def _create(tree: Tree, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, data in tree.items():
        if data is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(data)


def _digest(tree: Tree) -> str:
    digest = hashlib.sha256()
    for path, data in tree.items():
        digest.update(f"{path}\0{'' if data is None else len(data)}\0".encode())
        digest.update(data or b"")
    return digest.hexdigest()
