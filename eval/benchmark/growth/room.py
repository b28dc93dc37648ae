"""Check whether a trial fits the machine, and run it in a separate process with a time limit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LEXICAL = "bm25"
"""The name of the lexical index, beside the kinds of FAISS index."""

_SPARE = 500_000_000  # bytes of memory for the interpreter and its libraries
_SLOWER = 1.2  # than in proportion to the passages: searching a larger graph takes longer

Row = dict[str, Any]


def memory(kind: str, size: int, dimension: int) -> int:
    """Return roughly how many bytes of memory building an index of this kind takes.

    These are the measured peaks, rounded up. A vector takes 4 bytes per dimension, plus the links in a graph;
    in cells it takes a byte per dimension and an id, in lists that double as they fill. A passage has some 80
    postings, of 20 bytes each while they are counted.
    """
    passage = {
        "flat": 4 * dimension,
        "hnsw": 4 * dimension + 300,
        "ivf-sq8": 2 * (dimension + 8),
        LEXICAL: 80 * 20,
    }
    return size * passage[kind] + _SPARE


def disk(size: int, dimension: int) -> int:
    """Return roughly how many bytes of disk a size takes: vectors twice, an index, postings."""
    return size * (3 * 4 * dimension + 80 * 8)


def refusal(
    kind: str, size: int, dimension: int, *, minutes: float, rows: Sequence[Mapping[str, Any]], folder: Path
) -> str | None:
    """Return why a trial is not started, None if it may be; `rows`: the rows measured so far."""
    free, needed = _free_memory(), memory(kind, size, dimension)
    if free is not None and needed > free:
        return f"building takes about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
    free, needed = shutil.disk_usage(folder).free, disk(size, dimension)
    if needed > free:
        return f"it takes about {needed / 1e9:.1f} GB of disk space, and {free / 1e9:.1f} GB are free"
    smaller = [row for row in rows if row["kind"] == kind and row["passages"] < size and "build_s" in row]
    if smaller:
        last = max(smaller, key=lambda row: int(row["passages"]))
        expected = _SLOWER * last["build_s"] * size / last["passages"] / 60
        if expected > minutes:
            return f"building takes about {expected:.0f} minutes, and {minutes:g} are allowed"
    return None


def run_trial(do: str, minutes: float, **arguments: object) -> Row:
    """Run a function of `trial` in a separate process and return its figures.

    If it fails or takes longer than `minutes`, the row has the reason as `skipped`.
    """
    order = json.dumps({"do": do, **arguments})
    command = [sys.executable, "-m", "eval.benchmark.growth.trial", order]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, timeout=60 * minutes, check=False
        )
    except subprocess.TimeoutExpired:
        return {"skipped": f"{do} took longer than {minutes:g} minutes"}
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        return {"skipped": f"{do} failed: {last[0]}"}
    row: Row = json.loads(done.stdout)
    return row


def _free_memory() -> int | None:
    """Return the bytes of memory available without swapping; None where the system does not report them."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines)
    return 1_024 * int(fields["MemAvailable"].split()[0])
