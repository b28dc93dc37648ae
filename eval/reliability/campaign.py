"""The outcome of a campaign, printed as a table and written as a record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

FORMAT = 1
"""Version of the record's format."""

_SHOWN = 20  # failures that are printed; the record has all of them


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a campaign.

    `campaign`: its name. `trials`: how often the promise was tested. `failures`: a line for each failure.
    `figures`: other counts and measurements as JSON values, including the seed. `seconds`: wall-clock time.
    """

    campaign: str
    trials: int
    failures: tuple[str, ...]
    figures: dict[str, Any]
    seconds: float


def finish(outcome: Outcome, out: Path | None, *, json_: bool) -> None:
    """Print an outcome, write its record to `out` if given, and exit with status 1 if there are failures.

    Raises:
        RunError: the record cannot be written.
    """
    # Imported here: it imports the service, which every forked process would carry otherwise.
    from eval.runs import describe, write  # noqa: PLC0415

    record = {"format": FORMAT, **asdict(outcome), **describe()}
    text = json.dumps(record, indent=2, ensure_ascii=False)
    if json_:
        typer.echo(text)
    else:
        show(outcome)
    if out is not None:
        write(out, f"{text}\n")
    if outcome.failures:
        raise typer.Exit(1)


def show(outcome: Outcome) -> None:
    """Print an outcome as a table on stdout, followed by its failures."""
    table = Table("", "", title=outcome.campaign, title_justify="left", show_header=False)
    rows = {"trials": outcome.trials, "failures": len(outcome.failures), **outcome.figures}
    for name, value in {**rows, "seconds": round(outcome.seconds, 1)}.items():
        table.add_row(escape(name.replace("_", " ")), escape(_format(value)))
    console = Console(highlight=False)
    console.print(table)
    for failure in outcome.failures[:_SHOWN]:
        console.print(f"[bold red]failed:[/] {escape(failure)}", soft_wrap=True)
    if len(outcome.failures) > _SHOWN:
        console.print(f"and {len(outcome.failures) - _SHOWN:,} more: see --json or --out")


def _format(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_format(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
