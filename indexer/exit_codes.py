"""The exit statuses of all commands."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; `meaning` is what `quoth --help` says of it."""

    meaning: str

    SUCCESS = 0, "Done; for `ask`: answered."
    ERROR = 1, "An error, reported in one line on standard error."
    USAGE = 2, "The command line cannot be used."
    SOME_UNREADABLE = 3, "`index`: the index is made, but some files could not be read."
    GATE_FELL = 4, "`eval --gate`: a figure fell below the reference run's interval."
    ABSTAINED = 5, "`ask`: the articles hold no answer."
    INTERRUPTED = 130, "Interrupted by Ctrl-C."

    def __new__(cls, status: int, meaning: str) -> ExitCode:
        """Make a status with its meaning."""
        code = int.__new__(cls, status)
        code._value_ = status
        code.meaning = meaning
        return code


def exit_statuses() -> str:
    """Return a table of all statuses, for the end of a help text."""
    return "\n".join(f"{code.value:>3}  {code.meaning}" for code in ExitCode)
