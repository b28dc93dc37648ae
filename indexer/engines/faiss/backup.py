"""One generation as one file, and back: the same files, so the same answers.

The file is the archive that `archive` describes. FAISS and SQLite read its contents and check little of them:
restore only backups that you trust.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from indexer.durable import replacing
from indexer.engines.faiss.archive import ArchiveReader, write_archive
from indexer.engines.faiss.index import check_generation
from indexer.engines.faiss.publication import publish, writer_lock
from indexer.engines.faiss.storage import Layout, Manifest, open_newest
from indexer.errors import BackupError, DamagedGenerationError


def back_up(root: Path, target: Path, *, force: bool = False) -> Manifest:
    """Write the generation that is served to the file `target` and return its manifest.

    Every file is checked first; where the current generation is damaged, the newest sound one is taken,
    with a warning in the log. `target` is written whole or left unchanged. Only its owner may read it, for it
    holds every article.

    Raises:
        IndexMissingError: nothing was ever published in `root`.
        DamagedGenerationError, FormatVersionError: no generation is sound.
        BackupError: `target` exists and `force` is not set, or it cannot be written.
    """
    _refuse_existing(target, force=force)
    with contextlib.ExitStack() as stack:
        # Opened first, so that a build may remove the generation meanwhile.
        manifest, files = open_newest(Layout(root), functools.partial(_open_files, stack))
        with _writing(target, force=force) as archive:
            write_archive(archive, manifest, files)
    return manifest


def restore(source: Path, root: Path) -> Manifest:
    """Publish the generation in the backup `source` in the index folder `root` and return its manifest.

    It is checked like a new generation. In a folder without generations it keeps its number, so that answers
    are equal in every field; otherwise its number is above its own and those in the folder.

    Raises:
        BackupError: `source` cannot be read.
        DamagedBackupError: it is cut short, altered, or not a backup; nothing is published.
        FormatVersionError: another version of Quoth wrote it.
        DamagedGenerationError: its files fail the self-check; nothing is published.
        WriterLockedError, PublishError: another process writes `root`, or it cannot be written.
    """
    layout = Layout(root)
    with ArchiveReader(source) as archive:
        stated = archive.read_manifest()

        def describe(number: int, files: dict[str, dict[str, Any]]) -> Manifest:
            for name, found in files.items():
                if found != stated.files[name]:
                    raise archive.damaged(f"{name} does not match its checksum")
            return replace(stated, generation=number)

        with writer_lock(layout):
            return publish(
                layout,
                lambda folder: archive.unpack(folder, stated),
                describe,
                check_generation,
                at_least=stated.generation + (1 if layout.numbers() else 0),
            )


def _open_files(
    stack: contextlib.ExitStack, folder: Path, manifest: Manifest
) -> tuple[Manifest, dict[str, BinaryIO]]:
    try:
        return manifest, {name: stack.enter_context((folder / name).open("rb")) for name in manifest.files}
    except OSError as error:
        raise DamagedGenerationError(f"{folder.name} cannot be read ({error.strerror})") from error


def _refuse_existing(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise BackupError(f"{target} is a folder: name the file to write")
    if not force and os.path.lexists(target):
        raise BackupError(f"{target} exists: choose another name, or replace it with --force")


@contextlib.contextmanager
def _writing(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces the target when all of it is on the disk."""
    try:
        with replacing(target, ".quoth-backup-", lambda: _refuse_existing(target, force=force)) as file:
            yield file
    except OSError as error:
        raise BackupError(
            f"the backup {target} could not be written ({error.strerror}): choose another place for it"
        ) from error
