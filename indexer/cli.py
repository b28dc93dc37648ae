"""The `quoth` command: one name for the commands that each package brings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

import typer
from rich.console import Console
from rich.text import Text

from indexer.errors import QuothError

GROUP = "quoth.commands"
_ORDER = ("demo", "index", "ask", "serve", "keys", "feedback", "eval", "info")

app = typer.Typer(
    help="Answers questions over a folder of articles, only in the articles' own words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Run `quoth`: load the commands that the installed packages announce, then the one asked for."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    for name in sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)):
        command = found[name].load()
        # One with commands of its own is an application.
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    run(app)


def run_commands(*commands: Callable[..., None]) -> None:
    """Run a program made of these commands alone, by their functions' names; a single one needs none."""
    program = typer.Typer(
        no_args_is_help=len(commands) > 1, add_completion=False, pretty_exceptions_enable=False
    )
    for command in commands:
        program.command(command.__name__)(command)
    run(program)


def run(application: typer.Typer, arguments: Sequence[str] | None = None) -> None:
    """Run an application and end the process; an error that Quoth raises is told in one line, status 1."""
    try:
        application(args=list(arguments) if arguments is not None else None)
    except QuothError as error:
        # As Text: a message may quote a file's name or words, which must not be read as markup.
        message = Text.assemble(("error:", "bold red"), f" {error}")
        Console(stderr=True).print(message, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports a process that Ctrl-C ended
