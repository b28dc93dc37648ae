"""A reader's confidence: fitted on questions that it was not trained on, put to whole collections.

Three kinds of question, each over the passages that retrieval really returns: held-out questions put to
their whole set; the same with their own paragraph barred from the search, which nothing then answers,
though its neighbours come close; and, with the own paragraph, the same with a name, a number or a word
changed. The development half of the question set over the seeds joins them, since its unanswerable
questions were written by hand. The threshold follows from the risk-coverage curve: the highest that
refuses at most a given share of the answerable questions.
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
from eval.studies.retrieval import open_set
from eval.training.examples import ContextExample, group_of, held_out
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
"""Sets whose questions stand alone, so that they can be put to a whole collection."""

USED = ("score", "margin", "similarity", "coverage")
"""The features that the confidence uses; `support` was tried beside them."""

_TOP_K = 8
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What the best candidate for a question was, and whether it is right."""

    source: str
    question: str
    answerable: bool
    text: str
    f1: float
    right: bool
    article: bool
    features: dict[str, float]


def readings(
    reader: Reader,
    encoder: Encoder,
    studies: Path,
    seeds: Path,
    *,
    sets: Sequence[str] = SETS,
    most: int | None = None,
    split: str = "dev",
    on_progress: Callable[[], None] = lambda: None,
) -> list[Reading]:
    """Put every question to its collection; `most` questions a set, `split` of the seeds' questions."""
    found = []
    for name in sets:
        paragraphs, index = open_set(name, studies, encoder)
        retriever = Retriever(index, encoder, RetrieverSettings())
        texts = {article.id: article for article in paragraphs.articles(lambda _: None)}
        mine = [
            example
            for example in paragraphs.examples
            if held_out(group_of(name, texts[example.context or ""]))
        ][:most]
        contexts = {key: article.text for key, article in texts.items()}
        for source, example, filters in _variants(name, mine, contexts):
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
    name: str, examples: Sequence[Example], contexts: dict[str, str]
) -> Iterator[tuple[str, Example, Filters | None]]:
    """Yield each question with its source: as it is, with its paragraph excluded, and altered."""
    everything = set(contexts)
    by_id = {}
    for example in examples:
        paragraph = example.context or ""
        yield name, example, None
        others = Filters(article_ids=(*(everything - {paragraph}),))
        yield f"{name}, barred", replace(example, answers=()), others
        spans = tuple((gold.start, gold.end) for gold in example.answers)
        by_id[example.id] = ContextExample(example.id, name, example.question, contexts[paragraph], spans)
    for changed in altered([*by_id.values()], 1.0, seed=0):
        unanswerable = Example(changed.id, changed.question, "unanswerable", "dev", ())
        yield f"{name}, altered", unanswerable, None


def _read(
    reader: Reader, retriever: Retriever, source: str, example: Example, filters: Filters | None = None
) -> Reading:
    passages: list[ScoredPassage] = retriever.retrieve(example.question, _TOP_K, filters)
    groups = distinct(reader.read(example.question, passages), _SHOWN)
    best = groups[0][0]
    # A group's words may stand in several articles, and each is cited.
    cited = {span.passage.article_id for span in groups[0]}
    matches = [gold.text for gold in example.answers if gold.article in cited]
    return Reading(
        source=source,
        question=example.question,
        answerable=example.answerable,
        text=best.text,
        f1=token_f1(best.text, example.references) if example.answerable else 0.0,
        right=is_right(best.text, matches),
        article=bool(matches),
        features=confidence_features(example.question, groups, 0),
    )


def keep(path: Path, found: Sequence[Reading]) -> None:
    """Write readings, one JSON object a line."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found), "utf-8")


def kept(path: Path) -> list[Reading]:
    """Read what `keep` wrote."""
    return [Reading(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def fit(
    found: Sequence[Reading], *, refused: float, used: Sequence[str] = USED, seed: int = 0
) -> Calibration:
    """Fit a logistic model of "the best candidate is right"; every reading weighs the same.

    `refused`: the share of answerable questions that the threshold may refuse.
    """
    rows = np.array([[one.features[name] for name in used] for one in found])
    right = np.array([one.right for one in found])
    weights, bias = fit_logistic(rows, right, seed)
    return with_threshold(Calibration(dict(zip(used, weights, strict=True)), bias, 0.0), found, refused)


def with_threshold(calibration: Calibration, found: Sequence[Reading], refused: float) -> Calibration:
    """Return the calibration with the highest threshold that refuses at most a share of the answerable."""
    answerable = sorted(calibration.confidence(one.features) for one in found if one.answerable)
    highest = answerable[min(int(refused * len(answerable)), len(answerable) - 1)]
    # Rounded down: rounded up it would refuse the question that it stands on.
    return replace(calibration, threshold=math.floor(10_000 * highest) / 10_000)


def figures(calibration: Calibration, found: Sequence[Reading]) -> dict[str, float]:
    """Return the figures of a calibration over readings."""
    confidences = np.array([calibration.confidence(one.features) for one in found])
    answerable = np.array([one.answerable for one in found])
    right = [one.right for one in found]
    given = confidences >= calibration.threshold
    table: dict[str, float] = {"questions": len(found), "answerable": int(answerable.sum())}
    if answerable.any():
        mine = [one for one in found if one.answerable]
        table |= {
            "f1": _share([one.f1 for one in mine]),
            "right": _share([one.right for one in mine]),
            "right_article": _share([one.article for one in mine]),
            "refused": _share(~given[answerable]),
        }
    if not answerable.all():
        table["abstained"] = _share(~given[~answerable])
    if answerable.any() and not answerable.all():
        table["auroc_answerable"] = round(auroc(confidences.tolist(), answerable.tolist()), 4)
    if any(right) and not all(right):
        table["auroc_right"] = round(auroc(confidences.tolist(), right), 4)
    table["calibration_error"] = round(expected_calibration_error(confidences.tolist(), right), 4)
    return table


def cross_fitted(
    found: Sequence[Reading], *, refused: float, used: Sequence[str] = USED, folds: int = 5
) -> dict[str, float]:
    """Return the figures with each reading judged by a fit on the other folds, parted by question."""
    questions = [*dict.fromkeys(one.question for one in found)]
    drawn = np.random.default_rng(0).permutation(len(questions)) % folds
    part_of = dict(zip(questions, drawn.tolist(), strict=True))
    parts = np.array([part_of[one.question] for one in found])
    confidences: npt.NDArray[np.float64] = np.zeros(len(found))
    thresholds = []
    for fold in range(folds):
        calibration = fit(
            [one for one, part in zip(found, parts, strict=True) if part != fold], refused=refused, used=used
        )
        thresholds.append(calibration.threshold)
        for place in np.flatnonzero(parts == fold).tolist():
            confidences[place] = calibration.confidence(found[place].features)
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
