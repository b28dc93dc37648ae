"""The commands that installed packages announce by entry points: listed unimported, loaded when called."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

COMMANDS = "quoth.commands"
"""The group of entry points that name commands: functions with Typer's annotations, or Typer applications."""

CHECKS = "quoth.checks"
"""The group of entry points that name functions to call before any command runs."""

CONTEXT = {"help_option_names": ["--help", "-h"]}


class LazyCommand(TyperCommand):
    """A command that is listed; its module is imported when it is called or completed."""

    def __init__(self, entry: EntryPoint) -> None:
        super().__init__(entry.name, short_help=summary(entry), rich_markup_mode=None)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401 - Click's types are private in Typer
        """Load the command and let it read its arguments."""
        command = make_command(self._entry.name, self._entry.load())
        return command.make_context(info_name, args, parent, **extra)


def announced() -> dict[str, EntryPoint]:
    """Return the entry point of each command by its name."""
    return {entry.name: entry for entry in entry_points(group=COMMANDS)}


def new_application(**options: Any) -> typer.Typer:  # noqa: ANN401 - any option of Typer's
    """Return an application without commands: plain help texts, and `-h` for `--help`."""
    return typer.Typer(
        **options, context_settings=CONTEXT, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def make_command(name: str, source: Callable[..., None] | typer.Typer) -> TyperCommand | TyperGroup:
    """Return the command of a function, or the group of an application."""
    application = new_application(add_completion=False)
    if isinstance(source, typer.Typer):
        application.add_typer(source, name=name)
    else:
        application.command(name)(source)
    command = typer.main.get_group(application).commands[name]
    prepare(command)
    return command  # type: ignore[return-value]  # of Typer's own classes


def prepare(command: Any) -> None:  # noqa: ANN401 - Click's types are private in Typer
    """Say defaults and ranges in words in a command's help, and check the environment before it runs."""
    for param in command.params:
        if isinstance(param, TyperOption | TyperArgument):
            _describe(param)
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            prepare(one)
    elif command.callback is not None:
        command.callback = _checked(command.callback)


def _checked(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(**arguments: Any) -> Any:  # noqa: ANN401 - any command's
        for entry in entry_points(group=CHECKS):
            entry.load()()
        return callback(**arguments)

    return run


def _describe(param: TyperOption | TyperArgument) -> None:
    notes = [note for note in (_range(param), _default(param), _variable(param)) if note]
    if notes:
        param.help = f"{param.help or ''} [{'; '.join(notes)}]".lstrip()
    # Typer would add the same in its own notation. It checks ranges by the declaration, not by these.
    param.min = param.max = None
    param.show_default = param.show_envvar = False
    if isinstance(param, TyperArgument):
        setattr(param, "display_type_rich", lambda ctx: None)  # noqa: ARG005, B010 - the name says it: no `<path>`


def _range(param: TyperOption | TyperArgument) -> str:
    if param.min is None and param.max is None:
        return ""
    if param.max is None:
        return f"{param.min:,} or more"
    return f"{param.min:,} to {param.max:,}" if param.min is not None else f"up to {param.max:,}"


def _default(param: TyperOption | TyperArgument) -> str:
    if isinstance(param.show_default, str):  # said by the command, as the value comes from the settings
        return f"default: {param.show_default}"
    if param.default is None or param.default is False or not param.show_default:
        return ""
    if isinstance(param, TyperOption) and param.is_flag:
        return f"default: {param.opts[0]}"
    return f"default: {param.default:g}" if isinstance(param.default, float) else f"default: {param.default}"


def _variable(param: TyperOption | TyperArgument) -> str:
    return f"or set {param.envvar}" if param.envvar and param.show_envvar else ""


def summary(entry: EntryPoint) -> str:
    """Return the first sentence of a command's help, from the source of its module, which is not imported.

    It is the docstring of a function, or the `help=` of an application; empty where neither can be read.
    """
    for node in _source(entry.module):
        match node:
            case ast.FunctionDef(name=entry.attr):
                return _first_sentence(ast.get_docstring(node) or "")
            case ast.Assign(targets=[ast.Name(id=entry.attr)], value=ast.Call(keywords=keywords)):
                given = [one.value for one in keywords if one.arg == "help"]
                texts = (str(one.value) for one in given if isinstance(one, ast.Constant))
                return _first_sentence(next(texts, ""))
    return ""


@functools.cache
def _source(module: str) -> list[ast.stmt]:
    try:
        found = importlib.util.find_spec(module)
        if found is None or found.origin is None:
            return []
        return ast.parse(Path(found.origin).read_bytes()).body
    except (ImportError, OSError, SyntaxError, ValueError):  # reported when the command is called
        return []


def _first_sentence(text: str) -> str:
    first, stop, _ = " ".join(text.split("\n\n", maxsplit=1)[0].split()).partition(". ")
    return first + stop.strip()
