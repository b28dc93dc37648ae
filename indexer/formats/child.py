"""The process that `isolation` starts: `python -m indexer.formats.child SECONDS MEMORY`.

A request is a line of JSON, followed by the file's bytes; the answer is a line of JSON. The process ends at
the end of its input, when a limit stops it, or after an answer marked `last`.
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

_RESTART_SHARE = 0.25  # of the memory limit: a process that has used more reads no other file
_STATUS = Path("/proc/self/status")


def main() -> None:
    """Answer requests until there are no more."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a parser prints stays out of the answers
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        # Libraries may catch a MemoryError and return half of a text, so twice the limit can be allocated.
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
            # Parsers keep some of what they read (libxml2 names, trafilatura lines), at the next file's cost.
            last = peak > memory * _RESTART_SHARE
            target.write(json.dumps({**answer, "last": last}, default=str).encode("ascii") + b"\n")
            _set_timers(0)
            target.flush()
            if last:
                return
    except MemoryError:
        os._exit(NO_MEMORY)  # at once: no memory is left to answer with


def _answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return _read(request, data)
    except (UnreadableFileError, SidecarError) as error:
        return {"refused": str(error)}
    except MemoryError:
        raise
    except Exception as error:  # whatever a library raises, the next file is read
        return {"refused": f"its reader failed on it ({type(error).__name__}): save it as plain text"}


def _read(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    if "sidecar" in request:
        read_sidecar(Path(request["sidecar"]))
        return {}
    document = read_document(PurePath(f"file{request['suffix']}"), data)
    return {
        "text": document.text,
        "metadata": asdict(document.metadata),
        "segments": [[one.start, one.end, one.kind, one.label] for one in document.segments],
        "warnings": document.warnings,
    }


def _set_timers(seconds: float) -> None:
    """Stop this process after `seconds` of processor time, or ten times as long on the clock; 0: never.

    The clock stops a process that makes no progress; ten times, because the machine may be busy.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _peak() -> int:
    """The most memory that this process ever held, in bytes; 0 if the system does not report it."""
    try:
        lines = _STATUS.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
