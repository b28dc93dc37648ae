"""The keys that open the service, kept in a file by their hashes.

A key is `quoth_` and 32 random bytes in base64url. It is shown once, when it is made; the file holds its
SHA-256. A slow, salted hash would add nothing: it makes guessing costly where people choose the secret, and
2^256 random ones cannot be guessed at any price.

Guarantees: the file is replaced whole or not at all, by one writer at a time, and is its owner's alone to
read and write; one that is not, or that holds anything unexpected, is refused.
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
"""What a key opens: asking, or administration; neither opens the other."""

FORMAT = 1
"""Version of the file's layout; a reader refuses any other."""

_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_PREFIX = "quoth_"
_WAIT_S = 10.0  # for another writer


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key, but for the key and its hash: fit for logs. `rate`: its own, if it has one."""

    name: str
    scope: Scope
    created: datetime.datetime
    rate: Rate | None = None


Keys = dict[bytes, Key]
"""Keys by the SHA-256 of each, in the order they were made."""

Stamp = tuple[int, int, int, int]
"""A file's inode, size, time and mode: by these it is known to be the one that was read."""


def read_keys(path: Path) -> Keys:
    """Return the keys of a file.

    Raises:
        KeyFileError: there is none, others may read or write it, or it holds anything unexpected.
    """
    return read_stamped(path)[1]


def add_key(path: Path, name: str, scope: Scope = "ask", rate: Rate | None = None) -> str:
    """Make a key, keep its hash in the file, which is made if there is none, and return the key.

    Raises:
        KeyNameError: the name is not plain, or there is a key of that name.
        KeyFileError: the file cannot be used.
    """
    if not re.fullmatch(_NAME, name):
        raise KeyNameError(
            f"{name[:80]!r} is no name for a key: take 1 to 64 letters, digits, dots, dashes and underscores"
        )
    key = _PREFIX + secrets.token_urlsafe(32)
    created = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    with _editing(path) as keys:
        if any(known.name == name for known in keys.values()):
            raise KeyNameError(f"there is a key named {name}: remove it first, or take another name")
        keys[hashlib.sha256(key.encode()).digest()] = Key(name, scope, created, rate)
    return key


def remove_key(path: Path, name: str) -> None:
    """Remove a key: nothing opens with it any more.

    Raises:
        KeyNameError: there is no key of that name.
        KeyFileError: the file cannot be used.
    """
    if not path.exists():
        raise KeyFileError(_missing(path))
    with _editing(path) as keys:
        found = [digest for digest, key in keys.items() if key.name == name]
        if not found:
            raise KeyNameError(f"there is no key named {name[:80]}: `quoth keys list` names those there are")
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
    return f"there is no key file {path}: make it with `quoth keys add`, or set QUOTH_KEYS to the right one"


def read_stamped(path: Path) -> tuple[Stamp, Keys]:
    """Return the keys of a file, and the stamp of the file that they were read from.

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
            f"the key file {path} cannot be read ({error.strerror}): make it a file that can be"
        ) from error
    if status.st_mode & 0o066:
        raise KeyFileError(
            f"others may read or write the key file {path} (mode {status.st_mode & 0o777:o}): "
            f"`chmod 600` it, and if they may have written to it, make the keys anew"
        )
    try:
        records = _File.model_validate_json(data).keys
    except ValidationError as error:
        # Without what stands there: it may be a key that someone put in place of its hash.
        faults = error.errors()
        told = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in faults[:3]
        )
        raise KeyFileError(_unusable(path, told)) from None
    keys = {
        bytes.fromhex(record.sha256): Key(
            record.name, record.scope, record.created, Rate.parse(record.rate) if record.rate else None
        )
        for record in records
    }
    if len({key.name for key in keys.values()}) < len(records):
        raise KeyFileError(_unusable(path, "a name or a hash stands there twice"))
    return stamp(status), keys


def _unusable(path: Path, why: str) -> str:
    return f"the key file {path} cannot be used ({why}): mend it, or remove it and make the keys anew"


@contextlib.contextmanager
def _editing(path: Path) -> Iterator[Keys]:
    """Lend the keys, none if there is no file, and write them when the block ends well."""
    target = path.resolve()  # behind a link, the file and not the link is replaced
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=_WAIT_S):
            keys = read_keys(target) if target.exists() else {}
            yield keys
            _write(target, keys)
    except Timeout as error:
        raise KeyFileError(
            f"another `quoth keys` is writing {path}: let it finish, then try again"
        ) from error
    except OSError as error:
        raise KeyFileError(
            f"the key file {path} cannot be written ({error.strerror}), and is as it was: "
            "choose a place that can be written with --file or QUOTH_KEYS"
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
