"""Two runs compared: which figures changed beyond chance, and which questions have another result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.figures import TIMED, Compared, Figure, compared, figures
from eval.runs import Outcome, Result, Run, RunError

REFERENCE = Path(__file__).parent / "datasets" / "seeds.reference.json"
"""The committed run over the seeds' questions; `quoth eval --gate` refuses a change that is worse."""


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome or answer differs between two runs."""

    first: Result
    second: Result

    @property
    def better(self) -> bool | None:
        """True where only the second run is right, False where only the first is, None otherwise."""
        before, after = self.first.outcome.failed, self.second.outcome.failed
        return None if before == after else before


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared over the questions that both have.

    `left_out` counts the questions of either run that the other does not have in the same words and with the
    same reference answers.
    """

    rows: tuple[Compared, ...]
    changes: tuple[Change, ...]
    questions: int
    left_out: int

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain values, without what the runs' records hold already."""
        return {
            "questions": self.questions,
            "left_out": self.left_out,
            "figures": [
                {
                    "name": row.name,
                    "first": row.first,
                    "second": row.second,
                    **{name: getattr(row.difference, name) for name in ("low", "high", "p")},
                    "better": row.better,
                }
                for row in self.rows
            ],
            "changes": [
                {
                    "id": change.second.example.id,
                    "question": change.second.example.question,
                    "first": {"outcome": str(change.first.outcome), "given": change.first.given},
                    "second": {"outcome": str(change.second.outcome), "given": change.second.given},
                    "better": change.better,
                }
                for change in self.changes
            ],
        }


def compare(first: Run, second: Run) -> Comparison:
    """Compare two runs; the same seed gives the same intervals.

    Raises:
        RunError: the runs have no question in common.
    """
    mine, theirs = in_common(first, second)
    if not mine:
        raise RunError("the runs have no question in common: compare runs over the same set")
    changes = [
        Change(before, after)
        for before, after in zip(mine, theirs, strict=True)
        if before.outcome is not after.outcome or before.given != after.given
    ]
    # Worse first, then better, then the changes that are neither.
    changes.sort(key=lambda change: {False: 0, True: 1, None: 2}[change.better])
    left_out = len(first.results) + len(second.results) - 2 * len(mine)
    return Comparison((*compared(mine, theirs, seed=second.seed),), (*changes,), len(mine), left_out)


def in_common(first: Run, second: Run) -> tuple[list[Result], list[Result]]:
    """Return both runs' results for the questions that both have, in the order of the second run."""
    # The same words with other reference answers are another question.
    known = {(one.example.id, one.example.question, one.example.answers): one for one in first.results}
    pairs = [
        (before, after)
        for after in second.results
        if (before := known.get((after.example.id, after.example.question, after.example.answers)))
    ]
    return [before for before, _ in pairs], [after for _, after in pairs]


@dataclass(frozen=True, slots=True)
class Regression:
    """A figure that is worse than its 95% interval in the reference run."""

    name: str
    value: float
    reference: Figure

    def __str__(self) -> str:
        reference = self.reference
        return (
            f"{self.name} is {self.value:.3f}: the reference has {reference.value:.3f}, "
            f"95% {reference.low:.3f} to {reference.high:.3f}"
        )


def regressions(reference: Run, run: Run) -> list[Regression]:
    """Return the figures of a run that are worse than the reference's interval over the same questions.

    Where the interval has no width, as for a figure of 1, one question would be enough to leave it: there the
    paired difference must also be beyond chance. Latency depends on the machine and never counts.

    Raises:
        RunError: the runs have no question in common.
    """
    mine, theirs = in_common(reference, run)
    if not mine:
        raise RunError("the reference run has none of these questions: make one over this set")
    bounds = {figure.name: figure for figure in figures(mine, seed=reference.seed)}
    return [
        Regression(row.name, row.second, bound)
        for row in compared(mine, theirs, seed=reference.seed)
        if not row.name.startswith(TIMED)
        and (bound := bounds.get(row.name)) is not None
        and (row.second < bound.low if row.up else row.second > bound.high)
        and (bound.low < bound.high or row.better is False)
    ]


def failures(results: Sequence[Result]) -> list[Result]:
    """Return the failed questions: wrong answers by falling confidence, then refusals."""
    order = [Outcome.INVENTED, Outcome.WRONG, Outcome.REFUSED]
    failed = [one for one in results if one.outcome.failed]
    return sorted(
        failed,
        key=lambda one: (one.outcome is Outcome.REFUSED, -one.reply.confidence, order.index(one.outcome)),
    )
