"""Progress on stderr: lines where it is no terminal, a bar where it is one, and never anything on stdout."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from indexer.progress_display import INTERVAL_SECONDS, ProgressDisplay


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_a_line_and_long_ones_get_a_line_every_ten_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with ProgressDisplay(clock) as display:
        display.start("Loading the encoder")
        display.advance()
        display.start("Embedding passages", 36_000)
        for step in range(1, 46):
            clock.now = 100.0 + step
            display.advance(32)
        display.start("Publishing", 3)
        clock.now += 9.9
        display.advance()
        display.advance(2)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "Loading the encoder",
        "Embedding passages: 0 of 36,000",
        "Embedding passages: 320 of 36,000 (0%), 10 s",
        "Embedding passages: 640 of 36,000 (1%), 20 s",
        "Embedding passages: 960 of 36,000 (2%), 30 s",
        "Embedding passages: 1,280 of 36,000 (3%), 40 s",
        "Publishing: 0 of 3",
    ]
    assert INTERVAL_SECONDS == 10


def test_an_empty_stage_is_no_division_by_zero(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with ProgressDisplay(clock) as display:
        display.start("Embedding passages", 0)
        clock.now += 60
        display.advance(0)
    assert capsys.readouterr().err == "Embedding passages: 0 of 0\n"


def test_steps_before_any_stage_are_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay() as display:
        display.advance()
    assert capsys.readouterr().err == ""


_SOURCE = """
import time
from indexer.progress_display import ProgressDisplay
with ProgressDisplay() as display:
    display.advance()
    display.start("Loading")
    display.start("Embedding passages", 4)
    display.advance(2)
    time.sleep(0.5)  # the bar is drawn ten times a second
    display.start("Publishing", 1)
print("done")
"""


@pytest.mark.slow
def test_a_terminal_gets_a_bar_that_leaves_nothing_behind() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    done = subprocess.run(
        [sys.executable, "-c", _SOURCE],
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        timeout=60,
        env=environment,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # Linux reports the other end's closing as an error
        pass
    os.close(ours)
    assert done.stdout == b"done\n"
    assert b"Embedding passages" in shown
    assert b"2/4" in shown
    assert shown.endswith(b"\x1b[1A\x1b[2K")
