"""The campaigns against a running service, one command each. Exit status as in `commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from eval.reliability.campaign import finish
from eval.reliability.commands import OutOption, SeedOption
from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX

ReaderOption = Annotated[
    str, typer.Option(help="The reader: a shipped one's name, or an exported one's folder.")
]


def flood(
    index: IndexOption = DEFAULT_INDEX,
    times: Annotated[
        float, typer.Option(help="Load, as a multiple of the peak throughput.", min=1, max=20)
    ] = 5,
    seconds: Annotated[float, typer.Option(help="Length of the load in seconds.", min=1, max=600)] = 20,
    reader: ReaderOption = "default",
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Overload the service; it must keep its peak throughput and refuse the rest at once."""
    from eval.reliability.flood import campaign

    finish(campaign(index, times, seconds, seed, reader), out, json_=json_)


def reload(
    publications: Annotated[int, typer.Option(help="Generations to publish.", min=1, max=10_000)] = 100,
    pause: Annotated[float, typer.Option(help="Seconds between two publications.", min=0, max=60)] = 1,
    seconds: Annotated[
        float, typer.Option(help="Seconds of load without publishing, for comparison.", min=1, max=600)
    ] = 60,
    reader: ReaderOption = "default",
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Publish while questions are answered; none may fail or be answered from two generations."""
    from eval.reliability.reload import campaign

    finish(campaign(publications, pause, seconds, seed, reader), out, json_=json_)


def shutdown(
    index: IndexOption = DEFAULT_INDEX,
    stops: Annotated[int, typer.Option(help="How often to start and stop a service.", min=1, max=1_000)] = 20,
    reader: ReaderOption = "default",
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Stop a service under load; accepted requests must be answered, and it must exit with status 0."""
    from eval.reliability.shutdown import campaign

    finish(campaign(index, stops, seed, reader), out, json_=json_)
