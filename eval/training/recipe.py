"""How the shipped readers are trained, stage by stage; each stage writes to its folder and runs once.

1. `teacher-qamr`: all-mpnet-base-v2 learns to point at answers, on single sentences.
2. `teacher-spans`: it is trained on paragraphs, some of which do not answer the question.
3. `labels`: it labels SQuAD's questions that come without spans.
4. `narrow`: a quarter of the feed-forward neurons is pruned.
5. `default`: the pruned model is trained on everything, including the labels and harder unanswerable
   questions; the teacher's scores for the answerable ones are learnt along with the references, so that they
   are not forgotten. The mean of the models before and after is shipped.
6. `scores`: that model's scores of every training window.
7. `fast-qamr`, `fast`: the small model learns the same data, from the references and from those scores.

A stage is done when its folder holds its output; delete the folder to run it again.
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

from eval.studies.examples import SPAN_SETS, ContextExample, qamr_examples, span_examples, squad_pairs
from eval.studies.reading import measure
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.blending import blended
from eval.training.distillation import distillation_loss, teacher_scores
from eval.training.features import Feature, Featuriser, Group, grouped
from eval.training.model import SpanModel, from_backbone, restore, save
from eval.training.negatives import altered, exchanged, retrieved, without_answer
from eval.training.network import torch_reader
from eval.training.pruning import narrowed, sample
from eval.training.rounding import gram_matrices
from eval.training.self_training import cached_labels
from eval.training.trainer import Loss, Plan, span_loss, train
from service.answering.reading.reader import Reader

STANDALONE = ("wiki", "qed", "squad")
"""Sources whose questions make sense without their paragraph, so that other passages rarely answer them."""

CASED = ("wiki", "qed")
"""Standalone sources whose questions contain capitalised names, or years."""

SUBSAMPLED = ("reddit", "amazon")
"""Sources that one pass teaches well enough: the second takes only a part of their questions."""

WIDTH = 2_304
"""Feed-forward neurons per layer of the default, of the teacher's 3,072.

The fewest with next to no loss: with 1,536 the seeds' questions lose eight points of F1, even after further
training.
"""

BLEND = 0.5
"""Weight of the trained default in the shipped one; the rest is the model that its training started from."""

TEMPERATURE = 2.0
FAST_TEACHER_SHARE = 0.7  # of the teacher's scores in the loss
DEFAULT_TEACHER_SHARE = 0.5  # the same for the default, on answerable questions


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of all stages, and where progress messages go."""

    folder: Path
    say: Callable[[str], None] = Console(stderr=True, highlight=False).print

    def done(self, stage: str) -> bool:
        """Whether the stage of a model is done."""
        return (self.folder / stage / "model.safetensors").is_file()


def answerable(*, development: bool = False) -> list[ContextExample]:
    """Return one split of all sets with paragraphs and gold spans."""
    return [example for name in SPAN_SETS for example in span_examples(name, development=development)]


def unanswerable(examples: Sequence[ContextExample], seed: int) -> list[ContextExample]:
    """Return unanswerable examples: paragraphs cut, questions changed, and questions on other passages."""
    standalone = [example for example in examples if example.source in STANDALONE]
    cased = [example for example in standalone if example.source in CASED]
    policy = [example for example in examples if example.source == "policy"]
    return [
        *without_answer(examples, 0.10, seed + 1),
        *altered([*standalone, *policy], 0.3, seed + 2),
        *exchanged(cased, 0.4, seed + 4),
        *retrieved(standalone, 0.3, seed + 3),
    ]


def with_altered(pairs: Sequence[ContextExample], seed: int) -> list[ContextExample]:
    """Return QAMR's pairs, or some of them, and altered copies of a part of them."""
    return [*pairs, *altered(pairs, 0.15, seed)]


def labels(workspace: Workspace) -> list[ContextExample]:
    """Return SQuAD's questions as labelled by the model of `teacher-spans`."""

    def reader() -> Reader:
        model = restore(workspace.folder / "teacher-spans").to(torch.bfloat16)
        return torch_reader("teacher", model, teacher_backbone(workspace.folder) / "tokenizer.json")

    return cached_labels(workspace.folder / "labels.jsonl", reader, [*squad_pairs()])


def answered(workspace: Workspace, seed: int, sampled: float = 1.0) -> list[ContextExample]:
    """Return all answerable examples over paragraphs: references and labels.

    `sampled`: the share of the examples of `SUBSAMPLED` sources to take.
    """
    draw = random.Random(seed)
    return [
        example
        for example in (*answerable(), *labels(workspace))
        if example.source not in SUBSAMPLED or draw.random() < sampled
    ]


def paragraphs(workspace: Workspace, seed: int) -> list[ContextExample]:
    """Return all examples over paragraphs: references, labels and unanswerable ones."""
    found = answered(workspace, seed)
    return [*found, *unanswerable(found, seed)]


def calibration_windows(featuriser: Featuriser) -> list[Feature]:
    """Return training windows of all sources and kinds, the layers' inputs for pruning and rounding."""
    drawn = sample(answerable(), 80, 7)
    return featuriser.features([*drawn, *unanswerable(drawn, 8)])


def narrow(workspace: Workspace, source: SpanModel, featuriser: Featuriser) -> SpanModel:
    """Prune the teacher, or load the result if that was done before."""
    folder = workspace.folder / "narrow"
    if not workspace.done("narrow"):
        windows = calibration_windows(featuriser)
        chosen = random.Random(0).sample(windows, min(400, len(windows)))
        grams = gram_matrices(copy.deepcopy(source).to(torch.bfloat16), chosen, featuriser.pad_id)
        save(narrowed(source, WIDTH, grams), folder)
    return restore(folder)


def stage(
    workspace: Workspace,
    plan: Plan,
    *,
    start: Callable[[], SpanModel],
    groups: Callable[[], list[Group]],
    loss: Loss,
    tokenizer: Path,
) -> SpanModel:
    """Train a model, or load it if that was done before."""
    folder = workspace.folder / plan.name
    if workspace.done(plan.name):
        return restore(folder)
    model = train(start(), groups(), plan, folder, loss, say=workspace.say)
    save(model, folder)
    scores = measure(torch_reader(plan.name, model.to(torch.bfloat16), tokenizer))
    (folder / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", "utf-8")
    workspace.say(f"{plan.name}: {scores}")
    return restore(folder)


def teacher(workspace: Workspace) -> SpanModel:
    """Train the teacher."""
    backbone = teacher_backbone(workspace.folder)
    featuriser = Featuriser(backbone)
    loss, tokenizer = span_loss(featuriser.pad_id), backbone / "tokenizer.json"
    stage(
        workspace, Plan("teacher-qamr", rate=6e-5, final=0.3),
        start=lambda: from_backbone(backbone, 0),
        groups=lambda: grouped(featuriser.features(qamr_examples())), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        workspace, Plan("teacher-spans", rate=4.5e-5, warmup=0.04),
        start=lambda: restore(workspace.folder / "teacher-qamr"),
        groups=lambda: grouped(featuriser.features(_first_paragraphs())), loss=loss, tokenizer=tokenizer,
    )  # fmt: skip


def default(workspace: Workspace, source: SpanModel) -> SpanModel:
    """Make the default reader: the teacher pruned, trained further, and blended with the pruned teacher.

    Further training improves abstention and F1 on the development sets, and costs a little on questions of
    other kinds: over the seeds the blend's F1 is near that of the model before, its AUROC near that of the
    one after.
    """
    featuriser = Featuriser(teacher_backbone(workspace.folder))
    return blended(narrow(workspace, source, featuriser), _trained(workspace, source, featuriser), BLEND)


def _trained(workspace: Workspace, source: SpanModel, featuriser: Featuriser) -> SpanModel:
    plan = Plan("default", rate=2.5e-5, warmup=0.04, batches=2, embeddings=False, seed=10)
    if workspace.done(plan.name):
        return restore(workspace.folder / plan.name)
    known = answered(workspace, 10, sampled=0.4)
    taught = featuriser.features(known)
    scores = teacher_scores(
        source.to(torch.bfloat16),
        taught,
        featuriser.pad_id,
        workspace.folder / "taught.npz",
        say=workspace.say,
    )
    return stage(
        workspace, plan,
        start=lambda: narrow(workspace, source, featuriser),
        groups=lambda: grouped([*taught, *featuriser.features(unanswerable(known, 10))]),
        loss=distillation_loss(
            scores, featuriser.pad_id, temperature=TEMPERATURE, share=DEFAULT_TEACHER_SHARE
        ),
        tokenizer=teacher_backbone(workspace.folder) / "tokenizer.json",
    )  # fmt: skip


def _first_paragraphs() -> list[ContextExample]:
    found = answerable()
    standalone = [example for example in found if example.source in STANDALONE]
    return [*found, *without_answer(found, 0.12, 1), *retrieved(standalone, 0.25, 2)]


def fast(workspace: Workspace, tutor: SpanModel, epochs: float = 2.0) -> SpanModel:
    """Train the small reader; `tutor` is its teacher."""
    backbone, tutor_featuriser = small_backbone(), Featuriser(teacher_backbone(workspace.folder))
    featuriser = Featuriser(backbone)
    tokenizer = backbone / "tokenizer.json"
    examples = [*with_altered(qamr_examples(), 20), *paragraphs(workspace, 10)]
    scores = teacher_scores(
        tutor.to(torch.bfloat16),
        tutor_featuriser.features(examples),
        tutor_featuriser.pad_id,
        workspace.folder / "scores.npz",
        say=workspace.say,
    )
    loss = distillation_loss(scores, featuriser.pad_id, temperature=TEMPERATURE, share=FAST_TEACHER_SHARE)
    stage(
        workspace, Plan("fast-qamr", rate=2e-4, final=0.5),
        start=lambda: from_backbone(backbone, 0),
        groups=lambda: grouped(featuriser.features(with_altered(qamr_examples(), 20))),
        loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
    return stage(
        workspace, Plan("fast", epochs=epochs, rate=2e-4, warmup=0.04),
        start=lambda: restore(workspace.folder / "fast-qamr"),
        groups=lambda: grouped(featuriser.features(paragraphs(workspace, 10))),
        loss=loss, tokenizer=tokenizer,
    )  # fmt: skip
