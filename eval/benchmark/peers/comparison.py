"""Ask several systems the same questions in turn, and compare the times and quality of their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from eval.benchmark.peers.contestant import Ready, Reply
from eval.dataset import Example
from eval.metrics import exact_match, token_f1
from eval.significance import bootstrap_interval, draws, interval

PERCENTILES = (50, 95, 99)


class System(Protocol):
    """A system that can be asked, such as `eval.benchmark.peers.contestant.Running`."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def ready(self) -> Ready: ...  # noqa: D102

    def ask(self, question: str) -> Reply:
        """Ask a question and wait for the reply."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over `count` questions with its 95% bootstrap interval; NaN if there are none."""

    value: float
    low: float
    high: float
    count: int

    def as_json(self) -> dict[str, float | int | None]:
        """Return it as JSON values, with None for NaN."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(one) else round(one, 4) for name, one in numbers.items()} | {
            "n": self.count
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one system.

    `milliseconds`: percentiles over all questions. `ratio`: its median divided by that of the first system,
    with a paired bootstrap over questions. `f1`, `exact` and `article` (the answer is from an article with a
    reference answer): over the answerable questions, where no answer counts as 0. `invented`: the share of
    unanswerable questions that were answered. `raised`: passages on which it failed. `memory`: bytes, at the
    end.
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
        """Return it as JSON values."""
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
class Transcript:
    """A system's replies to the questions, in their order."""

    name: str
    ready: Ready
    replies: tuple[Reply, ...]


def ask_all(
    systems: Sequence[System],
    examples: Sequence[Example],
    warm_up: int,
    on_question: Callable[[], None] = lambda: None,
) -> list[Transcript]:
    """Ask every system every question, one at a time.

    The first `warm_up` questions are asked once before, and those replies are dropped. Systems alternate
    question by question, each time starting with another one, so that a slow moment of the machine affects
    all of them.
    """
    for example in examples[:warm_up]:
        for system in systems:
            system.ask(example.question)
        on_question()
    replies: list[list[Reply]] = [[] for _ in systems]
    for number, example in enumerate(examples):
        for turn in range(len(systems)):
            place = (number + turn) % len(systems)
            replies[place].append(systems[place].ask(example.question))
        on_question()
    return [
        Transcript(system.name, system.ready, tuple(answers))
        for system, answers in zip(systems, replies, strict=True)
    ]


def summarise(
    transcripts: Sequence[Transcript], examples: Sequence[Example], articles: Mapping[str, str], seed: int = 0
) -> list[Figures]:
    """Return each system's figures, relative to the first. `articles` maps a passage's id to its article."""
    return [_figures(one, transcripts[0], examples, articles, seed) for one in transcripts]


def _figures(
    transcript: Transcript,
    first: Transcript,
    examples: Sequence[Example],
    articles: Mapping[str, str],
    seed: int,
) -> Figures:
    replies, seconds = transcript.replies, [one.seconds for one in transcript.replies]
    answerable = [pair for pair in zip(replies, examples, strict=True) if pair[1].answerable]
    others = [one for one, example in zip(replies, examples, strict=True) if not example.answerable]
    return Figures(
        name=transcript.name,
        ready=transcript.ready,
        milliseconds={share: 1_000 * float(np.percentile(seconds, share)) for share in PERCENTILES},
        ratio=ratio_of_medians(seconds, [one.seconds for one in first.replies], seed),
        f1=_mean([token_f1(one.text, example.references) for one, example in answerable], seed),
        exact=_mean([exact_match(one.text, example.references) for one, example in answerable], seed),
        article=_mean([_right_article(one, example, articles) for one, example in answerable], seed),
        invented=_mean([float(bool(one.text)) for one in others], seed),
        raised=sum(one.raised for one in replies),
        memory=replies[-1].memory,
    )


def ratio_of_medians(seconds: Sequence[float], baseline: Sequence[float], seed: int) -> Estimate:
    """Return the median of `seconds` divided by that of `baseline`, with a paired bootstrap interval."""
    own, other = np.asarray(seconds, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    drawn = draws(len(own), seed=seed)
    low, high = interval(np.median(own[drawn], axis=1) / np.median(other[drawn], axis=1))
    return Estimate(float(np.median(own) / np.median(other)), low, high, len(own))


def _right_article(reply: Reply, example: Example, articles: Mapping[str, str]) -> float:
    expected = {gold.article for gold in example.answers}
    return float(bool(reply.text) and articles.get(reply.passage or "") in expected)


def _mean(values: Sequence[float], seed: int) -> Estimate:
    low, high = bootstrap_interval(values, seed=seed)
    return Estimate(float(np.mean(values)) if values else float("nan"), low, high, len(values))
