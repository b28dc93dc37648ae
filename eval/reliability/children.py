"""Forked processes that may be killed, crash or hang, and the messages they send before."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss as typed_faiss

# FAISS's type stubs lack omp_set_num_threads.
faiss: Any = typed_faiss

Send = Callable[[Any], None]
"""Sends a JSON value from a child to its parent."""

TIMEOUT = 300.0
"""Seconds without a message after which a child counts as hanging, even on a busy machine."""


class Child:
    """A forked process that calls `work` with a Send; it exits with status 0, or 1 if `work` raises.

    The parent must not have used FAISS with several threads: OpenMP's threads do not survive a fork.
    """

    def __init__(self, work: Callable[[Send], None]) -> None:
        self._reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _run(work, writing)
        os.close(writing)
        self._unread = b""

    def receive(self, seconds: float = TIMEOUT) -> Any:  # noqa: ANN401 - JSON
        """Return the child's next message, None if it sends no more.

        Raises:
            TimeoutError: no message arrives within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            data = os.read(self._reading, 65_536)
            if not data:
                return None
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)

    def kill(self) -> None:
        """Kill the child with SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the child to end; return its exit status, or minus the number of the fatal signal."""
        os.close(self._reading)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _run(work: Callable[[Send], None], writing: int) -> None:
    """Run the child; it never returns to the code that forked it."""
    status = 1
    try:
        faiss.omp_set_num_threads(1)
        work(lambda value: _write(writing, value))
        status = 0
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        _write(writing, {"raised": f"{type(error).__name__}: {error} ({where})"})
    finally:
        os._exit(status)


def _write(descriptor: int, value: object) -> None:
    os.write(descriptor, json.dumps(value).encode("ascii") + b"\n")


def call(work: Callable[[Send], None], seconds: float = TIMEOUT) -> Any:  # noqa: ANN401 - JSON
    """Fork, and return the child's one message; if it dies or hangs before, `{"raised": how}`."""
    child = Child(work)
    try:
        message = child.receive(seconds)
    except TimeoutError:
        child.kill()
        message = {"raised": f"it hung for {seconds:.0f} seconds"}
    status = child.wait()
    if message is None or status < 0:
        return {"raised": signal.Signals(-status).name if status < 0 else f"it ended with status {status}"}
    return message


def limit_resources(megabytes: int, seconds: int) -> None:
    """Limit this process to `megabytes` more memory than it has now and `seconds` more CPU time.

    Where the system does not report the memory of a process, memory is not limited.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        maximum = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (maximum, resource.RLIM_INFINITY))
