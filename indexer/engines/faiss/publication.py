"""Publishing a generation: one writer at a time; a crash at any step leaves the old generation or the new.

Build in a temporary folder, fsync every file, write and fsync the manifest, rename the folder, fsync its
parent, open and check the result, replace `CURRENT`. The previous sound generation is kept as a fallback.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from indexer.durable import sync as _sync
from indexer.engines.faiss.storage import Layout, Manifest, current_number, hash_file, verify
from indexer.errors import DamagedGenerationError, FormatVersionError, PublishError, WriterLockedError

KEPT = 2
"""Sound generations that stay on disk: the one served and the one before it."""

_TEMPORARY = ".building-"


@contextlib.contextmanager
def writer_lock(layout: Layout) -> Iterator[None]:
    """Hold the index for writing; the system frees it when the process ends, however it ends.

    Raises:
        WriterLockedError: another process holds it.
        PublishError: the folder cannot be written to.
    """
    lock = FileLock(layout.lock)
    with _write_errors(layout):
        _make_folder(layout.root)
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise WriterLockedError(
                f"another process is writing {layout.root}: let it finish, then try again"
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _write_errors(layout: Layout) -> Iterator[None]:
    """Turn an OSError into a PublishError with the remedy: what was published before is untouched."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full: free some space",
            errno.EDQUOT: "the disk quota is used up: free some space",
            errno.EROFS: "the file system is read-only: choose another folder",
            errno.EACCES: "no permission to write there: choose another folder",
            errno.EPERM: "no permission to write there: choose another folder",
        }
        # NumPy's error for a file that it could not write whole has no number.
        number = errno.ENOSPC if error.errno is None else error.errno
        reason = reasons.get(number, f"{error.strerror}: check the disk, or choose another folder")
        raise PublishError(
            f"{layout.root} could not be written, {reason}. What was published before is untouched and "
            "still answers"
        ) from error


def publish(
    layout: Layout,
    write: Callable[[Path], None],
    describe: Callable[[int, dict[str, dict[str, Any]]], Manifest],
    check: Callable[[Path, Manifest], None],
    *,
    at_least: int = 1,
) -> Manifest:
    """Make and publish the next generation; the caller holds the writer lock.

    `write` fills an empty folder with the generation's files, `describe` makes the manifest from the
    generation's number and its files, `check` opens the finished generation and raises if it is not sound.
    The number is one above the highest present, or `at_least` if that is more.

    Raises:
        PublishError: the disk is full or not writable; nothing has changed.
    """
    with _write_errors(layout):
        _clear_temporary(layout)
        number = max(at_least, max(layout.numbers(), default=0) + 1)
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=layout.root))
        final = layout.generation(number)
        try:
            write(folder)
            manifest = describe(number, _seal(folder))
            _write_synced(folder / Layout.MANIFEST, manifest.to_bytes())
            # mkdtemp makes a private folder; its generations are as readable as the index folder.
            folder.chmod(layout.root.stat().st_mode & 0o777)
            _sync(folder)
            folder.rename(final)
            _sync(layout.root)
            check(final, manifest)
            _point(layout, manifest)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            # `CURRENT` may have been replaced and only its fsync failed: then this one is served.
            if current_number(layout) != number:
                _remove(layout, final)
            raise
        collect(layout)
    return manifest


def _seal(folder: Path) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.iterdir()):
        _sync(path)
        files[path.name] = {"size": path.stat().st_size, "sha256": hash_file(path)}
    return files


def _point(layout: Layout, manifest: Manifest) -> None:
    temporary = layout.root / f"{_TEMPORARY}current"
    _write_synced(temporary, f"{manifest.name} {manifest.checksum}\n".encode("ascii"))
    temporary.replace(layout.current)
    _sync(layout.root)


def collect(layout: Layout) -> None:
    """Remove all but the newest sound generations; a process that still has one open keeps its files.

    A damaged one is no fallback, so it does not count among those kept. One that merely cannot be read now
    (too many open files, no memory) is not damaged.
    """
    numbers = layout.numbers()
    if len(numbers) <= KEPT:
        return
    current = current_number(layout)
    kept = 0
    for number in numbers:
        if number == current or (kept < KEPT and not _is_damaged(layout.generation(number))):
            kept += 1
        else:
            _remove(layout, layout.generation(number))


def _is_damaged(folder: Path) -> bool:
    try:
        verify(folder)
    except (DamagedGenerationError, FormatVersionError) as error:
        missing = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
        return not isinstance(error.__cause__, OSError) or error.__cause__.errno in missing
    return False


def _remove(layout: Layout, folder: Path) -> None:
    # Renamed first, so that a half-removed generation does not look like one.
    doomed = layout.root / f"{_TEMPORARY}{folder.name}"
    with contextlib.suppress(OSError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _clear_temporary(layout: Layout) -> None:
    for path in layout.root.glob(f"{_TEMPORARY}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _make_folder(root: Path) -> None:
    """Make the index folder and sync its entry in the parent: else a crash may lose all that it holds."""
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _sync(folder.parent)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
