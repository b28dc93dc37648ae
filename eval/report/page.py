"""A run as one HTML page that opens offline: figures, curves, breakdowns, failures, settings.

`render` collects what the page shows; `report.html` lays it out. Texts of articles and questions are
untrusted: they reach the page as `str`, which the template escapes, or as `Markup` from `marking`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval import console
from eval.comparison import Comparison, Regression, compare, failures, in_common, regressions
from eval.figures import Compared, Figure, figures
from eval.report import plots
from eval.report.breakdowns import article_of, break_down
from eval.report.curves import counted, curves, drawing
from eval.report.marking import marked
from eval.runs import Excerpt, Outcome, Result, Run
from eval.significance import SAMPLES

HEADLINE = (
    "right of what is given",
    "best candidate, token F1",
    "right article cited",
    "abstained (recall)",
    "refused",
    "latency p50, ms",
)
"""The figures shown first, as large numbers."""
DENOMINATORS = ("all", "answerable", "unanswerable", "answered", "abstained")

SHOWN = 300
"""The most failures, and the most changes, that the page shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, its bar on a scale from 0 to 1 (None for milliseconds), and the reference's beside it."""

    figure: Figure
    bar: Markup | None
    compared: Compared | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of questions with an outcome, and their share of all as a bar."""

    outcome: Outcome
    count: int
    bar: Markup


@dataclass(frozen=True, slots=True)
class Shown:
    """An excerpt with its marks; whether it holds the whole candidate, and a whole acceptable answer."""

    excerpt: Excerpt
    text: Markup
    holds_candidate: bool
    holds_answer: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed question. `rank`: of the first passage read that holds an answer."""

    result: Result
    article: str
    rank: int | None
    references: tuple[str, ...]
    excerpts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """A reference run. `found`: None without a common question; `counts`: worse, better, other changes."""

    run: Run
    found: Comparison | None
    counts: tuple[int, int, int] = (0, 0, 0)
    regressions: tuple[Regression, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that the results depend on; `before` is the reference run's, None without a reference."""

    name: str
    value: str
    before: str | None


def render(run: Run, reference: Run | None) -> str:
    """Return a run's report, HTML. The same runs give the same bytes."""
    against = _against(reference, run) if reference is not None else None
    rows = _rows(run, against)
    by_name = {row.figure.name: row for row in rows}
    failed = failures(run.results)
    shown = [_failure(result) for result in failed[:SHOWN]]
    return _TEMPLATE.render(
        run=run,
        title=console.title(run),
        made=str(run.environment.get("created", "")).partition("T")[0],
        threshold=_threshold(run),
        denominators={name: counted(run.results, name) for name in DENOMINATORS},
        headline=[by_name[name] for name in HEADLINE if name in by_name],
        rows=rows,
        tallies=_tallies(run.results),
        plots=curves(run, {name: row.figure for name, row in by_name.items()}),
        breakdowns=[
            break_down("By kind of question", "Kind", run, lambda one: one.example.kind),
            break_down("By article", "Article of the first acceptable answer", run, article_of),
        ],
        against=against,
        failures=shown,
        failed=len(failed),
        choices=[
            ("outcome", "Outcome", sorted({str(one.result.outcome) for one in shown})),
            ("kind", "Kind", sorted({one.result.example.kind for one in shown})),
            ("article", "Article", sorted({one.article for one in shown})),
        ],
        facts=_facts(run, reference),
        limit=SHOWN,
        samples=SAMPLES,
    )


def _threshold(run: Run) -> float | None:
    """The run's threshold, None where the record has no number."""
    value = run.system.get("threshold")
    return float(value) if isinstance(value, int | float) else None


def _rows(run: Run, against: Against | None) -> list[Row]:
    compared = {row.name: row for row in against.found.rows} if against and against.found else {}
    rows = []
    for figure in figures(run.results, seed=run.seed):
        before = compared.get(figure.name)
        bar = None
        if not figure.name.endswith("ms"):
            tick = before.first if before else None
            bar = drawing(plots.interval_bar(figure.value, figure.low, figure.high, tick))
        rows.append(Row(figure, bar, before))
    return rows


def _tallies(results: Sequence[Result]) -> list[Tally]:
    found = [one.outcome for one in results]
    order = sorted(Outcome, key=lambda outcome: (outcome.failed, -found.count(outcome), outcome))
    return [
        Tally(
            outcome,
            found.count(outcome),
            drawing(plots.share_bar(found.count(outcome) / max(len(found), 1), failed=outcome.failed)),
        )
        for outcome in order
    ]


def _failure(result: Result) -> Failure:
    example = result.example
    return Failure(
        result,
        article_of(result),
        min(result.ranks, default=None),
        (*dict.fromkeys(example.references),),
        tuple(_shown(excerpt, result) for excerpt in result.excerpts),
    )


def _shown(excerpt: Excerpt, result: Result) -> Shown:
    place, candidate = excerpt.place, result.reply.candidate
    given = [candidate.place] if candidate is not None and candidate.place.article == place.article else []
    gold = [span for span in result.example.answers if span.article == place.article]
    spans = [[(one.start - place.start, one.end - place.start) for one in group] for group in (given, gold)]
    holds = [any(low >= 0 and high <= len(excerpt.text) for low, high in group) for group in spans]
    return Shown(excerpt, marked(excerpt.text, *spans), *holds)


def _against(reference: Run, run: Run) -> Against:
    if not in_common(reference, run)[0]:
        return Against(reference, None)
    found = compare(reference, run)
    worse, better, other = (
        sum(change.better is kind for change in found.changes) for kind in (False, True, None)
    )
    return Against(reference, found, (worse, better, other), (*regressions(reference, run),))


def _facts(run: Run, reference: Run | None) -> list[tuple[str, list[Fact]]]:
    mine, before = _sections(run), _sections(reference) if reference is not None else None
    return [
        (
            title,
            [
                Fact(name, facts.get(name, "–"), None if before is None else before[title].get(name, "–"))
                for name in dict.fromkeys([*facts, *(before[title] if before is not None else ())])
            ],
        )
        for title, facts in mine.items()
    ]


def _sections(run: Run) -> dict[str, dict[str, str]]:
    asked = {"asked": len(run.results), "seed": run.seed, "complete": run.complete}
    return {
        "Questions": dict(_flat(run.dataset | asked)),
        "System": dict(_flat(run.system)),
        "Made with": dict(_flat(run.environment)),
    }


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield the leaves of nested JSON objects, each with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: float, name: str = "", *, signed: bool = False) -> str:
    """A figure as the terminal prints it, but with a minus sign instead of a hyphen; a dash for NaN."""
    if math.isnan(value):
        return "–"
    printed = console.number(name, value, signed=signed)
    return printed.lstrip("+-") if float(printed) == 0 else printed.replace("-", "−")


def _headline(value: float, name: str) -> str:
    """A figure in round numbers: milliseconds, or per cent."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f} ms" if name.endswith("ms") else f"{100 * value:.1f}%"


def _p(value: float) -> str:
    least = 0.001
    return "–" if math.isnan(value) else "<0.001" if value < least else f"{value:.3f}"


def _digest(text: str) -> str:
    """The source that allows an inline script or style in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"number": _number, "headline": _headline, "p": _p, "digest": _digest}
_TEMPLATE = _ENVIRONMENT.get_template("report.html")
