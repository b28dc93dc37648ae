"""A reader's confidence: fitted on held-out questions over whole collections.

Three kinds of question, each read over the passages that retrieval really returns for it: held-out questions
over their whole set; the same with their own paragraph barred from retrieval, so that nothing answers,
though neighbouring paragraphs come close; and the same with a name, a number or a word of the question
changed. The development half of the question set over the seeds is added, as its unanswerable questions were
written by hand. The threshold is read off the risk-coverage curve: the highest that refuses at most a given
share of the answerable questions.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.dataset import SEEDS, Example, load_examples
from eval.metrics import auroc, expected_calibration_error, is_right, token_f1
from eval.studies.calibrate import fit as fit_logistic
from eval.studies.examples import ContextExample, group_of, held_out
from eval.studies.retrieval import open_set
from eval.training.negatives import altered
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.engine import Filters
from indexer.engines.faiss.index import open_index
from indexer.records import ScoredPassage
from service.answering.confidence import Calibration, confidence_features
from service.answering.reader import Reader
from service.answering.retriever import Retriever
from service.answering.settings import RetrieverSettings
from service.answering.spans import distinct

SETS = ("wiki", "qed")
"""Sets whose questions make sense without their paragraph, so a whole collection can be asked them."""

USED = ("score", "margin", "similarity", "coverage")
"""The features that the confidence uses; `support` was tried as well."""

_TOP_K = 8
_MAX_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Observation:
    """The best candidate for a question, its features, and whether it is right.

    `source`: where the question came from. `right_article`: whether a cited article is a right one.
    """

    source: str
    question: str
    answerable: bool
    text: str
    f1: float
    right: bool
    right_article: bool
    features: dict[str, float]


def observe(
    reader: Reader,
    encoder: Encoder,
    studies: Path,
    seeds: Path,
    *,
    sets: Sequence[str] = SETS,
    limit: int | None = None,
    split: str = "dev",
    on_progress: Callable[[], None] = lambda: None,
) -> list[Observation]:
    """Observe at most `limit` questions of each set, and one split of the question set over the seeds."""
    found = []
    for name in sets:
        paragraphs, index = open_set(name, studies, encoder)
        retriever = Retriever(index, encoder, RetrieverSettings())
        articles = {article.id: article for article in paragraphs.articles(lambda _: None)}
        examples = [
            example
            for example in paragraphs.examples
            if held_out(group_of(name, articles[example.context or ""]))
        ][:limit]
        texts = {key: article.text for key, article in articles.items()}
        for source, example, filters in _variants(name, examples, texts):
            found.append(_read(reader, retriever, source, example, filters))
            on_progress()
    with tempfile.TemporaryDirectory() as scratch:
        build(Corpus(seeds), Path(scratch), encoder)
        index = open_index(Path(scratch))
        retriever = Retriever(index, encoder, RetrieverSettings())
        for example in load_examples(SEEDS, index):
            if example.split == split:
                found.append(_read(reader, retriever, "seeds", example))
                on_progress()
    return found


def _variants(
    name: str, examples: Sequence[Example], texts: dict[str, str]
) -> Iterator[tuple[str, Example, Filters | None]]:
    """Yield each question with its source: as it is, with its own paragraph barred, and altered."""
    by_id = {}
    for example in examples:
        paragraph = example.context or ""
        yield name, example, None
        others = Filters(article_ids=(*(texts.keys() - {paragraph}),))
        yield f"{name}, barred", replace(example, answers=()), others
        by_id[example.id] = ContextExample(example, name, texts[paragraph])
    for changed in altered([*by_id.values()], 1.0, seed=0):
        yield f"{name}, altered", changed.example, None


def _read(
    reader: Reader, retriever: Retriever, source: str, example: Example, filters: Filters | None = None
) -> Observation:
    passages: list[ScoredPassage] = retriever.retrieve(example.question, _TOP_K, filters)
    groups = distinct(reader.read(example.question, passages), _MAX_ANSWERS)
    best = groups[0][0]
    # A group's words may occur in several articles, and each is cited.
    cited = {span.passage.article_id for span in groups[0]}
    matches = [gold.text for gold in example.answers if gold.article in cited]
    return Observation(
        source=source,
        question=example.question,
        answerable=example.answerable,
        text=best.text,
        f1=token_f1(best.text, example.references) if example.answerable else 0.0,
        right=is_right(best.text, matches),
        right_article=bool(matches),
        features=confidence_features(example.question, groups, 0),
    )


def save_observations(path: Path, found: Sequence[Observation]) -> None:
    """Write observations as JSON lines."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found), "utf-8")


def load_observations(path: Path) -> list[Observation]:
    """Read what `save_observations` wrote."""
    return [Observation(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def fit(
    found: Sequence[Observation], *, refused: float, used: Sequence[str] = USED, seed: int = 0
) -> Calibration:
    """Fit a logistic model of "the best candidate is right"; every observation weighs the same.

    `refused`: the share of answerable questions that the threshold may refuse.
    """
    rows = np.array([[one.features[name] for name in used] for one in found])
    right = np.array([one.right for one in found])
    weights, bias = fit_logistic(rows, right, seed)
    return with_threshold(Calibration(dict(zip(used, weights, strict=True)), bias, 0.0), found, refused)


def with_threshold(calibration: Calibration, found: Sequence[Observation], refused: float) -> Calibration:
    """Return the calibration with the highest threshold that refuses at most this share of the answerable."""
    answerable = sorted(calibration.confidence(one.features) for one in found if one.answerable)
    highest = answerable[min(int(refused * len(answerable)), len(answerable) - 1)]
    # Rounded down: rounded up it would refuse the very question that it was taken from.
    return replace(calibration, threshold=math.floor(10_000 * highest) / 10_000)


def figures(calibration: Calibration, found: Sequence[Observation]) -> dict[str, float]:
    """Return the metrics of a calibration over observations, those that are defined for them."""
    confidences = np.array([calibration.confidence(one.features) for one in found])
    answerable = np.array([one.answerable for one in found])
    right = [one.right for one in found]
    accepted = confidences >= calibration.threshold
    table: dict[str, float] = {"questions": len(found), "answerable": int(answerable.sum())}
    if answerable.any():
        with_answer = [one for one in found if one.answerable]
        table |= {
            "f1": _share([one.f1 for one in with_answer]),
            "right": _share([one.right for one in with_answer]),
            "right_article": _share([one.right_article for one in with_answer]),
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


def cross_fitted(
    found: Sequence[Observation], *, refused: float, used: Sequence[str] = USED, folds: int = 5
) -> dict[str, float]:
    """Return cross-validated metrics: each observation is judged by a fit on other questions."""
    questions = [*dict.fromkeys(one.question for one in found)]
    drawn = np.random.default_rng(0).permutation(len(questions)) % folds
    fold_of = dict(zip(questions, drawn.tolist(), strict=True))
    assigned = np.array([fold_of[one.question] for one in found])
    confidences: npt.NDArray[np.float64] = np.zeros(len(found))
    thresholds = []
    for fold in range(folds):
        calibration = fit(
            [one for one, its_fold in zip(found, assigned, strict=True) if its_fold != fold],
            refused=refused,
            used=used,
        )
        thresholds.append(calibration.threshold)
        for number in np.flatnonzero(assigned == fold).tolist():
            confidences[number] = calibration.confidence(found[number].features)
    answerable = [one.answerable for one in found]
    return {
        "auroc_answerable": round(auroc(confidences.tolist(), answerable), 4),
        "auroc_right": round(auroc(confidences.tolist(), [one.right for one in found]), 4),
        "calibration_error": round(
            expected_calibration_error(confidences.tolist(), [one.right for one in found]), 4
        ),
        "threshold": round(float(np.mean(thresholds)), 4),
    }


def _share(values: Sequence[float] | npt.NDArray[np.bool_]) -> float:
    return round(float(np.mean(values)), 4)
