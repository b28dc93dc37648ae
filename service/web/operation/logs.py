"""Logs: one line an event, JSON for machines or text for people, without what was asked.

A line of JSON escapes every control character, so that nothing a client sends can look like another line.
What an unexpected error says is left out, as it may repeat a question; its type and its place are told.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

from indexer.errors import QuothError
from service.web.settings import LogSettings

log = logging.getLogger(__name__)

FIELDS = "quoth"
"""The attribute of a record that holds an event's fields: `log.info("...", extra={FIELDS: {...}})`."""


_LOST = "%d lines were left out, as nobody read the log"
_LAST_S = 1.0


class _Formatter(logging.Formatter):
    def __init__(self, *, messages: bool) -> None:
        super().__init__()
        self._messages = messages

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """What an event says beside its message."""
        fields = dict(getattr(record, FIELDS, {}))
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = self._describe(record.exc_info[1])
        return fields

    def _describe(self, error: BaseException) -> dict[str, Any]:
        frames = traceback.extract_tb(error.__traceback__)
        described: dict[str, Any] = {
            "type": type(error).__qualname__,
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
        }
        if self._messages or isinstance(error, QuothError):
            described["message"] = str(error)
        if error.__cause__ is not None:
            described["cause"] = self._describe(error.__cause__)
        return described


class JsonFormatter(_Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        event = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self.fields(record),
        }
        return json.dumps(event, default=repr)


class TextFormatter(_Formatter):
    """A record as a line to read: time, level, message, then the fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        time = datetime.datetime.fromtimestamp(record.created).astimezone()
        fields = "".join(f" {name}={json.dumps(value)}" for name, value in self.fields(record).items())
        # A message may hold a file's name, and a file's name a line's end.
        message = json.dumps(record.getMessage())[1:-1]
        return f"{time:%H:%M:%S} {record.levelname.lower()} {message}{fields}"


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send every log of the process to `stream`, standard error by default."""
    stream = stream or sys.stderr
    form = settings.log_format or ("text" if stream.isatty() else "json")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        (JsonFormatter if form == "json" else TextFormatter)(messages=settings.log_questions)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("service", "indexer"):
        logging.getLogger(name).setLevel(logging.INFO)


@contextlib.contextmanager
def written_aside(limit: int = 10_000) -> Iterator[None]:
    """Have the configured logs written by a thread of their own, so that no request waits for their reader.

    A full pipe that nobody empties would else hold up the whole service. At most `limit` lines wait; more are
    left out, and how many is logged when there is room again. At the end what waits is written, for a second
    at most.
    """
    root = logging.getLogger()
    direct = root.handlers[0]
    aside = _Aside(direct, limit)
    writing = threading.Thread(target=aside.write, name="logs", daemon=True)
    writing.start()
    root.handlers[:] = [aside]
    try:
        yield
    finally:
        root.handlers[:] = [direct]
        aside.end()
        writing.join(_LAST_S)


class _Aside(logging.Handler):
    """Takes lines without ever waiting; `write` hands them on."""

    def __init__(self, target: logging.Handler, limit: int) -> None:
        super().__init__()
        self._target = target
        self._lines: queue.Queue[logging.LogRecord | None] = queue.Queue(limit)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, or count it as lost."""
        try:
            self._lines.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def write(self) -> None:
        """Hand on what comes until the end."""
        while (record := self._lines.get()) is not None:
            self._target.handle(record)
            if self._lost and self._lines.empty():
                lost, self._lost = self._lost, 0
                self._target.handle(log.makeRecord(log.name, logging.WARNING, "", 0, _LOST, (lost,), None))

    def end(self) -> None:
        """Have `write` return when it has handed on what waits."""
        with contextlib.suppress(queue.Full):  # then its reader is gone, and it is left where it is
            self._lines.put_nowait(None)
