"""Durable writes: files are synced to the disk and replaced in one step."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO


def sync(path: Path) -> None:
    """Wait until a file's contents, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(target: Path, prefix: str, check: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """Open a temporary file beside `target`, which it replaces when all of it is on the disk.

    Only its owner may read it. `prefix`: of its temporary name. `check` is called just before the replacement
    and may raise. Whatever is raised, `target` is unchanged and the temporary file is removed.
    """
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        check()
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(target.parent)
