"""Start-up time, memory and disk space of the service: `python -m eval.benchmark.footprint`.

Measured are the seconds from starting `quoth serve` until it is ready and until its first answer, resident
memory when ready and after some questions, whether PyTorch is loaded into the process, and the size of the
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
    """One start: seconds until ready and until the first answer, resident and peak memory in MB.

    `torch`: whether PyTorch is loaded into the process.
    """

    ready_s: float
    answered_s: float
    ready_mb: float
    resident_mb: float
    peak_mb: float
    torch: bool


def main(
    *,
    index: IndexOption = DEFAULT_INDEX,
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    starts: Annotated[int, typer.Option(help="How often the service is started.", min=1, max=50)] = 5,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Start the service several times and print time and memory, with their spread."""
    found = [_start(index, reader) for _ in range(starts)]
    table = Table("", "median", "minimum", "maximum", title=f"quoth serve, {reader}, {starts} starts")
    for name, unit in {
        "ready_s": "ready, s",
        "answered_s": "first answer, s",
        "ready_mb": "resident when ready, MB",
        "resident_mb": f"resident after {_QUESTIONS} questions, MB",
        "peak_mb": "peak, MB",
    }.items():
        values = [float(getattr(one, name)) for one in found]
        table.add_row(unit, f"{np.median(values):.2f}", f"{min(values):.2f}", f"{max(values):.2f}")
    sizes = {name: _installed_bytes(name) for name in sorted(_dependencies("quoth"))}
    everything = sum(sizes.values())
    without_transformers = everything - sum(
        sizes.get(name, 0) for name in _dependencies("sentence-transformers")
    )
    index_bytes = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    table.add_row("PyTorch loaded", "yes" if any(one.torch for one in found) else "no", "", "")
    table.add_row("installed, MB", f"{everything / 1e6:,.0f}", "", "")
    table.add_row(
        "without sentence-transformers and its dependencies, MB", f"{without_transformers / 1e6:,.0f}", "", ""
    )
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
        settings = {"reader": reader, "cache_size": "0"}
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
    """Return a memory figure of a process in megabytes, from /proc."""
    for line in (Path("/proc") / str(process) / "status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1_024 / 1e6
    raise ValueError(f"/proc/{process}/status has no {name}: run this benchmark on Linux")


def _dependencies(name: str) -> set[str]:
    """Return a distribution and its installed dependencies, all levels down; extras are left out."""
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
        waiting += [_normalised_name(line) for line in needed if "extra ==" not in line]
    return found


def _normalised_name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _installed_bytes(name: str) -> int:
    return sum(_file_sizes(name))


def _file_sizes(name: str) -> Iterator[int]:
    for file in distribution(name).files or []:
        path = Path(str(file.locate()))
        if path.is_file():
            yield path.stat().st_size


if __name__ == "__main__":
    run_commands(main)
