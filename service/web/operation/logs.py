"""Logs: one line for each event, as JSON or as text, without questions.

Control characters are escaped, so that nothing a client sends can look like another line. The message of an
unexpected error is left out, because it may repeat a question; its type and location are logged.
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
"""The attribute of a log record with an event's fields: `log.info("...", extra={FIELDS: {...}})`."""


_DROPPED = "%d lines were dropped because the log was not read fast enough"
_END_SECONDS = 1.0


class _Formatter(logging.Formatter):
    def __init__(self, *, messages: bool) -> None:
        super().__init__()
        self._messages = messages

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return an event's fields, with the error if it has one."""
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
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its line end."""
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
    """Formats a record as a line of text: time, level, message, then the fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its line end."""
        time = datetime.datetime.fromtimestamp(record.created).astimezone()
        fields = "".join(f" {name}={json.dumps(value)}" for name, value in self.fields(record).items())
        # A message may hold a file name, and a file name may hold a line end.
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
def in_background(limit: int = 10_000) -> Iterator[None]:
    """Write the configured logs from a background thread, so that no request waits for the log's reader.

    Without it, a full pipe that nobody reads would block the whole service. At most `limit` lines wait;
    further ones are dropped, and their number is logged once there is room. At the end the waiting lines are
    written, for at most a second.
    """
    root = logging.getLogger()
    direct = root.handlers[0]
    background = _BackgroundHandler(direct, limit)
    writer = threading.Thread(target=background.write, name="logs", daemon=True)
    writer.start()
    root.handlers[:] = [background]
    try:
        yield
    finally:
        root.handlers[:] = [direct]
        background.end()
        writer.join(_END_SECONDS)


class _BackgroundHandler(logging.Handler):
    """Queues records without waiting; `write`, in its own thread, passes them to `target`."""

    def __init__(self, target: logging.Handler, limit: int) -> None:
        super().__init__()
        self._target = target
        self._lines: queue.Queue[logging.LogRecord | None] = queue.Queue(limit)
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or count it as dropped."""
        try:
            self._lines.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def write(self) -> None:
        """Pass on records until `end`."""
        while (record := self._lines.get()) is not None:
            self._target.handle(record)
            if self._dropped and self._lines.empty():
                dropped, self._dropped = self._dropped, 0
                self._target.handle(
                    log.makeRecord(log.name, logging.WARNING, "", 0, _DROPPED, (dropped,), None)
                )

    def end(self) -> None:
        """Make `write` return after the records that are queued now."""
        with contextlib.suppress(queue.Full):  # nobody reads the log, so `write` is stuck anyway
            self._lines.put_nowait(None)
