"""The parts of a plot as SVG: scales, axes, lines, text. Coordinates are rounded to a tenth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 400.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 386.0, 30.0, 238.0
"""The edges of the plotted area, in units of the drawing."""

_POINTS = 400
"""The most points of a curve."""
Point = tuple[float, float]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from `domain` to `to`, both as (low, high); `to` is in units of the drawing."""

    domain: Span
    to: Span

    def __call__(self, value: float) -> float:
        """Return the coordinate of a value."""
        low, high = self.domain
        return self.to[0] + (value - low) / (high - low) * (self.to[1] - self.to[0])


def svg(name: str, title: str, reading: str, drawn: Iterable[str]) -> str:
    """Return a drawing with its title and a description in words."""
    return (
        f'<svg class="plot" viewBox="0 0 {place(WIDTH)} {place(HEIGHT)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(reading)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def axes(
    x: Scale,
    y: Scale,
    across: Iterable[float],
    up: Iterable[float],
    names: tuple[str, str],
    *,
    foot: float | None = None,
) -> str:
    """Return grid lines, ticks, and the axes' names at their far ends; `foot`: the y of the x axis."""
    base = foot if foot is not None else y.to[0]
    drawn = []
    for tick in up:
        drawn += [
            line([(LEFT, y(tick)), (RIGHT, y(tick))], "grid"),
            text(LEFT - 7, y(tick) + 4, number(tick), "tick", "end"),
        ]
    drawn.append(line([(LEFT, base), (RIGHT, base)], "axis"))
    for tick in across:
        drawn += [
            line([(x(tick), base), (x(tick), base + 4)], "axis"),
            text(x(tick), base + 18, number(tick), "tick", "middle"),
        ]
    drawn += [text(RIGHT, base + 36, names[0], "name", "end"), text(4, 14, names[1], "name", "start")]
    return "".join(drawn)


def curve(x: Scale, y: Scale, values: Sequence[float]) -> list[Point]:
    """Return points for values at 1/n, 2/n, …, 1: at most `_POINTS`, evenly spaced, with both ends."""
    total = len(values)
    chosen = np.unique(np.linspace(0, total - 1, min(total, _POINTS)).round().astype(int))
    return [(x((int(place) + 1) / total), y(values[int(place)])) for place in chosen]


def line(points: Iterable[Point], name: str) -> str:
    """Return a line through points."""
    places = " ".join(f"{place(across)},{place(up)}" for across, up in points)
    return f'<polyline class="{name}" points="{places}"/>'


def dot(across: float, up: float, name: str, radius: float) -> str:
    """Return a dot."""
    return f'<circle class="{name}" cx="{place(across)}" cy="{place(up)}" r="{place(radius)}"/>'


def rectangle(first: Point, second: Point, name: str) -> str:
    """Return a rectangle between two corners."""
    width, height = second[0] - first[0], second[1] - first[1]
    return (
        f'<rect class="{name}" x="{place(first[0])}" y="{place(first[1])}" '
        f'width="{place(max(width, 0))}" height="{place(max(height, 0))}"/>'
    )


def text(across: float, up: float, words: str, name: str, anchor: str) -> str:
    """Return a text at a point."""
    return (
        f'<text class="{name}" x="{place(across)}" y="{place(up)}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def place(value: float) -> str:
    """Return a coordinate rounded to a tenth; adding 0 turns -0 into 0."""
    return f"{round(value, 1) + 0:.1f}".removesuffix(".0")


def number(value: float) -> str:
    """Return a number as text, with up to ten significant digits."""
    return f"{value:,.10g}"


def round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def ticks(domain: Span, count: int = 5) -> list[float]:
    """Return round numbers in a domain that divide it into at most about `count` steps."""
    low, high = domain
    step = round_step((high - low) / count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]
