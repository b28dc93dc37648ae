"""Plots as SVG: numbers in, a string out.

A drawing names its parts by class; the page sets colours, fonts and the dark theme. It fills the available
width. Coordinates are rounded to a tenth, so that the same numbers give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics import Values
from eval.report.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Point,
    Scale,
    axes,
    curve,
    dot,
    line,
    number,
    rectangle,
    round_step,
    svg,
    text,
    ticks,
)

_BAND = 34.0
"""Height of the bars under the reliability plot that count questions."""
_BINS = 16
"""About how many bins a histogram has."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar confidence: their number, mean confidence, and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in equal bins from `start`; `over` values are at or above the end of the last bin."""

    start: float
    step: float
    counts: tuple[int, ...]
    over: int

    @property
    def end(self) -> float:
        """The upper end of the last bin."""
        return self.start + self.step * len(self.counts)


def bins(confidences: Values, right: Values, count: int = 10) -> list[Bin]:
    """Return the non-empty bins of `metrics.expected_calibration_error`, lowest first."""
    values, labels = np.asarray(confidences, dtype=np.float64), np.asarray(right, dtype=np.float64)
    places = np.minimum((values * count).astype(int), count - 1)
    return [
        Bin(
            int(place) / count,
            (int(place) + 1) / count,
            int((places == place).sum()),
            float(values[places == place].mean()),
            float(labels[places == place].mean()),
        )
        for place in np.unique(places)
    ]


def histogram(values: Values) -> Histogram:
    """Count the values in about `_BINS` bins of a round width, up to just above their 99th percentile.

    So a few outliers do not squeeze all other values into one bar.
    """
    data = np.asarray(values, dtype=np.float64)
    low, high = float(data.min()), float(np.quantile(data, 0.99))
    # Equal values have no spread: their bin is a 200th of their size.
    step = round_step(max((high - low) / _BINS, high / 200) or 1.0)
    first = math.floor(low / step)
    last = math.floor(high / step) + 1
    places = np.floor(data / step).astype(int) - first
    inside = places[places < last - first]
    counts = np.bincount(inside, minlength=last - first)
    return Histogram(first * step, step, (*map(int, counts),), len(data) - len(inside))


def risk_coverage(risks: Sequence[float], best: Sequence[float], operating: Point | None) -> str:
    """Draw the share of wrong answers among the n most confident, n from 1 to all.

    `best`: the same in the best possible order; `operating`: coverage and risk at the run's threshold.
    """
    x = Scale((0, 1), (LEFT, RIGHT))
    y = Scale((0, max(0.1, math.ceil(max(risks) * 10 - 1e-9) / 10)), (BOTTOM, TOP))
    drawn = [
        axes(x, y, ticks(x.domain), ticks(y.domain), ("share of questions answered", "share wrong")),
        line(curve(x, y, best), "ideal"),
        line(curve(x, y, risks), "curve"),
    ]
    reading = f"With every question answered, {risks[-1]:.3f} of the answers are wrong."
    if operating is not None:
        across, up = x(operating[0]), y(operating[1])
        drawn += [
            line([(LEFT, up), (across, up), (across, BOTTOM)], "guide"),
            dot(across, up, "operating", 5),
            text(across - 9, up - 8, "at the threshold", "strong", "end")
            if operating[0] > 0.5  # noqa: PLR2004 - in the right half the label fits before the point
            else text(across + 9, up - 8, "at the threshold", "strong", "start"),
        ]
        reading = (
            f"At the threshold {operating[0]:.3f} of the questions are answered, and "
            f"{operating[1]:.3f} of those answers are wrong. {reading}"
        )
    return svg("risk-coverage", "Risk against coverage", reading, drawn)


def reliability(found: Sequence[Bin]) -> str:
    """Draw the share right against mean confidence for each bin, above bars that count the questions."""
    base = BOTTOM - _BAND - 10
    x, y = Scale((0, 1), (LEFT, RIGHT)), Scale((0, 1), (base, TOP))
    most = max(one.count for one in found)
    bars = Scale((0, most), (BOTTOM, BOTTOM - _BAND))
    points = [(x(one.confidence), y(one.right)) for one in found]
    total = sum(one.count for one in found)
    mean, right = (
        sum(one.count * value for one, value in zip(found, values, strict=True)) / total
        for values in ([one.confidence for one in found], [one.right for one in found])
    )
    drawn = [
        axes(x, y, ticks(x.domain), ticks(y.domain), ("mean confidence", "share right"), foot=BOTTOM),
        line([(LEFT, base), (RIGHT, TOP)], "ideal"),
        *(
            rectangle((x(one.low) + 1.5, bars(one.count)), (x(one.high) - 1.5, BOTTOM), "bar")
            for one in found
        ),
        text(LEFT - 7, BOTTOM - _BAND + 9, f"{most:,}", "tick", "end"),
        line(points, "curve"),
        *(dot(across, up, "point", 4.5) for across, up in points),
    ]
    how = "below" if mean < right else "above" if mean > right else "equal to"
    reading = (
        f"Over all questions the mean confidence, {mean:.3f}, is {how} the share right, {right:.3f}. "
        "The dashed diagonal is where both agree."
    )
    return svg("reliability", "Share right against confidence", reading, drawn)


def recall(points: Sequence[tuple[float, float, float]]) -> str:
    """Draw recall at 1, 2, … passages, at least two: a value and its interval for each."""
    last = len(points)
    floor = max(0.0, math.floor((min(low for _, low, _ in points) - 0.05) * 10) / 10)
    x, y = Scale((1, last), (LEFT + 12, RIGHT - 12)), Scale((floor, 1), (BOTTOM, TOP))
    marks = [tick for tick in ticks((0, last), 8) if float(tick).is_integer() and tick >= 1]
    drawn = [
        axes(x, y, sorted({1.0, *marks}), ticks(y.domain), ("passages read", "recall")),
        *(
            line([(x(rank), y(low)), (x(rank), y(high))], "whisker")
            for rank, (_, low, high) in enumerate(points, start=1)
        ),
        line([(x(rank), y(value)) for rank, (value, _, _) in enumerate(points, start=1)], "curve"),
        *(dot(x(rank), y(value), "point", 3.5) for rank, (value, _, _) in enumerate(points, start=1)),
    ]
    reading = (
        f"The first passage holds the answer for {points[0][0]:.3f} of the answerable questions, the first "
        f"{last} for {points[-1][0]:.3f}. The scale starts at {floor:g}."
    )
    return svg("recall", "Recall at k passages", reading, drawn)


def latency(found: Histogram, quantiles: Sequence[tuple[str, float]]) -> str:
    """Draw a histogram of milliseconds with named quantiles; values beyond its end are one bar."""
    beyond = found.end + found.step * (1.5 if found.over else 0)
    most = max(*found.counts, found.over, 1)
    x, y = Scale((found.start, beyond), (LEFT, RIGHT)), Scale((0, most), (BOTTOM, TOP + 44))
    counts = [tick for tick in ticks(y.domain, 4) if float(tick).is_integer()]
    room = RIGHT - 70 if found.over else RIGHT  # the last bar has a label of its own
    places = [tick for tick in ticks((found.start, found.end), 5) if x(tick) <= room]
    drawn = [axes(x, y, places, counts, ("milliseconds", "questions"))]
    for place, count in enumerate(found.counts):
        low = found.start + place * found.step
        drawn.append(rectangle((x(low) + 0.5, y(count)), (x(low + found.step) - 0.5, BOTTOM), "bar"))
    if found.over:
        drawn += [
            rectangle((x(beyond - found.step) + 0.5, y(found.over)), (x(beyond) - 0.5, BOTTOM), "bar over"),
            text(RIGHT, BOTTOM + 18, f"≥ {number(found.end)}", "tick", "end"),
        ]
    for row, (name, value) in enumerate(quantiles):
        across, up = x(value), TOP + 6 + 14 * row
        left = across > (LEFT + RIGHT) / 2
        drawn += [
            line([(across, up - 5), (across, BOTTOM)], "quantile"),
            text(
                across + (-5 if left else 5),
                up + 3,
                f"{name} {value:,.0f}",
                "strong",
                "end" if left else "start",
            ),
        ]
    reading = "; ".join(f"{name} {value:,.1f} ms" for name, value in quantiles) + "."
    if found.over:
        reading += f" {found.over:,} took {number(found.end)} ms or longer and share the last bar."
    return svg("latency", "Time to an answer", reading, drawn)


def interval_bar(value: float, low: float, high: float, reference: float | None = None) -> str:
    """Draw a share with its interval on a scale from 0 to 1, and a reference's value as a tick.

    It repeats the numbers beside it, so it is hidden from screen readers.
    """
    x = Scale((0, 1), (4, 116))
    drawn = [line([(4, 8), (116, 8)], "track")]
    if not (math.isnan(low) or math.isnan(high)):
        drawn.append(line([(x(low), 8), (x(high), 8)], "range"))
    if reference is not None and not math.isnan(reference):
        drawn.append(line([(x(reference), 1), (x(reference), 15)], "before"))
    drawn.append(dot(x(value), 8, "point", 3))
    return f'<svg class="interval" viewBox="0 0 120 16" aria-hidden="true">{"".join(drawn)}</svg>'


def share_bar(share: float, *, failed: bool) -> str:
    """Draw a share as a bar, outlined if it counts failures; hidden from screen readers."""
    bar = rectangle((0.5, 1.5), (0.5 + 119 * share, 10.5), "bar failed" if failed else "bar")
    return f'<svg class="share" viewBox="0 0 120 12" aria-hidden="true">{bar}</svg>'
