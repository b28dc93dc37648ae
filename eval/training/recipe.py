"""How the shipped readers are made, stage by stage; each leaves its work in a folder and is done once.

1. `teacher-qamr`: all-mpnet-base-v2 learns to point at answers, on short sentences.
2. `teacher-spans`: it reads paragraphs, and learns that some do not answer.
3. `labels`: it labels SQuAD's span-less questions.
4. `narrow`: the same without a quarter of the neurons of its layers.
5. `default`: that one once more over everything, the labels and harder unanswerable questions among it; what
   the teacher says of the answerable ones is learnt with the references, so that it is not forgotten. What is
   shipped is half way between the two.
6. `scores`: what that model says of every training window.
7. `fast-qamr`, `fast`: the small model learns the same, from the references and from those scores.

A stage is done when its folder holds what it makes; delete the folder to make it again.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from eval.studies.reading import measure
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.blending import blended
from eval.training.distillation import distillation_loss, teacher_scores
from eval.training.examples import SPAN_SETS, ContextExample, qamr_examples, span_examples, squad_pairs
from eval.training.features import Feature, Featuriser, Group, grouped
from eval.training.model import SpanModel, from_backbone, restore, save
from eval.training.negatives import altered, exchanged, retrieved, without_answer
from eval.training.network import torch_reader
from eval.training.pruning import narrowed, sample
from eval.training.rounding import input_products
from eval.training.self_training import kept_labels
from eval.training.trainer import Loss, Plan, span_loss, train
from service.answering.reader import Reader

ALONE = ("wiki", "qed", "squad")
"""Sources whose questions stand alone, so that another passage does not answer them by chance."""

NAMED = ("wiki", "qed")
"""Those of them whose questions are written in capitals and small letters, or give years."""

LIVELY = ("reddit", "amazon")
"""Sources that are learnt well after one pass: a part of their questions does for the second."""

WIDTH = 2_304
"""Neurons of a layer of the default, of the teacher's 3,072.

The fewest that cost next to nothing: with 1,536 the seeds' questions lose eight points of F1, even after
training on.
"""

BLEND = 0.5
"""Share of the trained default in what is shipped; the rest is the model that its training began with."""

TEMPERATURE = 2.0
SHARE = 0.7  # of the teacher's word in what a student learns
KEPT = 0.5  # of the teacher's word in what the default learns of questions that the teacher knows


@dataclass(frozen=True, slots=True)
class Workshop:
    """The folder that everything is made in, and where messages go."""

    folder: Path
    say: Callable[[str], None] = Console(stderr=True, highlight=False).print

    def made(self, stage: str) -> bool:
        """Whether a model's stage is done."""
        return (self.folder / stage / "model.safetensors").is_file()


def answerable(*, development: bool = False) -> list[ContextExample]:
    """Return one split of all sets with paragraphs."""
    return [example for name in SPAN_SETS for example in span_examples(name, development=development)]


def unanswerable(examples: Sequence[ContextExample], seed: int) -> list[ContextExample]:
    """Return what does not answer: cut paragraphs, spoilt questions, and passages from elsewhere."""
    alone = [example for example in examples if example.source in ALONE]
    cased = [example for example in alone if example.source in NAMED]
    policy = [example for example in examples if example.source == "policy"]
    return [
        *without_answer(examples, 0.10, seed + 1),
        *altered([*alone, *policy], 0.3, seed + 2),
        *exchanged(cased, 0.4, seed + 4),
        *retrieved(alone, 0.3, seed + 3),
    ]


def short(pairs: Sequence[ContextExample], seed: int) -> list[ContextExample]:
    """Return QAMR's pairs, or some of them, with some of their questions altered."""
    return [*pairs, *altered(pairs, 0.15, seed)]


def labels(shop: Workshop) -> list[ContextExample]:
    """Return the self-trained examples, made by the teacher of the stage before."""

    def reader() -> Reader:
        model = restore(shop.folder / "teacher-spans").to(torch.bfloat16)
        return torch_reader("teacher", model, teacher_backbone(shop.folder) / "tokenizer.json")

    return kept_labels(shop.folder / "labels.jsonl", reader, [*squad_pairs()])


def answered(shop: Workshop, seed: int, lively: float = 1.0) -> list[ContextExample]:
    """Return everything with paragraphs that answer: references and labels.

    `lively`: the share of the `LIVELY` sources that is taken.
    """
    draw = random.Random(seed)
    return [
        example
        for example in (*answerable(), *labels(shop))
        if example.source not in LIVELY or draw.random() < lively
    ]


def paragraphs(shop: Workshop, seed: int) -> list[ContextExample]:
    """Return everything with paragraphs: references, labels, and what does not answer."""
    found = answered(shop, seed)
    return [*found, *unanswerable(found, seed)]


def typical(words: Featuriser) -> list[Feature]:
    """Return training windows of all sources and kinds: what the layers see that are pruned and rounded."""
    drawn = sample(answerable(), 80, 7)
    return words.features([*drawn, *unanswerable(drawn, 8)])


def narrow(shop: Workshop, master: SpanModel, words: Featuriser) -> SpanModel:
    """Make the default's first form, or read it where it is made already."""
    folder = shop.folder / "narrow"
    if not shop.made("narrow"):
        features = typical(words)
        chosen = random.Random(0).sample(features, min(400, len(features)))
        products = input_products(copy.deepcopy(master).to(torch.bfloat16), chosen, words.pad_id)
        save(narrowed(master, WIDTH, products), folder)
    return restore(folder)


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
    """Make the default reader: the teacher made narrower, trained on, and blended with what it was before.

    Training on teaches it to abstain and the development sets' ways, and takes a little from questions of
    other kinds: over the seeds the blend answers like the former and knows what it does not know like the
    latter.
    """
    words = Featuriser(teacher_backbone(shop.folder))
    return blended(narrow(shop, master, words), _trained(shop, master, words), BLEND)


def _trained(shop: Workshop, master: SpanModel, words: Featuriser) -> SpanModel:
    plan = Plan("default", rate=2.5e-5, warmup=0.04, batches=2, words=False, seed=10)
    if shop.made(plan.name):
        return restore(shop.folder / plan.name)
    known = answered(shop, 10, lively=0.4)
    taught = words.features(known)
    scores = teacher_scores(
        master.to(torch.bfloat16), taught, words.pad_id, shop.folder / "taught.npz", say=shop.say
    )
    return stage(
        shop, plan,
        start=lambda: narrow(shop, master, words),
        groups=lambda: grouped([*taught, *words.features(unanswerable(known, 10))]),
        loss=distillation_loss(scores, words.pad_id, temperature=TEMPERATURE, share=KEPT),
        tokenizer=teacher_backbone(shop.folder) / "tokenizer.json",
    )  # fmt: skip


def _first_paragraphs() -> list[ContextExample]:
    found = answerable()
    alone = [example for example in found if example.source in ALONE]
    return [*found, *without_answer(found, 0.12, 1), *retrieved(alone, 0.25, 2)]


def fast(shop: Workshop, master: SpanModel, epochs: float = 2.0) -> SpanModel:
    """Make the small reader, taught by `master`."""
    backbone, tutor = small_backbone(), Featuriser(teacher_backbone(shop.folder))
    words = Featuriser(backbone)
    tokenizer = backbone / "tokenizer.json"
    lessons = [*short(qamr_examples(), 20), *paragraphs(shop, 10)]
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
        groups=lambda: grouped(words.features(short(qamr_examples(), 20))), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        shop, Plan("fast", epochs=epochs, rate=2e-4, warmup=0.04),
        start=lambda: restore(shop.folder / "fast-qamr"),
        groups=lambda: grouped(words.features(paragraphs(shop, 10))), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
