"""`python -m eval.training`: from data to the shipped readers, resuming where it was stopped."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from eval.training import card
from eval.training.backbones import SMALL, TEACHER, small_backbone, teacher_backbone
from eval.training.recipe import Workspace, default, fast, teacher
from eval.training.shipping import ReaderSpec, ship
from indexer.cli import run_commands
from service.answering.loading import MODELS


class Which(StrEnum):
    """Which readers to make."""

    DEFAULT = "default"
    FAST = "fast"
    BOTH = "both"


_STAGES = ("teacher-qamr", "teacher-spans", "default")


def main(
    which: Annotated[Which, typer.Option(help="Which reader to make.")] = Which.BOTH,
    folder: Annotated[Path, typer.Option(help="Working folder of the stages.")] = Path(".quoth/training"),
    out: Annotated[Path, typer.Option(help="Where to write the readers.")] = MODELS,
    threads: Annotated[int | None, typer.Option(help="Processor cores to use; all by default.")] = None,
) -> None:
    """Train the readers, export them, fit their confidence and write the model card."""
    if threads is not None:
        torch.set_num_threads(threads)
    workspace = Workspace(folder)
    model = default(workspace, teacher(workspace))
    if which is not Which.FAST:
        ship(
            workspace,
            model,
            ReaderSpec("quoth-base", TEACHER, teacher_backbone(folder), _STAGES, 7),
            out / "default",
        )
    if which is not Which.DEFAULT:
        student = fast(workspace, model)
        stages = (*_STAGES, "fast-qamr", "fast")
        ship(workspace, student, ReaderSpec("quoth-fast", SMALL, small_backbone(), stages, 7), out / "fast")
    card.write(out)


if __name__ == "__main__":
    run_commands(main)
