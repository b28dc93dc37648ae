"""Outcomes of questions at different settings: figures over them, and paired differences with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.dataset import Example
from eval.metrics import Array, auroc, exact_match, expected_calibration_error, token_f1
from eval.significance import Difference, Draws, difference, draws
from indexer.engine import Filters
from service.answering.answers import Answer

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Question:
    """An example as it is asked; `filters` exclude its own paragraph, and then nothing answers it."""

    example: Example
    filters: Filters | None = None

    @property
    def answerable(self) -> bool:
        """Whether the searched articles answer it."""
        return self.filters is None and self.example.answerable


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best candidate for one question at one setting, scored."""

    answerable: bool
    f1: float
    exact: float
    right: bool
    confidence: float

    @classmethod
    def of(cls, question: Question, answer: Answer) -> Outcome:
        """Score an answer that was given without a threshold."""
        if answer.quotation is None:
            return cls(question.answerable, 0.0, 0.0, False, 0.0)
        words = answer.quotation.text
        references = question.example.references if question.answerable else []
        cited = {one.article_id for one in (answer.quotation.citation, *answer.quotation.other_citations)}
        return cls(
            answerable=question.answerable,
            f1=token_f1(words, references) if references else 0.0,
            exact=exact_match(words, references) if references else 0.0,
            right=question.answerable and any(question.example.accepts(words, one) for one in cited),
            confidence=answer.confidence,
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes as columns, each `(n,)`, or `(samples, n)` for draws of them."""

    answerable: Truth
    f1: Array
    exact: Array
    right: Truth
    confidence: Array

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Outcomes:
        """Return the outcomes as columns."""
        return cls(
            np.array([one.answerable for one in outcomes], dtype=np.bool_),
            np.array([one.f1 for one in outcomes], dtype=np.float64),
            np.array([one.exact for one in outcomes], dtype=np.float64),
            np.array([one.right for one in outcomes], dtype=np.bool_),
            np.array([one.confidence for one in outcomes], dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.answerable)

    def drawn(self, drawn: Draws) -> Outcomes:
        """Return draws of the outcomes, `(samples, n)`."""
        return Outcomes(
            self.answerable[drawn],
            self.f1[drawn],
            self.exact[drawn],
            self.right[drawn],
            self.confidence[drawn],
        )


Figure = Callable[[Outcomes], Array]
"""Outcomes `(n,)` -> a number; draws of them, `(samples, n)` -> a number for each, `float64 (samples,)`."""


def f1(outcomes: Outcomes) -> Array:
    """Return the mean token F1 over the answerable questions, in per cent."""
    return percentage(outcomes.f1, outcomes.answerable)


def exact(outcomes: Outcomes) -> Array:
    """Return the mean exact match over the answerable questions, in per cent."""
    return percentage(outcomes.exact, outcomes.answerable)


def right(outcomes: Outcomes) -> Array:
    """Return the share of the answerable questions whose best candidate is right, in per cent."""
    return percentage(outcomes.right, outcomes.answerable)


def separation(outcomes: Outcomes) -> Array:
    """Return the AUROC of the confidence for "the best candidate is right"."""
    return _each(auroc, outcomes.confidence, outcomes.right)


def calibration_error(outcomes: Outcomes) -> Array:
    """Return the expected calibration error of the confidence."""
    return _each(expected_calibration_error, outcomes.confidence, outcomes.right)


FIGURES: dict[str, Figure] = {
    "F1": f1,
    "EM": exact,
    "right": right,
    "AUROC": separation,
    "ECE": calibration_error,
}


def percentage(values: npt.NDArray[np.generic], counted: Truth) -> Array:
    """Return the mean over what is counted, in per cent; NaN where nothing is."""
    counts = counted.sum(axis=-1)
    totals = (values * counted).sum(axis=-1, dtype=np.float64)
    found: Array = np.divide(100 * totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return found


def _each(metric: Callable[[Array, Array], float], confidence: Array, truth: Array | Truth) -> Array:
    if confidence.ndim == 1:
        return np.array(metric(confidence, truth.astype(np.float64)))
    return np.array([metric(*row) for row in zip(confidence, truth.astype(np.float64), strict=True)])


def paired(figure: Figure, first: Outcomes, second: Outcomes, samples: int = 1_000) -> Difference:
    """Return a figure's difference between two outcomes of the same questions, second less first."""
    drawn = draws(len(first), samples=samples)
    resampled = figure(first.drawn(drawn)), figure(second.drawn(drawn))
    return difference(float(figure(first)), float(figure(second)), resampled)
