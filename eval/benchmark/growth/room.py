"""Whether a trial fits the machine, and running it: in a process of its own, ended if it takes too long."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LEXICAL = "bm25"
"""What the lexical index is called beside the kinds of FAISS index."""

_SPARE = 500_000_000  # bytes of memory that the interpreter and the machine keep for themselves
_SLOWER = 1.2  # than in proportion to the passages: a larger graph takes longer to walk

Row = dict[str, Any]


def memory(kind: str, size: int, dimension: int) -> int:
    """Return about how many bytes of memory it takes to build an index of this kind.

    The peaks that the rows hold, rounded up: a vector is 4 bytes a dimension, with the links of a graph
    besides; in cells it is a byte a dimension and an id, in lists that double as they fill; a passage has
    some 80 postings, of 20 bytes each while they are counted.
    """
    passage = {
        "flat": 4 * dimension,
        "hnsw": 4 * dimension + 300,
        "ivf-sq8": 2 * (dimension + 8),
        LEXICAL: 80 * 20,
    }
    return size * passage[kind] + _SPARE


def disk(size: int, dimension: int) -> int:
    """Return about how many bytes on the disk a size takes: vectors, an index, the originals, postings."""
    return size * (3 * 4 * dimension + 80 * 8)


def refusal(
    kind: str, size: int, dimension: int, *, minutes: float, rows: Sequence[Mapping[str, Any]], place: Path
) -> str | None:
    """Return why a trial is not begun, None where it may be; `rows` are those measured before."""
    free, need = _free(), memory(kind, size, dimension)
    if free is not None and need > free:
        return f"building takes about {need / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
    free, need = shutil.disk_usage(place).free, disk(size, dimension)
    if need > free:
        return f"it takes about {need / 1e9:.1f} GB on the disk, and {free / 1e9:.1f} GB are free"
    smaller = [row for row in rows if row["kind"] == kind and row["passages"] < size and "build_s" in row]
    if smaller:
        last = max(smaller, key=lambda row: int(row["passages"]))
        expected = _SLOWER * last["build_s"] * size / last["passages"] / 60
        if expected > minutes:
            return f"building takes about {expected:.0f} minutes, and {minutes:g} are allowed"
    return None


def run_trial(do: str, minutes: float, **arguments: object) -> Row:
    """Do what a function of `trial` does, in a process of its own, and return what it tells.

    One that fails or takes longer tells why, as `skipped`.
    """
    order = json.dumps({"do": do, **arguments})
    command = [sys.executable, "-m", "eval.benchmark.growth.trial", order]
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            command, capture_output=True, text=True, timeout=60 * minutes, check=False
        )
    except subprocess.TimeoutExpired:
        return {"skipped": f"{do} took longer than {minutes:g} minutes"}
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        return {"skipped": f"{do} failed: {last[0]}"}
    told: Row = json.loads(done.stdout)
    return told


def _free() -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    told = dict(line.split(":", 1) for line in lines)
    return 1_024 * int(told["MemAvailable"].split()[0])
