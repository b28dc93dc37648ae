"""The breakdowns of a report: figures by kind of question and by article."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.figures import MEASURES
from eval.report.curves import counted
from eval.runs import Outcome, Result, Run
from eval.significance import draws, interval

GROUPS = 50
"""The most groups that a breakdown shows: a set of paragraphs has thousands of articles."""
UNANSWERABLE = "(no article answers)"


@dataclass(frozen=True, slots=True)
class Group:
    """The questions of one kind or article. `f1`: the best candidate's mean and interval, or NaN."""

    name: str
    count: int
    succeeded: int
    answerable: int
    f1: tuple[float, float, float]
    right_article: int
    refused: int
    abstained: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Groups of the questions, with all questions as the last; `left_out` counts the groups not shown."""

    title: str
    column: str
    groups: tuple[Group, ...]
    left_out: int


def article_of(result: Result) -> str:
    """Return the article of a question's first acceptable answer, or `UNANSWERABLE`."""
    return result.example.answers[0].article if result.example.answers else UNANSWERABLE


def break_down(title: str, column: str, run: Run, key: Callable[[Result], str]) -> Breakdown:
    """Group a run's questions by a key, largest group first; groups of unanswerable questions last."""
    members: dict[str, list[Result]] = {}
    for one in run.results:
        members.setdefault(key(one), []).append(one)
    order = sorted(
        members.items(),
        key=lambda item: (not counted(item[1], "answerable"), -len(item[1]), item[0]),
    )
    kept = [*order[:GROUPS], ("All", [*run.results])]
    groups = tuple(_group(name, results, run.seed) for name, results in kept)
    return Breakdown(title, column, groups, max(0, len(order) - GROUPS))


def _group(name: str, results: Sequence[Result], seed: int) -> Group:
    answerable = [one for one in results if one.example.answerable]
    f1 = next(measure for measure in MEASURES if measure.name == "best candidate, token F1")
    low, high = interval(f1.resampled(answerable, draws(len(answerable), seed=seed)))
    return Group(
        name,
        len(results),
        sum(not one.outcome.failed for one in results),
        len(answerable),
        (f1.value(answerable), low, high),
        sum(one.right_article for one in answerable),
        sum(one.outcome is Outcome.REFUSED for one in answerable),
        sum(one.outcome is Outcome.ABSTAINED for one in results),
    )
