"""Generations on disk: naming, checksums, opening, falling back.

An index folder holds immutable generations, `gen-000001/` and on, and `CURRENT`, which names the one to
serve. A generation's `MANIFEST.json` is written last and holds the size and SHA-256 of every other file
and its own checksum, so that a generation is complete or refused. `CURRENT` repeats the manifest's checksum:
one flipped bit would otherwise make it name another generation.

`publication` writes generations; this module names their files, checks and opens them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from indexer.engine import EncoderInfo, IndexInfo
from indexer.errors import (
    DamagedGenerationError,
    FormatVersionError,
    IndexMissingError,
    StorageError,
)

log = logging.getLogger(__name__)

FORMAT = 3
"""Version of the files' layout; a reader refuses any other."""

_NAME = re.compile(r"gen-([0-9]{6}|[1-9][0-9]{6,})")

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of all files and folders on disk."""

    root: Path

    MANIFEST = "MANIFEST.json"
    DENSE = "dense.faiss"
    VECTORS = "vectors.npy"
    CORPUS = "corpus.sqlite"

    @property
    def current(self) -> Path:
        """The pointer: the served generation's name and its manifest's checksum."""
        return self.root / "CURRENT"

    @property
    def lock(self) -> Path:
        """Locked by the one process that writes."""
        return self.root / "LOCK"

    def generation(self, number: int) -> Path:
        """The folder of a generation, by its number from 1."""
        return self.root / f"gen-{number:06d}"

    def numbers(self) -> list[int]:
        """The generations on disk, newest first."""
        try:
            matches = [_NAME.fullmatch(path.name) for path in self.root.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageError(f"the index in {self.root} cannot be read: {error.strerror}") from error
        return sorted((int(match[1]) for match in matches if match), reverse=True)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of.

    `created` is ISO 8601 in UTC. `source` is the folder of articles it was made from. `encoder` holds
    `name`, `sha256` (of the weights) and `dimension`; `splitter` the SplitterSettings; `dense` the kind
    of FAISS index. `files` maps each file's name to its `size` in bytes and `sha256`.
    """

    generation: int
    created: str
    source: str
    encoder: dict[str, Any]
    splitter: dict[str, Any]
    dense: str
    articles: int
    passages: int
    files: dict[str, dict[str, Any]]
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The generation's folder name, which responses carry."""
        return f"gen-{self.generation:06d}"

    @property
    def info(self) -> IndexInfo:
        """The same, in the form that all engines share."""
        return IndexInfo(
            generation=self.name,
            number=self.generation,
            version=self.checksum,
            created=self.created,
            source=self.source,
            encoder=EncoderInfo(**self.encoder),
            splitter=self.splitter,
            articles=self.articles,
            passages=self.passages,
        )

    def to_bytes(self) -> bytes:
        """Return the manifest as it is stored on disk, with its own checksum."""
        return _serialise({**asdict(self), "checksum": self.checksum})

    @property
    def checksum(self) -> str:
        """SHA-256 over all other fields."""
        return hashlib.sha256(_serialise(asdict(self))).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest, byte for byte as `to_bytes` wrote it.

        Raises:
            DamagedGenerationError: anything differs from what was written.
            FormatVersionError: written by another version of Quoth.
        """
        try:
            fields = json.loads(data)
            checksum = fields.pop("checksum")
            intact = _serialise({**fields, "checksum": checksum}) == data
            intact = intact and hashlib.sha256(_serialise(fields)).hexdigest() == checksum
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise DamagedGenerationError(f"{Layout.MANIFEST} is not a manifest") from error
        if not intact:
            raise DamagedGenerationError(f"{Layout.MANIFEST} does not match its checksum")
        if fields.get("format") != FORMAT:
            raise FormatVersionError(
                f"the index has format {fields.get('format')}, this version of Quoth reads {FORMAT}: "
                "run `quoth index` again"
            )
        try:
            return cls(**fields)
        except TypeError as error:
            raise DamagedGenerationError(f"{Layout.MANIFEST} has other fields than Quoth writes") from error


_FIELDS = {
    "generation": int,
    "created": str,
    "source": str,
    "encoder": {"name": str, "sha256": str, "dimension": int},
    "splitter": {"max_tokens": int, "overlap_tokens": int, "language": str},
    "dense": str,
    "articles": int,
    "passages": int,
    "files": dict,
    "format": int,
}
_FILE_FIELDS = {"size": int, "sha256": str}


def _has(value: Any, fields: Any) -> bool:  # noqa: ANN401 - any JSON, and a type or a table of types
    if not isinstance(fields, dict):
        return type(value) is fields  # isinstance takes a bool for an int
    return (
        isinstance(value, dict)
        and value.keys() == fields.keys()
        and all(_has(value[name], inner) for name, inner in fields.items())
    )


def _serialise(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"


def read_manifest(folder: Path) -> Manifest:
    """Read and check a generation's manifest, without looking at its other files.

    Raises:
        DamagedGenerationError: it is missing, altered, or not a manifest that Quoth wrote.
        FormatVersionError: written by another version of Quoth.
    """
    try:
        data = (folder / Layout.MANIFEST).read_bytes()
    except OSError as error:
        raise DamagedGenerationError(f"{folder.name} has no readable {Layout.MANIFEST}") from error
    manifest = Manifest.from_bytes(data)
    # The checksum detects damage, but not invalid values.
    if not (
        _has(asdict(manifest), _FIELDS) and all(_has(file, _FILE_FIELDS) for file in manifest.files.values())
    ):
        raise DamagedGenerationError(f"{Layout.MANIFEST} in {folder.name} has invalid values")
    if manifest.name != folder.name:
        raise DamagedGenerationError(f"the manifest in {folder.name} is that of {manifest.name}")
    return manifest


def verify(folder: Path) -> Manifest:
    """Check every file of a generation against its manifest and return the manifest.

    Raises:
        DamagedGenerationError: a file is missing, has another size or another checksum.
        FormatVersionError: written by another version of Quoth.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            size, digest = path.stat().st_size, hash_file(path)
        except OSError as error:
            raise DamagedGenerationError(f"{folder.name}/{name} cannot be read ({error.strerror})") from error
        if size != expected["size"]:
            raise DamagedGenerationError(
                f"{folder.name}/{name} has {size} bytes instead of {expected['size']}"
            )
        if digest != expected["sha256"]:
            raise DamagedGenerationError(f"{folder.name}/{name} does not match its checksum")
    return manifest


def open_newest(layout: Layout, load: Callable[[Path, Manifest], Opened]) -> Opened:
    """Verify and load the current generation, or the newest valid one if that is damaged.

    Raises:
        IndexMissingError: nothing was ever published here.
        DamagedGenerationError, FormatVersionError: no generation is valid; the error of the first tried.
    """
    while True:
        numbers = layout.numbers()
        try:
            return _open_newest(layout, load)
        except (DamagedGenerationError, FormatVersionError):
            # A writer may have published and removed the one to be opened: then try those present now.
            if layout.numbers() == numbers:
                raise


def _open_newest(layout: Layout, load: Callable[[Path, Manifest], Opened]) -> Opened:
    first_error: DamagedGenerationError | FormatVersionError | None = None
    for folder in _candidates(layout):
        try:
            opened = load(folder, verify(folder))
        except (DamagedGenerationError, FormatVersionError) as error:
            log.warning("%s is refused: %s", folder.name, error)
            first_error = first_error or error
        else:
            if first_error is not None:
                log.warning("serving %s instead; run `quoth index` to publish a sound one", folder.name)
            return opened
    if first_error is not None:
        raise type(first_error)(
            f"no generation in {layout.root} can be served: {first_error}. Run `quoth index` again"
        ) from first_error
    raise IndexMissingError(
        f"there is no index in {layout.root}: make one with `quoth index FOLDER --out {layout.root}`"
    )


def _candidates(layout: Layout) -> list[Path]:
    """The current generation first, then the others, newest first."""
    numbers = layout.numbers()
    current = current_number(layout)
    if current is not None:
        # A number above the current one was renamed into place, but `CURRENT` never named it.
        numbers.sort(key=lambda number: (number != current, number > current, -number))
    elif numbers:
        log.warning("%s is missing or damaged: serving the newest valid generation", layout.current)
    return [layout.generation(number) for number in numbers]


def current_number(layout: Layout) -> int | None:
    """Return the number of the generation that `CURRENT` names, None if it is missing or damaged."""
    try:
        name, checksum = layout.current.read_text("ascii").split()
        match = _NAME.fullmatch(name)
        manifest = read_manifest(layout.root / name)
    except (OSError, ValueError, DamagedGenerationError, FormatVersionError):
        return None
    return int(match[1]) if match and manifest.checksum == checksum else None


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
