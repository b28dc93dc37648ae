"""How often follow-up questions get the right answer: `python -m eval.studies.followups`.

`datasets/turns.jsonl` holds two-turn conversations over the seeds: a question with its answer, then what the
reader says next. Half is `dev`, half `test`. An answer is right if it is one of the acceptable answers of the
article it cites and reaches the threshold. What has no answer ("Thanks", "Why?" where the article gives no
reason) is right if Quoth abstains. The study also counts how many questions of the whole set over the seeds,
none of which is a follow-up, are taken for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from service.answering.questions.followups import Turn, is_followup
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
    """Whether an answer is acceptable in the article it cites; without an acceptable one, if it abstains."""
    if answer.quotation is None or not example.answerable:
        return answer.quotation is None and not example.answerable
    cited = answer.quotation.citation
    return example.accepts(cited.exact, cited.article_id)


def main(
    index: Annotated[Path, typer.Option(help="An index of the seeds.")] = DEFAULT_INDEX,
    wrong: Annotated[bool, typer.Option("--wrong", help="List the dev turns that are wrong.")] = False,
) -> None:
    """Print the share of follow-up questions that get the right answer."""
    answerer = load_answerer(load_settings(index=index))
    turns = load_turns(TURNS, answerer)
    variants: dict[str, Callable[[FollowUp], Answer]] = {
        "alone": lambda turn: answerer.answer(turn.example.question),
        "with the previous question in front": lambda turn: answerer.answer(
            f"{turn.previous.question} {turn.example.question}"
        ),
        "as Quoth interprets it": lambda turn: answerer.answer(turn.example.question, previous=turn.previous),
    }
    kinds = [*dict.fromkeys(turn.example.kind for turn in turns)]
    table = Table("right, of", *(f"{name}" for name in variants), title=f"{len(turns)} turns")
    outcomes: dict[str, list[bool]] = {}
    for name, ask in variants.items():
        answers = [ask(turn) for turn in track(turns, name, console=Console(stderr=True), transient=True)]
        outcomes[name] = [right(answer, turn.example) for answer, turn in zip(answers, turns, strict=True)]
    rows: dict[str, Callable[[Example], bool]] = {
        "all": lambda _: True,
        "answered by the articles": lambda example: example.answerable,
        "not answered by the articles": lambda example: not example.answerable,
        **{split: partial(_is_split, split) for split in SPLITS},
        **{kind: partial(_is_kind, kind) for kind in kinds},
    }
    for label, belongs in rows.items():
        parts = [
            [one for one, turn in zip(found, turns, strict=True) if belongs(turn.example)]
            for found in outcomes.values()
        ]
        table.add_row(f"{label}, {len(parts[0])}", *(str(sum(part)) for part in parts))
    intervals = [bootstrap_interval(found) for found in outcomes.values()]
    table.add_row("95% (all)", *(f"{low:.2f} – {high:.2f}" for low, high in intervals))
    console = Console()
    console.print(table)
    if wrong:
        for turn, found in zip(turns, outcomes["as Quoth interprets it"], strict=True):
            if not found and turn.example.split == "dev":
                console.print(
                    f"{turn.example.id}  {turn.previous.question}  {turn.example.question}", markup=False
                )
    examples = load_examples(SEEDS, answerer.index)
    taken = sum(is_followup(example.question) for example in examples)
    console.print(f"Of {len(examples)} questions that are no follow-ups, {taken} are taken for one.")


def _is_split(split: str, example: Example) -> bool:
    return example.split == split


def _is_kind(kind: str, example: Example) -> bool:
    return example.kind == kind


if __name__ == "__main__":
    run_commands(main)
