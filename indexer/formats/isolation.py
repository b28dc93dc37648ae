"""Files that need a parser, read in a separate process, which is stopped when a file takes too much.

Bounds on size or nesting do not bound a parser: a few kilobytes of front matter, links or table cells can
keep one busy for hours or fill the memory, and each library has its own such cases. The operating system
bounds a process whatever the file holds. One process reads file after file, so that starting it costs a
folder a tenth of a second once.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

from indexer.errors import CorpusError, SidecarError, UnreadableFileError
from indexer.formats.document import Document
from indexer.formats.registry import QUICK, read_document
from indexer.metadata import SIDECAR
from indexer.records import Metadata, Segment, SegmentKind

READY = b"ready\n"
"""The first line that the process writes."""

NO_MEMORY = 77
"""The exit status of the process if a file took too much memory."""

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: `seconds` of processor time, ten times that on the clock, and `memory`.

    `memory` is in bytes and bounded on Linux only: allocating twice as much fails, and a file that took more
    than the limit is refused after it has been read.
    """

    seconds: float = 30
    memory: int = 1_000_000_000


class Isolation:
    """Reads files within limits. A context manager; the process starts with the first file that needs it.

    Not safe to share between threads.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Isolation:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, path: PurePath, data: bytes) -> Document:
        """Read a file's bytes as `read_document` does, within the limits.

        Raises:
            UnreadableFileError: as for `read_document`, or a limit was reached.
            CorpusError: the process cannot be started.
        """
        if path.suffix.lower() in QUICK:
            return read_document(path, data)
        answer = self._ask({"suffix": path.suffix, "size": len(data)}, data)
        if "refused" in answer:
            raise UnreadableFileError(answer["refused"])
        if "stopped" in answer:
            raise UnreadableFileError(f"{answer['stopped']}: save it as plain text, or split it")
        metadata = answer["metadata"]
        for name in ("published", "modified"):
            if metadata[name] is not None:
                metadata[name] = datetime.date.fromisoformat(metadata[name])
        return Document(
            answer["text"],
            Metadata(**metadata),
            tuple(
                Segment(start, end, SegmentKind(kind), label)
                for start, end, kind, label in answer["segments"]
            ),
            tuple(answer["warnings"]),
        )

    def check_sidecar(self, folder: Path) -> None:
        """Check that the folder's sidecar can be parsed within the limits, so that the caller may parse it.

        Raises:
            SidecarError: it cannot.
            CorpusError: the process cannot be started.
        """
        answer = self._ask({"sidecar": str(folder.resolve()), "size": 0}, b"")
        if "refused" in answer:
            raise SidecarError(answer["refused"])
        if "stopped" in answer:
            raise SidecarError(f"{SIDECAR} cannot be read: {answer['stopped']}; correct it and index again")

    def _ask(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        source, target = _pipes(process)
        try:
            target.write(json.dumps(request).encode("ascii") + b"\n")
            target.write(data)
            target.flush()
            line = source.readline()
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            return {"stopped": self._end_reason()}
        answer: dict[str, Any] = json.loads(line)
        if answer.pop("last"):
            self._stop()
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = [str(self._limits.seconds), str(self._limits.memory)]
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, our arguments
                # -P: no module is taken from the working folder, which may be that of the articles.
                [sys.executable, "-P", "-m", "indexer.formats.child", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # parsers write long warnings
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,  # Ctrl-C goes to this process, which stops the child
            )
        except OSError as error:
            raise CorpusError(f"no process can be started to read files in: {error.strerror}") from error
        if _pipes(process)[0].readline() != READY:
            self._process = process
            self._stop()
            raise CorpusError(
                f"the process that reads files does not start: check the installation in {_ROOT}"
            )
        return process

    def _end_reason(self) -> str:
        status = self._stop()
        if status in {-signal.SIGPROF, -signal.SIGALRM}:
            return f"it took longer than {self._limits.seconds:g} s to read"
        if status == NO_MEMORY:
            return f"it took more than {self._limits.memory / 1e6:,.0f} MB of memory to read"
        return f"its reader crashed (status {status})"

    def _stop(self) -> int:
        """End the process, if there is one, and return its status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()  # no effect if it has ended
        source, target = _pipes(process)
        with contextlib.suppress(BrokenPipeError):  # unread input is discarded
            target.close()
        source.close()
        return process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdout is None or process.stdin is None:
        raise AssertionError("the process was started without pipes")
    return process.stdout, process.stdin
