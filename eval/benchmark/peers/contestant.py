"""A system in a process of its own (`worker.py`), from here: started, asked, stopped."""

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
_TOLD = 800  # characters of a failed worker's log
_NOT_PASSED_ON = (
    "PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "VIRTUAL_ENV",
    # A bound on PyTorch's threads would hold the peers back, and not Quoth.
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
    """A system to start: `python` runs `script`, as `worker.py` loads it, with the `configuration`.

    `imports`: a folder of packages that it may import besides its own environment's. `patience_s`: how long
    an answer may take.
    """

    name: str
    python: Path
    script: Path
    configuration: Mapping[str, Any]
    imports: Path | None = None
    patience_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a question got. `text` is "" where nothing was answered; `passage` the id of the one it is from.

    `raised`: over how many passages the system failed; `memory`: bytes that it then held.
    """

    text: str
    passage: str | None
    score: float | None
    raised: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Ready:
    """How a system came up: seconds until it could answer, those of them that embedding passages took.

    `indexing_s` is None for a system that opens an index made before; `memory` is in bytes.
    """

    seconds: float
    indexing_s: float | None
    memory: int
    settings: str
    versions: Mapping[str, str]


class Running:
    """A system that is up."""

    def __init__(
        self, contestant: Contestant, process: subprocess.Popen[str], log: Path, began: float
    ) -> None:
        self._contestant = contestant
        self._process = process
        self._log = log
        told = self._exchange(contestant.configuration, _START_S)
        self.ready = Ready(
            seconds=time.perf_counter() - began,
            indexing_s=told["indexing_s"],
            memory=told["memory"],
            settings=told["settings"],
            versions=told["versions"],
        )

    @property
    def name(self) -> str:
        """What the system is called."""
        return self._contestant.name

    def ask(self, question: str) -> Said:
        """Put a question.

        Raises:
            PeerError: the system fell over, or gave no answer in time.
        """
        told = self._exchange({"question": question}, self._contestant.patience_s)
        return Said(
            text=told["text"] or "",
            passage=told["passage"],
            score=told["score"],
            raised=told["raised"],
            seconds=told["seconds"],
            memory=told["memory"],
        )

    def _exchange(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        given, taken = self._process.stdin, self._process.stdout
        if given is None or taken is None:
            raise ValueError("the process was started without pipes")
        # A read of a pipe cannot be given a time: the process that is too late ends, and with it the read.
        late = threading.Timer(seconds, self._process.kill)
        late.start()
        try:
            given.write(json.dumps(message) + "\n")
            given.flush()
            told: dict[str, Any] = json.loads(taken.readline())
        except (OSError, ValueError) as error:
            self._process.kill()
            self._process.wait()
            said = self._log.read_text("utf-8", errors="replace").strip()[-_TOLD:]
            raise PeerError(
                f"{self.name} fell over or said nothing for {seconds:g} s: {said or error}"
            ) from error
        finally:
            late.cancel()
        return told


@contextlib.contextmanager
def running(contestant: Contestant, log: Path) -> Iterator[Running]:
    """Start a system and stop it at the end; what it prints goes into the file `log`.

    Raises:
        PeerError: it does not come up within ten minutes.
    """
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own workers
            # Without its own folder among the places to import from: what lies here is not for a peer.
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
        if name not in _NOT_PASSED_ON and not name.startswith("QUOTH_")
    }
    if contestant.imports is not None:
        found["PYTHONPATH"] = str(contestant.imports)
    return found | _OFFLINE
