"""How often follow-up questions get the right answer: `python -m eval.studies.followups`.

`datasets/turns.jsonl` holds two-turn conversations over the seeds: a question with its answer, then a
follow-up. Half is `dev`, half `test`. The study also counts how many questions of the whole set over the
seeds, none of which is a follow-up, are taken for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.dataset import SEEDS, SPLITS, DatasetError, Example, field, load_examples
from eval.significance import bootstrap_interval
from indexer.cli import run_commands
from indexer.settings import DEFAULT_INDEX
from service.answering.answerer import Answerer
from service.answering.answers import Answer
from service.answering.followups import Turn, is_followup
from service.loading import load_answerer
from service.settings import load_settings

TURNS = SEEDS.with_name("turns.jsonl")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up question and the turn before it."""

    example: Example
    previous: Turn


def load_turns(path: Path, answerer: Answerer) -> list[FollowUp]:
    """Load two-turn conversations and check both turns' answers against their articles.

    Raises:
        DatasetError: a line is malformed, or an answer is not in its article.
    """
    turns = []
    lines = path.read_text("utf-8").splitlines()
    for number, (example, line) in enumerate(zip(load_examples(path, answerer.index), lines, strict=True), 1):
        place = f"{path.name}, line {number}, previous"
        before: dict[str, Any] = field(json.loads(line), "previous", dict, place)
        question, answer, name = (field(before, key, str, place) for key in ("question", "answer", "article"))
        article = answerer.index.find_article(name)
        if article is None or answer not in article.text:
            raise DatasetError(f"{place}: {answer!r} is not in {name}")
        turns.append(FollowUp(example, Turn(question, answer, name)))
    return turns


def right(answer: Answer, example: Example) -> bool:
    """Whether the best candidate is right, judged by the acceptable answers of the article it cites."""
    if answer.quotation is None:
        return False
    cited = answer.quotation.citation
    return example.accepts(cited.exact, cited.article_id)


def main(
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
) -> None:
    """Print the share of follow-up questions that get the right answer."""
    answerer = load_answerer(load_settings(index=index))
    turns = load_turns(TURNS, answerer)
    variants: dict[str, Callable[[FollowUp], Answer]] = {
        "alone": lambda turn: answerer.answer(turn.example.question, min_confidence=0.0),
        "with the previous question in front": lambda turn: answerer.answer(
            f"{turn.previous.question} {turn.example.question}", min_confidence=0.0
        ),
        "as Quoth interprets it": lambda turn: answerer.answer(
            turn.example.question, min_confidence=0.0, previous=turn.previous
        ),
    }
    table = Table(
        "", *(f"{split}, right" for split in SPLITS), "95% (all)", "answered", title=f"{len(turns)} turns"
    )
    for name, ask in variants.items():
        answers = [ask(turn) for turn in track(turns, name, console=Console(stderr=True), transient=True)]
        found = [right(answer, turn.example) for answer, turn in zip(answers, turns, strict=True)]
        by_split = [
            [one for one, turn in zip(found, turns, strict=True) if turn.example.split == split]
            for split in SPLITS
        ]
        low, high = bootstrap_interval(found)
        answered = sum(answer.confidence >= answerer.threshold for answer in answers)
        table.add_row(
            name,
            *(f"{sum(part)} of {len(part)}" for part in by_split),
            f"{low:.2f} – {high:.2f}",
            str(answered),
        )
    console = Console()
    console.print(table)
    examples = load_examples(SEEDS, answerer.index)
    taken = sum(is_followup(example.question) for example in examples)
    console.print(f"Of {len(examples)} questions that are no follow-ups, {taken} are taken for one.")


if __name__ == "__main__":
    run_commands(main)
