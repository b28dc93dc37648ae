"""The power goes while the next generation is published: `python -m eval.reliability replay`.

A publish is made once and recorded: after each call that changes the disk (`steps`) the folder above the
index is compared with what it was, byte by byte, so that what SQLite and NumPy wrote in C is seen too, up
to the next call that Python makes. The recording is then cut after each operation and played to a `disk`
that loses what was not synced; each folder that such a crash may leave is made and opened. It must yield
the old version or the new one whole, after the last operation the new one, and another publish must work
there and leave nothing lying about.

What is written in C between two calls is not cut in the midst. It need not be: none of it is synced (an
fsync that SQLite makes itself counts for nothing here), so the disk may hold half of it, zeros or none.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.disk import Disk, Enter, Leave, Move, Operation, Sync, Tree, Write
from eval.reliability.steps import Step, watched
from indexer.errors import IndexerError, IndexMissingError

INDEX = "index"
"""The index folder, below the one that is recorded."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a folder held, and what was done to it from then on."""

    before: Tree
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file or a folder as it was found: its number on the disk, and its bytes or None."""

    number: int
    data: bytes | None


def record(folder: Path, act: Callable[[], None]) -> Recording:
    """Do something and return what it did to a folder, of which nothing else writes."""
    recorder = _Recorder(folder)
    before = recorder.tree
    with watched(recorder.before, recorder.after):
        act()
    recorder.compare()
    return Recording(before, tuple(recorder.operations))


class _Recorder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = _look(folder)
        self.operations: list[Operation] = []

    @property
    def tree(self) -> Tree:
        return {path: seen.data for path, seen in self._seen.items() if path}

    def before(self, _: Step) -> None:
        self.compare()

    def after(self, step: Step) -> None:
        self.compare()
        if step.call == "fsync" and isinstance(step.file, int):
            number = os.fstat(step.file).st_ino
            paths = [path for path, seen in self._seen.items() if seen.number == number]
            self.operations.extend(Sync(path) for path in paths)

    def compare(self) -> None:
        """Note what changed since the last time: renamings, then what went, came and was written."""
        now = _look(self._folder)
        seen = self._follow_moves(now)
        gone = [path for path in seen if path not in now or now[path].number != seen[path].number]
        for path in sorted(gone, reverse=True):  # what is in a folder before it
            self.operations.append(Leave(path))
            del seen[path]
        for path, found in now.items():
            if path not in seen:
                self.operations.append(Enter(path, folder=found.data is None))
            if found.data is not None and found.data != (seen[path].data if path in seen else b""):
                self.operations.append(Write(path, found.data))
        self._seen = now

    def _follow_moves(self, now: dict[str, _Seen]) -> dict[str, _Seen]:
        """Note what stands elsewhere with the same number on the disk; return what was seen, renamed."""
        seen = dict(self._seen)
        for path in sorted(self._seen):
            if path not in seen or (path in now and now[path].number == seen[path].number):
                continue
            number = seen[path].number
            places = (place for place, found in now.items() if found.number == number)
            to = next((place for place in places if place not in seen or seen[place].number != number), None)
            if to is None:
                continue
            self.operations.append(Move(path, to))
            for old in _below(seen, to):
                del seen[old]
            for old in _below(seen, path):
                seen[to + old.removeprefix(path)] = seen.pop(old)
        return seen


def _below(seen: dict[str, _Seen], path: str) -> list[str]:
    """What stands at a path, and below it."""
    return [place for place in seen if place == path or place.startswith(f"{path}/")]


def _look(folder: Path) -> dict[str, _Seen]:
    """What a folder holds by relative path, parents first, itself as ""."""
    seen = {"": _Seen(folder.stat().st_ino, None)}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else None
        seen[path.relative_to(folder).as_posix()] = _Seen(path.stat().st_ino, data)
    return seen


def _first(_: Path) -> int | None:
    """Nothing was ever published."""
    return None


def _another(root: Path) -> int | None:
    """There are two generations, of which the older one is collected."""
    for version in (1, 2, 3):
        specimen.publish(root, version)
    return 3


def _after_damage(root: Path) -> int | None:
    """The newest generation is damaged, so that the one before serves."""
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
"""What there was before the publish that is recorded, by name; each returns the version that serves."""

_NEW, _NEXT = 10, 11


def campaign(
    choices: int, seed: int, folder: Path | None = None, scenarios: Sequence[str] = tuple(SCENARIOS)
) -> Outcome:
    """Replay publishes, cut after every operation; `choices` of what reached the disk at each cut."""
    began = time.perf_counter()
    figures: dict[str, Any] = {}
    failures: list[str] = []
    trials = 0
    with specimen.workplace(folder) as work:
        for number, name in enumerate(scenarios):
            place = work / str(number)
            place.mkdir()
            old = SCENARIOS[name](place / INDEX)
            recording = record(place, lambda root=place / INDEX: specimen.publish(root, _NEW))  # type: ignore[misc]
            replaying = _Replaying(recording, old, work / "crashed", random.Random(seed))
            replaying.run(choices)
            failures += [f"{name}, {failure}" for failure in replaying.failures]
            trials += replaying.seen.total()
            figures[name] = {"operations": len(recording.operations), **replaying.seen}
    return Outcome("replay", trials, tuple(failures), figures | {"seed": seed}, time.perf_counter() - began)


class _Replaying:
    """A recording, cut everywhere; `seen` counts what served in the folders that crashes left."""

    def __init__(self, recording: Recording, old: int | None, place: Path, generator: random.Random) -> None:
        self._recording = recording
        self._old = old
        self._place = place
        self._generator = generator
        self.seen: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self, choices: int) -> None:
        """Try every cut; a folder that was tried before, with as much to expect, is not tried again."""
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
        _make(tree, self._place)
        root = self._place / INDEX
        try:
            version = _served(root)
            self.seen["new" if version == _NEW else "old" if version == self._old else "other"] += 1
            failure = None if version in allowed else f"version {version} serves, not one of {allowed}"
            specimen.publish(root, _NEXT)
            if (after := _served(root)) != _NEXT:
                failure = f"the next publish left version {after} serving"
            elif left := specimen.litter(root):
                failure = f"the next publish left {', '.join(left)} lying about"
        except IndexerError as error:
            self.seen["other"] += 1
            failure = f"{type(error).__name__}: {error}"
        if failure is not None:
            last = self._recording.operations[cut - 1] if cut else None
            at = f"{type(last).__name__} {last.path}" if last is not None else "nothing"
            self.failures.append(f"operation {cut} ({at}): {failure}")


def _served(root: Path) -> int | None:
    try:
        return specimen.read(root)
    except IndexMissingError:
        return None


def _make(tree: Tree, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for path, data in tree.items():
        if data is None:
            (place / path).mkdir()
        else:
            (place / path).write_bytes(data)


def _digest(tree: Tree) -> str:
    digest = hashlib.sha256()
    for path, data in tree.items():
        digest.update(f"{path}\0{'' if data is None else len(data)}\0".encode())
        digest.update(data or b"")
    return digest.hexdigest()
