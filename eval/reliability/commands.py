"""The campaigns over the index, one command each. Exit status 0: no failures, 1: failures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eval.reliability.campaign import finish
from indexer.options import JsonOption

SeedOption = Annotated[int, typer.Option(help="Seed of the random choices.", min=0)]
FolderOption = Annotated[
    Path | None,
    typer.Option(help="Folder for temporary files; in memory by default.", exists=True, file_okay=False),
]
OutOption = Annotated[Path | None, typer.Option(help="Write the record to this file, JSON.", dir_okay=False)]

# Each campaign is imported by its own command, so that forked processes carry no unneeded libraries.


def crashes(
    kills: Annotated[int, typer.Option(help="Publishing processes to kill.", min=1)] = 3_000,
    each_step: Annotated[
        bool, typer.Option("--each-step", help="Kill once at each step of a publish, and at no other moment.")
    ] = False,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Kill publishing processes at every step and at random moments; the old or new index must be intact."""
    from eval.reliability.crashes import campaign, each_step_campaign

    outcome = each_step_campaign(seed, folder) if each_step else campaign(kills, seed, folder)
    finish(outcome, out, json_=json_)


def replay(
    states: Annotated[
        int, typer.Option(help="Variants of what reached the disk, for each power cut.", min=2)
    ] = 32,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Simulate a power cut after every operation of a publish; the old or the new index must be intact."""
    from eval.reliability.replay import campaign

    finish(campaign(states, seed, folder), out, json_=json_)


def faults(folder: FolderOption = None, out: OutOption = None, json_: JsonOption = False) -> None:
    """Let every step of a publish fail; it must be reported, and the old or the new index must serve."""
    from eval.reliability.faults import campaign

    finish(campaign(folder), out, json_=json_)


def damage(
    flips: Annotated[int, typer.Option(help="Bits to flip in each file.", min=1)] = 2_000,
    cuts: Annotated[int, typer.Option(help="Lengths to truncate each file to.", min=1)] = 500,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Flip bits and truncate files; each must be refused, and the previous generation must serve."""
    from eval.reliability.damage import campaign

    finish(campaign(flips, cuts, seed, folder), out, json_=json_)


def forgery(
    changes: Annotated[int, typer.Option(help="Changes to each file.", min=1)] = 200,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Change files and correct their checksums; opening must not crash, hang or exhaust memory."""
    from eval.reliability.forgery import campaign

    finish(campaign(changes, seed, folder), out, json_=json_)
