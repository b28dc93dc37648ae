"""What `quoth index` prints about a build: warnings on stderr, a table on stdout."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from indexer.left_out import LeftOut, Reason
from indexer.terminal import print_table, print_warning, results, shown

if TYPE_CHECKING:
    from indexer.build import BuildReport

_MAX_LINES = 20  # of warnings of one kind
_MAX_NAMES = 3  # files or endings that are named in one line


def print_summary(report: BuildReport, out: Path, *, list_ignored: bool) -> None:
    """Print what could not be read, what is in doubt, and a table of counts."""
    _print_grouped(((failure.path, failure.reason) for failure in report.failures), "not read")
    _print_grouped(((warning.path, warning.message) for warning in report.warnings), "warning")
    if list_ignored:
        _print_left_out(report.left_out)
    state = "published" if report.published else "nothing had changed"
    rows = {
        "index": f"{out} ({report.generation}, {state})",
        "articles": f"{report.articles:,}",
        "passages": f"{report.passages:,}",
        "new": f"{report.new:,}",
        "changed": f"{report.changed:,}",
        "unchanged": f"{report.unchanged:,}",
        "removed": f"{report.removed:,}",
    }
    if report.failures:
        rows["not read"] = f"{len(report.failures):,}"
    if report.warnings:
        rows["warnings"] = f"{len(report.warnings):,}"
    if report.left_out:
        hint = "" if list_ignored else "; --list-ignored names them"
        rows["left out"] = describe_left_out(report.left_out) + hint
    print_table({**rows, "seconds": f"{report.seconds:.2f}"})


def describe_left_out(left_out: Iterable[LeftOut]) -> str:
    """Say how many files were left out and why: "3 of other types (.jpg 2, .css 1), 4 hidden"."""
    by_reason: dict[Reason, list[LeftOut]] = defaultdict(list)
    for one in left_out:
        by_reason[one.reason].append(one)
    return ", ".join(_describe(reason, by_reason[reason]) for reason in Reason if reason in by_reason)


def _describe(reason: Reason, left_out: Sequence[LeftOut]) -> str:
    files = f"{sum(one.files for one in left_out):,}"
    if reason == Reason.OTHER_TYPE:
        endings = Counter(PurePosixPath(one.path).suffix.lower() or "no ending" for one in left_out)
        named = [f"{ending} {count:,}" for ending, count in endings.most_common(_MAX_NAMES)]
        return f"{files} of other types ({_cut(named, len(endings))})"
    if reason == Reason.HIDDEN:
        return f"{files} hidden"
    return f"{files} in {reason} ({_cut([one.path for one in left_out[:_MAX_NAMES]], len(left_out))})"


def _cut(names: Sequence[str], total: int) -> str:
    return ", ".join([*names, "…"] if total > len(names) else names)


def _print_left_out(left_out: Iterable[LeftOut]) -> None:
    console = results()
    for one in left_out:
        files = "file" if one.files == 1 else "files"
        count = f" ({one.files:,} {files})" if one.path.endswith("/") else ""
        console.print(shown(f"{one.reason}: {one.path}{count}"))


def _print_grouped(messages: Iterable[tuple[str, str]], label: str) -> None:
    """Print a line for each file, or for many with one message; the rest is counted."""
    by_message: dict[str, list[str]] = defaultdict(list)
    for path, message in messages:
        by_message[message].append(path)
    lines: list[tuple[str, int]] = []
    for message, paths in by_message.items():
        if len(paths) > _MAX_NAMES:
            names = _cut(paths[:_MAX_NAMES], len(paths))
            lines.append((f"{len(paths):,} files: {message} ({names})", len(paths)))
        else:
            lines += [(f"{path}: {message}", 1) for path in paths]
    for line, _ in lines[:_MAX_LINES]:
        print_warning(line, label)
    rest = sum(files for _, files in lines[_MAX_LINES:])
    if rest:
        print_warning(f"… and {rest:,} more; --json lists all", label)
