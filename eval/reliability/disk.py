"""A model of a disk that may lose unsynced data: the folders that a crash can leave behind.

The model is that of ALICE (Pillai and others, "All File Systems Are Not Created Equal: On the Complexity of
Crafting Crash-Consistent Applications", OSDI 2014) and CrashMonkey (Mohan and others, "Finding
Crash-Consistency Bugs with Bounded Black-Box Crash Testing", OSDI 2018), with the weakest guarantees:

- a file's content is guaranteed only as of its last fsync; after that the file may hold what it held then
  (nothing, if it was never synced), what was written, half of it, or as many zeros;
- a folder's entries are guaranteed only as of its last fsync; each later change (an entry added, removed or
  renamed, which is one change) may or may not have reached the disk, in any combination;
- an fsync of a file does not sync its entry in the folder, nor does that of a folder its entry in the parent.

Real file systems lose less. Modes, owners and times are not modelled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

Tree = dict[str, bytes | None]
"""A folder's content by relative path, parents first: a file's bytes, or None for a folder."""


@dataclass(frozen=True, slots=True)
class Enter:
    """An empty file or a folder is created."""

    path: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """A file or a folder is removed."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """A file or a folder is renamed within its folder, replacing the entry of that name."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Write:
    """A file's content becomes `data`."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Sync:
    """An fsync of a file or of a folder."""

    path: str


Operation = Enter | Leave | Move | Write | Sync

_ROOT = 0
_Entries = dict[int, dict[str, int]]
_Loss = Callable[[bytes | None, bytes], bytes]

# A file's content after a crash, from its content at the last fsync (None: never synced) and as last written.
_LOSSES: tuple[_Loss, ...] = (
    lambda synced, _: synced or b"",
    lambda _, written: written,
    lambda _, written: written[: len(written) // 2],
    lambda _, written: bytes(len(written)),
)


class Disk:
    """A folder on this disk; its initial content is synced."""

    def __init__(self, tree: Tree) -> None:
        self._entries: _Entries = {_ROOT: {}}
        self._durable: _Entries = {_ROOT: {}}
        self._written: dict[int, bytes] = {}
        self._synced: dict[int, bytes | None] = {}
        self._pending: list[tuple[int, dict[str, int | None]]] = []
        self._nodes = 1
        for path, data in tree.items():
            self.apply(Enter(path, folder=data is None))
            if data is not None:
                self.apply(Write(path, data))
                self.apply(Sync(path))
        for folder in [path for path, data in tree.items() if data is None] + [""]:
            self.apply(Sync(folder))

    def apply(self, operation: Operation) -> None:
        """Apply an operation of a process.

        Raises:
            ValueError: a rename into another folder, which is not modelled.
        """
        if isinstance(operation, Enter):
            node = self._nodes
            self._nodes += 1
            if operation.folder:
                self._entries[node], self._durable[node] = {}, {}
            else:
                self._written[node], self._synced[node] = b"", None
            self._change(operation.path, {_name(operation.path): node})
        elif isinstance(operation, Leave):
            self._change(operation.path, {_name(operation.path): None})
        elif isinstance(operation, Move):
            if _parent(operation.path) != _parent(operation.to):
                raise ValueError(f"{operation.path} is moved to another folder, {operation.to}")
            node = self._find(operation.path)
            self._change(operation.path, {_name(operation.path): None, _name(operation.to): node})
        elif isinstance(operation, Write):
            self._written[self._find(operation.path)] = operation.data
        else:
            self._sync(self._find(operation.path))

    def _find(self, path: str) -> int:
        node = _ROOT
        for name in PurePosixPath(path).parts:
            node = self._entries[node][name]
        return node

    def _change(self, path: str, change: dict[str, int | None]) -> None:
        folder = self._find(_parent(path))
        _apply(self._entries[folder], change)
        self._pending.append((folder, change))

    def _sync(self, node: int) -> None:
        if node in self._entries:
            self._durable[node] = dict(self._entries[node])
            self._pending = [change for change in self._pending if change[0] != node]
        else:
            self._synced[node] = self._written[node]

    def intact(self) -> Tree:
        """Return the folder as processes see it."""
        return self._tree(self._entries, lambda _, written: written)

    def crashed(self, choices: int, generator: random.Random) -> Iterator[Tree]:
        """Yield the folders that a crash may leave now: each choice of unsynced entry changes with each loss.

        All choices are tried if there are at most `choices`; otherwise no changes, all changes and random
        choices for the rest. The last loss of each choice differs from file to file.
        """

        def mixed(synced: bytes | None, written: bytes) -> bytes:
            return generator.choice(_LOSSES)(synced, written)

        for chosen in self._choices(choices, generator):
            entries = {folder: dict(names) for folder, names in self._durable.items()}
            for (folder, change), reached in zip(self._pending, chosen, strict=True):
                if reached:
                    _apply(entries[folder], change)
            for loss in _LOSSES:
                yield self._tree(entries, loss)
            yield self._tree(entries, mixed)

    def _choices(self, choices: int, generator: random.Random) -> Iterator[tuple[bool, ...]]:
        count = len(self._pending)
        if 2**count <= choices:
            yield from product((False, True), repeat=count)
            return
        yield (False,) * count
        yield (True,) * count
        for _ in range(choices - 2):
            yield tuple(generator.random() < 0.5 for _ in range(count))  # noqa: PLR2004 - a coin

    def _tree(self, entries: _Entries, loss: _Loss) -> Tree:
        tree: Tree = {}

        def walk(folder: int, above: str) -> None:
            for name, node in sorted(entries[folder].items()):
                path = f"{above}{name}"
                if node in entries:
                    tree[path] = None
                    walk(node, f"{path}/")
                else:
                    synced, written = self._synced[node], self._written[node]
                    tree[path] = written if synced == written else loss(synced, written)

        walk(_ROOT, "")
        return tree


def _apply(entries: dict[str, int], change: dict[str, int | None]) -> None:
    for name, node in change.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _name(path: str) -> str:
    return PurePosixPath(path).name
