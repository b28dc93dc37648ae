"""What serving takes before it answers: `python -m eval.benchmark.footprint`.

Seconds from the start of `quoth serve` until it says that it is ready and until its first answer, resident
memory then and after some questions, the libraries that are mapped into the process, the bytes of the
installation and of the index.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated

import httpx2 as httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.load import seeds_questions
from eval.benchmark.record import write_record
from eval.benchmark.serving import serving
from indexer.cli import run_commands
from indexer.options import IndexOption
from indexer.settings import DEFAULT_INDEX

_QUESTIONS = 30
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to ready and to the first answer, resident and peak megabytes, PyTorch mapped."""

    ready_s: float
    answered_s: float
    ready_mb: float
    resident_mb: float
    peak_mb: float
    torch: bool


def main(
    *,
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[str, typer.Option(help="Which reader serves.")] = "default",
    starts: Annotated[int, typer.Option(help="How often it is started.", min=1, max=50)] = 5,
    json_: Annotated[Path | None, typer.Option("--json", help="Where the record is written.")] = None,
) -> None:
    """Start the service a few times and print what it took, with the spread."""
    found = [_start(index, reader) for _ in range(starts)]
    table = Table("", "median", "least", "most", title=f"quoth serve, {reader}, {starts} starts")
    for name, unit in {
        "ready_s": "ready, s",
        "answered_s": "first answer, s",
        "ready_mb": "resident when ready, MB",
        "resident_mb": f"resident after {_QUESTIONS} questions, MB",
        "peak_mb": "peak, MB",
    }.items():
        values = [float(getattr(one, name)) for one in found]
        table.add_row(unit, f"{np.median(values):.2f}", f"{min(values):.2f}", f"{max(values):.2f}")
    sizes = {name: _installed(name) for name in sorted(_closure("quoth"))}
    everything = sum(sizes.values())
    serving_alone = everything - sum(sizes.get(name, 0) for name in _closure("sentence-transformers"))
    index_bytes = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    table.add_row("PyTorch in the process", "yes" if any(one.torch for one in found) else "no", "", "")
    table.add_row("installed, MB", f"{everything / 1e6:,.0f}", "", "")
    table.add_row("of it without sentence-transformers' own, MB", f"{serving_alone / 1e6:,.0f}", "", "")
    table.add_row("index, MB", f"{index_bytes / 1e6:.2f}", "", "")
    Console(highlight=False).print(table)
    write_record(
        json_,
        "python -m eval.benchmark.footprint",
        reader=reader,
        starts=[asdict(one) for one in found],
        installed_bytes=sizes,
        index_bytes=index_bytes,
    )


def _start(index: Path, reader: str) -> Start:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        settings = {"reader": reader, "cache": "0"}
        with (
            serving(index, Path(folder) / "log", settings) as served,
            httpx.Client(base_url=served.url, timeout=60, trust_env=False) as client,
        ):
            while client.get("/readyz").status_code != httpx.codes.OK:
                time.sleep(0.005)
            ready = time.perf_counter() - began
            when_ready = _status(served.process.pid, "VmRSS")
            first, *others = seeds_questions()[:_QUESTIONS]
            client.post("/v1/answer", json={"question": first}).raise_for_status()
            answered = time.perf_counter() - began
            for question in others:
                client.post("/v1/answer", json={"question": question}).raise_for_status()
            process = Path("/proc") / str(served.process.pid)
            return Start(
                ready,
                answered,
                when_ready,
                _status(served.process.pid, "VmRSS"),
                _status(served.process.pid, "VmHWM"),
                "libtorch" in (process / "maps").read_text("utf-8"),
            )


def _status(process: int, name: str) -> float:
    """Megabytes, by the kernel's account of a process."""
    for line in (Path("/proc") / str(process) / "status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1_024 / 1e6
    raise ValueError(f"the kernel does not tell {name}: measure on Linux")


def _closure(name: str) -> set[str]:
    """A distribution and all that it needs, as far as it is installed; extras are left out."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        try:
            needed = distribution(one).requires or []
        except PackageNotFoundError:
            continue
        found.add(one)
        waiting += [_plain(line) for line in needed if "extra ==" not in line]
    return found


def _plain(requirement: str) -> str:
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _installed(name: str) -> int:
    return sum(_sizes(name))


def _sizes(name: str) -> Iterator[int]:
    for file in distribution(name).files or []:
        path = Path(str(file.locate()))
        if path.is_file():
            yield path.stat().st_size


if __name__ == "__main__":
    run_commands(main)
