"""The plots of a run, each with a caption and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from eval import metrics
from eval.figures import Figure, Mean
from eval.report import plots
from eval.runs import Result, Run
from eval.significance import draws, interval


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing with its caption, and the numbers behind it as a table."""

    title: str
    drawing: Markup
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def counted(results: Sequence[Result], over: str) -> int:
    """Return the number of questions that count in a denominator, given by name."""
    return Mean("", over, lambda _: 0.0).count(results)


def drawing(svg: str) -> Markup:
    """Return an SVG as markup, which the page does not escape."""
    return Markup(svg)  # noqa: S704 - our own numbers and escaped words


def curves(run: Run, measured: dict[str, Figure]) -> list[Plot]:
    """Return the plots that the run has data for; `measured` are its figures by name."""
    if not run.results:
        return []
    found = [_risk_coverage(run, measured), _reliability(run, measured), _recall(run), _latency(run)]
    return [plot for plot in found if plot is not None]


def _risk_coverage(run: Run, measured: dict[str, Figure]) -> Plot:
    right = [one.right for one in run.results]
    risks = metrics.risk_coverage([one.reply.confidence for one in run.results], right).tolist()
    best = metrics.risk_coverage(right, right).tolist()
    answered, total = [one.right for one in run.results if one.answered], len(run.results)
    operating = (len(answered) / total, 1 - sum(answered) / len(answered)) if answered else None
    caption = "The most confident answers come first; further right, more questions are answered."
    if unanswerable := counted(run.results, "unanswerable"):
        caption += (
            " Every answer to an unanswerable question is wrong, so with all questions answered the share "
            f"wrong is at least {unanswerable / total:.3f}."
        )
    caption += " Dashed: the same answers in the best order. "
    caption += _sentence(measured, "risk-coverage area", "Area")
    places = sorted({math.ceil(total * tenth / 10) for tenth in range(1, 11)})
    return Plot(
        "Risk and coverage",
        drawing(plots.risk_coverage(risks, best, operating)),
        caption,
        ("Answered", "Share answered", "Share wrong"),
        tuple((f"{place:,}", f"{place / total:.3f}", f"{risks[place - 1]:.3f}") for place in places),
    )


def _reliability(run: Run, measured: dict[str, Figure]) -> Plot:
    found = plots.bins([one.reply.confidence for one in run.results], [one.right for one in run.results])
    return Plot(
        "Reliability",
        drawing(plots.reliability(found)),
        "Each point is one tenth of the confidence scale: above the diagonal, answers are right more often "
        "than their confidence says. The bars count the questions. "
        + _sentence(measured, "calibration error", "Calibration error"),
        ("Confidence", "Questions", "Mean confidence", "Share right"),
        tuple(
            (
                f"{one.low:.1f} to {one.high:.1f}",
                f"{one.count:,}",
                f"{one.confidence:.3f}",
                f"{one.right:.3f}",
            )
            for one in found
        ),
    )


def _recall(run: Run) -> Plot | None:
    """The recall curve; None without answerable questions, or where only one passage is read."""
    depth = max(len(one.reply.passages) for one in run.results)
    answerable = counted(run.results, "answerable")
    if depth <= 1 or not answerable:
        return None
    drawn = draws(len(run.results), seed=run.seed)
    first = {one.example.id: min(one.ranks, default=depth + 1) for one in run.results}
    points = []
    for count in range(1, depth + 1):
        measure = Mean("", "answerable", lambda one, count=count: first[one.example.id] <= count)  # type: ignore[misc]
        points.append((measure.value(run.results), *interval(measure.resampled(run.results, drawn))))
    return Plot(
        "Recall at k",
        drawing(plots.recall(points)),
        f"The share of {answerable:,} answerable questions for which one of the first k passages read holds "
        "a whole acceptable answer. The vertical lines are 95% intervals.",
        ("k", "Recall", "95% interval"),
        tuple(
            (str(count), f"{value:.3f}", f"{low:.3f} – {high:.3f}")
            for count, (value, low, high) in enumerate(points, start=1)
        ),
    )


def _latency(run: Run) -> Plot:
    values = np.array([one.reply.milliseconds for one in run.results], dtype=np.float64)
    half, most, nearly_all = (float(np.quantile(values, share)) for share in (0.5, 0.95, 0.99))
    found = plots.histogram(values)
    edges = [f"{found.start + found.step * place:,.10g}" for place in range(len(found.counts) + 1)]
    rows = [
        (f"{low} to {high}", f"{count:,}")
        for (low, high), count in zip(pairwise(edges), found.counts, strict=True)
    ]
    if found.over:
        rows.append((f"{edges[-1]} or longer", f"{found.over:,}"))
    return Plot(
        "Time to an answer",
        drawing(plots.latency(found, [("p50", half), ("p95", most), ("p99", nearly_all)])),
        f"Half of the questions took {half:,.1f} ms or less, 95% took {most:,.1f} or less, 99% "
        f"{nearly_all:,.1f} or less, and the longest {values.max():,.1f}.",
        ("Milliseconds", "Questions"),
        tuple(rows),
    )


def _sentence(measured: dict[str, Figure], name: str, title: str) -> str:
    figure = measured.get(name)
    if figure is None:
        return ""
    return f"{title} {figure.value:.3f} (95% interval {figure.low:.3f} to {figure.high:.3f}; 0 is best)."
