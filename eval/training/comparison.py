"""Compares trained readers over the same held-out questions, paired by question.

Two measures: the mean of the development sets' F1, each set weighing the same, and the AUROC of the reader's
score between questions that a text answers and unanswerable ones made from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.metrics import Array, auroc
from eval.significance import Difference, difference, draws
from eval.studies.examples import SPAN_SETS, ContextExample, span_examples
from eval.studies.reading import Prediction, read_examples
from eval.training.negatives import altered, exchanged, retrieved
from service.answering.reading.reader import Reader

_SEED = 10
_ANSWERABLE, _UNANSWERABLE = "answerable", "unanswerable"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out questions of each set, and unanswerable ones made from them."""

    sets: dict[str, list[ContextExample]]
    unanswerable: list[ContextExample]

    @classmethod
    def load(cls, limit: int) -> HeldOut:
        """Return up to `limit` of each set, and the unanswerable ones made from those of wiki and qed."""
        sets = {name: span_examples(name, development=True)[:limit] for name in SPAN_SETS}
        standalone = [*sets["wiki"], *sets["qed"]]
        kinds = (altered, exchanged, retrieved)
        return cls(sets, [example for make in kinds for example in make(standalone, 0.5, _SEED)])


@dataclass(frozen=True, slots=True)
class ReaderResult:
    """A reader's F1 by set, and its scores of answerable and unanswerable questions; a value per question."""

    f1: dict[str, Array]
    answerable: Array
    unanswerable: Array

    @classmethod
    def of(cls, reader: Reader, questions: HeldOut) -> ReaderResult:
        """Run a reader over all questions."""
        read = {name: read_examples(reader, examples) for name, examples in questions.sets.items()}
        return cls(
            {name: np.array([one.f1 for one in found]) for name, found in read.items()},
            _scores([*read["wiki"], *read["qed"]]),
            _scores(read_examples(reader, questions.unanswerable)),
        )

    def save(self, path: Path) -> None:
        """Write it as an `.npz` file."""
        scores = {_ANSWERABLE: self.answerable, _UNANSWERABLE: self.unanswerable}
        np.savez(path, **self.f1, **scores)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> ReaderResult:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        answerable, unanswerable = arrays.pop(_ANSWERABLE), arrays.pop(_UNANSWERABLE)
        return cls(arrays, answerable, unanswerable)

    @property
    def mean_f1(self) -> float:
        """The mean over the sets of each set's mean F1."""
        return float(np.mean([values.mean() for values in self.f1.values()]))

    @property
    def auroc(self) -> float:
        """AUROC of the score between answerable and unanswerable questions."""
        return _auroc(self.answerable, self.unanswerable)


def _scores(found: Sequence[Prediction]) -> Array:
    return np.array([one.score for one in found])


def _auroc(answerable: Array, unanswerable: Array) -> float:
    labels = np.repeat([True, False], [len(answerable), len(unanswerable)])
    return auroc(np.concatenate([answerable, unanswerable]), labels)


def differences(
    base: ReaderResult, other: ReaderResult, *, samples: int = 2_000
) -> tuple[Difference, Difference]:
    """Return the differences in F1 and in AUROC, other minus base, by a paired bootstrap."""
    f1 = [
        np.mean(
            [values[draws(len(values), samples=samples)].mean(axis=1) for values in one.f1.values()], axis=0
        )
        for one in (base, other)
    ]
    yes = draws(len(base.answerable), samples=samples, seed=1)
    no = draws(len(base.unanswerable), samples=samples, seed=2)
    areas = [
        np.array([_auroc(one.answerable[a], one.unanswerable[b]) for a, b in zip(yes, no, strict=True)])
        for one in (base, other)
    ]
    return (
        difference(base.mean_f1, other.mean_f1, (f1[0], f1[1])),
        difference(base.auroc, other.auroc, (areas[0], areas[1])),
    )


def table_row(base: ReaderResult, other: ReaderResult) -> list[str]:
    """Return table cells: F1 by set in percent, their mean, AUROC, each with its difference from the base."""
    cells = [f"{100 * values.mean():.1f}" for values in other.f1.values()]
    if other is base:
        return [*cells, f"{100 * base.mean_f1:.1f}", "", f"{base.auroc:.3f}", ""]
    f1, area = differences(base, other)
    return [
        *cells,
        f"{100 * other.mean_f1:.1f}",
        f"{100 * f1.low:+.1f} to {100 * f1.high:+.1f}",
        f"{other.auroc:.3f}",
        f"{area.low:+.3f} to {area.high:+.3f}",
    ]
