"""Runs and comparisons as tables in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.comparison import Change, Comparison
from eval.figures import Compared, Figure
from eval.runs import Result, Run
from indexer.terminal import messages, results, shown


def number(name: str, value: float, *, signed: bool = False) -> str:
    """Return a figure as it is printed: milliseconds with one decimal, shares with three."""
    digits = 1 if name.endswith("ms") else 3
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def title(run: Run) -> str:
    """Return a run's title: its set, number of questions, mode and reader."""
    system, dataset = run.system, run.dataset
    reader = system.get("reader", {}).get("name", "unknown")
    asked = (
        f"{len(run.results)} of {dataset['of']} questions"
        if len(run.results) < dataset["of"]
        else f"{dataset['of']} questions"
    )
    return f"{dataset['name']} ({dataset['split']}), {asked}, {system['mode']}, reader {reader}"


def print_figures(run: Run, measured: Sequence[Figure], against: Sequence[Compared] = ()) -> None:
    """Print a run's figures and, with a reference run, its values and which changes are beyond chance."""
    reference = {row.name: row for row in against}
    columns = ["", "value", "95% interval", "n", "over", *(["reference", ""] if against else [])]
    table = Table(*columns, title=shown(title(run), "italic"), title_justify="left")
    for figure in measured:
        row = [
            figure.name,
            number(figure.name, figure.value),
            ""
            if math.isnan(figure.low)
            else f"{number(figure.name, figure.low)} – {number(figure.name, figure.high)}",
            f"{figure.count:,}",
            figure.over,
        ]
        if against:
            beside = reference.get(figure.name)
            row += [number(figure.name, beside.first), verdict(beside.better)] if beside else ["", ""]
        table.add_row(*row)
    results().print(table, soft_wrap=False)
    if not run.complete:
        messages().print("Stopped before the last question.", style="bold yellow")


def verdict(better: bool | None) -> str:
    """Return "better" or "worse"; "" where chance may explain the change."""
    return {True: "better", False: "worse", None: ""}[better]


def print_comparison(found: Comparison, names: tuple[str, str]) -> None:
    """Print what changed from one run to another, figure by figure and question by question."""
    console = results()
    table = Table(
        "", "A", "B", "B − A", "95% interval", "p", "",
        title=shown(f"A {names[0]}, B {names[1]}: {found.questions:,} questions", "italic"),
        title_justify="left",
    )  # fmt: skip
    for row in found.rows:
        apart = row.difference
        table.add_row(
            row.name,
            number(row.name, row.first),
            number(row.name, row.second),
            number(row.name, apart.value, signed=True),
            f"{number(row.name, apart.low, signed=True)} to {number(row.name, apart.high, signed=True)}",
            f"{apart.p:.3f}" if apart.p >= 0.001 else "<0.001",  # noqa: PLR2004
            verdict(row.better),
        )
    console.print(table, soft_wrap=False)
    if found.left_out:
        console.print(f"{found.left_out:,} questions are in only one of the runs and left out.")
    if not found.changes:
        console.print("No question has another result.")
        return
    counts = [sum(change.better is kind for change in found.changes) for kind in (False, True, None)]
    console.print(
        f"{len(found.changes):,} questions have another result: {counts[0]} worse, {counts[1]} better, "
        f"{counts[2]} neither."
    )
    for change in found.changes:
        _print_change(console, change)


def _print_change(console: Console, change: Change) -> None:
    style = {True: "green", False: "red", None: "dim"}[change.better]
    mark = {True: "+", False: "−", None: "·"}[change.better]
    example = change.second.example
    console.print(Text.assemble("\n", shown(f"{mark} {example.id}", style), "  ", shown(example.question)))
    for name, result in (("A", change.first), ("B", change.second)):
        console.print(shown(f"    {name}  {_described(result)}"))
    if example.answers:
        console.print(shown(f"    =  {' | '.join(dict.fromkeys(example.references))}", "dim"))


def _described(result: Result) -> str:
    given = f"“{result.given}”" if result.answered else f"no answer (withheld: “{result.candidate}”)"
    return f"{result.outcome}, {result.reply.confidence:.2f}: {given}"
