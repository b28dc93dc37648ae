"""`quoth serve` in a separate process on loopback, for the length of a measurement."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.runs import RunError

_START_S = 120.0
_STOP_S = 30.0
_SERVING = re.compile(r"^Serving (http://\S+?)/? ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: its address without a trailing slash, its process and its log file."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextlib.contextmanager
def serving(index: Path, log: Path, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve an index with these `QUOTH_...` settings (without the prefix) and no others; stop at the end.

    The cache is off unless a setting turns it on: measurements ask the same questions repeatedly.

    Raises:
        RunError: the service does not start within two minutes.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUOTH_")}
    given = {"cache_size": "0", **(settings or {})}
    environment |= {f"QUOTH_{name.upper()}": value for name, value in given.items()}
    environment |= {"HF_HUB_OFFLINE": "1", "NO_COLOR": "1", "QUOTH_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "service", "serve", "--index", str(index.resolve()), "--port", "0"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)  # noqa: S603
    try:
        yield Served(_address(process, log), process, log)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := _SERVING.search(log.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    raise RunError(f"the service did not start: {log.read_text('utf-8')[-500:].strip()}")
