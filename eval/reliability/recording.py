"""What a process does to a folder, as operations that can be played again.

After each call that changes the disk (`steps`) the folder is compared with what it was, byte by byte, so
that what SQLite and NumPy write in C is seen too, up to the next call that Python makes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval.reliability.disk import Enter, Leave, Move, Operation, Sync, Tree, Write
from eval.reliability.steps import Step, watched


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
