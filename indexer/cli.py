"""The `quoth` command: one name for the commands that each package brings."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from indexer.command_line import LazyCommand, announced, new_application, prepare
from indexer.errors import QuothError
from indexer.exit_codes import ExitCode, exit_statuses

_ORDER = ("demo", "index", "ask", "serve", "keys", "feedback", "eval", "info", "backup", "restore")


def main() -> None:
    """Run `quoth` with the commands that the installed packages announce."""
    program = typer.main.get_command(_application())
    if not isinstance(program, TyperGroup):
        raise TypeError("an application with a callback is a group")
    found = announced()
    for name in sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)):
        program.add_command(LazyCommand(found[name]))
    _run(program)


def run_commands(*commands: Callable[..., None]) -> None:
    """Run a program of these commands alone, by their functions' names; a single one needs no name."""
    if len(commands) == 1:
        program = new_application(add_completion=False)
    else:
        program = _application(add_completion=False)
    for command in commands:
        program.command(command.__name__)(command)
    run(program)


def run(application: typer.Typer, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run an application and end the process; an error of Quoth's is reported in one line, with status 1."""
    program = typer.main.get_command(application)
    prepare(program)
    _run(program, arguments)


def _application(**options: Any) -> typer.Typer:  # noqa: ANN401 - any option of Typer's
    application = new_application(
        help="Answers questions over a folder of articles, only in the articles' own words.",
        epilog=f"\b\nExit status:\n{exit_statuses()}",
        no_args_is_help=True,
        **options,
    )
    application.callback()(_options)
    return application


def _show_version(chosen: bool) -> None:
    if chosen:
        typer.echo(f"quoth {version('quoth')}")
        raise typer.Exit


def _options(
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    pass


def _run(program: Any, arguments: Sequence[str] | None = None) -> NoReturn:  # noqa: ANN401 - Click's types are private in Typer
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character shows its code instead, as stderr does.
        sys.stdout.reconfigure(errors="backslashreplace")
    status = _status(program, arguments)
    _flush()
    sys.exit(status)


def _status(program: Any, arguments: Sequence[str] | None) -> int | str | None:  # noqa: ANN401 - see above
    try:
        program.main(args=None if arguments is None else list(arguments))
    except QuothError as error:
        from indexer.terminal import print_error  # noqa: PLC0415 - Rich is only loaded where something is shown

        print_error(str(error))
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):
            return ended.code
        # Typer ends with 1 where a pipe broke. If it is because `head` has read enough, nothing failed.
        if any(map(_is_closed_pipe, (sys.__stdout__, sys.__stderr__))):
            return ExitCode.SUCCESS
        raise ended.__context__ from None
    return ExitCode.SUCCESS


def _is_closed_pipe(stream: TextIO | None) -> bool:
    if stream is None or not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _flush() -> None:
    """Write what is buffered; if the pipe is closed, discard it, or Python would fail on it at exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
