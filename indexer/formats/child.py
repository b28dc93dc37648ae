"""The process that `isolation` starts: `python -m indexer.formats.child SECONDS MEMORY`.

A request is a line of JSON, followed by the file's bytes; the answer is a line of JSON. The process ends with
its input, when a limit ends it, or after an answer that it calls its last.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from indexer.errors import SidecarError, UnreadableFileError
from indexer.formats.isolation import NO_MEMORY, READY
from indexer.formats.registry import read_document
from indexer.metadata import read_sidecar

_KEPT_SHARE = 0.25
_STATUS = Path("/proc/self/status")


def main() -> None:
    """Answer requests until there are no more."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing that a parser prints comes between the answers
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        # Libraries may catch a MemoryError and go on with half of a text: what takes half of this is refused.
        _limit(resource.RLIMIT_AS, 2 * memory)
    target.write(READY)
    target.flush()
    try:
        while line := source.readline():
            request = json.loads(line)
            data = source.read(request["size"])
            _set_timers(seconds)
            answer = _answer(request, data)
            peak = _peak()
            if peak > memory:
                os._exit(NO_MEMORY)
            # Parsers keep some of what they read (libxml2 names, trafilatura lines): no file pays for others.
            last = peak > memory * _KEPT_SHARE
            target.write(json.dumps({**answer, "last": last}, default=str).encode("ascii") + b"\n")
            _set_timers(0)
            target.flush()
            if last:
                return
    except MemoryError:
        os._exit(NO_MEMORY)  # at once: there is none to say so with


def _answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return _read(request, data)
    except (UnreadableFileError, SidecarError) as error:
        return {"refused": str(error)}
    except MemoryError:
        raise
    except Exception as error:  # what a file makes a library raise is no reason not to read the next
        return {"refused": f"its reader failed on it ({type(error).__name__}): save it as plain text"}


def _read(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    if "sidecar" in request:
        read_sidecar(Path(request["sidecar"]))
        return {}
    document = read_document(PurePath(f"file{request['suffix']}"), data)
    return {"text": document.text, "metadata": asdict(document.metadata)}


def _set_timers(seconds: float) -> None:
    """End this process after so many seconds of its own work, or ten times as long on the clock; 0: do not.

    On the clock, for a process that does not get to work; ten times, for a machine that is busy otherwise.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _peak() -> int:
    """The most memory this process ever held, in bytes; 0 where the system does not say."""
    try:
        lines = _STATUS.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
