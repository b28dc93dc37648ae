"""The key file: its content, changes to it, what is refused; and how a running service reloads it."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import logging
import os
import re
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from service.errors import KeyFileError, KeyNameError
from service.web.access import keys
from service.web.access.keyring import Keyring
from service.web.access.keys import add_key, read_keys, remove_key
from service.web.rate import Rate

RECORD = {
    "name": "a",
    "scope": "ask",
    "sha256": hashlib.sha256(b"quoth_a").hexdigest(),
    "created": "2026-01-02T03:04:05+00:00",
}


class Clock:
    """Seconds that a test advances."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def write(path: Path, content: Any) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o600)


def test_a_key_is_32_random_bytes_and_only_its_hash_is_stored(path: Path) -> None:
    made = [add_key(path, f"key-{number}") for number in range(3)]
    assert len(set(made)) == 3
    for key in made:
        assert key.startswith("quoth_")
        assert len(base64.urlsafe_b64decode(key.removeprefix("quoth_") + "=")) == 32
        assert key not in path.read_text()
    records = json.loads(path.read_text())["keys"]
    assert [record["sha256"] for record in records] == [
        hashlib.sha256(key.encode("ascii")).hexdigest() for key in made
    ]


def test_a_key_s_description_is_read_back_unchanged(path: Path) -> None:
    add_key(path, "newsroom", "ask", Rate(5, "second"))
    add_key(path, "Ops.1_x-y", "admin")
    asking, admin = read_keys(path).values()
    assert (asking.name, asking.scope, asking.rate) == ("newsroom", "ask", Rate(5, "second"))
    assert (admin.name, admin.scope, admin.rate) == ("Ops.1_x-y", "admin", None)
    assert asking.created.utcoffset() == datetime.timedelta(0)


def test_a_key_s_description_holds_neither_key_nor_hash(path: Path) -> None:
    key = add_key(path, "newsroom")
    (known,) = read_keys(path).values()
    assert key not in repr(known)
    assert hashlib.sha256(key.encode()).hexdigest() not in repr(known)


def test_only_the_owner_can_read_the_file_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        add_key(path, "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_removed_key_is_gone_and_the_others_stay(path: Path) -> None:
    for name in ("a", "b", "c"):
        add_key(path, name)
    remove_key(path, "b")
    assert [key.name for key in read_keys(path).values()] == ["a", "c"]
    remove_key(path, "a")
    remove_key(path, "c")
    assert read_keys(path) == {}


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 65, "a\n", "[bold]"])
def test_an_invalid_name_is_refused(path: Path, name: str) -> None:
    with pytest.raises(KeyNameError, match="1 to 64 letters"):
        add_key(path, name)
    assert not path.exists()


def test_a_name_that_is_taken_or_unknown_is_refused_and_changes_nothing(path: Path) -> None:
    add_key(path, "a")
    before = path.read_bytes()
    with pytest.raises(KeyNameError, match="there is already a key named a"):
        add_key(path, "a")
    with pytest.raises(KeyNameError, match="no key named b"):
        remove_key(path, "b")
    assert path.read_bytes() == before


def test_writers_at_the_same_time_lose_no_key(path: Path) -> None:
    def write_some(writer: int) -> None:
        for turn in range(5):
            add_key(path, f"{writer}-{turn}")

    writers = [threading.Thread(target=write_some, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert {key.name for key in read_keys(path).values()} == {f"{w}-{t}" for w in range(4) for t in range(5)}


def test_a_writer_that_never_finishes_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_LOCK_SECONDS", 0.05)
    with FileLock(f"{path}.lock"), pytest.raises(KeyFileError, match="try again when it has finished"):
        add_key(path, "a")


def test_a_failed_write_leaves_the_keys_and_no_temporary_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_key(path, "a")
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", full)
        with pytest.raises(KeyFileError, match=r"No space left on device.*is unchanged"):
            add_key(path, "b")
    assert path.read_bytes() == before
    assert {entry.name for entry in path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}


def test_a_symbolic_link_is_kept_and_its_target_replaced(tmp_path: Path, path: Path) -> None:
    link = tmp_path / "link.json"
    add_key(path, "a")
    link.symlink_to(path)
    add_key(link, "b")
    assert link.is_symlink()
    assert [key.name for key in read_keys(path).values()] == ["a", "b"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_other_users_can_read_or_write_is_refused(path: Path, mode: int) -> None:
    add_key(path, "a")
    path.chmod(mode)
    for use in (lambda: read_keys(path), lambda: add_key(path, "b"), lambda: remove_key(path, "a")):
        with pytest.raises(KeyFileError, match=f"mode {mode:o}.*chmod 600"):
            use()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "file"),
        ({"format": 2, "keys": []}, "format"),
        ({"keys": []}, "format"),
        ({"format": 1}, "keys"),
        ({"format": 1, "keys": [], "more": 1}, "more"),
        ({"format": 1, "keys": [{**RECORD, "key": "quoth_a"}]}, r"keys\.0\.key"),
        ({"format": 1, "keys": [{**RECORD, "name": "a b"}]}, r"keys\.0\.name"),
        ({"format": 1, "keys": [{**RECORD, "scope": "root"}]}, r"keys\.0\.scope"),
        ({"format": 1, "keys": [{**RECORD, "sha256": "quoth_topsecret"}]}, r"keys\.0\.sha256"),
        ({"format": 1, "keys": [{**RECORD, "sha256": RECORD["sha256"] + "\n"}]}, r"keys\.0\.sha256"),
        ({"format": 1, "keys": [{**RECORD, "created": "yesterday"}]}, r"keys\.0\.created"),
        ({"format": 1, "keys": [{**RECORD, "created": "2026-01-02T03:04:05"}]}, r"keys\.0\.created"),
        ({"format": 1, "keys": [{**RECORD, "rate": "60/fortnight"}]}, r"keys\.0\.rate"),
        ({"format": 1, "keys": [RECORD, {**RECORD, "name": "b"}]}, "twice"),
        ({"format": 1, "keys": [RECORD, {**RECORD, "sha256": "0" * 64}]}, "twice"),
    ],
)
def test_unexpected_content_is_refused(path: Path, content: Any, reason: str) -> None:
    write(path, content)
    with pytest.raises(KeyFileError, match=reason) as refused:
        read_keys(path)
    assert "correct it, or remove it" in str(refused.value)
    assert "topsecret" not in str(refused.value)


def test_a_valid_file_written_by_hand_is_read(path: Path) -> None:
    write(path, {"format": 1, "keys": [RECORD, {**RECORD, "name": "b", "sha256": "0" * 64, "rate": "9/day"}]})
    found = read_keys(path)
    assert found[hashlib.sha256(b"quoth_a").digest()].name == "a"
    assert found[bytes(32)].rate == Rate(9, "day")


def test_the_error_for_a_missing_or_unreadable_file_says_what_to_do(path: Path, tmp_path: Path) -> None:
    for use in (lambda: read_keys(path), lambda: remove_key(path, "a"), lambda: Keyring(path)):
        with pytest.raises(KeyFileError, match="make it with `quoth keys add`"):
            use()
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_keys(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError, match=r"cannot be written.*--file or QUOTH_KEYS"):
        add_key(tmp_path / "file" / "keys.json", "a")


def test_a_keyring_knows_its_keys_and_no_others(path: Path) -> None:
    made = {name: add_key(path, name) for name in ("a", "b", "c")}
    ring = Keyring(path)
    for name, key in made.items():
        found = ring.find(key.encode())
        assert found is not None
        assert found.name == name
    digest = hashlib.sha256(made["a"].encode())
    for wrong in (b"", b"quoth_", made["a"][:-1].encode(), made["a"].encode() + b"x", b"\xff" * 50):
        assert ring.find(wrong) is None
    # The hashes in a stolen file do not work as keys.
    assert ring.find(digest.digest()) is None
    assert ring.find(digest.hexdigest().encode()) is None


def test_every_key_is_compared_whichever_matches(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [add_key(path, name) for name in ("a", "b", "c")]
    ring = Keyring(path)
    compared: list[bool] = []
    real = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append(real(one, other))
        return compared[-1]

    monkeypatch.setattr(hmac, "compare_digest", counted)
    for shown, expected in (
        (made[0], [True, False, False]),
        (made[2], [False, False, True]),
        ("quoth_none", [False, False, False]),
    ):
        compared.clear()
        ring.find(shown.encode())
        assert compared == expected


def test_a_changed_file_is_read_within_a_second_without_a_restart(path: Path) -> None:
    first = add_key(path, "first").encode()
    clock = Clock()
    ring = Keyring(path, clock)
    second = add_key(path, "second").encode()
    remove_key(path, "first")
    clock.now += 0.99
    assert ring.find(second) is None
    assert ring.find(first) is not None
    clock.now += 0.02
    assert ring.find(second) is not None
    assert ring.find(first) is None


def test_an_unchanged_file_is_checked_once_a_second_and_not_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add_key(path, "a").encode()
    clock = Clock()
    ring = Keyring(path, clock)
    looks: list[str] = []
    real_stat, real_open = Path.stat, Path.open

    def counted_stat(self: Path, *arguments: Any, **named: Any) -> os.stat_result:
        if self == path:
            looks.append("stat")
        return real_stat(self, *arguments, **named)

    def counted_open(self: Path, *arguments: Any, **named: Any) -> Any:
        if self == path:
            looks.append("open")
        return real_open(self, *arguments, **named)

    monkeypatch.setattr(Path, "stat", counted_stat)
    monkeypatch.setattr(Path, "open", counted_open)
    for _ in range(30):  # over three seconds, binary fractions
        clock.now += 0.125
        assert ring.find(key) is not None
    assert looks == ["stat"] * 3


@pytest.mark.parametrize("fault", ["broken", "gone", "open to others"])
def test_an_unusable_file_is_logged_once_and_the_previous_keys_stay_valid(
    path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.INFO)
    first = add_key(path, "first").encode()
    good = path.read_bytes()
    clock = Clock()
    ring = Keyring(path, clock)
    if fault == "broken":
        write(path, "{")
    elif fault == "gone":
        path.unlink()
    else:
        path.chmod(0o644)
    for _ in range(3):
        clock.now += 1.5
        assert ring.find(first) is not None
    (logged,) = caplog.records
    assert logged.levelno == logging.ERROR
    assert re.search(r"key file .*previous keys stay valid", logged.getMessage())
    caplog.clear()
    write(path, good.decode())
    second = add_key(path, "second").encode()
    clock.now += 1.5
    assert ring.find(second) is not None
    assert [logged.getMessage() for logged in caplog.records] == ["reloaded the changed key file: 2 keys"]


def test_a_file_without_keys_admits_nobody(path: Path) -> None:
    key = add_key(path, "a").encode()
    remove_key(path, "a")
    assert Keyring(path).find(key) is None
    assert Keyring(path).find(b"") is None
