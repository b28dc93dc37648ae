"""Reading comprehension: `python -m eval.studies.reading` scores a reader as SQuAD does, without retrieval.

The reader reads each question's own whole paragraph and must answer: this measures how well it finds the
exact words, not whether it knows when to abstain. Only questions of held-out groups are asked
(`eval.studies.examples`); no reader was trained on them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from eval.metrics import exact_match, token_f1
from eval.significance import bootstrap_interval
from eval.studies.examples import SPAN_SETS, ContextExample, span_examples
from indexer.cli import run_commands
from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.loading import load_reader
from service.answering.reader import Reader


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best span for an example; `score` is the reader's, against no answer."""

    example: ContextExample
    text: str
    score: float

    @property
    def f1(self) -> float:
        """Token F1 against the references, in [0, 1]."""
        return token_f1(self.text, self.example.references)

    @property
    def exact(self) -> float:
        """Exact match against the references, 0 or 1."""
        return exact_match(self.text, self.example.references)


def whole_passage(example: ContextExample) -> ScoredPassage:
    """Return an example's context as one passage, with retrieval scores of 0."""
    passage = Passage(0, example.id, 0, len(example.text))
    sentences = tuple(sentence_offsets(example.text))
    return ScoredPassage(passage, example.text, 0.0, 0.0, 0.0, sentences)


def read_examples(
    reader: Reader, examples: Sequence[ContextExample], on_progress: Callable[[], None] = lambda: None
) -> list[Prediction]:
    """Return the reader's best span for each example, in order."""
    found = []
    for example in examples:
        spans = reader.read(example.question, [whole_passage(example)])
        found.append(
            Prediction(example, spans[0].text if spans else "", spans[0].score if spans else -np.inf)
        )
        on_progress()
    return found


def summary(found: Sequence[Prediction]) -> dict[str, float]:
    """Return the mean F1 and EM in percent, with 95% bootstrap intervals over questions."""
    figures: dict[str, float] = {"questions": len(found)}
    for name, values in (("f1", [one.f1 for one in found]), ("em", [one.exact for one in found])):
        low, high = bootstrap_interval(values)
        figures |= {
            name: round(100 * float(np.mean(values)), 2),
            f"{name}_low": round(100 * low, 2),
            f"{name}_high": round(100 * high, 2),
        }
    return figures


def measure(
    reader: Reader, sets: Iterable[str] = SPAN_SETS, most: int | None = None
) -> dict[str, dict[str, float]]:
    """Return the summary for each set, over its first `most` held-out questions."""
    rows = {}
    for name in sets:
        examples = span_examples(name, development=True)[:most]
        with Progress(console=Console(stderr=True), transient=True) as bar:
            advance = functools.partial(bar.advance, bar.add_task(name, total=len(examples)))
            rows[name] = summary(read_examples(reader, examples, advance))
    return rows


def main(
    reader: Annotated[
        str, typer.Option(help="A shipped reader's name, or an exported reader's folder.")
    ] = "default",
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Development set; repeat it for more. All by default.")
    ] = None,
    questions: Annotated[int | None, typer.Option(help="Questions of each set, at most.")] = None,
) -> None:
    """Score a reader on the held-out questions of the development sets."""
    chosen, _ = load_reader(reader)
    table = Table("", "questions", "F1", "95%", "EM", "95%", title=f"Reading comprehension: {chosen.name}")
    for name, row in measure(chosen, sets or SPAN_SETS, questions).items():
        table.add_row(
            name, f"{row['questions']:,}",
            f"{row['f1']:.1f}", f"{row['f1_low']:.1f} to {row['f1_high']:.1f}",
            f"{row['em']:.1f}", f"{row['em_low']:.1f} to {row['em_high']:.1f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    run_commands(main)
