"""How far a build has come: what it reports, and to whom."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a build."""

    def start(self, stage: str, total: int) -> None:
        """A stage of `total` steps begins."""
        ...

    def advance(self, steps: int = 1) -> None:
        """`steps` more steps of the stage are done."""
        ...


class NoProgress:
    """Ignores all progress."""

    def start(self, stage: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""
