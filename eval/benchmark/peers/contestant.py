"""Start, ask and stop a system that runs in a separate process (`worker.py`)."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.benchmark.peers.errors import PeerError

_WORKER = Path(__file__).with_name("worker.py")
_START_S = 600.0
_STOP_S = 10.0
_LOG_CHARS = 800  # characters of a failed worker's log in an error message
_REMOVED_VARIABLES = (
    "PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "VIRTUAL_ENV",
    # A limit on PyTorch's threads would slow down the peers but not Quoth.
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A system to start: `python` runs `worker.py`, which loads `script` with the `configuration`.

    `imports`: a folder to import from besides the system's own environment. `timeout_s`: the longest time for
    an answer.
    """

    name: str
    python: Path
    script: Path
    configuration: Mapping[str, Any]
    imports: Path | None = None
    timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a question. `text`: "" for no answer; `passage`: the id of the answer's passage.

    `raised`: the number of passages on which the system failed; `memory`: its bytes of memory afterwards.
    """

    text: str
    passage: str | None
    score: float | None
    raised: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The start of a system: seconds until it could answer, and of these the seconds for embedding passages.

    `indexing_s` is None for a system that opens an existing index; `memory` is in bytes.
    """

    seconds: float
    indexing_s: float | None
    memory: int
    settings: str
    versions: Mapping[str, str]


class Running:
    """A running system."""

    def __init__(
        self, contestant: Contestant, process: subprocess.Popen[str], log: Path, began: float
    ) -> None:
        self._contestant = contestant
        self._process = process
        self._log = log
        message = self._exchange(contestant.configuration, _START_S)
        self.ready = Ready(
            seconds=time.perf_counter() - began,
            indexing_s=message["indexing_s"],
            memory=message["memory"],
            settings=message["settings"],
            versions=message["versions"],
        )

    @property
    def name(self) -> str:
        """The system's name."""
        return self._contestant.name

    def ask(self, question: str) -> Reply:
        """Ask a question and wait for the reply.

        Raises:
            PeerError: the system failed, or did not answer in time.
        """
        message = self._exchange({"question": question}, self._contestant.timeout_s)
        return Reply(
            text=message["text"] or "",
            passage=message["passage"],
            score=message["score"],
            raised=message["raised"],
            seconds=message["seconds"],
            memory=message["memory"],
        )

    def _exchange(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ValueError("the process was started without pipes")
        # Reading a pipe has no timeout: killing the late process ends the read.
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()
            reply: dict[str, Any] = json.loads(stdout.readline())
        except (OSError, ValueError) as error:
            self._process.kill()
            self._process.wait()
            log = self._log.read_text("utf-8", errors="replace").strip()[-_LOG_CHARS:]
            raise PeerError(
                f"{self.name} failed or did not answer within {seconds:g} s: {log or error}"
            ) from error
        finally:
            timer.cancel()
        return reply


@contextlib.contextmanager
def running(contestant: Contestant, log: Path) -> Iterator[Running]:
    """Start a system and stop it at the end; its output goes to the file `log`.

    Raises:
        PeerError: it does not start within ten minutes.
    """
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own workers
            # -P: without the script's folder in sys.path, so that a peer imports nothing from here.
            [str(contestant.python), "-P", str(_WORKER), str(contestant.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            encoding="utf-8",
            env=_environment(contestant),
        )
    try:
        yield Running(contestant, process, log, began)
    finally:
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _environment(contestant: Contestant) -> dict[str, str]:
    found = {
        name: value
        for name, value in os.environ.items()
        if name not in _REMOVED_VARIABLES and not name.startswith("QUOTH_")
    }
    if contestant.imports is not None:
        found["PYTHONPATH"] = str(contestant.imports)
    return found | _OFFLINE
