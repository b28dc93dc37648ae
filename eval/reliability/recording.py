"""Record what a process does to a folder, as operations that can be replayed.

After each call that changes the disk (`steps`) the folder is compared with its previous content, byte by
byte, so that writes in C by SQLite and NumPy are recorded too, at the next call that Python makes.
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
    """A folder's content before, and the operations on it in their order."""

    before: Tree
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file or a folder: its inode number, and its bytes or None."""

    inode: int
    data: bytes | None


def record(folder: Path, act: Callable[[], None]) -> Recording:
    """Call `act` and return what it did to a folder, to which nothing else may write meanwhile."""
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
            inode = os.fstat(step.file).st_ino
            paths = [path for path, seen in self._seen.items() if seen.inode == inode]
            self.operations.extend(Sync(path) for path in paths)

    def compare(self) -> None:
        """Record the changes since the last call: renames, removals, then new and written files."""
        now = _look(self._folder)
        seen = self._follow_moves(now)
        gone = [path for path in seen if path not in now or now[path].inode != seen[path].inode]
        for path in sorted(gone, reverse=True):  # a folder's content before the folder
            self.operations.append(Leave(path))
            del seen[path]
        for path, found in now.items():
            if path not in seen:
                self.operations.append(Enter(path, folder=found.data is None))
            if found.data is not None and found.data != (seen[path].data if path in seen else b""):
                self.operations.append(Write(path, found.data))
        self._seen = now

    def _follow_moves(self, now: dict[str, _Seen]) -> dict[str, _Seen]:
        """Record renames, recognised by the inode; return what was seen before, under the new names."""
        seen = dict(self._seen)
        for path in sorted(self._seen):
            if path not in seen or (path in now and now[path].inode == seen[path].inode):
                continue
            inode = seen[path].inode
            paths = (other for other, found in now.items() if found.inode == inode)
            to = next((other for other in paths if other not in seen or seen[other].inode != inode), None)
            if to is None:
                continue
            self.operations.append(Move(path, to))
            for old in _below(seen, to):
                del seen[old]
            for old in _below(seen, path):
                seen[to + old.removeprefix(path)] = seen.pop(old)
        return seen


def _below(seen: dict[str, _Seen], path: str) -> list[str]:
    """Return a path and the paths below it."""
    return [one for one in seen if one == path or one.startswith(f"{path}/")]


def _look(folder: Path) -> dict[str, _Seen]:
    """Return a folder's content by relative path, parents first, with the folder itself as ""."""
    seen = {"": _Seen(folder.stat().st_ino, None)}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else None
        seen[path.relative_to(folder).as_posix()] = _Seen(path.stat().st_ino, data)
    return seen
