"""A reader's confidence: a logistic model of a few features, fitted on questions over many collections.

Every collection weighs the same, whatever its number of questions, so that a confidence means the same over
five articles and over ten thousand. It is judged by leaving out one collection at a time. An answer is shown
from the confidence at which half are right. `eval.training.observing` describes what the model is fitted on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from eval.metrics import auroc, expected_calibration_error
from eval.studies.calibrate import fit as fit_logistic
from eval.training.observing import Found, Observation
from service.answering.confidence.calibration import Calibration

USED = ("score", "margin", "similarity", "coverage")
"""The features that the confidence uses; the others of `FEATURES` were tried as well."""

SHOWN_FROM = 0.5
"""The confidence from which an answer is shown: where half are right, if the confidence is calibrated."""

_ROUNDS = 3  # of fitting and choosing: which candidate is the most confident depends on the fit

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def best(observation: Observation, calibration: Calibration) -> tuple[float, Found | None]:
    """Return the most confident candidate and its confidence, as the answerer chooses it; 0 without one."""
    confidences = [calibration.confidence(one.features) * one.share for one in observation.candidates]
    if not confidences:
        return 0.0, None
    place = int(np.argmax(confidences))  # the first of equals, which has the best score
    return confidences[place], observation.candidates[place]


def fit(found: Sequence[Observation], *, used: Sequence[str] = USED, seed: int = 0) -> Calibration:
    """Fit a logistic model of "the most confident candidate is right".

    Candidates whose confidence is reduced for another reason (`Found.share`) are not learnt from.
    """
    chosen = [one.candidates[0] if one.candidates else None for one in found]
    weights = _weights(found)
    for _ in range(_ROUNDS):
        learnt = [
            (candidate, weight)
            for candidate, weight in zip(chosen, weights, strict=True)
            if candidate is not None and candidate.share == 1.0
        ]
        rows = np.array([[candidate.features[name] for name in used] for candidate, _ in learnt])
        right = np.array([candidate.right for candidate, _ in learnt])
        fitted, bias = fit_logistic(rows, right, seed, [weight for _, weight in learnt])
        calibration = Calibration(dict(zip(used, fitted, strict=True)), bias, 0.0)
        chosen = [best(one, calibration)[1] for one in found]
    return replace(calibration, threshold=SHOWN_FROM)


def _weights(found: Sequence[Observation]) -> list[float]:
    """The weight of each observation; those of a collection have the same, and together that of any other."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.corpus] = counts.get(one.corpus, 0) + 1
    return [len(found) / len(counts) / counts[one.corpus] for one in found]


def with_threshold(calibration: Calibration, found: Sequence[Observation], refused: float) -> Calibration:
    """Return the calibration with the highest threshold that refuses at most this share of the answerable."""
    answerable = sorted(best(one, calibration)[0] for one in found if one.answerable)
    highest = answerable[min(int(refused * len(answerable)), len(answerable) - 1)]
    # Rounded down: rounded up it would refuse the very question that it was taken from.
    return replace(calibration, threshold=math.floor(10_000 * highest) / 10_000)


def figures(calibration: Calibration, found: Sequence[Observation]) -> dict[str, float]:
    """Return the metrics of a calibration over observations, those that are defined for them."""
    return _figures([best(one, calibration) for one in found], found, calibration.threshold)


def _figures(
    chosen: Sequence[tuple[float, Found | None]], found: Sequence[Observation], threshold: float
) -> dict[str, float]:
    confidences = np.array([confidence for confidence, _ in chosen])
    candidates = [candidate for _, candidate in chosen]
    answerable = np.array([one.answerable for one in found])
    right = [candidate is not None and candidate.right for candidate in candidates]
    accepted = confidences >= threshold
    table: dict[str, float] = {"questions": len(found), "answerable": int(answerable.sum())}
    if answerable.any():
        with_answer = [one for one, asked in zip(candidates, answerable, strict=True) if asked]
        table |= {
            "f1": _share([one.f1 if one else 0.0 for one in with_answer]),
            "right": _share([one is not None and one.right for one in with_answer]),
            "right_article": _share([one is not None and one.right_article for one in with_answer]),
            "refused": _share(~accepted[answerable]),
        }
    if not answerable.all():
        table["abstained"] = _share(~accepted[~answerable])
    if answerable.any() and not answerable.all():
        table["auroc_answerable"] = round(auroc(confidences.tolist(), answerable.tolist()), 4)
    if any(right) and not all(right):
        table["auroc_right"] = round(auroc(confidences.tolist(), right), 4)
    table["calibration_error"] = round(expected_calibration_error(confidences.tolist(), right), 4)
    return table


def operating_points(
    calibration: Calibration, found: Sequence[Observation], shares: Sequence[float] = (0.03, 0.05, 0.1, 0.2)
) -> list[dict[str, float]]:
    """Return thresholds that refuse these shares of the answerable questions, and what each abstains from."""
    rows = []
    for share in (None, *shares):
        chosen = calibration if share is None else with_threshold(calibration, found, share)
        table = figures(chosen, found)
        given = [candidate for confidence, candidate in (best(one, chosen) for one in found)
                 if confidence >= chosen.threshold]  # fmt: skip
        rows.append(
            {
                "threshold": chosen.threshold,
                "refused": table["refused"],
                "abstained": table.get("abstained", 0.0),
                "right_of_given": _share([one is not None and one.right for one in given] or [False]),
            }
        )
    return rows


def left_out(found: Sequence[Observation], *, used: Sequence[str] = USED) -> dict[str, dict[str, float]]:
    """Return each collection's metrics under a fit on the others, and those of all together, "pooled".

    Empty for a single collection.
    """
    corpora = [*dict.fromkeys(one.corpus for one in found)]
    if len(corpora) < 2:  # noqa: PLR2004 - nothing is left to fit on
        return {}
    chosen: list[tuple[float, Found | None]] = [(0.0, None)] * len(found)
    table = {}
    for corpus in corpora:
        places = [place for place, one in enumerate(found) if one.corpus == corpus]
        calibration = fit([one for one in found if one.corpus != corpus], used=used)
        for place in places:
            chosen[place] = best(found[place], calibration)
        table[corpus] = _figures(
            [chosen[place] for place in places], [found[place] for place in places], SHOWN_FROM
        )
    table["pooled"] = _figures(chosen, found, SHOWN_FROM)
    return table


def _share(values: Sequence[float] | Flags) -> float:
    return round(float(np.mean(values)), 4)
