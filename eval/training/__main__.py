"""`python -m eval.training`: from data to shipped weights, resuming where it was stopped."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from eval.training.backbones import small_backbone, teacher_backbone
from eval.training.recipe import Workshop, fast, teacher
from eval.training.shipping import ship
from indexer.cli import run_commands
from service.catalogue import MODELS


class Which(StrEnum):
    """What is made."""

    DEFAULT = "default"
    FAST = "fast"
    BOTH = "both"


BITS = {Which.DEFAULT: 6, Which.FAST: 7}
"""What a weight is kept in: the fewest bits that lose less than 0.1 F1 on every development set."""


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
    master = teacher(shop)
    if which is not Which.FAST:
        tokenizer = teacher_backbone(folder) / "tokenizer.json"
        ship(
            shop,
            master,
            label="quoth-base",
            tokenizer=tokenizer,
            out=out / "default",
            bits=BITS[Which.DEFAULT],
        )
    if which is not Which.DEFAULT:
        student = fast(shop, master)
        tokenizer = small_backbone() / "tokenizer.json"
        ship(shop, student, label="quoth-fast", tokenizer=tokenizer, out=out / "fast", bits=BITS[Which.FAST])


if __name__ == "__main__":
    run_commands(main)
