"""Ask the questions over the corpora; the result of each, a run's record, its figures, two runs compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from eval import metrics
from eval.corpora.questions import Question
from eval.dataset import Example
from eval.metrics import Array
from eval.runs import RunError
from eval.significance import Difference, Draws, difference, draws, interval
from eval.systems import Place, System

FORMAT = 1


class Miss(StrEnum):
    """Why a question counts as failed; the first that applies."""

    INVENTED = "answered without an answer"
    LOST = "no passage of the index holds an answer"
    UNREAD = "no passage that was read holds an answer"
    REFUSED = "right, and withheld"
    DOCUMENT = "another document's words"
    WORDS = "other words of the right document"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it.

    `candidate`, `document`: the best span, given or withheld, and the document it is from; "" without one.
    `passage`: the text that it was read in. `answered`: the user sees it. `held`, `read`: how many passages
    of the index, and of those that were read, hold an accepted answer in a document that gives it.
    """

    question: Question
    candidate: str
    document: str
    passage: str
    confidence: float
    answered: bool
    held: int
    read: int
    milliseconds: float

    @property
    def right(self) -> bool:
        """Whether the candidate is right, given or withheld."""
        return self.question.accepts(self.candidate, self.document)

    @property
    def succeeded(self) -> bool:
        """Whether the user sees the right thing: a right answer, or none where there is none."""
        return (self.answered and self.right) if self.question.answerable else not self.answered

    @property
    def miss(self) -> Miss | None:
        """Why it failed; None if it did not."""
        if self.succeeded:
            return None
        if not self.question.answerable:
            return Miss.INVENTED
        if self.right:
            return Miss.REFUSED
        if not self.held:
            return Miss.LOST
        if not self.read:
            return Miss.UNREAD
        return Miss.WORDS if self.document in self.question.documents else Miss.DOCUMENT


@dataclass(frozen=True, slots=True)
class CorporaRun:
    """The questions put to a version of Quoth, with what the results depend on.

    `indexes`: by corpus, how many articles and passages, and the seconds that indexing took. `system`: models
    and threshold. `environment`: commit, libraries, hardware, time. `seed`: of the intervals.
    """

    format: int
    seed: int
    system: dict[str, Any]
    environment: dict[str, Any]
    indexes: dict[str, dict[str, Any]]
    results: tuple[Asked, ...]


def ask(system: System, question: Question) -> Asked:
    """Ask one question of the index of its corpus."""
    reply = system.ask(Example(question.id, question.question, question.kind, "test", ()))
    found = reply.candidate
    holding = [
        place
        for document in question.documents
        if question.answerable and system.find_article(document) is not None
        for place in system.passages(document)
        if question.is_held_by(_text(system, place))
    ]
    return Asked(
        question,
        found.text if found else "",
        found.place.article if found else "",
        _text(system, found.passage) if found else "",
        reply.confidence,
        found is not None and reply.confidence >= system.threshold,
        len(holding),
        len(set(holding) & set(reply.passages)),
        reply.milliseconds,
    )


def _text(system: System, place: Place) -> str:
    article = system.find_article(place.article)
    return article.text[place.start : place.end] if article is not None else ""


@dataclass(frozen=True, slots=True)
class Measure:
    """The mean of one value per question, over those with an answer, those without one, or all."""

    name: str
    over: str
    of: Callable[[Asked], float]

    def value(self, results: Sequence[Asked], drawn: Draws) -> Array:
        """Return its value over each draw of the results, `float64 (draws,)`; NaN where none counts."""
        counts = np.array([_OVER[self.over](one) for one in results], dtype=np.float64)
        values = np.array([float(self.of(one)) for one in results], dtype=np.float64) * counts
        sizes = counts[drawn].sum(axis=1)
        none = np.full(len(drawn), np.nan)
        found: Array = np.divide(values[drawn].sum(axis=1), sizes, out=none, where=sizes > 0)
        return found


@dataclass(frozen=True, slots=True)
class Statistic:
    """A figure over all questions that is no mean: `of` their results."""

    name: str
    of: Callable[[Sequence[Asked]], float]
    over: str = "all"

    def value(self, results: Sequence[Asked], drawn: Draws) -> Array:
        """Return its value over each draw of the results, `float64 (draws,)`."""
        return np.array([self.of([results[place] for place in draw]) for draw in drawn], dtype=np.float64)


_OVER: dict[str, Callable[[Asked], bool]] = {
    "all": lambda _: True,
    "answerable": lambda one: one.question.answerable,
    "unanswerable": lambda one: not one.question.answerable,
}

MEASURES: tuple[Measure | Statistic, ...] = (
    Measure("right", "answerable", lambda one: one.answered and one.right),
    Measure("abstained", "unanswerable", lambda one: not one.answered),
    Statistic(
        "AUROC answerable",
        lambda results: metrics.auroc(
            [one.confidence for one in results], [one.question.answerable for one in results]
        ),
    ),
    Measure("refused", "answerable", lambda one: not one.answered),
    Measure("best candidate is right", "answerable", lambda one: one.right),
    Measure(
        "best candidate, token F1",
        "answerable",
        lambda one: metrics.token_f1(one.candidate, one.question.answers),
    ),
    Measure("right document", "answerable", lambda one: one.document in one.question.documents),
    Measure("a passage read holds the answer", "answerable", lambda one: one.read > 0),
    Measure("the index holds the answer", "answerable", lambda one: one.held > 0),
    Statistic("median time, ms", lambda results: float(np.median([one.milliseconds for one in results]))),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value with its 95% interval, bootstrap over the questions, and its denominator."""

    name: str
    over: str
    value: float
    low: float
    high: float
    n: int


def figures(results: Sequence[Asked], seed: int = 0) -> list[Figure]:
    """Return every measure that has a value over these results."""
    everything, drawn = np.arange(len(results))[None], draws(len(results), seed=seed)
    found = []
    for measure in MEASURES:
        value = float(measure.value(results, everything)[0])
        if not np.isnan(value):
            count = sum(map(_OVER[measure.over], results))
            found.append(
                Figure(measure.name, measure.over, value, *interval(measure.value(results, drawn)), count)
            )
    return found


def compare(first: CorporaRun, second: CorporaRun) -> tuple[list[tuple[Asked, Asked]], dict[str, Difference]]:
    """Return the results of the questions that both runs have, in pairs, and each figure's paired difference.

    Raises:
        RunError: the runs have no question in common.
    """
    known = {one.question: one for one in first.results}
    pairs = [(known[after.question], after) for after in second.results if after.question in known]
    if not pairs:
        raise RunError("the runs have no question in common")
    everything, drawn = np.arange(len(pairs))[None], draws(len(pairs), seed=second.seed)
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    rows = {}
    for measure in MEASURES:
        values = [float(measure.value(side, everything)[0]) for side in sides]
        if not np.isnan(values).any():
            resampled = measure.value(sides[0], drawn), measure.value(sides[1], drawn)
            rows[measure.name] = difference(values[0], values[1], resampled)
    return pairs, rows


def misses(results: Sequence[Asked]) -> Counter[Miss]:
    """Count the failed questions by what went wrong."""
    return Counter(miss for one in results if (miss := one.miss) is not None)


_RUN = TypeAdapter(CorporaRun)


def as_record(run: CorporaRun) -> dict[str, Any]:
    """Return a run as JSON values, with figures for its readers; `load` ignores them."""
    record: dict[str, Any] = _RUN.dump_python(run, mode="json")
    results = record.pop("results")
    for one, kept in zip(run.results, results, strict=True):
        kept |= {"right": one.right, "miss": one.miss}
    shown = [
        {name: getattr(figure, name) for name in ("name", "over", "value", "low", "high", "n")}
        for figure in figures(run.results, run.seed)
    ]
    return record | {"n": len(results), "figures": shown, "results": results}


def as_json(run: CorporaRun) -> str:
    """Return a run's record as JSON, a question a line."""
    record = as_record(run)
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in record.pop("results"))
    head = json.dumps(record, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{head},\n "results": [\n{lines}\n]}}\n'


def load(path: Path) -> CorporaRun:
    """Read a run's record.

    Raises:
        RunError: it cannot be read, or is no record of this format.
    """
    try:
        run = _RUN.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{path} is not a record of `python -m eval.corpora --out`: {error}") from error
    if run.format != FORMAT:
        raise RunError(f"{path} has format {run.format}, not {FORMAT}")
    return run
