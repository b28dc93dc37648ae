"""How the shipped readers are made, stage by stage; each leaves its work in a folder and is done once.

1. `teacher-qamr`: all-mpnet-base-v2 learns to point at answers, on short sentences.
2. `teacher-spans`: it reads paragraphs, and learns that some do not answer.
3. `labels`: it labels SQuAD's span-less questions.
4. `layers.json`: which of its twelve layers it misses least.
5. `default`: with nine layers, once more over everything, the labels and harder unanswerable questions too.
6. `default-strict`: a short stage with the hardest of those, about what a paragraph names and does not say.
7. `scores`: what that model says of every training window.
8. `fast-qamr`, `fast`: the small model learns the same, from the references and from those scores.

A stage is done when its folder holds what it makes; delete the folder to make it again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console

from eval.reading import measure
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.distillation import distillation_loss, teacher_scores
from eval.training.examples import SPAN_SETS, Example, qamr_examples, span_examples, squad_pairs
from eval.training.features import Featuriser, Group, grouped
from eval.training.model import SpanModel, from_backbone, keep_layers, layers, restore, save
from eval.training.negatives import altered, exchanged, retrieved, without_answer
from eval.training.network import torch_reader
from eval.training.pruning import sample, spared
from eval.training.self_training import labelled
from eval.training.trainer import Loss, Plan, span_loss, train

ALONE = ("wiki", "qed", "squad")
"""Sources whose questions stand alone, so that another passage does not answer them by chance."""

LIVELY = ("reddit", "amazon")
"""Sources that are learnt well after one pass: half of their questions do for the second."""

DROPPED = 3
"""Layers that the default does without: of twelve, what reads eight passages in 150 ms on two cores."""

TEMPERATURE = 2.0
SHARE = 0.7  # of the teacher's word in what a student learns


@dataclass(frozen=True, slots=True)
class Workshop:
    """The folder that everything is made in, and where messages go."""

    folder: Path
    say: Callable[[str], None] = Console(stderr=True, highlight=False).print

    def made(self, stage: str) -> bool:
        """Whether a model's stage is done."""
        return (self.folder / stage / "model.safetensors").is_file()


def answerable(*, development: bool = False) -> list[Example]:
    """Return one split of all sets with paragraphs."""
    return [example for name in SPAN_SETS for example in span_examples(name, development=development)]


def unanswerable(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return what does not answer: cut paragraphs, altered questions, and passages from elsewhere."""
    alone = [example for example in examples if example.source in ALONE]
    return [
        *without_answer(examples, 0.10, seed + 1),
        *altered([*alone, *(one for one in examples if one.source == "policy")], 0.45, seed + 2),
        *retrieved(alone, 0.3, seed + 3),
    ]


def short(seed: int) -> list[Example]:
    """Return QAMR's pairs with some of their questions altered."""
    pairs = qamr_examples()
    return [*pairs, *altered(pairs, 0.15, seed)]


def labels(shop: Workshop) -> list[Example]:
    """Return the self-trained examples, made by the teacher of the stage before."""
    path = shop.folder / "labels.jsonl"
    if not path.is_file():
        model = restore(shop.folder / "teacher-spans").to(torch.bfloat16)
        reader = torch_reader("teacher", model, teacher_backbone(shop.folder) / "tokenizer.json")
        found = labelled(reader, [*squad_pairs()])
        shop.say(f"labels: {len(found):,} questions")
        path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found), "utf-8")
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Example(**record | {"spans": tuple((start, end) for start, end in record["spans"])})
        for record in records
    ]


def paragraphs(shop: Workshop, seed: int, lively: float = 1.0) -> list[Example]:
    """Return everything with paragraphs: references, labels, and what does not answer.

    `lively`: the share of the `LIVELY` sources that is taken.
    """
    draw = random.Random(seed)
    found = [
        example
        for example in (*answerable(), *labels(shop))
        if example.source not in LIVELY or draw.random() < lively
    ]
    return [*found, *unanswerable(found, seed)]


def strict(shop: Workshop, seed: int) -> list[Example]:
    """Return the questions that stand alone, many of them spoilt, and a part of the others."""
    draw = random.Random(seed)
    shares = dict.fromkeys(LIVELY, 0.15) | {"squad": 0.2}
    found = [
        example
        for example in (*answerable(), *labels(shop))
        if draw.random() < shares.get(example.source, 1.0)
    ]
    cased = [example for example in found if example.source in ("wiki", "qed")]
    alone = [example for example in found if example.source in ALONE]
    return [
        *found,
        *exchanged(cased, 0.7, seed + 1),
        *altered([*alone, *(one for one in found if one.source == "policy")], 0.3, seed + 2),
        *retrieved(cased, 0.25, seed + 3),
        *without_answer(found, 0.1, seed + 4),
    ]


def spared_layers(shop: Workshop, model: SpanModel, words: Featuriser) -> list[int]:
    """Return the places of the layers that the teacher misses least."""
    path = shop.folder / "layers.json"
    if not path.is_file():
        drawn = sample(answerable(development=True), 60, 5)
        groups = grouped(words.features([*drawn, *unanswerable(drawn, 3)]))
        short_ones = [group for group in groups if sum(len(feature.ids) for feature in group) < _LONG]
        chosen = random.Random(1).sample(short_ones, min(260, len(short_ones)))
        found = spared(model.to(torch.bfloat16), chosen, words.pad_id, DROPPED)
        path.write_text(json.dumps(found) + "\n", "utf-8")
    return [int(place) for place in json.loads(path.read_text("utf-8"))]


_LONG = 1_200


def stage(
    shop: Workshop,
    plan: Plan,
    *,
    start: Callable[[], SpanModel],
    groups: Callable[[], list[Group]],
    loss: Loss,
    tokenizer: Path,
) -> SpanModel:
    """Make a model, or read it where it is made already."""
    folder = shop.folder / plan.name
    if shop.made(plan.name):
        return restore(folder)
    model = train(start(), groups(), plan, folder, loss, say=shop.say)
    save(model, folder)
    scores = measure(torch_reader(plan.name, model.to(torch.bfloat16), tokenizer))
    (folder / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", "utf-8")
    shop.say(f"{plan.name}: {scores}")
    return restore(folder)


def teacher(shop: Workshop) -> SpanModel:
    """Make the teacher."""
    backbone = teacher_backbone(shop.folder)
    words = Featuriser(backbone)
    loss, tokenizer = span_loss(words.pad_id), backbone / "tokenizer.json"
    stage(
        shop, Plan("teacher-qamr", rate=6e-5, final=0.3),
        start=lambda: from_backbone(backbone, 0),
        groups=lambda: grouped(words.features(qamr_examples())), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        shop, Plan("teacher-spans", rate=4.5e-5, warmup=0.04),
        start=lambda: restore(shop.folder / "teacher-qamr"),
        groups=lambda: grouped(words.features(_first_paragraphs())), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip


def default(shop: Workshop, master: SpanModel) -> SpanModel:
    """Make the default reader: the teacher with fewer layers, trained on."""
    backbone = teacher_backbone(shop.folder)
    words = Featuriser(backbone)

    def start() -> SpanModel:
        dropped = spared_layers(shop, master, words)
        whole = restore(shop.folder / "teacher-spans")
        kept = [layer for place, layer in enumerate(layers(whole)) if place not in dropped]
        return keep_layers(whole, kept)

    loss, tokenizer = span_loss(words.pad_id), backbone / "tokenizer.json"
    stage(
        shop, Plan("default", rate=5e-5, warmup=0.04, batches=2, words=False, seed=10),
        start=start,
        groups=lambda: grouped(words.features(paragraphs(shop, 10, lively=0.5))),
        loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        shop, Plan("default-strict", epochs=0.5, rate=2e-5, batches=2, words=False, seed=30),
        start=lambda: restore(shop.folder / "default"),
        groups=lambda: grouped(words.features(strict(shop, 30))), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip


def _first_paragraphs() -> list[Example]:
    found = answerable()
    alone = [example for example in found if example.source in ALONE]
    return [*found, *without_answer(found, 0.12, 1), *retrieved(alone, 0.25, 2)]


def fast(shop: Workshop, master: SpanModel, epochs: float = 2.0) -> SpanModel:
    """Make the small reader, taught by `master`."""
    backbone, tutor = small_backbone(), Featuriser(teacher_backbone(shop.folder))
    words = Featuriser(backbone)
    tokenizer = backbone / "tokenizer.json"
    lessons = [*short(20), *paragraphs(shop, 10)]
    scores = teacher_scores(
        master.to(torch.bfloat16),
        tutor.features(lessons),
        tutor.pad_id,
        shop.folder / "scores.npz",
        say=shop.say,
    )
    loss = distillation_loss(scores, words.pad_id, temperature=TEMPERATURE, share=SHARE)
    stage(
        shop, Plan("fast-qamr", rate=2e-4, final=0.5),
        start=lambda: from_backbone(backbone, 0),
        groups=lambda: grouped(words.features(short(20))), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        shop, Plan("fast", epochs=epochs, rate=2e-4, warmup=0.04),
        start=lambda: restore(shop.folder / "fast-qamr"),
        groups=lambda: grouped(words.features(paragraphs(shop, 10))), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
