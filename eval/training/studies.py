"""What the parts of the small reader's training are worth: `python -m eval.training.studies`.

Every study is a short run of as many steps over a part of the data, with one thing other than in the `base`,
which is the recipe cut short. The shipped `default` is their teacher, so they need `QUOTH_DATA` and no stage
of `python -m eval.training`. A study has one processor core, and as many run at once as there are.
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

from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.comparison import Asked, Reading, row
from eval.training.distillation import Scores, distillation_loss, kept_scores, key, teacher_scores
from eval.training.examples import SPAN_SETS, ContextExample, qamr_examples, squad_pairs
from eval.training.features import OTHER, Featuriser, Group, batches, grouped
from eval.training.model import SpanModel, from_backbone, restore, save
from eval.training.network import hidden_states, scorer, torch_reader
from eval.training.recipe import SHARE, TEMPERATURE, answerable, short, unanswerable
from eval.training.relations import Relations
from eval.training.self_training import kept_labels
from eval.training.trainer import Loss, Plan, train
from indexer.cli import run_commands
from service.answering.loading import load_reader, reader_folder
from service.answering.network import load_network

TEACHER = "default"
SEED = 10
_PAIRS, _LABELS, _SCORES = "first-stage", "labels.jsonl", "scores.npz"
_RATE = 2e-4


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from: the first stage's pairs, paragraphs that answer, self-trained labels, the rest."""

    pairs: list[ContextExample]
    answered: list[ContextExample]
    labels: list[ContextExample]
    unanswered: list[ContextExample]

    @classmethod
    def drawn(cls, folder: Path, share: float) -> Material:
        """Return what belongs to a share of the contexts, the same ones every time; labels are kept."""
        labels = kept_labels(folder / _LABELS, lambda: load_reader(TEACHER)[0], [*squad_pairs()])
        answered, labels = part(answerable(), share), part(labels, share)
        return cls(
            short(part(qamr_examples(), share), SEED),
            answered,
            labels,
            unanswerable([*answered, *labels], SEED),
        )

    @property
    def paragraphs(self) -> list[ContextExample]:
        """Everything but the first stage's pairs."""
        return [*self.answered, *self.labels, *self.unanswered]


def part(examples: Sequence[ContextExample], share: float) -> list[ContextExample]:
    """Return the examples on a share of the contexts, by a checksum of their words."""
    return [one for one in examples if zlib.crc32(one.context.encode()) < share * 2**32]


@dataclass(frozen=True, slots=True)
class Study:
    """One run: `examples` learnt, from the first stage's model or from the backbone, taught or not.

    `share` and `temperature` are `distillation_loss`'s, `relations` the weight that `Relations` has in it.
    """

    name: str
    examples: Callable[[Material], list[ContextExample]] = lambda material: material.paragraphs
    first_stage: bool = True
    share: float = SHARE
    temperature: float = TEMPERATURE
    relations: float = 0.0

    @property
    def folder(self) -> str:
        """What its folder is called."""
        return self.name.replace(" ", "-").replace(",", "").replace(":", "")


def _without_passages(material: Material) -> list[ContextExample]:
    """Everything but the passages that retrieval brings from elsewhere."""
    return [one for one in material.paragraphs if not one.id.endswith(OTHER)]


def _without_labels(material: Material) -> list[ContextExample]:
    """Everything but the self-trained examples and what was made of them."""
    own = {one.id for one in material.labels}
    return [one for one in material.paragraphs if one.id.split("/")[0] not in own]


BASE = Study("base: the recipe")
STUDIES = (
    BASE,
    Study("QAMR's pairs mixed in, not first", lambda found: [*found.pairs, *found.paragraphs], False),
    Study("nothing of QAMR", first_stage=False),
    Study("references alone, no teacher", share=0.0),
    Study("the teacher alone", share=1.0),
    Study("temperature 1", temperature=1.0),
    Study("temperature 4", temperature=4.0),
    Study("hidden states related as the teacher's", relations=10.0),
    Study("no self-training", _without_labels),
    Study("no passages from elsewhere", _without_passages),
    Study("nothing unanswerable", lambda found: [*found.answered, *found.labels]),
    Study(
        "references alone, all mixed, nothing else", lambda found: [*found.pairs, *found.answered], False, 0.0
    ),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all studies have in common: their folder, steps, share of the contexts, and questions a set."""

    folder: Path
    steps: int
    share: float
    questions: int

    def prepare(self) -> None:
        """Let the teacher label and score what is learnt, and train the first stage."""
        self.folder.mkdir(parents=True, exist_ok=True)
        material = Material.drawn(self.folder, self.share)
        backbone = teacher_backbone(self.folder.parent)
        words = Featuriser(backbone)
        lessons = words.features([*material.pairs, *material.paragraphs])
        network, _ = load_network(reader_folder(TEACHER))
        teacher_scores(scorer(network), lessons, words.pad_id, self.folder / _SCORES, say=_say)
        if not (self._first_stage / "model.safetensors").is_file():
            plan = Plan(_PAIRS, rate=_RATE, final=0.5, seed=SEED)
            model = from_backbone(small_backbone(), 0)
            _trained(model, _groups(material.pairs), plan, self._loss(Study(_PAIRS)), self._first_stage)

    @property
    def _first_stage(self) -> Path:
        return self.folder / f"{_PAIRS}-{self.share:g}"

    def place(self, study: Study) -> Path:
        """Return the folder of a study's run; one of other steps or another share has another."""
        return self.folder / f"{study.folder}-{self.share:g}-{self.steps}"

    def read(self, number: int) -> Reading:
        """Train as a study says and let the model read, or take what it has read before."""
        study = STUDIES[number]  # not handed over: its function cannot go from process to process
        kept = self.place(study) / f"reading-{self.questions}.npz"
        if not kept.is_file():
            model = self.run(study).to(torch.bfloat16)
            reader = torch_reader(study.name, model, small_backbone() / "tokenizer.json")
            Reading.of(reader, Asked.held_out(self.questions)).save(kept)
        return Reading.load(kept)

    def run(self, study: Study) -> SpanModel:
        """Train as a study says."""
        material = Material.drawn(self.folder, self.share)
        backbone = small_backbone()
        start = restore(self._first_stage) if study.first_stage else from_backbone(backbone, 0)
        # Those that begin with the backbone learn for as long as the first stage took besides.
        steps = self.steps if study.first_stage else self.steps + _batches(_groups(material.pairs))
        examples = study.examples(material)
        groups = _groups(examples)
        plan = Plan(study.folder, rate=_RATE, warmup=0.04, seed=SEED, epochs=steps / _batches(groups))
        loss = self._loss(study, self._relations(examples, study.relations) if study.relations else None)
        return _trained(start, groups, plan, loss, self.place(study))

    def _loss(self, study: Study, relations: Relations | None = None) -> Loss:
        taught: Scores = kept_scores(self.folder / _SCORES) if study.share else {}
        return distillation_loss(
            taught,
            Featuriser(small_backbone()).pad_id,
            temperature=study.temperature,
            share=study.share,
            relations=relations,
        )

    def _relations(self, examples: Sequence[ContextExample], weight: float) -> Relations:
        words = Featuriser(teacher_backbone(self.folder.parent))
        windows = {key(window): window for window in words.features(examples)}
        return Relations(hidden_states(reader_folder(TEACHER)), windows, words.pad_id, weight)


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
    folder: Annotated[Path, typer.Option(help="Where the runs are kept.")] = Path(".quoth/training/studies"),
    steps: Annotated[int, typer.Option(help="Of each run.", min=1)] = 400,
    share: Annotated[float, typer.Option(help="Of the training contexts.", min=0.01, max=1.0)] = 0.25,
    questions: Annotated[int, typer.Option(help="Of a development set, at most.", min=1)] = 400,
    jobs: Annotated[int, typer.Option(help="Runs at once.", min=1)] = multiprocessing.cpu_count(),
) -> None:
    """Train each study, and print what it changes as a Markdown table."""
    bench = Bench(folder, steps, share, questions)
    bench.prepare()
    # Processes that begin anew: a forked one may hang on locks that PyTorch's threads held.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        readings = list(pool.map(bench.read, range(len(STUDIES))))
    heads = ["", *SPAN_SETS, "F1", "difference, 95%", "AUROC", "difference, 95%"]
    lines = [heads, ["---"] * len(heads)]
    lines += [[one.name, *row(readings[0], reading)] for one, reading in zip(STUDIES, readings, strict=True)]
    for cells in lines:
        typer.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    run_commands(main)
