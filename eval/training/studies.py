"""What the parts of the small reader's training are worth: `python -m eval.training.studies`.

Every study is a short run of as many steps, with one thing other than in the `base`, which is the recipe
cut short. All are asked the same held-out questions and compared with the base question by question: F1 over
the development sets, each counting alike, and how well the score tells questions that a paragraph answers
from those made up beside it that it does not. Needs `QUOTH_DATA` and the stages of `python -m eval.training`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from eval.metrics import Array, auroc
from eval.reading import Prediction, read_examples
from eval.significance import Difference, difference, draws
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.distillation import Scores, distillation_loss, teacher_scores
from eval.training.examples import SPAN_SETS, Example, span_examples
from eval.training.features import OTHER, Featuriser, Group, batches, grouped
from eval.training.model import SpanModel, from_backbone, restore, save
from eval.training.negatives import altered, exchanged, retrieved
from eval.training.network import torch_reader
from eval.training.recipe import (
    SHARE,
    TEMPERATURE,
    Workshop,
    answerable,
    answered,
    default,
    labels,
    paragraphs,
    short,
    teacher,
)
from eval.training.trainer import Plan, train
from indexer.cli import run_commands
from service.reader import Reader

SEED = 10


@dataclass(frozen=True, slots=True)
class Study:
    """One run: `examples` learnt, from the first stage's model or from the backbone, taught or not.

    `share` and `temperature` are `distillation_loss`'s.
    """

    name: str
    examples: Callable[[Workshop], list[Example]]
    first_stage: bool = True
    share: float = SHARE
    temperature: float = TEMPERATURE


def _without_passages(shop: Workshop) -> list[Example]:
    """Everything but the passages that retrieval brings from elsewhere."""
    return [one for one in paragraphs(shop, SEED) if not one.id.endswith(OTHER)]


def _without_labels(shop: Workshop) -> list[Example]:
    """Everything but the self-trained examples and what was made of them."""
    own = {one.id for one in labels(shop)}
    return [one for one in paragraphs(shop, SEED) if one.id.split("/")[0] not in own]


BASE = Study("base: the recipe", lambda shop: paragraphs(shop, SEED))
STUDIES = (
    BASE,
    Study("QAMR's pairs mixed in, not first", lambda shop: [*short(20), *paragraphs(shop, SEED)], False),
    Study("nothing of QAMR", lambda shop: paragraphs(shop, SEED), first_stage=False),
    Study("references alone, no teacher", lambda shop: paragraphs(shop, SEED), share=0.0),
    Study("the teacher alone", lambda shop: paragraphs(shop, SEED), share=1.0),
    Study("temperature 1", lambda shop: paragraphs(shop, SEED), temperature=1.0),
    Study("temperature 4", lambda shop: paragraphs(shop, SEED), temperature=4.0),
    Study("no self-training", _without_labels),
    Study("no passages from elsewhere", _without_passages),
    Study("nothing unanswerable", lambda shop: answered(shop, SEED)),
    Study("references alone, all mixed, nothing else", lambda _: [*short(20), *answerable()], False, 0.0),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The held-out questions: those of each set, and those that their paragraphs do not answer."""

    sets: dict[str, list[Example]]
    unanswered: list[Example]

    @classmethod
    def held_out(cls, most: int) -> Asked:
        """Return up to `most` of each set, and what is made of those that stand alone."""
        sets = {name: span_examples(name, development=True)[:most] for name in SPAN_SETS}
        alone = [*sets["wiki"], *sets["qed"]]
        made = [*altered(alone, 0.5, SEED), *exchanged(alone, 0.5, SEED), *retrieved(alone, 0.5, SEED)]
        return cls(sets, made)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run made of the questions: F1 by set, and its scores of what is and is not answered."""

    f1: dict[str, Array]
    answered: Array
    unanswered: Array

    @classmethod
    def of(cls, reader: Reader, asked: Asked) -> Reading:
        """Let a reader read them all."""
        read = {name: read_examples(reader, examples) for name, examples in asked.sets.items()}
        alone = [*read["wiki"], *read["qed"]]
        return cls(
            {name: np.array([one.f1 for one in found]) for name, found in read.items()},
            _scores(alone),
            _scores(read_examples(reader, asked.unanswered)),
        )

    @property
    def mean_f1(self) -> float:
        """The mean over the sets of their mean F1."""
        return float(np.mean([values.mean() for values in self.f1.values()]))

    @property
    def auroc(self) -> float:
        """How well the score orders them."""
        return _auroc(self.answered, self.unanswered)


def _scores(found: Sequence[Prediction]) -> Array:
    return np.array([one.score for one in found])


def _auroc(answered: Array, unanswered: Array) -> float:
    kinds = np.repeat([True, False], [len(answered), len(unanswered)])
    return auroc(np.concatenate([answered, unanswered]), kinds)


def apart(base: Reading, other: Reading, *, samples: int = 2_000) -> tuple[Difference, Difference]:
    """Return the differences of F1 and AUROC, the other's less the base's, over the same draws."""
    f1 = [
        np.mean(
            [values[draws(len(values), samples=samples)].mean(axis=1) for values in one.f1.values()], axis=0
        )
        for one in (base, other)
    ]
    yes = draws(len(base.answered), samples=samples, seed=1)
    no = draws(len(base.unanswered), samples=samples, seed=2)
    areas = [
        np.array([_auroc(one.answered[a], one.unanswered[b]) for a, b in zip(yes, no, strict=True)])
        for one in (base, other)
    ]
    return (
        difference(base.mean_f1, other.mean_f1, (f1[0], f1[1])),
        difference(base.auroc, other.auroc, (areas[0], areas[1])),
    )


def run(shop: Workshop, study: Study, steps: int, scores: Scores) -> SpanModel:
    """Train as a study says, or read what it trained; its folder is `studies/` and its name."""
    folder = shop.folder / "studies" / study.name.replace(" ", "-")
    if (folder / "model.safetensors").is_file():
        return restore(folder)
    backbone = small_backbone()
    words = Featuriser(backbone)
    groups: list[Group] = grouped(words.features(study.examples(shop)))
    plan = Plan(study.name, rate=2e-4, warmup=0.04, seed=SEED)
    whole = len(batches(groups, tokens=plan.tokens, seed=plan.seed))
    start = restore(shop.folder / "fast-qamr") if study.first_stage else from_backbone(backbone, 0)
    taught = scores if study.share else {}
    loss = distillation_loss(taught, words.pad_id, temperature=study.temperature, share=study.share)
    # Those that begin with the backbone learn for as long as the first stage took besides.
    longer = 0 if study.first_stage else _steps_of(shop.folder / "fast-qamr")
    plan = replace(plan, epochs=(steps + longer) / whole)
    model = train(start, groups, plan, folder, loss, say=shop.say)
    save(model, folder)
    return restore(folder)


def _steps_of(stage: Path) -> int:
    """How many steps a stage took, by its log."""
    records = [json.loads(line) for line in (stage / "log.jsonl").read_text("utf-8").splitlines()]
    return max(int(record.get("of", 0)) for record in records)


def main(
    folder: Annotated[Path, typer.Option(help="Where the stages keep their work.")] = Path(".quoth/training"),
    steps: Annotated[int, typer.Option(help="Of each run.", min=1)] = 600,
    questions: Annotated[int, typer.Option(help="Of a development set, at most.", min=1)] = 400,
    threads: Annotated[int | None, typer.Option(help="Processor cores; all by default.")] = None,
) -> None:
    """Train each study, and print what it changes as a Markdown table."""
    if threads is not None:
        torch.set_num_threads(threads)
    shop = Workshop(folder)
    asked = Asked.held_out(questions)
    tutor = Featuriser(teacher_backbone(folder))
    lessons = tutor.features([*short(20), *paragraphs(shop, SEED)])
    master = default(shop, teacher(shop)).to(torch.bfloat16)
    scores = teacher_scores(master, lessons, tutor.pad_id, folder / "scores.npz", say=shop.say)
    del master, lessons
    table = Table("", *SPAN_SETS, "F1", "difference, 95%", "AUROC", "difference, 95%", title=f"{steps} steps")
    base: Reading | None = None
    for study in STUDIES:
        model = run(shop, study, steps, scores).to(torch.bfloat16)
        reading = Reading.of(torch_reader(study.name, model, small_backbone() / "tokenizer.json"), asked)
        base = base or reading
        table.add_row(study.name, *row(base, reading))
        shop.say(" | ".join([study.name, *row(base, reading)]))
    Console().print(table)


def row(base: Reading, reading: Reading) -> list[str]:
    """Return a study's cells: F1 by set in percent, their mean, AUROC, and both differences from the base."""
    cells = [f"{100 * values.mean():.1f}" for values in reading.f1.values()]
    if reading is base:
        return [*cells, f"{100 * base.mean_f1:.1f}", "", f"{base.auroc:.3f}", ""]
    f1, area = apart(base, reading)
    return [
        *cells,
        f"{100 * reading.mean_f1:.1f}",
        f"{100 * f1.low:+.1f} to {100 * f1.high:+.1f}",
        f"{reading.auroc:.3f}",
        f"{area.low:+.3f} to {area.high:+.3f}",
    ]


if __name__ == "__main__":
    run_commands(main)
