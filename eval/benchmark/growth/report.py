"""The rows as they come in, in a file and on the terminal, and what they come to as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval import runs
from eval.benchmark.growth.material import Real, compare_noise, highest
from eval.benchmark.growth.room import Row
from eval.benchmark.growth.trial import RANKS

_LENGTHS = tuple(number / 10 for number in range(1, 11))
_FACTORS = (2, 4, 8)


class Rows:
    """The rows of a file, one a size and kind, and those that are measured now in their places."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.all: list[Row] = []
        if path is not None and path.exists():
            self.all = json.loads(path.read_text("utf-8"))["rows"]

    def add(self, row: Row) -> None:
        """Put a row in its place, save all, and tell of it on standard error."""
        self.all = sorted([*(one for one in self.all if _key(one) != _key(row)), row], key=_key)
        if self._path is not None:
            runs.write(self._path, json.dumps({"rows": self.all}, indent=1) + "\n")
        told = ", ".join(f"{name} {cell(row)}" for name, cell in (_COST | _USE).items() if cell(row))
        Console(stderr=True).print(
            f"{row['passages']:,} passages, {row['kind']}: {row.get('skipped', told)}",
            highlight=False,
            soft_wrap=True,
        )


def _key(row: Row) -> tuple[int, str]:
    return int(row["passages"]), str(row["kind"])


def _figure(name: str, form: str, scale: float = 1.0) -> Callable[[Row], str]:
    return lambda row: f"{scale * row[name]:{form}}" if name in row else ""


def _a_passage(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name] / row['passages']:,.0f}" if name in row else ""


def _median(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        if f"{name}_p50_ms" not in row:
            return ""
        low, high = row[f"{name}_p50_ms_rounds"]
        return f"{row[f'{name}_p50_ms']:.2f} ±{(high - low) / 2:.2f}"

    return cell


def _recall(row: Row) -> str:
    if "recall@10" not in row:
        return ""
    low, high = row["recall@10_interval"]
    return f"{row['recall@10']:.4f} ±{(high - low) / 2:.4f}"


_COST: dict[str, Callable[[Row], str]] = {
    "build, s": _figure("build_s", ",.1f"),
    "open, s": _figure("open_s", ",.2f"),
    "disk, MB": _figure("bytes", ",.1f", 1e-6),
    "peak, MB": _figure("peak", ",.0f", 1e-6),
    "own, B": _a_passage("own"),
    "mapped, B": _a_passage("mapped"),
}
_USE: dict[str, Callable[[Row], str]] = {
    "search, ms": _median("search"),
    "p95": _figure("search_p95_ms", ".2f"),
    "retrieval, ms": _median("retrieve"),
    "p95 ": _figure("retrieve_p95_ms", ".2f"),
    "recall@10": _recall,
    "@100": _figure("recall@100", ".3f"),
}


def print_rows(rows: Rows, sizes: Sequence[int], kinds: Sequence[str], real: Real) -> None:
    """Print what was measured at these sizes of these kinds, what was not and why, and the similarities."""
    console = Console(highlight=False)
    chosen = [row for row in rows.all if row["passages"] in sizes and row["kind"] in kinds]
    for title, columns in {"What more passages take": _COST, "What they cost a question": _USE}.items():
        table = Table("passages", "", *columns, title=title)
        for row in chosen:
            cells = [cell(row) or "–" for cell in columns.values()]
            table.add_row(f"{row['passages']:,}", str(row["kind"]), *cells)
        console.print(table)
    for row in chosen:
        if "skipped" in row:
            console.print(f"{row['passages']:,} {row['kind']}: {row['skipped']}", soft_wrap=True)
    _print_similarities(console, chosen, real)
    if chosen:
        last = chosen[-1]
        console.print(
            "Peak: of the memory while building. Own, mapped: memory a passage, of a process that has "
            "searched; what is mapped the system takes back when it needs it. "
            f"{last['questions']} questions, {last['rounds']} rounds, one client: medians, ± half of what "
            "lies between the rounds' (of recall, half of the 95% interval, bootstrap over questions). "
            f"{last['hardware']['processor']}, {last['hardware']['cores']} cores; commit {last['commit']}; "
            f"FAISS {last['libraries'].get('faiss-cpu')}.",
            soft_wrap=True,
        )


def _print_similarities(console: Console, rows: Sequence[Row], real: Real) -> None:
    nearest = highest(real.question_vectors @ real.vectors.T, max(RANKS))
    means = [float(nearest[:, rank - 1].mean()) for rank in RANKS]
    console.print(
        "Similarity of a question to its nearest passage, the second and the tenth, on average:\n"
        f"  {_told(means)} among the {len(real.vectors):,} real passages"
    )
    found = {row["passages"]: row for row in rows if "similarity" in row}
    for size, row in found.items():
        how = f"the real ones with noise of {row['noise']:.2f}" if row["noise"] else "real"
        console.print(f"  {_told(row['similarity'].values())} among {size:,}, {how}")


def print_noise(real: Real, seed: int) -> None:
    """Print how far sets grown by each length of noise are from real ones of their size."""
    found = {factor: compare_noise(real, factor, _LENGTHS, seed) for factor in _FACTORS}
    heads = (f"{factor} times, n={questions}" for factor, (_, questions) in found.items())
    table = Table("noise of", *heads, title="Grown by noise, and real")
    for place, length in enumerate(_LENGTHS):
        cells = (f"{apart[place]:.4f}" + " *" * (apart[place] == min(apart)) for apart, _ in found.values())
        table.add_row(f"{length:.1f}", *cells)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"A random part of the {len(real.vectors):,} real passages, grown by noise to as many: how far the "
        "questions' similarities to their ten nearest are from those among the real ones, on average.",
        soft_wrap=True,
    )


def _told(similarities: Iterable[float]) -> str:
    return ", ".join(f"{one:.3f}" for one in similarities)
