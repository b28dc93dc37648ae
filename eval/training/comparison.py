"""One trained reader beside another over the same held-out questions, question by question.

F1 over the development sets, each counting alike, and how well a reader's score tells questions that a
paragraph answers from those made up beside it that it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.metrics import Array, auroc
from eval.significance import Difference, difference, draws
from eval.studies.reading import Prediction, read_examples
from eval.training.examples import SPAN_SETS, ContextExample, span_examples
from eval.training.negatives import altered, exchanged, retrieved
from service.answering.reader import Reader

_SEED = 10
_ANSWERED, _UNANSWERED = "answered", "unanswered"


@dataclass(frozen=True, slots=True)
class Asked:
    """The held-out questions: those of each set, and those that their paragraphs do not answer."""

    sets: dict[str, list[ContextExample]]
    unanswered: list[ContextExample]

    @classmethod
    def held_out(cls, most: int) -> Asked:
        """Return up to `most` of each set, and what is made of those that stand alone."""
        sets = {name: span_examples(name, development=True)[:most] for name in SPAN_SETS}
        alone = [*sets["wiki"], *sets["qed"]]
        made = [*altered(alone, 0.5, _SEED), *exchanged(alone, 0.5, _SEED), *retrieved(alone, 0.5, _SEED)]
        return cls(sets, made)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of the questions: F1 by set, and its scores of what is and is not answered."""

    f1: dict[str, Array]
    answered: Array
    unanswered: Array

    @classmethod
    def of(cls, reader: Reader, asked: Asked) -> Reading:
        """Let a reader read them all."""
        read = {name: read_examples(reader, examples) for name, examples in asked.sets.items()}
        alone = [*read["wiki"], *read["qed"]]
        return cls(
            {name: np.array([one.f1 for one in found]) for name, found in read.items()},
            _scores(alone),
            _scores(read_examples(reader, asked.unanswered)),
        )

    def save(self, path: Path) -> None:
        """Write it as an `.npz` file."""
        kinds = {_ANSWERED: self.answered, _UNANSWERED: self.unanswered}
        np.savez(path, **self.f1, **kinds)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Reading:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        answered, unanswered = arrays.pop(_ANSWERED), arrays.pop(_UNANSWERED)
        return cls(arrays, answered, unanswered)

    @property
    def mean_f1(self) -> float:
        """The mean over the sets of their mean F1."""
        return float(np.mean([values.mean() for values in self.f1.values()]))

    @property
    def auroc(self) -> float:
        """How well the score orders what is answered before what is not."""
        return _auroc(self.answered, self.unanswered)


def _scores(found: Sequence[Prediction]) -> Array:
    return np.array([one.score for one in found])


def _auroc(answered: Array, unanswered: Array) -> float:
    kinds = np.repeat([True, False], [len(answered), len(unanswered)])
    return auroc(np.concatenate([answered, unanswered]), kinds)


def apart(base: Reading, other: Reading, *, samples: int = 2_000) -> tuple[Difference, Difference]:
    """Return the differences of F1 and AUROC, the other's less the base's, over the same draws."""
    f1 = [
        np.mean(
            [values[draws(len(values), samples=samples)].mean(axis=1) for values in one.f1.values()], axis=0
        )
        for one in (base, other)
    ]
    yes = draws(len(base.answered), samples=samples, seed=1)
    no = draws(len(base.unanswered), samples=samples, seed=2)
    areas = [
        np.array([_auroc(one.answered[a], one.unanswered[b]) for a, b in zip(yes, no, strict=True)])
        for one in (base, other)
    ]
    return (
        difference(base.mean_f1, other.mean_f1, (f1[0], f1[1])),
        difference(base.auroc, other.auroc, (areas[0], areas[1])),
    )


def row(base: Reading, reading: Reading) -> list[str]:
    """Return a table's cells: F1 by set in percent, their mean, AUROC, and both differences from the base."""
    cells = [f"{100 * values.mean():.1f}" for values in reading.f1.values()]
    if reading is base:
        return [*cells, f"{100 * base.mean_f1:.1f}", "", f"{base.auroc:.3f}", ""]
    f1, area = apart(base, reading)
    return [
        *cells,
        f"{100 * reading.mean_f1:.1f}",
        f"{100 * f1.low:+.1f} to {100 * f1.high:+.1f}",
        f"{reading.auroc:.3f}",
        f"{area.low:+.3f} to {area.high:+.3f}",
    ]
