"""Put a question set to an answerer and measure what comes back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eval import metrics
from eval.dataset import Example
from eval.metrics import is_right
from service.answerer import Answerer
from service.answers import Answer


@dataclass(frozen=True, slots=True)
class Result:
    """What one question got. `candidate` is the best span, given or withheld; "" if there was none."""

    example: Example
    answered: bool
    candidate: str
    candidate_article: str | None
    holds_answer: bool
    right: bool
    confidence: float
    passage_rank: int | None
    milliseconds: float

    @property
    def given(self) -> str:
        """The answer as the user sees it: "" for an abstention."""
        return self.candidate if self.answered else ""

    @property
    def references(self) -> list[str]:
        """The texts of the acceptable answers."""
        return [span.text for span in self.example.answers]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of an evaluation: a mean over `count` questions with its 95% bootstrap interval.

    The interval is (NaN, NaN) where the figure is not a mean.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    over: str


def run_examples(
    answerer: Answerer, examples: Sequence[Example], on_progress: Callable[[], None]
) -> list[Result]:
    """Ask every question, once, and note what came back."""
    results = []
    for example in examples:
        # With 0 nothing is withheld, so that the best candidate is seen; what would have been withheld
        # is told by the threshold in force.
        shown = answerer.answer(example.question, min_confidence=0.0)
        results.append(_result(example, shown, answerer.threshold))
        on_progress()
    return results


def _result(example: Example, shown: Answer, threshold: float) -> Result:
    citation = shown.quotation.citation if shown.quotation else None
    ranks = [
        read.rank
        for read in shown.passages
        for gold in example.answers
        if read.article.id == gold.article
        and read.scored.passage.start <= gold.start
        and gold.end <= read.scored.passage.end
    ]
    return Result(
        example=example,
        answered=citation is not None and shown.confidence >= threshold,
        candidate=citation.exact if citation else "",
        candidate_article=citation.article_id if citation else None,
        holds_answer=citation is not None
        and any(
            citation.article_id == gold.article and citation.start <= gold.start and gold.end <= citation.end
            for gold in example.answers
        ),
        right=citation is not None
        and is_right(
            citation.exact, [gold.text for gold in example.answers if gold.article == citation.article_id]
        ),
        confidence=shown.confidence,
        passage_rank=min(ranks, default=None),
        milliseconds=shown.timings_ms["total"],
    )


def figures(results: Sequence[Result]) -> list[Figure]:
    """Return the figures of a run. No question leaves a denominator: an abstention is an answer of "".

    `over` says what each denominator is.
    """
    answerable = [result for result in results if result.example.answerable]
    barred = [result for result in results if not result.example.answerable]
    given = [result for result in results if result.answered]
    confidences = [result.confidence for result in results]
    right = [result.right for result in results]
    milliseconds = [result.milliseconds for result in results]
    ranks = [result.passage_rank for result in answerable]
    return [
        _mean("exact match", [_score(metrics.exact_match, result) for result in results], "all"),
        _mean("token F1", [_score(metrics.token_f1, result) for result in results], "all"),
        _mean("right of what is given", [result.right for result in given], "answered"),
        _mean("best candidate is right", [result.right for result in answerable], "answerable"),
        _mean(
            "best candidate holds the answer", [result.holds_answer for result in answerable], "answerable"
        ),
        _mean(
            "best candidate, exact match",
            [_candidate(metrics.exact_match, one) for one in answerable],
            "answerable",
        ),
        _mean(
            "best candidate, token F1",
            [_candidate(metrics.token_f1, one) for one in answerable],
            "answerable",
        ),
        _mean("right article cited", [_right_article(result) for result in answerable], "answerable"),
        _mean("passage recall@1", [rank == 1 for rank in ranks], "answerable"),
        _mean("passage recall@8", [rank is not None and rank <= 8 for rank in ranks], "answerable"),  # noqa: PLR2004
        _mean("passage reciprocal rank", [1 / rank if rank else 0.0 for rank in ranks], "answerable"),
        _mean("abstained", [not result.answered for result in barred], "unanswerable"),
        _mean("refused", [not result.answered for result in answerable], "answerable"),
        _single(
            "AUROC answerable",
            metrics.auroc(confidences, [one.example.answerable for one in results]),
            results,
        ),
        _single("calibration error", metrics.expected_calibration_error(confidences, right), results),
        _single("latency p50, ms", float(np.quantile(milliseconds, 0.5)), results),
        _single("latency p95, ms", float(np.quantile(milliseconds, 0.95)), results),
    ]


def _score(metric: Callable[[str, Sequence[str]], float], result: Result) -> float:
    return metric(result.given, result.references)


def _candidate(metric: Callable[[str, Sequence[str]], float], result: Result) -> float:
    return metric(result.candidate, result.references)


def _right_article(result: Result) -> bool:
    return result.candidate_article in {gold.article for gold in result.example.answers}


def _mean(name: str, values: Sequence[float], over: str) -> Figure:
    low, high = metrics.bootstrap_interval(values)
    return Figure(name, float(np.mean(values)) if values else math.nan, low, high, len(values), over)


def _single(name: str, value: float, results: Sequence[Result]) -> Figure:
    return Figure(name, value, math.nan, math.nan, len(results), "all")
