"""`python -m eval.training`: from data to shipped weights, resuming where it was stopped."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from eval.training import card
from eval.training.backbones import SMALL, TEACHER, small_backbone, teacher_backbone
from eval.training.recipe import Workshop, default, fast, teacher
from eval.training.shipping import Product, ship
from indexer.cli import run_commands
from service.answering.loading import MODELS


class Which(StrEnum):
    """What is made."""

    DEFAULT = "default"
    FAST = "fast"
    BOTH = "both"


_STAGES = ("teacher-qamr", "teacher-spans", "default")


def main(
    which: Annotated[Which, typer.Option(help="Which reader is made.")] = Which.BOTH,
    folder: Annotated[Path, typer.Option(help="Where the stages keep their work.")] = Path(".quoth/training"),
    out: Annotated[Path, typer.Option(help="Where the shipped readers go.")] = MODELS,
    threads: Annotated[int | None, typer.Option(help="Processor cores; all by default.")] = None,
) -> None:
    """Train the readers, export them, fit their confidence."""
    if threads is not None:
        torch.set_num_threads(threads)
    shop = Workshop(folder)
    master = default(shop, teacher(shop))
    if which is not Which.FAST:
        ship(
            shop,
            master,
            Product("quoth-base", TEACHER, teacher_backbone(folder), _STAGES, 7),
            out / "default",
        )
    if which is not Which.DEFAULT:
        student = fast(shop, master)
        stages = (*_STAGES, "fast-qamr", "fast")
        ship(shop, student, Product("quoth-fast", SMALL, small_backbone(), stages, 7), out / "fast")
    card.write(out)


if __name__ == "__main__":
    run_commands(main)
