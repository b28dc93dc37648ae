"""The campaigns against a running service, a command each. Exit status as of the others."""

from __future__ import annotations

from typing import Annotated

import typer

from eval.reliability.campaign import finish
from eval.reliability.commands import OutOption, SeedOption
from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX


def flood(
    index: IndexOption = DEFAULT_INDEX,
    times: Annotated[float, typer.Option(help="How many times the peak is offered.", min=1, max=20)] = 5,
    seconds: Annotated[float, typer.Option(help="How long.", min=1, max=600)] = 20,
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Offer far more questions than can be answered; the peak must stay, the rest be refused at once."""
    from eval.reliability.flood import campaign

    finish(campaign(index, times, seconds, seed), out, json_=json_)


def reload(
    publications: Annotated[int, typer.Option(help="Generations published.", min=1, max=10_000)] = 100,
    pause: Annotated[float, typer.Option(help="Seconds between two.", min=0, max=60)] = 1,
    seconds: Annotated[float, typer.Option(help="How long without publishing.", min=1, max=600)] = 60,
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Publish while questions are answered; none may fail, nor be answered from two generations."""
    from eval.reliability.reload import campaign

    finish(campaign(publications, pause, seconds, seed), out, json_=json_)


def shutdown(
    index: IndexOption = DEFAULT_INDEX,
    stops: Annotated[int, typer.Option(help="Services started and stopped.", min=1, max=1_000)] = 20,
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Stop a service while it answers; what it has taken must be answered, and its end be a clean one."""
    from eval.reliability.shutdown import campaign

    finish(campaign(index, stops, seed), out, json_=json_)
