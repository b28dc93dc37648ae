"""`quoth keys`, run in this process, and how `quoth` finds it."""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from indexer import cli, command_line
from indexer.command_line import COMMANDS
from indexer.errors import SettingsError
from service.errors import KeyFileError, KeyNameError, RateError
from service.web.access.commands import keys
from service.web.access.keyring import Keyring
from service.web.access.keys import read_keys

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def run(*arguments: str, **environment: str) -> tuple[str, str]:
    """Both streams of a command that must succeed."""
    done = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", **environment}).invoke(
        keys, [*arguments], catch_exceptions=False
    )
    assert done.exit_code == 0
    return done.stdout, done.stderr


def test_add_prints_the_key_alone_and_says_how_to_use_it_apart(path: Path) -> None:
    out, err = run("add", "newsroom", QUOTH_KEYS=str(path))
    key = out.removesuffix("\n")
    assert "\n" not in key
    known = Keyring(path).find(key.encode())
    assert known is not None
    assert (known.name, known.scope, known.rate) == ("newsroom", "ask", None)
    assert key not in err
    for said in ("not shown again", "Authorization: Bearer", "password", f"QUOTH_KEYS={path}"):
        assert said in err


def test_add_takes_a_scope_and_a_rate(path: Path) -> None:
    run("add", "ops", "--scope", "admin", "--rate", "5/second", "--file", str(path))
    (known,) = read_keys(path).values()
    assert (known.scope, str(known.rate)) == ("admin", "5/second")


def test_list_shows_everything_but_the_keys(path: Path) -> None:
    made = [
        run("add", "newsroom", "--rate", "60/minute", "--file", str(path))[0].strip(),
        run("add", "ops", "--scope", "admin", "--file", str(path))[0].strip(),
    ]
    text, _ = run("list", "--file", str(path))
    listed, _ = run("list", "--json", "--file", str(path))
    created = [key.created.isoformat() for key in read_keys(path).values()]
    assert json.loads(listed) == [
        {"name": "newsroom", "scope": "ask", "created": created[0], "rate": "60/minute"},
        {"name": "ops", "scope": "admin", "created": created[1], "rate": None},
    ]
    assert text.splitlines() == [
        f"newsroom  ask    {created[0]}  60/minute",
        f"ops       admin  {created[1]}",
    ]
    for key in made:
        for secret in (key, hashlib.sha256(key.encode()).hexdigest()):
            assert secret not in text + listed


def test_remove_says_what_is_left(path: Path) -> None:
    run("add", "a", "--file", str(path))
    run("add", "b", "--file", str(path))
    assert run("remove", "a", "--file", str(path)) == ("", "Removed a. Keys left: 1.\n")
    assert run("remove", "b", "--file", str(path)) == ("", "Removed b. No key is left: nobody has access.\n")
    assert run("list", "--json", "--file", str(path))[0] == "[]\n"
    out, err = run("list", "--file", str(path))
    assert out == ""
    assert "There is no key" in err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["add", "a b"], KeyNameError),
        (["add", "a", "--rate", "lots"], RateError),
        (["remove", "a"], KeyFileError),
        (["list"], KeyFileError),
    ],
)
def test_a_mistake_is_an_error_of_ours_and_makes_no_file(
    path: Path, arguments: list[str], error: type[Exception]
) -> None:
    done = CliRunner(env={"QUOTH_KEYS": str(path)}).invoke(keys, arguments)
    assert isinstance(done.exception, error)
    assert done.stdout == ""
    assert not path.exists()


@pytest.mark.parametrize("arguments", [["add", "a"], ["list"], ["remove", "a"]])
def test_a_key_file_must_be_named(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUOTH_KEYS", raising=False)
    done = CliRunner().invoke(keys, arguments)
    assert isinstance(done.exception, SettingsError)
    assert "set QUOTH_KEYS" in str(done.exception)


def test_quoth_runs_the_commands_of_its_subcommand(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    announced = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    entries = [EntryPoint(name, announced[COMMANDS][name], COMMANDS) for name in ("feedback", "keys")]
    monkeypatch.setattr(command_line, "entry_points", lambda group: entries if group == COMMANDS else [])
    for arguments, status in (
        (["keys", "add", "a", "--file", str(path)], 0),
        (["keys", "add", "a", "--file", str(path)], 1),
    ):
        monkeypatch.setattr(sys, "argv", ["quoth", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == status
    captured = capsys.readouterr()
    assert captured.out.startswith("quoth_")
    assert "error: there is already a key named a: remove it first" in captured.err
