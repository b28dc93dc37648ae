"""Fit the sentence baseline and its confidence: `python -m eval.studies.calibrate`.

The questions of Wikipedia and of the search engine make sense without their paragraph, so they are put to
their whole set: once as they are, and once with their own paragraph excluded, so that the articles do not
answer them, though neighbouring paragraphs come close. The paragraphs are split in two halves by their
number: the first fits the sentence model and the confidence, the second measures them, and its figures are
stored with the fit. The threshold is the highest that withholds at most one right answer in 200 of the first
half: a baseline that shows a whole sentence with its confidence does less harm by showing a wrong one than by
withholding a right one.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.baseline import BASELINE, SENTENCE_FEATURES, SentenceReader, SentenceWeights
from eval.dataset import Example
from eval.metrics import auroc, expected_calibration_error
from eval.studies.retrieval import open_set, sample
from indexer.arrays import Vector, Vectors
from indexer.cli import run_commands
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engine import Filters
from indexer.records import ScoredPassage
from service.answering.answers import Span
from service.answering.confidence.calibration import Calibration, confidence_features
from service.answering.reading.spans import distinct
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import RetrieverSettings

_SETS = ("wiki", "qed")
_FEATURES = ("score", "margin")
_TOP_K = 8
_WITHHELD = 0.005  # share of the right answers that the threshold may withhold

Matrix = npt.NDArray[np.float64]


class CachedEncoder:
    """An encoder that keeps its vectors, because many questions read the same sentences."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.max_tokens = encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self.encode_query = functools.cache(encoder.encode_query)
        self._encode = encoder.encode_passages
        self._known: dict[str, Vector] = {}

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return one unit vector per text; only new texts are encoded."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(fresh, self._encode(fresh, on_progress), strict=True))
        return np.array([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Reading:
    """The candidate sentences of a question, their features, and which are right."""

    question: str
    passages: list[ScoredPassage]
    spans: list[Span]
    features: Matrix
    right: npt.NDArray[np.bool_]
    answerable: bool


def read_all(
    name: str, questions: int, folder: Path, encoder: Encoder, *, half: int, seed: int
) -> list[Reading]:
    """Read each sampled question of one half of a set, with and without its own paragraph."""
    paragraphs, index = open_set(name, folder, encoder)
    retriever = Retriever(index, encoder, RetrieverSettings())
    reader = SentenceReader(encoder, SentenceWeights((0.0,) * len(SENTENCE_FEATURES), 0.0))
    mine = [example for example in paragraphs.examples if int((example.context or "")[-1]) % 2 == half]
    everything = {article.id for article in index.articles}
    readings = []
    for example in track(sample(mine, questions, seed), f"{name}, half {half}", console=Console(stderr=True)):
        for answerable in (True, False):
            excluding = (
                None if answerable else Filters(article_ids=(*(everything - {example.context or ""}),))
            )
            passages = retriever.retrieve(example.question, _TOP_K, excluding)
            spans, features = reader.candidates(example.question, passages)
            if spans:
                right = np.array([answerable and _holds(span, example) for span in spans])
                readings.append(Reading(example.question, passages, spans, features, right, answerable))
    return readings


def _holds(span: Span, example: Example) -> bool:
    return span.passage.article_id == example.context and any(
        span.start <= gold.start and gold.end <= span.end for gold in example.answers
    )


def fit(
    features: Matrix, right: npt.NDArray[np.bool_], seed: int, counted: Sequence[float] | None = None
) -> tuple[tuple[float, ...], float]:
    """Fit a logistic model; return its weights and its bias over the unscaled features.

    `counted`: how much each row counts, by default the same.
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(random_state=seed, max_iter=1_000))
    model.fit(features, right, logisticregression__sample_weight=counted)
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    return tuple(float(weight) for weight in weights), bias


def confidence_data(
    readings: Sequence[Reading], model: SentenceWeights
) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Return the confidence features of each reading's best span, and whether it is right."""
    rows, right = [], []
    for reading in readings:
        ranked = model.rank(reading.spans, reading.features)
        groups = distinct([span for _, span in ranked], 2)
        found = confidence_features(reading.question, groups, 0)
        rows.append([found[name] for name in _FEATURES])
        right.append(bool(reading.right[ranked[0][0]]))
    return np.array(rows), np.array(right)


def _named(row: Sequence[float]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(_FEATURES, row, strict=True)}


def measure(
    readings: Sequence[Reading], model: SentenceWeights, calibration: Calibration
) -> dict[str, float | int]:
    """Return the figures of a fit over these readings."""
    features, right = confidence_data(readings, model)
    confidences = [calibration.confidence(_named(row)) for row in features]
    answerable = np.array([reading.answerable for reading in readings])
    given = np.array(confidences) >= calibration.threshold
    return {
        "questions": len(readings),
        "right_sentence_of_answerable": round(float(right[answerable].mean()), 4),
        "auroc_right": round(auroc(confidences, right.tolist()), 4),
        "auroc_answerable": round(auroc(confidences, answerable.tolist()), 4),
        "expected_calibration_error": round(expected_calibration_error(confidences, right.tolist()), 4),
        "unanswerable_abstained": round(float(1 - given[~answerable].mean()), 4),
        "answerable_refused": round(float(1 - given[answerable].mean()), 4),
        "right_of_given": round(float(right[given].mean()), 4),
    }


def main(
    questions: Annotated[int, typer.Option(help="Questions of each half of each set.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the fit.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(".quoth/studies"),
    out: Annotated[Path, typer.Option(help="Where the fit is written.")] = BASELINE,
) -> None:
    """Fit on one half of the development questions, measure on the other, and write both."""
    encoder = CachedEncoder(load_encoder())
    halves = [
        [
            reading
            for name in _SETS
            for reading in read_all(name, questions, folder, encoder, half=half, seed=seed)
        ]
        for half in (0, 1)
    ]
    fitted, unseen = halves
    answerable = [reading for reading in fitted if reading.answerable]
    model = SentenceWeights(
        *fit(
            np.concatenate([reading.features for reading in answerable]),
            np.concatenate([reading.right for reading in answerable]),
            seed,
        )
    )
    features, right = confidence_data(fitted, model)
    weights, bias = fit(features, right, seed)
    calibration = Calibration(_named(weights), bias, threshold=0.0)
    of_right = [
        calibration.confidence(_named(row)) for row, truth in zip(features, right, strict=True) if truth
    ]
    calibration = replace(calibration, threshold=round(float(np.quantile(of_right, _WITHHELD)), 4))
    stored: dict[str, Any] = {
        "reader": {"features": SENTENCE_FEATURES, "weights": model.weights, "bias": model.bias},
        "confidence": {
            "weights": calibration.weights,
            "bias": calibration.bias,
            "threshold": calibration.threshold,
        },
        "fit": {
            "command": f"python -m eval.studies.calibrate --questions {questions} --seed {seed}",
            "sets": _SETS,
            "encoder": encoder.name,
            "on_unseen_half": measure(unseen, model, calibration),
            "on_fitted_half": measure(fitted, model, calibration),
        },
    }
    out.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
    Console().print_json(data=stored["fit"])


if __name__ == "__main__":
    run_commands(main)
