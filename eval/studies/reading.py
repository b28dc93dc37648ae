"""Reading comprehension: `python -m eval.studies.reading` scores a reader as SQuAD does, without retrieval.

The reader reads each question's own whole paragraph and must answer: this measures how well it finds the
exact words. Half of the questions of `squad2` have no answer in their paragraph: there the score shows
whether the reader knows when to abstain. Only questions of held-out groups are asked
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

from eval.metrics import auroc, exact_match, token_f1
from eval.significance import bootstrap_interval
from eval.studies.examples import SPAN_SETS, ContextExample, span_examples
from indexer.cli import run_commands
from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.loading import load_reader
from service.answering.reading.reader import Reader


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


def scored(found: Sequence[Prediction]) -> dict[str, float]:
    """Return the summary of the questions with an answer, and of the abstention if some have none."""
    answerable = [one for one in found if one.example.spans]
    return summary(answerable) | (abstention(found) if len(answerable) < len(found) else {})


def abstention(found: Sequence[Prediction], refused: float = 0.05) -> dict[str, float]:
    """Return how well the score tells questions without an answer from the others, in percent but for AUROC.

    `f1_all`: SQuAD 2.0's F1 over all questions, at the best threshold; an abstention counts 1 where there is
    no answer. `abstained`: the share of the unanswerable ones below the threshold that refuses the share
    `refused` of the answerable ones.
    """
    answerable = np.array([bool(one.example.spans) for one in found])
    scores = np.array([one.score for one in found])
    f1 = np.array([one.f1 if one.example.spans else 0.0 for one in found])
    # From the highest score down: what is gained and lost by answering one more question.
    order = np.argsort(-scores, kind="stable")
    gained = np.cumsum(np.where(answerable[order], f1[order], -1.0))
    threshold = np.quantile(scores[answerable], refused)
    return {
        "auroc": round(auroc(scores.tolist(), answerable.tolist()), 4),
        "f1_all": round(100 * float((~answerable).sum() + max(0.0, gained.max())) / len(found), 2),
        "abstained": round(100 * float((scores[~answerable] < threshold).mean()), 2),
    }


def measure(
    reader: Reader, sets: Iterable[str] = SPAN_SETS, most: int | None = None
) -> dict[str, dict[str, float]]:
    """Return the summary for each set, over its first `most` held-out questions."""
    rows = {}
    for name in sets:
        examples = span_examples(name, development=True)[:most]
        with Progress(console=Console(stderr=True), transient=True) as bar:
            advance = functools.partial(bar.advance, bar.add_task(name, total=len(examples)))
            rows[name] = scored(read_examples(reader, examples, advance))
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
    heads = ("questions", "F1", "95%", "EM", "95%", "F1 of all", "AUROC", "abstained at 5% refused")
    table = Table("", *heads, title=f"Reading comprehension: {chosen.name}")
    for name, row in measure(chosen, sets or (*SPAN_SETS, "squad2"), questions).items():
        table.add_row(
            name, f"{row['questions']:,}",
            f"{row['f1']:.1f}", f"{row['f1_low']:.1f} to {row['f1_high']:.1f}",
            f"{row['em']:.1f}", f"{row['em_low']:.1f} to {row['em_high']:.1f}",
            *(f"{row[key]:.{digits}f}" if key in row else ""
              for key, digits in (("f1_all", 1), ("auroc", 3), ("abstained", 1))),
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    run_commands(main)
