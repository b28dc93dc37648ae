"""A run: a question set put to a system, and the result of each question."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eval import environment
from eval.dataset import Example, GoldSpan
from eval.metrics import exact_match, overlap, token_f1
from eval.systems import Place, Reply, System
from indexer.errors import QuothError

FORMAT = 1


class RunError(QuothError):
    """A run's record cannot be read, or two runs cannot be compared; the message says why."""


class Outcome(StrEnum):
    """How a question ended. All but `RIGHT` and `ABSTAINED` are failures."""

    RIGHT = "right"
    """An answer was given, and it is right."""
    ABSTAINED = "abstained"
    """No answer was given, and the articles hold none."""
    WRONG = "wrong"
    """A wrong answer was given to an answerable question."""
    REFUSED = "refused"
    """No answer was given to an answerable question."""
    INVENTED = "answered without an answer"
    """An answer was given, though the articles hold none."""

    @property
    def failed(self) -> bool:
        """Whether this outcome is a failure."""
        return self not in {Outcome.RIGHT, Outcome.ABSTAINED}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage with its words, kept to show a failure."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one question.

    `answered`: whether the candidate's confidence reaches the threshold, so that the user sees it.
    `relevant`: the number of passages of the index that hold a whole acceptable answer. `excerpts`: for a
    failure, the passage of the candidate and one that holds an answer.
    """

    example: Example
    reply: Reply
    answered: bool
    relevant: int
    excerpts: tuple[Excerpt, ...] = ()

    @property
    def candidate(self) -> str:
        """The words of the best span, given or withheld; "" without one."""
        return self.reply.candidate.text if self.reply.candidate else ""

    @property
    def given(self) -> str:
        """The answer as the user sees it: "" for an abstention."""
        return self.candidate if self.answered else ""

    @property
    def exact(self) -> float:
        """Exact match of the given answer, 0 or 1."""
        return exact_match(self.given, self.example.references)

    @property
    def f1(self) -> float:
        """Token F1 of the given answer, in [0, 1]."""
        return token_f1(self.given, self.example.references)

    @property
    def right(self) -> bool:
        """Whether the candidate is right, judged by the acceptable answers of the article it cites."""
        candidate = self.reply.candidate
        return candidate is not None and self.example.accepts(candidate.text, candidate.place.article)

    @property
    def holds_answer(self) -> bool:
        """Whether the candidate's span includes that of an acceptable answer."""
        candidate = self.reply.candidate
        return candidate is not None and any(_holds(candidate.place, gold) for gold in self.example.answers)

    @property
    def right_article(self) -> bool:
        """Whether the candidate cites an article with an acceptable answer."""
        candidate = self.reply.candidate
        return candidate is not None and candidate.place.article in {
            gold.article for gold in self.example.answers
        }

    @property
    def overlap(self) -> float:
        """Overlap of the cited span with the nearest acceptable one (Dice, characters), in [0, 1]."""
        candidate = self.reply.candidate
        if candidate is None:
            return 0.0
        cited = candidate.place
        return max(
            (
                overlap((cited.start, cited.end), (gold.start, gold.end))
                for gold in self.example.answers
                if gold.article == cited.article
            ),
            default=0.0,
        )

    @property
    def ranks(self) -> list[int]:
        """The 1-based ranks of the passages read that hold a whole acceptable answer."""
        return [
            rank
            for rank, place in enumerate(self.reply.passages, start=1)
            if any(_holds(place, gold) for gold in self.example.answers)
        ]

    @property
    def outcome(self) -> Outcome:
        """How the question ended."""
        if not self.example.answerable:
            return Outcome.INVENTED if self.answered else Outcome.ABSTAINED
        if not self.answered:
            return Outcome.REFUSED
        return Outcome.RIGHT if self.right else Outcome.WRONG


@dataclass(frozen=True, slots=True)
class Run:
    """A question set put to a system, with everything that the results depend on.

    `dataset`: file name, SHA-256, split. `system`: mode, generation, models, threshold, settings.
    `environment`: commit, libraries, hardware, time. `seed`: for the sample of questions and the intervals.
    `complete`: False if the run was stopped before its last question.
    """

    dataset: dict[str, Any]
    system: dict[str, Any]
    environment: dict[str, Any]
    seed: int
    complete: bool
    results: tuple[Result, ...]
    format: int = field(default=FORMAT)


def ask_all(system: System, examples: Iterable[Example], on_result: Callable[[Result], None]) -> None:
    """Ask every question once, in order, and hand each result to `on_result` at once.

    So the caller keeps the results so far, whatever stops a long run.
    """
    for example in examples:
        reply = system.ask(example)
        answered = reply.candidate is not None and reply.confidence >= system.threshold
        relevant = _relevant(system, example)
        result = Result(example, reply, answered, len(relevant))
        if result.outcome.failed:
            result = Result(example, reply, answered, len(relevant), _excerpts(system, result, relevant))
        on_result(result)


def describe() -> dict[str, Any]:
    """Return the time, commit, libraries and hardware of a run."""
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": environment.commit(),
        "libraries": environment.libraries(),
        "hardware": environment.hardware(),
    }


def save(run: Run, path: Path, figures: Sequence[dict[str, Any]]) -> None:
    """Write a run's record with its figures as JSON, one question per line.

    Raises:
        RunError: the file cannot be written.
    """
    record = as_record(run, figures)
    results = ",\n".join(json.dumps(result, ensure_ascii=False) for result in record.pop("results"))
    head = json.dumps(record, ensure_ascii=False, indent=1).removesuffix("\n}")
    write(path, f'{head},\n "results": [\n{results}\n]}}\n')


def check_writable(path: Path | None) -> None:
    """Refuse a file that cannot be written, before there are results to lose.

    Raises:
        RunError: it is a folder, or in a place where nothing may be written.
    """
    if path is None:
        return
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if path.is_dir() or not os.access(there, os.W_OK) or not (there == path or there.is_dir()):
        raise RunError(f"{path} cannot be written: name a file, in a folder where you may write")


def write(path: Path, text: str) -> None:
    """Write a text file and, if need be, its folder.

    Raises:
        RunError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except (OSError, UnicodeEncodeError) as error:
        raise RunError(f"{path} cannot be written: {error}") from error


def as_record(run: Run, figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a run as JSON values, with figures, outcome, EM and F1 for its readers; `load` ignores them."""
    record: dict[str, Any] = _RUN.dump_python(run, mode="json")
    results = record.pop("results")
    for result, kept in zip(run.results, results, strict=True):
        kept |= {"outcome": str(result.outcome), "exact": result.exact, "f1": round(result.f1, 4)}
    return record | {"n": len(results), "figures": [*figures], "results": results}


def load(path: Path) -> Run:
    """Read a run's record.

    Raises:
        RunError: it cannot be read, or is not a record of this format; the message names the field.
    """
    try:
        record = json.loads(path.read_text("utf-8"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise RunError(f"{path} is not a run's record of format {FORMAT}: make one with `quoth eval --out`")
    try:
        run = _RUN.validate_python(record)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise RunError(f"{path}, {where}: {fault['msg']}") from error
    for part, names in _REQUIRED.items():
        for name in names:
            if name not in getattr(run, part):
                raise RunError(f"{path}, {part}.{name}: Field required")
    return run


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


_REQUIRED = {"dataset": ("name", "sha256", "split", "of"), "system": ("mode", "threshold")}
"""Keys that showing and comparing runs depend on."""

_RUN = TypeAdapter(Run)


def _holds(place: Place, gold: GoldSpan) -> bool:
    return place.article == gold.article and place.start <= gold.start and gold.end <= place.end


def _relevant(system: System, example: Example) -> list[Place]:
    """The passages of the system that hold a whole acceptable answer."""
    articles = dict.fromkeys(gold.article for gold in example.answers)
    return [
        place
        for article in articles
        for place in system.passages(article)
        if any(_holds(place, gold) for gold in example.answers)
    ]


def _excerpts(system: System, result: Result, relevant: Sequence[Place]) -> tuple[Excerpt, ...]:
    """The candidate's passage, and another one that holds an answer if that does not."""
    places = [result.reply.candidate.passage] if result.reply.candidate else []
    if relevant and not set(places) & set(relevant):
        # The best of those that were read, or else the first.
        read = [place for place in result.reply.passages if place in relevant]
        places.append((read or relevant)[0])
    articles = {place: system.find_article(place.article) for place in places}
    return tuple(
        Excerpt(place, article.text[place.start : place.end])
        for place, article in articles.items()
        if article is not None
    )
