"""A folder of articles -> Iterator[Article]. The only reader of article files."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from indexer.errors import CorpusError, SidecarError, UnreadableFileError
from indexer.formats import FORMATS
from indexer.formats.isolation import Isolation, Limits
from indexer.left_out import LeftOut, Reason, count_files, reason_to_skip
from indexer.metadata import SIDECAR, check_entry, combine, read_sidecar
from indexer.records import Article
from indexer.settings import MAX_FILE_BYTES

# Up to this size the TOML parser takes less than a second, whatever the content; its time grows with the
# square of the size.
_QUICK_SIDECAR = 16_000  # bytes


@dataclass(frozen=True, slots=True)
class FileWarning:
    """A file that was read, and what a person should know about how."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, or a folder (its path ends in a slash), and why."""

    path: str
    reason: str

    def covers(self, article_id: str) -> bool:
        """Whether the article with this id is the unreadable file, or may be in the unreadable folder."""
        return article_id == self.path or (self.path.endswith("/") and article_id.startswith(self.path))


def ignore_warning(_: FileWarning) -> None:
    """Do nothing with a warning."""


class ArticleSource(Protocol):
    """Where a build takes its articles from.

    `name` is shown to users; `ignored` is the number of files that are not articles, and `left_out` lists
    whatever is not read: these files, hidden ones, and folders of dependencies, build output and templates.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def ignored(self) -> int: ...  # noqa: D102
    @property
    def left_out(self) -> Sequence[LeftOut]: ...  # noqa: D102

    def __len__(self) -> int:
        """Return the number of articles, readable or not."""
        ...

    def articles(
        self,
        on_failure: Callable[[Failure], None],
        on_warning: Callable[[FileWarning], None] = ignore_warning,
    ) -> Iterator[Article]:
        """Yield each readable article; report the others to `on_failure`, and doubts to `on_warning`."""
        ...


class Corpus:
    """The articles in a folder and the folders below it.

    Hidden files and folders are left out, and so are folders of dependencies, build output and page templates
    (`indexer.left_out`), unless `include` holds the folder's name or its path below `folder`. A file that
    exceeds `limits` is reported, not read.

    Raises:
        CorpusError: the folder does not exist or is not a folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
        limits: Limits | None = None,
        include: Collection[str] = (),
    ) -> None:
        if not folder.is_dir():
            raise CorpusError(
                f"{folder} is {'not a folder' if folder.exists() else 'not there'}: name a folder of articles"
            )
        self.folder = folder
        self._max_file_bytes = max_file_bytes
        self._limits = limits or Limits()
        self._include = {name.strip("/") for name in include}
        self._unreadable_folders: list[Failure] = []
        self._skipped: list[LeftOut] = []
        self._files = sorted(self._walk())
        self._count = sum(_is_article(path) for path in self._files)

    @property
    def name(self) -> str:
        """The folder, as an absolute path."""
        return str(self.folder.resolve())

    @property
    def ignored(self) -> int:
        """Number of files of other types than those in `FORMATS`, not counting the sidecar."""
        return len(self._files) - self._count - (SIDECAR in self._files)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The files and folders that are not read, by path."""
        others = (name for name in self._files if not _is_article(name) and name != SIDECAR)
        return tuple(
            sorted(
                (*self._skipped, *(LeftOut(_printable(name), Reason.OTHER_TYPE) for name in others)),
                key=lambda one: one.path,
            )
        )

    def __len__(self) -> int:
        """Return the number of files with an article's ending, readable or not."""
        return self._count

    def articles(
        self,
        on_failure: Callable[[Failure], None],
        on_warning: Callable[[FileWarning], None] = ignore_warning,
    ) -> Iterator[Article]:
        """Yield each article, in the order of its id; what cannot be read goes to `on_failure`.

        `on_warning` gets what a person should know about the articles that were read.

        Raises:
            SidecarError: the sidecar cannot be parsed, so that its metadata would be lost.
        """
        with Isolation(self._limits) as reader:
            stated = self._read_sidecar(reader)
            for failure in self._unreadable_folders:
                on_failure(failure)
            for name in sorted(stated.keys() - set(self._files)):
                on_failure(Failure(SIDECAR, f"it names {name!r}, which is not in the folder"))
            for name in self._files:
                if not _is_article(name):
                    continue
                try:
                    fields = check_entry(name, stated[name]) if name in stated else None
                    yield self._read(name, fields, reader, on_warning)
                except UnreadableFileError as error:
                    on_failure(Failure(_printable(name), error.reason))
                except SidecarError as error:
                    on_failure(Failure(_printable(name), str(error)))

    def _walk(self) -> Iterator[str]:
        for parent, folders, names in os.walk(self.folder, onerror=self._note_folder):
            folders[:] = [name for name in sorted(folders) if not self._is_skipped(Path(parent, name), names)]
            for name in (name for name in folders if Path(parent, name).is_symlink()):
                self._note_folder(OSError(0, "a link to a folder is not followed", str(Path(parent, name))))
            for name in names:
                path = Path(parent, name)
                # A pipe or a device would block the reader for ever.
                if not (path.is_file() or path.is_symlink()):
                    continue
                if name.startswith("."):
                    self._skip(path, Reason.HIDDEN)
                else:
                    yield path.relative_to(self.folder).as_posix()

    def _is_skipped(self, folder: Path, files_beside: Collection[str]) -> bool:
        """Whether a folder is left out, which is noted; what the user names is read."""
        path = folder.relative_to(self.folder).as_posix()
        if folder.name in self._include or path in self._include:
            return False
        reason = reason_to_skip(folder, files_beside)
        if reason is not None:
            self._skip(folder, reason, count_files(folder))
        return reason is not None

    def _skip(self, path: Path, reason: Reason, files: int | None = None) -> None:
        name = _printable(path.relative_to(self.folder).as_posix())
        self._skipped.append(LeftOut(name, reason) if files is None else LeftOut(f"{name}/", reason, files))

    def _note_folder(self, error: OSError) -> None:
        path = Path(error.filename).relative_to(self.folder).as_posix()
        reason = error.strerror or str(error)
        self._unreadable_folders.append(Failure(f"{_printable(path)}/", reason))

    def _read(
        self,
        name: str,
        stated: dict[str, Any] | None,
        reader: Isolation,
        on_warning: Callable[[FileWarning], None],
    ) -> Article:
        path = self.folder / name
        if name != _printable(name):
            raise UnreadableFileError("its name is not plain UTF-8: rename it")
        document = reader.read(path, self._bytes(path))
        for warning in document.warnings:
            on_warning(FileWarning(name, warning))
        metadata = combine(stated, document.metadata, document.text)
        return Article.create(name, document.text, metadata, document.segments)

    def _read_sidecar(self, reader: Isolation) -> dict[str, Any]:
        path = self.folder / SIDECAR
        if not os.path.lexists(path):
            return {}
        try:
            if len(self._bytes(path)) > _QUICK_SIDECAR:
                reader.check_sidecar(self.folder)
            return read_sidecar(self.folder)
        except (UnreadableFileError, ValueError) as error:  # ValueError: a number of 5,000 digits
            raise SidecarError(f"{SIDECAR} cannot be read: {error}; correct it and index again") from error

    def _bytes(self, path: Path) -> bytes:
        """Read a regular file inside the folder, unless it is too large."""
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise UnreadableFileError("it is a link to a place outside the folder")
            if not path.is_file():
                raise UnreadableFileError("a broken link, or not a regular file")
            with path.open("rb") as file:
                # One byte more than allowed: the size in the directory entry may be wrong.
                data = file.read(self._max_file_bytes + 1)
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
            raise UnreadableFileError(getattr(error, "strerror", None) or str(error)) from error
        if len(data) > self._max_file_bytes:
            raise UnreadableFileError(
                f"larger than {self._max_file_bytes / 1e6:g} MB: split it, or raise --max-file-mb"
            )
        return data


def _is_article(name: str) -> bool:
    return Path(name).suffix.lower() in FORMATS


def _printable(name: str) -> str:
    """The name with bytes that are not UTF-8 and control characters escaped."""
    shown = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(repr(char)[1:-1] if unicodedata.category(char) == "Cc" else char for char in shown)
