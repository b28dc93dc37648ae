"""Questions put to several systems in turns, and what comes of it: times against Quoth's, and quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from eval.benchmark.peers.contestant import Ready, Said
from eval.dataset import Example
from eval.metrics import exact_match, token_f1
from eval.significance import bootstrap_interval, draws, interval

PERCENTILES = (50, 95, 99)


class System(Protocol):
    """What is asked: `eval.benchmark.peers.contestant.Running` is one."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def ready(self) -> Ready: ...  # noqa: D102

    def ask(self, question: str) -> Said:
        """Put a question and wait for what is said."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over `count` questions, with its 95% bootstrap interval over them; NaN of none."""

    value: float
    low: float
    high: float
    count: int

    def as_json(self) -> dict[str, float | int | None]:
        """Return it as a record keeps it: null for NaN."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(one) else round(one, 4) for name, one in numbers.items()} | {
            "n": self.count
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What a system came to.

    `milliseconds`: percentiles over all questions. `ratio`: its median by that of the first system, drawn
    over the questions that both were asked. `f1`, `exact`, `article` (the answer's is one that answers):
    over the answerable questions, where no answer counts 0. `invented`: answers given, of the questions
    that have none. `raised`: passages over which it failed. `memory`: bytes, at the end.
    """

    name: str
    ready: Ready
    milliseconds: Mapping[int, float]
    ratio: Estimate
    f1: Estimate
    exact: Estimate
    article: Estimate
    invented: Estimate
    raised: int
    memory: int

    def as_json(self) -> dict[str, Any]:
        """Return it as a record keeps it."""
        ready = self.ready
        return {
            "name": self.name,
            "settings": ready.settings,
            "versions": dict(ready.versions),
            "ready_s": round(ready.seconds, 3),
            "indexing_s": None if ready.indexing_s is None else round(ready.indexing_s, 3),
            "memory_ready": ready.memory,
            "memory": self.memory,
            "milliseconds": {f"p{share}": round(value, 3) for share, value in self.milliseconds.items()},
            "ratio_of_medians": self.ratio.as_json(),
            "f1": self.f1.as_json(),
            "exact_match": self.exact.as_json(),
            "right_article": self.article.as_json(),
            "invented": self.invented.as_json(),
            "raised": self.raised,
        }


@dataclass(frozen=True, slots=True)
class Played:
    """What a system said to each question, in their order."""

    name: str
    ready: Ready
    said: tuple[Said, ...]


def play(
    systems: Sequence[System],
    examples: Sequence[Example],
    warm_up: int,
    on_question: Callable[[], None] = lambda: None,
) -> list[Played]:
    """Put every question to every system, one at a time.

    The first `warm_up` questions are asked once before, and what comes of that does not count. Systems take
    turns question by question, each time another first: a slow moment of the machine falls on all of them.
    """
    for example in examples[:warm_up]:
        for system in systems:
            system.ask(example.question)
        on_question()
    said: list[list[Said]] = [[] for _ in systems]
    for number, example in enumerate(examples):
        for turn in range(len(systems)):
            place = (number + turn) % len(systems)
            said[place].append(systems[place].ask(example.question))
        on_question()
    return [
        Played(system.name, system.ready, tuple(answers))
        for system, answers in zip(systems, said, strict=True)
    ]


def standings(
    played: Sequence[Played], examples: Sequence[Example], articles: Mapping[str, str], seed: int = 0
) -> list[Standing]:
    """Return what each system came to, against the first. `articles` maps a passage's id to its article."""
    return [_standing(one, played[0], examples, articles, seed) for one in played]


def _standing(
    played: Played, first: Played, examples: Sequence[Example], articles: Mapping[str, str], seed: int
) -> Standing:
    said, seconds = played.said, [one.seconds for one in played.said]
    answerable = [pair for pair in zip(said, examples, strict=True) if pair[1].answerable]
    others = [one for one, example in zip(said, examples, strict=True) if not example.answerable]
    return Standing(
        name=played.name,
        ready=played.ready,
        milliseconds={share: 1_000 * float(np.percentile(seconds, share)) for share in PERCENTILES},
        ratio=ratio_of_medians(seconds, [one.seconds for one in first.said], seed),
        f1=_mean([token_f1(one.text, example.references) for one, example in answerable], seed),
        exact=_mean([exact_match(one.text, example.references) for one, example in answerable], seed),
        article=_mean([_right_article(one, example, articles) for one, example in answerable], seed),
        invented=_mean([float(bool(one.text)) for one in others], seed),
        raised=sum(one.raised for one in said),
        memory=said[-1].memory,
    )


def ratio_of_medians(seconds: Sequence[float], against: Sequence[float], seed: int) -> Estimate:
    """Return the median of `seconds` by that of `against`; the questions are drawn for both together."""
    mine, theirs = np.asarray(seconds, dtype=np.float64), np.asarray(against, dtype=np.float64)
    drawn = draws(len(mine), seed=seed)
    low, high = interval(np.median(mine[drawn], axis=1) / np.median(theirs[drawn], axis=1))
    return Estimate(float(np.median(mine) / np.median(theirs)), low, high, len(mine))


def _right_article(said: Said, example: Example, articles: Mapping[str, str]) -> float:
    wanted = {gold.article for gold in example.answers}
    return float(bool(said.text) and articles.get(said.passage or "") in wanted)


def _mean(values: Sequence[float], seed: int) -> Estimate:
    low, high = bootstrap_interval(values, seed=seed)
    return Estimate(float(np.mean(values)) if values else float("nan"), low, high, len(values))
