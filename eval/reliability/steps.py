"""Watch what a process does to files: callbacks before and after each call that changes the disk.

Only calls from Python are watched. Writes in C by SQLite and NumPy happen between two of them; opening those
files is watched.
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import io
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CALLS: tuple[tuple[Any, str], ...] = (
    (fcntl, "flock"),
    (os, "chmod"),
    (os, "fsync"),
    (os, "mkdir"),
    (os, "remove"),
    (os, "rename"),
    (os, "replace"),
    (os, "rmdir"),
    (os, "unlink"),
    (sqlite3, "connect"),
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True, slots=True)
class Step:
    """A call that changes the disk: its name, and the path or descriptor of its file."""

    call: str
    file: str | int

    @property
    def label(self) -> str:
        """The step without the parts that differ from one publish to the next."""
        name = _of_descriptor(self.file) if isinstance(self.file, int) else Path(self.file).name
        for pattern, plain in ((r"gen-\d+", "gen-N"), (r"\.building-(?!gen|current).*", ".building-X")):
            name = re.sub(pattern, plain, name)
        return f"{self.call} {name}".strip()


def _of_descriptor(descriptor: int) -> str:
    """Return the name of an open file where the system reports it, as Linux does."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink().name
    except OSError:
        return ""


def ignore(_: Step) -> None:
    """Do nothing at a step."""


@contextlib.contextmanager
def watched(before: Callable[[Step], None], after: Callable[[Step], None] = ignore) -> Iterator[None]:
    """Call `before` and `after` around every step of this process, in any thread."""
    with contextlib.ExitStack() as restore:

        def patch(module: Any, name: str, call: Callable[..., Any]) -> None:  # noqa: ANN401 - a module
            restore.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, call)

        for module, name in _CALLS:
            patch(module, name, _stepping(name, getattr(module, name), before, after))
        patch(os, "open", _opening_descriptor(os.open, before, after))
        opening = _opening_file(io.open, before, after)
        patch(io, "open", opening)
        patch(builtins, "open", opening)
        yield


def _stepping(
    name: str, call: Callable[..., Any], before: Callable[[Step], None], after: Callable[[Step], None]
) -> Callable[..., Any]:
    def stepping(file: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the call takes
        if name == "connect" and "mode=ro" in str(file):
            return call(file, *arguments, **named)
        unlocks = name == "flock" and arguments[0] & fcntl.LOCK_UN
        step = Step("unlock" if unlocks else name, file if isinstance(file, int) else os.fspath(file))
        before(step)
        result = call(file, *arguments, **named)
        after(step)
        return result

    return stepping


def _opening_descriptor(
    call: Callable[..., int], before: Callable[[Step], None], after: Callable[[Step], None]
) -> Callable[..., int]:
    def opening(file: Any, flags: int, *arguments: Any, **named: Any) -> int:  # noqa: ANN401 - as above
        if not flags & _WRITING:
            return call(file, flags, *arguments, **named)
        step = Step("open", os.fspath(file))
        before(step)
        descriptor = call(file, flags, *arguments, **named)
        after(step)
        return descriptor

    return opening


def _opening_file(
    call: Callable[..., Any], before: Callable[[Step], None], after: Callable[[Step], None]
) -> Callable[..., Any]:
    class Writing(io.FileIO):
        """A file whose writes are steps too."""

        def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
            step = Step("write", os.fspath(self.name))
            before(step)
            written = super().write(data)
            after(step)
            return written

    def opening(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
        if isinstance(file, int) or not set(mode) & set("wxa+"):
            return call(file, mode, *arguments, **named)
        step = Step("open", os.fspath(file))
        before(step)
        raw = Writing(file, mode.replace("b", "").replace("t", ""))
        after(step)
        if "b" in mode:
            return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding=named.get("encoding") or "utf-8")

    return opening
