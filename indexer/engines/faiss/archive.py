"""A generation's files as one tar archive, written and read byte for byte.

The archive holds `MANIFEST.json` and then the other files in the order of their names, without times or
owners, so that a generation has exactly one archive. It is not compressed: vectors, most of it, would shrink
by about a tenth, and what is not compressed cannot unpack to more than its size. `tar -xf` reads it too.

Reading it trusts nothing but the checksums. Each header must equal, byte for byte, the one written for a file
that the manifest names, which rules out links, folders and paths, and the length is known from the manifest
before anything is unpacked.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from indexer.engines.faiss.storage import Layout, Manifest
from indexer.errors import BackupError, DamagedBackupError, DamagedGenerationError

MAX_MANIFEST_BYTES = 1_000_000
"""The largest manifest that is read; those that Quoth writes have about 2,000 bytes."""

_LAST_NUMBER = 999_999_999  # more generations than anyone will make
_PLAIN_NAME = re.compile(r"[a-z]+(?:\.[a-z]+)+")
_CHUNK = 1 << 20
_END = bytes(2 * tarfile.BLOCKSIZE)


def write_archive(archive: BinaryIO, manifest: Manifest, files: Mapping[str, BinaryIO]) -> None:
    """Write the files that the manifest names, open for reading, and the manifest.

    Raises:
        DamagedGenerationError: a file no longer has the checksum that the manifest states.
    """
    data = manifest.to_bytes()
    archive.write(_header(Layout.MANIFEST, len(data)) + data + _padding(len(data)))
    for name, stated in sorted(manifest.files.items()):
        archive.write(_header(name, stated["size"]))
        digest = hashlib.sha256()
        while chunk := files[name].read(_CHUNK):
            digest.update(chunk)
            archive.write(chunk)
        archive.write(_padding(stated["size"]))
        if digest.hexdigest() != stated["sha256"]:
            raise DamagedGenerationError(f"{name} changed while it was copied: make the backup again")
    archive.write(_END)


class ArchiveReader:
    """An archive, read once: `read_manifest`, then `unpack`. A context manager, which closes the file.

    Raises:
        BackupError: there is no such file, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            state = "is not a file" if path.exists() else "does not exist"
            raise BackupError(f"{path} {state}: name a file that `quoth backup` wrote")
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read_manifest(self) -> Manifest:
        """Return the manifest, after checking that the archive has the length that follows from it.

        Raises:
            DamagedBackupError: it is cut short, altered, or not such an archive.
            FormatVersionError: written by another version of Quoth.
        """
        try:
            size = tarfile.TarInfo.frombuf(self._take(tarfile.BLOCKSIZE), "ascii", "strict").size
        except (tarfile.TarError, UnicodeDecodeError) as error:
            raise self.damaged("it is not a tar archive") from error
        if not 0 < size <= MAX_MANIFEST_BYTES:
            raise self.damaged(f"it does not begin with a {Layout.MANIFEST}")
        self._file.seek(0)
        self._expect(_header(Layout.MANIFEST, size))
        data = self._take(size)
        self._expect(_padding(size))
        try:
            manifest = Manifest.from_bytes(data)
        except DamagedGenerationError as error:
            raise self.damaged(f"its {Layout.MANIFEST} was altered") from error
        if not _is_valid(manifest):
            raise self.damaged(f"its {Layout.MANIFEST} has invalid values")
        length = _length([size, *(stated["size"] for stated in manifest.files.values())])
        found = os.fstat(self._file.fileno()).st_size
        if found != length:
            raise self.damaged(f"it has {found:,} bytes instead of {length:,}")
        return manifest

    def unpack(self, folder: Path, manifest: Manifest) -> None:
        """Write the files into an empty folder; the caller compares their checksums.

        Raises:
            DamagedBackupError: a header or the padding between files was altered.
            OSError: the folder cannot be written to.
        """
        for name, stated in sorted(manifest.files.items()):
            size = stated["size"]
            self._expect(_header(name, size))
            with (folder / name).open("xb") as file:
                for start in range(0, size, _CHUNK):
                    file.write(self._take(min(_CHUNK, size - start)))
            self._expect(_padding(size))
        self._expect(_END)

    def damaged(self, reason: str) -> DamagedBackupError:
        """Return the error for a damaged archive, for the caller to raise."""
        return DamagedBackupError(
            f"{self._path} is not a sound backup ({reason}): use another copy. Nothing was restored"
        )

    def _take(self, count: int) -> bytes:
        try:
            data = self._file.read(count)
        except OSError as error:
            raise self._unreadable(error) from error
        if len(data) < count:
            raise self.damaged("it is cut short")
        return data

    def _expect(self, data: bytes) -> None:
        if self._take(len(data)) != data:
            raise self.damaged("it was altered")

    def _unreadable(self, error: OSError) -> BackupError:
        return BackupError(f"the backup {self._path} cannot be read: {error.strerror}")


def _header(name: str, size: int) -> bytes:
    """The only header that a file of this name and size has, in GNU format, for files over 8 GiB."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _length(sizes: Iterable[int]) -> int:
    """Bytes of an archive of files of these sizes."""
    return sum(tarfile.BLOCKSIZE + size + len(_padding(size)) for size in sizes) + len(_END)


def _is_valid(manifest: Manifest) -> bool:
    """Whether the fields used here are valid: a forged manifest can have a correct checksum."""
    number: Any = manifest.generation
    files: Any = manifest.files
    return (
        type(number) is int
        and 1 <= number <= _LAST_NUMBER
        and isinstance(files, dict)
        and all(_is_valid_file(name, stated) for name, stated in files.items())
    )


def _is_valid_file(name: str, stated: Any) -> bool:  # noqa: ANN401 - any JSON
    return (
        _PLAIN_NAME.fullmatch(name) is not None
        and isinstance(stated, dict)
        and stated.keys() == {"size", "sha256"}
        and type(stated["size"]) is int
        and stated["size"] >= 0
    )
