"""A candidate's confidence: the calibrated one, less where it is about another case. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.records import ScoredPassage
from service.answering.answers import Span
from service.answering.confidence.calibration import Calibration, confidence_features
from service.answering.confidence.conditions import share_of_confidence


def confidence_of(
    calibration: Calibration,
    question: str,
    groups: Sequence[Sequence[Span]],
    number: int,
    passages: Sequence[ScoredPassage],
) -> float:
    """Return the confidence, in [0, 1], of the words of `groups[number]`.

    `groups` are all the candidates, best score first (`service.answering.reading.spans.distinct`); `passages`
    are all that were read.
    """
    features = confidence_features(question, groups, number, calibration.weights)
    return calibration.confidence(features) * share_of_confidence(question, groups[number][0], passages)
