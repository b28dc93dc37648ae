"""Answers of several spans: `python -m eval.studies.lists` scores them as MultiSpanQA does.

Each question is read over its own paragraph. Exact: a span counts if it has the words of a gold one. Partial:
by the longest run of words that it shares with a gold one (Li et al., 2022, "MultiSpanQA", section 4).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.metrics import normalise
from eval.significance import draws
from eval.studies.examples import ContextExample, span_examples
from eval.studies.reading import whole_passage
from indexer.cli import run_commands
from service.answering.answers import Span
from service.answering.loading import load_reader
from service.answering.reading.reader import Reader
from service.answering.several import answering_together


@dataclass(frozen=True, slots=True)
class ListScores:
    """What one question adds to each sum: spans given and wanted, and those found, exactly or in part."""

    given: int
    wanted: int
    exact: int
    precise: float
    recalled: float


def scored(given: Sequence[str], wanted: Sequence[str]) -> ListScores:
    """Return the scores of the spans given for a question, against the gold ones."""
    mine = [*dict.fromkeys(_words(one) for one in given)]
    gold = [*dict.fromkeys(_words(one) for one in wanted)]
    precise = sum(max((_shared(one, other) / len(one) for other in gold), default=0.0) for one in mine if one)
    recalled = sum(
        max((_shared(one, other) / len(one) for other in mine), default=0.0) for one in gold if one
    )
    return ListScores(len(mine), len(gold), len({*mine} & {*gold}), precise, recalled)


def _words(text: str) -> tuple[str, ...]:
    return tuple(normalise(text).split())


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size


def f1(found: Sequence[ListScores], *, exact: bool) -> float:
    """Return the F1 over all questions together, in [0, 1]."""
    given, wanted = (sum(getattr(one, name) for one in found) for name in ("given", "wanted"))
    precise = sum(one.exact if exact else one.precise for one in found)
    recalled = sum(one.exact if exact else one.recalled for one in found)
    if not given or not wanted or not precise or not recalled:
        return 0.0
    precision, recall = precise / given, recalled / wanted
    return float(2 * precision * recall / (precision + recall))


def read_lists(
    reader: Reader, examples: Sequence[ContextExample], on_progress: Callable[[], None] = lambda: None
) -> list[list[Span]]:
    """Return the spans that answer each question together."""
    found = []
    for example in examples:
        spans = reader.read(example.question, [whole_passage(example)])
        found.append(answering_together(example.question, spans))
        on_progress()
    return found


def main(
    reader: Annotated[str, typer.Option(help="A shipped reader's name, or a reader's folder.")] = "default",
    training: Annotated[bool, typer.Option(help="Ask the training half instead.")] = False,
    questions: Annotated[int | None, typer.Option(help="Questions, at most.")] = None,
) -> None:
    """Score a reader's lists on MultiSpanQA's held-out questions, and count lists for single answers."""
    chosen, _ = load_reader(reader)
    table = Table("", "questions", "F1", "95%", title=f"Lists: {chosen.name}")
    examples = span_examples("multispan", development=not training)[:questions]
    found = [
        scored([span.text for span in spans], example.references)
        for spans, example in zip(read_lists(chosen, examples), examples, strict=True)
    ]
    for name, exact in (("exact", True), ("partial", False)):
        sampled = [
            f1([found[place] for place in row], exact=exact) for row in draws(len(found), samples=1_000)
        ]
        low, high = np.percentile(sampled, [2.5, 97.5])
        table.add_row(
            name,
            f"{len(found)}",
            f"{100 * f1(found, exact=exact):.1f}",
            f"{100 * low:.1f} to {100 * high:.1f}",
        )
    single = span_examples("wiki", development=True)[: len(examples)]
    several = np.mean([len(spans) > 1 for spans in read_lists(chosen, single)])
    table.add_row("Wikipedia, more than one answer", f"{len(single)}", f"{100 * several:.1f}", "")
    Console().print(table)


if __name__ == "__main__":
    run_commands(main)
