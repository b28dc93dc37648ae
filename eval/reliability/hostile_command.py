"""The command for hostile requests, which are drawn by a tool that not everyone has."""

from __future__ import annotations

from typing import Annotated

import typer

from eval.reliability.campaign import finish
from eval.reliability.commands import FolderOption, OutOption, SeedOption
from indexer.errors import QuothError
from indexer.options import JsonOption


class ToolMissingError(QuothError):
    """What a campaign is made with is not installed."""


def hostile(  # noqa: PLR0917 - Typer makes options of them
    examples: Annotated[
        int, typer.Option(help="Requests drawn for each operation, in each phase that draws.", min=1)
    ] = 200,
    models: Annotated[
        bool, typer.Option(help="Serve with the models that come with Quoth, or with hashed words.")
    ] = True,
    seed: SeedOption = 0,
    folder: FolderOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Send what the HTTP interface's description allows and what it does not; nothing may break it."""
    try:
        from eval.reliability.hostile import campaign  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "schemathesis":
            raise
        raise ToolMissingError(
            "the requests are drawn by Schemathesis, which is not installed: run "
            "`pip install 'schemathesis>=4.32,<5'`"
        ) from error
    finish(campaign(examples, seed, folder, models=models), out, json_=json_)
