"""The campaigns, a command each. Exit status 0: what is promised held, 1: it gave way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eval.reliability.campaign import finish
from indexer.options import JsonOption

SeedOption = Annotated[int, typer.Option(help="Of everything that is drawn.", min=0)]
FolderOption = Annotated[
    Path | None,
    typer.Option(help="Where the work is done; in memory by default.", exists=True, file_okay=False),
]
OutOption = Annotated[Path | None, typer.Option(help="Write the record, JSON.", dir_okay=False)]

# Each campaign is imported where it is run: a process that forks should carry no other's libraries.


def crashes(
    kills: Annotated[int, typer.Option(help="Publishing processes killed.", min=1)] = 3_000,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Kill a publishing process at every step and at any moment; the old index or the new must be whole."""
    from eval.reliability.crashes import campaign

    finish(campaign(kills, seed, folder), out, json_=json_)


def replay(
    states: Annotated[int, typer.Option(help="Choices of what reached the disk, at each cut.", min=2)] = 32,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Cut the power after every operation of a publish; the old index or the new must be whole."""
    from eval.reliability.replay import campaign

    finish(campaign(states, seed, folder), out, json_=json_)


def faults(folder: FolderOption = None, out: OutOption = None, json_: JsonOption = False) -> None:
    """Let the disk refuse at every step of a publish; it must be told, and the old index or the new serve."""
    from eval.reliability.faults import campaign

    finish(campaign(folder), out, json_=json_)


def damage(
    flips: Annotated[int, typer.Option(help="Bits flipped in each file.", min=1)] = 2_000,
    cuts: Annotated[int, typer.Option(help="Lengths each file is cut to.", min=1)] = 500,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Flip bits and cut files; each must be refused, and the generation before must serve."""
    from eval.reliability.damage import campaign

    finish(campaign(flips, cuts, seed, folder), out, json_=json_)


def forgery(
    changes: Annotated[int, typer.Option(help="Changes made to each file.", min=1)] = 200,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Change files and make the checksums fit; it must not crash, hang or take all the memory."""
    from eval.reliability.forgery import campaign

    finish(campaign(changes, seed, folder), out, json_=json_)
