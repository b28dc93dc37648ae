"""`python -m eval.training.samples`: unanswerable questions as they are made, with the originals, to be read.

What a swap is worth is judged by reading: whether the text is really without an answer, and whether a person
would ask so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from eval.studies.examples import ContextExample, span_examples
from eval.training.negations import negated
from eval.training.negatives import altered, exchanged
from eval.training.opposites import opposites
from eval.training.titles import wrong_titles
from indexer.cli import run_commands

CHANGEABLE = ("wiki", "qed", "squad2")
"""The sets whose questions are changed: they make sense without their paragraph."""

MAKERS: dict[str, Callable[[Sequence[ContextExample], float, int], list[ContextExample]]] = {
    "altered": altered, "exchanged": exchanged, "opposite": opposites, "negated": negated,
    "title": wrong_titles,
}  # fmt: skip
"""The kinds of changed questions: the question is another one, the text is the same."""


def sample(
    examples: Sequence[ContextExample], kind: str, count: int, seed: int
) -> list[tuple[str, ContextExample]]:
    """Return up to `count` made questions of a kind, each after its original question."""
    before = {example.id: example.question for example in examples}
    made = MAKERS[kind](examples, 1.0, seed)
    drawn = random.Random(seed).sample(made, min(count, len(made)))
    return [(before[one.id.rsplit("/", 1)[0]], one) for one in drawn]


def main(
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(MAKERS)}.")] = "exchanged",
    show: Annotated[int, typer.Option(help="How many questions.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    limit: Annotated[int, typer.Option(help="Questions of each set to make them from.")] = 1_000,
) -> None:
    """Print made questions of a kind, each with its original and its text."""
    if kind not in MAKERS:
        raise typer.BadParameter(f"no kind {kind!r}: {', '.join(MAKERS)}")
    sets = (span_examples(name, development=False) for name in CHANGEABLE)
    examples = [one for found in sets for one in found[:limit] if one.spans]
    for before, one in sample(examples, kind, show, seed):
        context = f"\n  title: {one.context}" if one.context else ""
        typer.echo(f"{one.id}\n  was: {before}\n  now: {one.question}{context}\n  text: {one.text.strip()}\n")


if __name__ == "__main__":
    run_commands(main)
