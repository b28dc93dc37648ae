"""The rows: saved in a file, printed as they are measured, and as tables at the end."""

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

_BYPASSED = (
    "Vectors and texts are generated and indexed directly, bypassing the store (corpus.sqlite) and the "
    "builder (reading, splitting, embedding, publishing): no figure includes their time, memory or disk."
)
_LENGTHS = tuple(number / 10 for number in range(1, 11))
_FACTORS = (2, 4, 8)


class Rows:
    """The rows of a file, one for each size and kind; rows measured now replace those of the file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.all: list[Row] = []
        if path is not None and path.exists():
            self.all = json.loads(path.read_text("utf-8"))["rows"]

    def add(self, row: Row) -> None:
        """Insert or replace a row, save all rows, and print the new one on standard error."""
        self.all = sorted([*(one for one in self.all if _key(one) != _key(row)), row], key=_key)
        if self._path is not None:
            runs.write(self._path, json.dumps({"rows": self.all}, indent=1) + "\n")
        figures = ", ".join(f"{name} {cell(row)}" for name, cell in (_COST | _USE).items() if cell(row))
        Console(stderr=True).print(
            f"{row['passages']:,} passages, {row['kind']}: {row.get('skipped', figures)}",
            highlight=False,
            soft_wrap=True,
        )


def _key(row: Row) -> tuple[int, str]:
    return int(row["passages"]), str(row["kind"])


def _figure(name: str, form: str, scale: float = 1.0) -> Callable[[Row], str]:
    return lambda row: f"{scale * row[name]:{form}}" if name in row else ""


def _per_passage(name: str) -> Callable[[Row], str]:
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
    "own, B": _per_passage("own"),
    "mapped, B": _per_passage("mapped"),
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
    """Print the rows of these sizes and kinds, the reasons of skipped ones, and the similarities."""
    console = Console(highlight=False)
    chosen = [row for row in rows.all if row["passages"] in sizes and row["kind"] in kinds]
    for title, columns in {
        "Build, disk and memory of the search structures alone": _COST,
        "Search and retrieval by the search structures alone": _USE,
    }.items():
        table = Table("passages", "", *columns, title=title)
        for row in chosen:
            cells = [cell(row) or "–" for cell in columns.values()]
            table.add_row(f"{row['passages']:,}", str(row["kind"]), *cells)
        console.print(table)
    console.print(_BYPASSED, soft_wrap=True)
    for row in chosen:
        if "skipped" in row:
            console.print(f"{row['passages']:,} {row['kind']}: {row['skipped']}", soft_wrap=True)
    _print_similarities(console, chosen, real)
    if chosen:
        last = chosen[-1]
        console.print(
            "Peak: the most memory while building. Own, mapped: memory per passage of a process after "
            "searching; the system can reclaim mapped memory. "
            f"{last['questions']} questions, {last['rounds']} rounds, one client: medians, ± half the range "
            "of the rounds' medians (for recall, half the 95% bootstrap interval over questions). "
            f"{last['hardware']['processor']}, {last['hardware']['cores']} cores; commit {last['commit']}; "
            f"FAISS {last['libraries'].get('faiss-cpu')}.",
            soft_wrap=True,
        )


def _print_similarities(console: Console, rows: Sequence[Row], real: Real) -> None:
    nearest = highest(real.question_vectors @ real.vectors.T, max(RANKS))
    means = [float(nearest[:, rank - 1].mean()) for rank in RANKS]
    console.print(
        "Mean similarity of a question to its nearest, second-nearest and tenth-nearest passage:\n"
        f"  {_joined(means)} among the {len(real.vectors):,} real passages"
    )
    found = {row["passages"]: row for row in rows if "similarity" in row}
    for size, row in found.items():
        how = f"real ones and copies with noise of {row['noise']:.2f}" if row["noise"] else "real"
        console.print(f"  {_joined(row['similarity'].values())} among {size:,}, {how}")


def print_noise(real: Real, seed: int) -> None:
    """Print how far sets grown with each length of noise are from real ones of the same size."""
    found = {factor: compare_noise(real, factor, _LENGTHS, seed) for factor in _FACTORS}
    heads = (f"{factor} times, n={questions}" for factor, (_, questions) in found.items())
    table = Table("noise", *heads, title="Sets grown with noise, compared with real ones")
    for place, length in enumerate(_LENGTHS):
        cells = (
            f"{distances[place]:.4f}" + " *" * (distances[place] == min(distances))
            for distances, _ in found.values()
        )
        table.add_row(f"{length:.1f}", *cells)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"A random part of the {len(real.vectors):,} real passages is grown with noise to the same number: "
        "mean distance of the questions' similarities to their ten nearest passages from those among all "
        "real ones.",
        soft_wrap=True,
    )


def _joined(similarities: Iterable[float]) -> str:
    return ", ".join(f"{one:.3f}" for one in similarities)
