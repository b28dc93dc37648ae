"""Ablations of the small reader's training: `python -m eval.training.studies`.

Every study is a short run, all of the same number of steps over the same part of the data, that changes one
thing in the `base`, a short version of the recipe. The shipped `default` is the teacher, so the studies need
`QUOTH_DATA` but no stage of `python -m eval.training`. Each runs on one processor core, one study per core.
"""

from __future__ import annotations

import multiprocessing
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from eval.studies.examples import SPAN_SETS, ContextExample, qamr_examples, squad_pairs
from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.comparison import HeldOut, ReaderResult, table_row
from eval.training.distillation import Scores, distillation_loss, load_scores, teacher_scores, window_key
from eval.training.features import OTHER, Featuriser, Group, batches, grouped
from eval.training.model import SpanModel, from_backbone, restore, save
from eval.training.network import hidden_states, scorer, torch_reader
from eval.training.recipe import FAST_TEACHER_SHARE, TEMPERATURE, answerable, unanswerable, with_altered
from eval.training.relations import Relations
from eval.training.self_training import cached_labels
from eval.training.trainer import Loss, Plan, train
from indexer.cli import run_commands
from service.answering.loading import load_reader, reader_folder
from service.answering.reading.network import load_network

TEACHER = "default"
SEED = 10
_PAIRS, _LABELS, _SCORES = "first-stage", "labels.jsonl", "scores.npz"
_RATE = 2e-4


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The examples by kind: the first stage's pairs, answerable and labelled ones, and unanswerable ones."""

    pairs: list[ContextExample]
    answered: list[ContextExample]
    labels: list[ContextExample]
    unanswerable: list[ContextExample]

    @classmethod
    def load(cls, folder: Path, share: float) -> TrainingData:
        """Return the examples on a share of the texts, the same ones every time; labels are cached."""
        labels = cached_labels(folder / _LABELS, lambda: load_reader(TEACHER)[0], [*squad_pairs()])
        answered, labels = subset(answerable(), share), subset(labels, share)
        return cls(
            with_altered(subset(qamr_examples(), share), SEED),
            answered,
            labels,
            unanswerable([*answered, *labels], SEED),
        )

    @property
    def paragraphs(self) -> list[ContextExample]:
        """Everything but the first stage's pairs."""
        return [*self.answered, *self.labels, *self.unanswerable]


def subset(examples: Sequence[ContextExample], share: float) -> list[ContextExample]:
    """Return the examples on a share of the texts, chosen by a checksum."""
    return [one for one in examples if zlib.crc32(one.text.encode()) < share * 2**32]


@dataclass(frozen=True, slots=True)
class Study:
    """One run: which `examples` are learnt, and whether it starts from the first stage or the backbone.

    `share` and `temperature`: as for `distillation_loss`; share 0 means no teacher. `relations`: the weight
    of the relational loss.
    """

    name: str
    examples: Callable[[TrainingData], list[ContextExample]] = lambda data: data.paragraphs
    first_stage: bool = True
    share: float = FAST_TEACHER_SHARE
    temperature: float = TEMPERATURE
    relations: float = 0.0

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.name.replace(" ", "-").replace(",", "").replace(":", "")


def _without_passages(data: TrainingData) -> list[ContextExample]:
    """Return everything except questions on other passages."""
    return [one for one in data.paragraphs if not one.id.endswith(OTHER)]


def _without_labels(data: TrainingData) -> list[ContextExample]:
    """Return everything except the self-trained examples and those made from them."""
    labelled = {one.id for one in data.labels}
    return [one for one in data.paragraphs if one.id.split("/")[0] not in labelled]


BASE = Study("base: the recipe")
STUDIES = (
    BASE,
    Study("QAMR's pairs mixed in, not first", lambda data: [*data.pairs, *data.paragraphs], False),
    Study("no QAMR", first_stage=False),
    Study("references alone, no teacher", share=0.0),
    Study("teacher alone, no references", share=1.0),
    Study("temperature 1", temperature=1.0),
    Study("temperature 4", temperature=4.0),
    Study("relational loss added", relations=10.0),
    Study("no self-training", _without_labels),
    Study("no questions on other passages", _without_passages),
    Study("no unanswerable questions", lambda data: [*data.answered, *data.labels]),
    Study(
        "references alone, all mixed, nothing else", lambda data: [*data.pairs, *data.answered], False, 0.0
    ),
)


@dataclass(frozen=True, slots=True)
class StudyRunner:
    """Runs studies with the same folder, steps, share of the texts, and questions per set."""

    folder: Path
    steps: int
    share: float
    questions: int

    def prepare(self) -> None:
        """Let the teacher label and score the training data, and train the first stage."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = TrainingData.load(self.folder, self.share)
        backbone = teacher_backbone(self.folder.parent)
        featuriser = Featuriser(backbone)
        windows = featuriser.features([*data.pairs, *data.paragraphs])
        network, _ = load_network(reader_folder(TEACHER))
        teacher_scores(scorer(network), windows, featuriser.pad_id, self.folder / _SCORES, say=_say)
        if not (self._first_stage / "model.safetensors").is_file():
            plan = Plan(_PAIRS, rate=_RATE, final=0.5, seed=SEED)
            model = from_backbone(small_backbone(), 0)
            _trained(model, _groups(data.pairs), plan, self._loss(Study(_PAIRS)), self._first_stage)

    @property
    def _first_stage(self) -> Path:
        return self.folder / f"{_PAIRS}-{self.share:g}"

    def folder_of(self, study: Study) -> Path:
        """Return the folder of a study's run, which depends on its steps and share too."""
        return self.folder / f"{study.folder}-{self.share:g}-{self.steps}"

    def result(self, number: int) -> ReaderResult:
        """Train a study's model and evaluate it, or load the cached result."""
        study = STUDIES[number]  # by number, as a study's function cannot be pickled for another process
        cached = self.folder_of(study) / f"result-{self.questions}.npz"
        if not cached.is_file():
            model = self.train(study).to(torch.bfloat16)
            reader = torch_reader(study.name, model, small_backbone() / "tokenizer.json")
            ReaderResult.of(reader, HeldOut.load(self.questions)).save(cached)
        return ReaderResult.load(cached)

    def train(self, study: Study) -> SpanModel:
        """Train a study's model."""
        data = TrainingData.load(self.folder, self.share)
        backbone = small_backbone()
        start = restore(self._first_stage) if study.first_stage else from_backbone(backbone, 0)
        # Studies that start from the backbone also get the first stage's number of steps.
        steps = self.steps if study.first_stage else self.steps + _batches(_groups(data.pairs))
        examples = study.examples(data)
        groups = _groups(examples)
        plan = Plan(study.folder, rate=_RATE, warmup=0.04, seed=SEED, epochs=steps / _batches(groups))
        loss = self._loss(study, self._relations(examples, study.relations) if study.relations else None)
        return _trained(start, groups, plan, loss, self.folder_of(study))

    def _loss(self, study: Study, relations: Relations | None = None) -> Loss:
        scores: Scores = load_scores(self.folder / _SCORES) if study.share else {}
        return distillation_loss(
            scores,
            Featuriser(small_backbone()).pad_id,
            temperature=study.temperature,
            share=study.share,
            relations=relations,
        )

    def _relations(self, examples: Sequence[ContextExample], weight: float) -> Relations:
        featuriser = Featuriser(teacher_backbone(self.folder.parent))
        windows = {window_key(window): window for window in featuriser.features(examples)}
        return Relations(hidden_states(reader_folder(TEACHER)), windows, featuriser.pad_id, weight)


def _groups(examples: Sequence[ContextExample]) -> list[Group]:
    return grouped(Featuriser(small_backbone()).features(examples))


def _batches(groups: Sequence[Group]) -> int:
    return len(batches(groups, tokens=Plan("").tokens, seed=SEED))


def _trained(start: SpanModel, groups: Sequence[Group], plan: Plan, loss: Loss, folder: Path) -> SpanModel:
    save(train(start, groups, plan, folder, loss, say=_say), folder)
    return restore(folder)


def _say(message: str) -> None:
    Console(stderr=True, highlight=False).print(message)


def main(
    folder: Annotated[Path, typer.Option(help="Working folder of the runs.")] = Path(
        ".quoth/training/studies"
    ),
    steps: Annotated[int, typer.Option(help="Training steps of each run.", min=1)] = 400,
    share: Annotated[float, typer.Option(help="Share of the training texts.", min=0.01, max=1.0)] = 0.25,
    questions: Annotated[int, typer.Option(help="Questions per development set, at most.", min=1)] = 400,
    jobs: Annotated[int, typer.Option(help="Number of runs at once.", min=1)] = multiprocessing.cpu_count(),
) -> None:
    """Run all studies, and print their differences from the base as a Markdown table."""
    runner = StudyRunner(folder, steps, share, questions)
    runner.prepare()
    # Spawned, not forked: a forked process may hang on locks that PyTorch's threads held.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        results = list(pool.map(runner.result, range(len(STUDIES))))
    heads = ["", *SPAN_SETS, "F1", "difference, 95%", "AUROC", "difference, 95%"]
    lines = [heads, ["---"] * len(heads)]
    lines += [
        [one.name, *table_row(results[0], result)] for one, result in zip(STUDIES, results, strict=True)
    ]
    for cells in lines:
        typer.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    run_commands(main)
