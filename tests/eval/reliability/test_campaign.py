"""The outcome of a campaign as it is printed and written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from eval.reliability.campaign import FORMAT, Outcome, finish
from eval.runs import RunError

_SUCCESS = Outcome(
    "crashes", 3_000, (), {"old": 2_500, "kills": {"fsync [x]": 40, "rename": 41}, "seed": 7}, 61.24
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


def _cells(printed: str) -> list[list[str]]:
    rows = [line.strip("│").split("│") for line in printed.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in row] for row in rows]


def test_an_outcome_without_failures_is_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    finish(_SUCCESS, None, json_=False)
    printed = capsys.readouterr()
    assert printed.err == ""
    assert _cells(printed.out) == [
        ["trials", "3,000"],
        ["failures", "0"],
        ["old", "2,500"],
        ["kills", "fsync [x]: 40"],
        ["", "rename: 41"],
        ["seed", "7"],
        ["seconds", "61.2"],
    ]


def test_failures_are_printed_and_exit_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    broken = replace(_SUCCESS, failures=tuple(f"trial [{number}] broke" for number in range(25)))
    with pytest.raises(typer.Exit) as ended:
        finish(broken, None, json_=False)
    assert ended.value.exit_code == 1
    printed = capsys.readouterr().out
    assert ["failures", "25"] in _cells(printed)
    assert "failed: trial [0] broke\n" in printed
    assert "trial [20]" not in printed
    assert "and 5 more: see --json or --out" in printed


def test_a_record_has_every_failure_and_the_environment(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = replace(_SUCCESS, failures=tuple(map(str, range(25))))
    path = tmp_path / "new" / "record.json"
    with pytest.raises(typer.Exit):
        finish(broken, path, json_=True)
    record = json.loads(path.read_text("utf-8"))
    assert json.loads(capsys.readouterr().out) == record
    environment = {name: record.pop(name) for name in ("created", "commit", "libraries", "hardware")}
    assert environment["hardware"]["cores"] >= 1
    assert "faiss-cpu" in environment["libraries"]
    assert record == {
        "format": FORMAT,
        "campaign": "crashes",
        "trials": 3_000,
        "failures": list(map(str, range(25))),
        "figures": _SUCCESS.figures,
        "seconds": 61.24,
    }


def test_a_record_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        finish(_SUCCESS, tmp_path, json_=True)
