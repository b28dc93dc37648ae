"""Print a comparison as a table with a column for each system and a row for each figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.benchmark.peers.comparison import PERCENTILES, Estimate, Figures


def print_figures(found: Sequence[Figures], title: str, environment: Mapping[str, Any]) -> None:
    """Print the systems' figures; `environment` is what `eval.runs.describe` returns, and `load`."""
    table = Table("", *(one.name for one in found), title=title)
    for label, format_figure in _ROWS.items():
        cells = [format_figure(one) for one in found]
        if any(cells):
            table.add_row(label, *(cell or "–" for cell in cells))
    console = Console(highlight=False)
    console.print(table)
    hardware = environment["hardware"]
    console.print(
        f"Intervals: 95%, bootstrap over questions. {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['system']}; commit {environment['commit']}; "
        f"load averages at the start {environment['load'] or 'unknown'}."
    )
    for one in found:
        versions = ", ".join(f"{name} {version}" for name, version in one.ready.versions.items())
        console.print(f"{one.name}: {one.ready.settings}. {versions}.", soft_wrap=True)


def _milliseconds(share: int) -> Callable[[Figures], str]:
    return lambda one: f"{one.milliseconds[share]:,.1f}"


def _estimate(figure: Estimate, digits: int) -> str:
    if not figure.count:
        return ""
    return f"{figure.value:.{digits}f}\n{figure.low:.{digits}f}–{figure.high:.{digits}f}"


_ROWS: dict[str, Callable[[Figures], str]] = {
    **{f"p{share}, ms": _milliseconds(share) for share in PERCENTILES},
    "median / Quoth's": lambda one: _estimate(one.ratio, 1),
    "ready after, s": lambda one: f"{one.ready.seconds:.1f}",
    "… indexing": lambda one: "" if one.ready.indexing_s is None else f"{one.ready.indexing_s:.1f}",
    "memory, MB": lambda one: f"{one.memory / 1e6:,.0f}",
    "token F1": lambda one: _estimate(one.f1, 3),
    "exact match": lambda one: _estimate(one.exact, 3),
    "right article": lambda one: _estimate(one.article, 3),
    "invented": lambda one: _estimate(one.invented, 3),
    "TypeErrors": lambda one: f"{one.raised:,}" if one.raised else "",
}
