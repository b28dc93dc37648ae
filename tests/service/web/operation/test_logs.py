from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from indexer.errors import QuothError
from service.web.operation import logs
from service.web.operation.logs import FIELDS
from service.web.settings import LogFormat, LogSettings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(form: LogFormat | None, *, messages: bool = False) -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    logs.configure(LogSettings(form, messages), stream)
    return stream, logging.getLogger("service.test")


def test_an_event_is_one_line_of_json_with_its_fields() -> None:
    stream, log = lines("json")
    log.info("request", extra={FIELDS: {"status": 200, "route": "/v1/answer"}})
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event.pop("time").endswith("+00:00")
    assert event == {
        "level": "info",
        "logger": "service.test",
        "message": "request",
        "status": 200,
        "route": "/v1/answer",
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_that_is_logged_can_look_like_another_line(form: LogFormat) -> None:
    stream, log = lines(form)
    forged = 'x\n{"level": "error", "message": "forged"}\r\n\u2028\u0085\x1b[31m'
    log.info("file %s", forged, extra={FIELDS: {"name": forged}})
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_messages_of_unexpected_errors_are_logged_only_if_enabled(form: LogFormat) -> None:
    for messages in (False, True):
        stream, log = lines(form, messages=messages)
        try:
            int("a secret question")
        except ValueError:
            log.exception("failed")
        assert ("secret" in stream.getvalue()) is messages
        assert "ValueError" in stream.getvalue()
        assert "test_logs.py:" in stream.getvalue()


def test_messages_of_our_own_errors_are_logged() -> None:
    stream, log = lines("json")
    log.error("failed", exc_info=QuothError("the index is damaged"))
    assert json.loads(stream.getvalue())["error"]["message"] == "the index is damaged"


def test_causes_of_an_error_are_logged() -> None:
    stream, log = lines("json")
    error = QuothError("it cannot be read")
    error.__cause__ = OSError("a secret")
    log.error("failed", exc_info=error)
    described = json.loads(stream.getvalue())["error"]
    assert described["cause"]["type"] == "OSError"
    assert "secret" not in stream.getvalue()


def test_a_terminal_gets_text_and_anything_else_json() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, is_json in ((Terminal(), False), (io.StringIO(), True)):
        logs.configure(LogSettings(), cast("Any", stream))
        logging.getLogger("service.test").warning("a word")
        assert stream.getvalue().startswith("{") is is_json
        assert "a word" in stream.getvalue()


def test_libraries_are_logged_from_warnings_on() -> None:
    stream, _ = lines("json")
    logging.getLogger("httpx2").info("GET /?q=secret")
    logging.getLogger("uvicorn.error").warning("a warning")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["a warning"]


class Stuck(io.StringIO):
    """A stream whose reader has stopped reading."""

    def __init__(self) -> None:
        super().__init__()
        self.read_on = threading.Event()

    def write(self, text: str) -> int:
        self.read_on.wait(30)
        return super().write(text)


def test_requests_do_not_wait_for_the_reader_of_the_log() -> None:
    stream = Stuck()
    logs.configure(LogSettings("json"), stream)
    log = logging.getLogger("service.test")
    began = time.perf_counter()
    with logs.in_background(limit=10):
        for number in range(1_000):
            log.info("event %d", number)
        assert time.perf_counter() - began < 5
        stream.read_on.set()
        while "dropped" not in stream.getvalue():
            time.sleep(0.01)
        log.info("the last")
    events = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert events[0] == "event 0"
    assert events[-1] == "the last"
    lost = next(int(message.split()[0]) for message in events if "dropped" in message)
    assert lost + len(events) - 2 == 1_000
    log.info("written directly again")
    assert "directly again" in stream.getvalue()


@pytest.mark.slow
def test_a_log_that_nobody_reads_does_not_delay_the_exit() -> None:
    stream = Stuck()
    logs.configure(LogSettings("json"), stream)
    began = time.perf_counter()
    with logs.in_background(limit=2):
        for _ in range(10):
            logging.getLogger("service.test").warning("a word")
    assert time.perf_counter() - began < 5
    stream.read_on.set()
