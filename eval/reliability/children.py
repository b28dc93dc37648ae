"""Forked processes that may be killed, crash or hang, and what they told before."""

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

# FAISS's type stubs leave this one out.
faiss: Any = typed_faiss

Send = Callable[[Any], None]
"""What a child tells its parent with, in JSON values."""

PATIENCE = 300.0
"""Seconds after which a child that says nothing hangs, on however busy a machine."""


class Child:
    """A forked process that does `work`, which is given a Send; it ends with status 0, or 1 if that raises.

    The parent may not have used FAISS with several threads: those of OpenMP do not live on in a fork.
    """

    def __init__(self, work: Callable[[Send], None]) -> None:
        self._reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _live(work, writing)
        os.close(writing)
        self._unread = b""

    def receive(self, seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - JSON
        """Return the next thing the child tells, None if it tells no more.

        Raises:
            TimeoutError: it says nothing for so many seconds.
        """
        limit = time.monotonic() + seconds
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, limit - time.monotonic()))
            if not ready:
                raise TimeoutError
            data = os.read(self._reading, 65_536)
            if not data:
                return None
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)

    def kill(self) -> None:
        """End it, at whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end and return its exit status, or the number of the signal that ended it below 0."""
        os.close(self._reading)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _live(work: Callable[[Send], None], writing: int) -> None:
    """The child's whole life: it never returns to the code that forked it."""
    status = 1
    try:
        faiss.omp_set_num_threads(1)
        work(lambda value: _write(writing, value))
        status = 0
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        _write(writing, {"raised": f"{type(error).__name__}: {error} ({where})"})
    finally:
        os._exit(status)


def _write(descriptor: int, value: object) -> None:
    os.write(descriptor, json.dumps(value).encode("ascii") + b"\n")


def ask(work: Callable[[Send], None], seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - JSON
    """Fork, and return the one thing that the child tells; if it dies or hangs first, `{"raised": how}`."""
    child = Child(work)
    try:
        told = child.receive(seconds)
    except TimeoutError:
        child.kill()
        told = {"raised": f"it hung for {seconds:.0f} seconds"}
    status = child.wait()
    if told is None or status < 0:
        return {"raised": signal.Signals(-status).name if status < 0 else f"it ended with status {status}"}
    return told


def limit(megabytes: int, seconds: int) -> None:
    """Allow this process so much more memory than it has, and so many seconds of processor time.

    Where the system does not tell what a process has, memory stays without a limit.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
