"""What a person sees after a build: everything that matters, and never hundreds of lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.build import BuildReport
from indexer.corpus import Failure, FileWarning
from indexer.left_out import LeftOut, Reason
from indexer.summary import describe_left_out, print_summary


def report(
    failures: tuple[Failure, ...] = (),
    warnings: tuple[FileWarning, ...] = (),
    left_out: tuple[LeftOut, ...] = (),
) -> BuildReport:
    return BuildReport(
        generation="gen-000001", published=True, articles=2, passages=3, new=2, changed=0, unchanged=0,
        removed=0, ignored=0, left_out=left_out, failures=failures, warnings=warnings, seconds=1.0,
    )  # fmt: skip


def printed(
    capsys: pytest.CaptureFixture[str], shown: BuildReport, *, list_ignored: bool = False
) -> tuple[str, str]:
    print_summary(shown, Path("index"), list_ignored=list_ignored)
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_build_without_doubts_prints_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = printed(capsys, report())

    assert err == ""
    for row in ("not read", "warnings", "left out"):
        assert row not in out


def test_a_few_warnings_are_a_line_each_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    warnings = tuple(FileWarning(f"{name}.txt", "read as koi8-r") for name in "abc")
    out, err = printed(capsys, report((Failure("x.txt", "empty"),), warnings))

    assert err.splitlines() == [
        "not read: x.txt: empty",
        "warning: a.txt: read as koi8-r",
        "warning: b.txt: read as koi8-r",
        "warning: c.txt: read as koi8-r",
    ]
    assert "warnings   3" in out
    assert "not read   1" in out


def test_one_message_about_many_files_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    warnings = tuple(FileWarning(f"{number}.txt", "read as koi8-r") for number in range(300))

    assert printed(capsys, report(warnings=warnings))[1].splitlines() == [
        "warning: 300 files: read as koi8-r (0.txt, 1.txt, 2.txt, …)"
    ]


def test_hundreds_of_different_failures_are_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    failures = tuple(Failure(f"{number}.txt", f"not UTF-8 at {number}") for number in range(300))
    lines = printed(capsys, report(failures))[1].splitlines()

    assert len(lines) == 21
    assert lines[0] == "not read: 0.txt: not UTF-8 at 0"
    assert lines[-1] == "not read: … and 280 more; --json lists all"


_LEFT_OUT = (
    LeftOut(".git/", Reason.HIDDEN, 40),
    LeftOut("a.jpg", Reason.OTHER_TYPE),
    LeftOut("b.JPG", Reason.OTHER_TYPE),
    LeftOut("c", Reason.OTHER_TYPE),
    LeftOut("node_modules/", Reason.DEPENDENCIES, 1200),
)


def test_the_summary_says_how_many_files_were_left_out_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    described = describe_left_out(_LEFT_OUT)
    out, _ = printed(capsys, report(left_out=_LEFT_OUT))

    assert (
        described
        == "3 of other types (.jpg 2, no ending 1), 40 hidden, 1,200 in dependencies (node_modules/)"
    )
    assert f"{described}; --list-ignored names them" in out


def test_what_was_left_out_is_listed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = printed(capsys, report(left_out=_LEFT_OUT), list_ignored=True)

    assert out.splitlines()[:3] == ["hidden: .git/ (40 files)", "other type: a.jpg", "other type: b.JPG"]
    assert "dependencies: node_modules/ (1,200 files)" in out
    assert "--list-ignored" not in out
