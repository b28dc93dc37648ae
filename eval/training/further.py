"""`python -m eval.training.further`: a shipped reader, trained further to know when it does not know.

It starts from the weights that are shipped (`eval.training.shipped`), so it needs none of the recipe's
stages. It learns SQuAD 2.0's questions, half of which people wrote to look answerable; questions with one
thing changed (`negatives`, `opposites`, `negations`); the titles of articles before their texts, true and
wrong (`titles`); lists (MultiSpanQA); and a part of everything that the reader was trained on before, so
that it is not forgotten. The upper half of the layers is trained, which takes two thirds of the time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from eval.studies.examples import ContextExample, qamr_examples, span_examples
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.features import Featuriser, grouped
from eval.training.model import SpanModel, save
from eval.training.negatives import retrieved, without_answer
from eval.training.samples import CHANGEABLE, MAKERS
from eval.training.shipped import restored
from eval.training.titles import titled
from eval.training.trainer import Plan, span_loss, train
from indexer.cli import run_commands
from service.answering.loading import reader_folder

SEED = 40

KNOWN = {"wiki": 1_000, "reddit": 400, "amazon": 400, "policy": 500, "qed": 800, "qamr": 300}
"""How many questions of each set that the reader was trained on before are read again."""

CHANGED = {
    "altered": 250, "exchanged": 500, "opposite": 300, "negated": 100, "title": 200, "cut": 200, "other": 350,
}  # fmt: skip
"""How many unanswerable questions of each kind are made from the answerable ones of `CHANGEABLE` sets."""

_SHARES = {"altered": 0.5, "negated": 0.5, "cut": 0.5, "other": 0.5}
"""Share of the questions that a kind is made from, where more can be made than are needed."""


def examples(seed: int = SEED) -> list[ContextExample]:
    """Return what a reader is trained on further, in no order."""
    draw = random.Random(seed)
    sets = {name: span_examples(name, development=False) for name in KNOWN if name != "qamr"}
    sets["qamr"] = qamr_examples()
    human, lists = (span_examples(name, development=False) for name in ("squad2", "multispan"))
    sets["squad2"] = human
    known = [one for name, count in KNOWN.items() for one in _some(sets[name], count, draw)]
    source = [one for name in CHANGEABLE for one in sets[name] if one.spans]
    return [*titled([*known, *human], seed), *lists, *titled(changed(source, seed), seed + 1)]


def changed(source: Sequence[ContextExample], seed: int) -> list[ContextExample]:
    """Return unanswerable questions made from answerable ones, as many of each kind as `CHANGED` says."""
    draw = random.Random(seed)
    makers = MAKERS | {"cut": without_answer, "other": retrieved}
    made = {
        kind: make(source, _SHARES.get(kind, 1.0), seed + number)
        for number, (kind, make) in enumerate(makers.items())
    }
    return [one for kind, some in made.items() for one in _some(some, CHANGED[kind], draw)]


def _some(found: Sequence[ContextExample], count: int, draw: random.Random) -> list[ContextExample]:
    return draw.sample(list(found), min(count, len(found)))


@dataclass(frozen=True, slots=True)
class Further:
    """How a shipped reader is trained further; `repeats`: how often SQuAD 2.0's and the lists are read."""

    reader: str
    rate: float
    frozen: int
    tokens: int = 3_072
    repeats: int = 2

    def plan(self) -> Plan:
        """Return the run's plan."""
        return Plan(
            f"further-{self.reader}",
            rate=self.rate, warmup=0.06, frozen=self.frozen, tokens=self.tokens, embeddings=False, seed=SEED,
        )  # fmt: skip


DEFAULT = Further("default", rate=3e-5, frozen=6)
FAST = Further("fast", rate=8e-5, frozen=0)


def run(recipe: Further, folder: Path, say: Callable[[str], None] = print) -> SpanModel:
    """Train a shipped reader further, resuming where it was stopped; the model is saved in `folder`."""
    backbone = teacher_backbone(folder) if recipe.reader == DEFAULT.reader else small_backbone()
    featuriser = Featuriser(backbone)
    groups = grouped(featuriser.features(_repeated(examples(), recipe.repeats)))
    say(f"{recipe.reader}: {len(groups):,} questions, {sum(map(len, groups)):,} windows")
    plan = recipe.plan()
    model = train(
        restored(reader_folder(recipe.reader), backbone),
        groups, plan, folder / plan.name, span_loss(featuriser.pad_id), say=say,
    )  # fmt: skip
    save(model, folder / plan.name)
    return model


def _repeated(found: Sequence[ContextExample], repeats: int) -> list[ContextExample]:
    # A copy has an id of its own: an id's windows are one group.
    again = [one for one in found if one.source in ("squad2", "multispan") and "/" not in one.id]
    copies = [_renamed(one, f"{one.id}~{number}") for number in range(1, repeats) for one in again]
    return [*found, *copies]


def _renamed(example: ContextExample, key: str) -> ContextExample:
    return replace(example, example=replace(example.example, id=key))


def main(
    reader: Annotated[str, typer.Option(help="The shipped reader: default or fast.")] = "default",
    folder: Annotated[Path, typer.Option(help="Working folder.")] = Path(".quoth/training"),
    threads: Annotated[int | None, typer.Option(help="Processor cores to use; all by default.")] = None,
) -> None:
    """Train a shipped reader further."""
    if threads is not None:
        torch.set_num_threads(threads)
    recipe = {one.reader: one for one in (DEFAULT, FAST)}[reader]
    run(recipe, folder, say=Console(stderr=True, highlight=False).print)


if __name__ == "__main__":
    run_commands(main)
