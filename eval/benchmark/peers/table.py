"""A comparison as a table: a system a column, a figure a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.benchmark.peers.comparison import PERCENTILES, Estimate, Standing


def print_standings(found: Sequence[Standing], title: str, made_with: Mapping[str, Any]) -> None:
    """Print what the systems came to; `made_with` is what `eval.runs.describe` says."""
    table = Table("", *(one.name for one in found), title=title)
    for label, told in _ROWS.items():
        cells = [told(one) for one in found]
        if any(cells):
            table.add_row(label, *(cell or "–" for cell in cells))
    console = Console(highlight=False)
    console.print(table)
    hardware = made_with["hardware"]
    console.print(
        f"Intervals: 95%, bootstrap over questions. {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['system']}; commit {made_with['commit']}; load at the start {made_with['load'] or '?'}."
    )
    for one in found:
        versions = ", ".join(f"{name} {version}" for name, version in one.ready.versions.items())
        console.print(f"{one.name}: {one.ready.settings}. {versions}.", soft_wrap=True)


def _milliseconds(share: int) -> Callable[[Standing], str]:
    return lambda one: f"{one.milliseconds[share]:,.1f}"


def _estimate(figure: Estimate, digits: int) -> str:
    if not figure.count:
        return ""
    return f"{figure.value:.{digits}f}\n{figure.low:.{digits}f}–{figure.high:.{digits}f}"


_ROWS: dict[str, Callable[[Standing], str]] = {
    **{f"p{share}, ms": _milliseconds(share) for share in PERCENTILES},
    "median by Quoth's": lambda one: _estimate(one.ratio, 1),
    "ready after, s": lambda one: f"{one.ready.seconds:.1f}",
    "… indexing": lambda one: "" if one.ready.indexing_s is None else f"{one.ready.indexing_s:.1f}",
    "memory, MB": lambda one: f"{one.memory / 1e6:,.0f}",
    "token F1": lambda one: _estimate(one.f1, 3),
    "exact match": lambda one: _estimate(one.exact, 3),
    "right article": lambda one: _estimate(one.article, 3),
    "invented": lambda one: _estimate(one.invented, 3),
    "TypeErrors": lambda one: f"{one.raised:,}" if one.raised else "",
}
