"""`quoth serve` in a process of its own, on loopback, for as long as a measurement lasts."""

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
    """A running service: its address without a slash at the end, its process, and the file of its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextlib.contextmanager
def serving(index: Path, log: Path, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve an index with these `QUOTH_...` settings (without the prefix) and no other; stop it at the end.

    Unless they say otherwise no answer is kept: who measures asks the same questions again and again.

    Raises:
        RunError: it does not come up within two minutes.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUOTH_")}
    given = {"cache": "0", **(settings or {})}
    environment |= {f"QUOTH_{name.upper()}": value for name, value in given.items()}
    environment |= {"HF_HUB_OFFLINE": "1", "NO_COLOR": "1", "QUOTH_LOG": "json"}
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
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up and process.poll() is None:
        if found := _SERVING.search(log.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    raise RunError(f"the service did not start: {log.read_text('utf-8')[-500:].strip()}")
