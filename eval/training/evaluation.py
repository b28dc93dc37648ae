"""Reading comprehension: question and context in, the best span out, scored as SQuAD scores it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics import auroc, bootstrap_interval, exact_match, token_f1
from eval.training.examples import Example
from eval.training.features import Feature, Featuriser, batches
from eval.training.model import SpanModel, predict
from indexer.segmenter import sentence_offsets
from service.spans import Candidate, search, sentence_of, whole_words

_TOKENS = 8_192  # padded tokens a batch


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best span for an example, in its context; `score` is against no answer."""

    example: Example
    text: str
    score: float

    @property
    def f1(self) -> float:
        """Token F1 against the references."""
        return token_f1(self.text, self.example.answers)

    @property
    def exact(self) -> float:
        """Exact match against the references."""
        return exact_match(self.text, self.example.answers)


def best(example: Example, windows: Sequence[tuple[Feature, np.ndarray]]) -> Prediction:
    """Return the best span over all windows of an example; scores are raw, `float32 (2, tokens)`."""
    sentences = sentence_offsets(example.context)
    found: list[Candidate] = []
    for feature, scores in windows:
        starts, ends = scores[:, feature.first : feature.last]
        regions = sentence_of(feature.offsets, sentences)
        no_answer = float(scores[0, 0] + scores[1, 0])
        found += search(starts, ends, feature.offsets, regions, no_answer=no_answer, count=1)
    top = max(found, key=lambda one: one.score)
    start, end = whole_words(example.context, top.start, top.end)
    return Prediction(example, example.context[start:end], top.score)


def predictions(model: SpanModel, examples: Sequence[Example], featuriser: Featuriser) -> list[Prediction]:
    """Return the prediction for each example, in order."""
    features = featuriser.features(examples)
    scores = predict(model, batches(features, tokens=_TOKENS, seed=None), featuriser.pad_id)
    windows: dict[str, list[tuple[Feature, np.ndarray]]] = defaultdict(list)
    for feature in features:
        windows[feature.example].append((feature, scores[id(feature)]))
    return [best(example, windows[example.id]) for example in examples]


def report(found: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    """Return, by source, F1 and EM in percent with the 95% half-widths, over answerable examples.

    `auroc`: of the score between answerable and unanswerable examples, where a source has both.
    """
    groups: dict[str, list[Prediction]] = defaultdict(list)
    for one in found:
        groups[one.example.source].append(one)
    table = {}
    for source, group in groups.items():
        answered = [one for one in group if one.example.spans]
        f1s, exacts = [one.f1 for one in answered], [one.exact for one in answered]
        table[source] = {"n": len(answered), **_mean("f1", f1s), **_mean("em", exacts)}
        if len(answered) < len(group):
            table[source]["auroc"] = round(
                auroc([one.score for one in group], [bool(one.example.spans) for one in group]), 4
            )
    return table


def _mean(name: str, values: Sequence[float]) -> dict[str, float]:
    low, high = bootstrap_interval(values)
    return {name: round(100 * float(np.mean(values)), 2), f"{name}_±": round(50 * (high - low), 2)}
