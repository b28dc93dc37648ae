"""The service's API keys, stored in a file as hashes.

A key is `quoth_` and 32 random bytes in base64url. It is shown once, when it is made; the file holds its
SHA-256. A slow, salted hash would add nothing: it protects secrets that people choose, and 32 random bytes
cannot be guessed.

Guarantees: the file is replaced atomically, by one writer at a time, and only its owner can read and write
it; a file with wider permissions, or with unexpected content, is refused.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock, Timeout
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from indexer.durable import replacing
from service.errors import KeyFileError, KeyNameError
from service.web.rate import Rate

Scope = Literal["ask", "admin"]
"""What a key allows: asking, or administration; neither includes the other."""

FORMAT = 1
"""Version of the file's format; any other is refused."""

_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_PREFIX = "quoth_"
_LOCK_SECONDS = 10.0  # for another writer


@dataclass(frozen=True, slots=True)
class Key:
    """A key's description, without the key and its hash, so that it can be logged. `rate`: its own limit."""

    name: str
    scope: Scope
    created: datetime.datetime
    rate: Rate | None = None


Keys = dict[bytes, Key]
"""Keys by their SHA-256, oldest first."""

Stamp = tuple[int, int, int, int]
"""A file's inode, size, modification time and mode; if they are unchanged, so is the file."""


def read_keys(path: Path) -> Keys:
    """Return the keys of a file.

    Raises:
        KeyFileError: the file is missing, others can read or write it, or its content is not valid.
    """
    return read_stamped(path)[1]


def add_key(path: Path, name: str, scope: Scope = "ask", rate: Rate | None = None) -> str:
    """Make a key, store its hash in the file (created if missing), and return the key.

    Raises:
        KeyNameError: the name is not valid or is taken.
        KeyFileError: the file cannot be used.
    """
    if not re.fullmatch(_NAME, name):
        raise KeyNameError(
            f"{name[:80]!r} is not a valid key name: use 1 to 64 letters, digits, dots, dashes, underscores"
        )
    key = _PREFIX + secrets.token_urlsafe(32)
    created = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    with _editing(path) as keys:
        if any(known.name == name for known in keys.values()):
            raise KeyNameError(
                f"there is already a key named {name}: remove it first, or choose another name"
            )
        keys[hashlib.sha256(key.encode()).digest()] = Key(name, scope, created, rate)
    return key


def remove_key(path: Path, name: str) -> None:
    """Remove a key.

    Raises:
        KeyNameError: no key has this name.
        KeyFileError: the file cannot be used.
    """
    if not path.exists():
        raise KeyFileError(_missing(path))
    with _editing(path) as keys:
        found = [digest for digest, key in keys.items() if key.name == name]
        if not found:
            raise KeyNameError(f"there is no key named {name[:80]}: `quoth keys list` lists all keys")
        for digest in found:
            del keys[digest]


def _check_rate(text: str) -> str:
    return str(Rate.parse(text))


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(pattern=_NAME)]
    scope: Scope
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: AwareDatetime
    rate: Annotated[str, AfterValidator(_check_rate)] | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    keys: tuple[_Record, ...]


def stamp(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode)


def _missing(path: Path) -> str:
    return f"there is no key file {path}: make it with `quoth keys add`, or set QUOTH_KEYS to the right file"


def read_stamped(path: Path) -> tuple[Stamp, Keys]:
    """Return the keys of a file, and the stamp of the file they were read from.

    Raises:
        KeyFileError: as `read_keys`.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read()
    except FileNotFoundError as error:
        raise KeyFileError(_missing(path)) from error
    except OSError as error:
        raise KeyFileError(
            f"the key file {path} cannot be read ({error.strerror}): make it readable"
        ) from error
    if status.st_mode & 0o066:
        raise KeyFileError(
            f"other users can read or write the key file {path} (mode {status.st_mode & 0o777:o}): "
            f"`chmod 600` it, and make new keys if they may have changed it"
        )
    try:
        records = _File.model_validate_json(data).keys
    except ValidationError as error:
        # The values are left out: one may be a key that someone wrote in place of its hash.
        faults = error.errors()
        described = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in faults[:3]
        )
        raise KeyFileError(_unusable(path, described)) from None
    keys = {
        bytes.fromhex(record.sha256): Key(
            record.name, record.scope, record.created, Rate.parse(record.rate) if record.rate else None
        )
        for record in records
    }
    if len({key.name for key in keys.values()}) < len(records):
        raise KeyFileError(_unusable(path, "it has a name or a hash twice"))
    return stamp(status), keys


def _unusable(path: Path, why: str) -> str:
    return f"the key file {path} cannot be used ({why}): correct it, or remove it and make new keys"


@contextlib.contextmanager
def _editing(path: Path) -> Iterator[Keys]:
    """Yield the keys (none if there is no file), and write them if the block raises nothing."""
    target = path.resolve()  # replace the file that a symbolic link points to, not the link
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=_LOCK_SECONDS):
            keys = read_keys(target) if target.exists() else {}
            yield keys
            _write(target, keys)
    except Timeout as error:
        raise KeyFileError(f"another process is writing {path}: try again when it has finished") from error
    except OSError as error:
        raise KeyFileError(
            f"the key file {path} cannot be written ({error.strerror}) and is unchanged: "
            "choose a writable path with --file or QUOTH_KEYS"
        ) from error


def _write(path: Path, keys: Keys) -> None:
    records = [
        {
            "name": key.name,
            "scope": key.scope,
            "sha256": digest.hex(),
            "created": key.created.isoformat(),
            **({"rate": str(key.rate)} if key.rate else {}),
        }
        for digest, key in keys.items()
    ]
    with replacing(path, f".{path.name}-") as file:
        file.write(json.dumps({"format": FORMAT, "keys": records}, indent=2).encode("ascii") + b"\n")
