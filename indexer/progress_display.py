"""How far long work is, on stderr: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from indexer.terminal import messages

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

INTERVAL_SECONDS = 10.0
"""The least time between two lines about one stage."""


class ProgressDisplay:
    """Shows one stage after another, as an `indexer.progress.Progress` is told of them.

    Where stderr is no terminal, it prints a line when a stage begins and, while the stage lasts, at most one
    every ten seconds: `Embedding passages: 1,200 of 36,000 (3%), 40 s`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        console = messages()
        self._display = _Bars() if console.is_terminal else _Lines(console, clock)

    def __enter__(self) -> ProgressDisplay:
        self._display.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._display.close()

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage of `total` steps, or one whose length is unknown."""
        self._display.start(stage, total)

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more steps of the current stage."""
        self._display.advance(steps)


class _Lines:
    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._stage = ""
        self._total: int | None = None
        self._done = 0
        self._began = self._printed = clock()

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def start(self, stage: str, total: int | None) -> None:
        self._stage, self._total, self._done = stage, total, 0
        self._began = self._printed = self._clock()
        self._console.print(stage if total is None else f"{stage}: 0 of {total:,}")

    def advance(self, steps: int) -> None:
        self._done += steps
        now = self._clock()
        if self._total and now - self._printed >= INTERVAL_SECONDS:
            self._printed = now
            share = int(100 * self._done / self._total)
            self._console.print(
                f"{self._stage}: {self._done:,} of {self._total:,} ({share}%), {now - self._began:.0f} s"
            )


class _Bars:
    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs them
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        # A stage of unknown length has a spinner, the others have a bar.
        self._columns = {
            True: (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            ),
            False: (SpinnerColumn(), TextColumn("{task.description}")),
        }
        self._progress: Progress = Progress(console=Console(stderr=True), transient=True)
        self._task: TaskID | None = None

    def open(self) -> None:
        self._progress.start()

    def close(self) -> None:
        self._progress.stop()

    def start(self, stage: str, total: int | None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._progress.columns = self._columns[total is not None]
        self._task = self._progress.add_task(stage, total=total)

    def advance(self, steps: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, steps)
