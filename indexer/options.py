"""Options that several commands share, and options that take default, range and help from a setting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer
from typing_extensions import Doc

from indexer.ranges import range_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

IndexOption = Annotated[
    Path, typer.Option("--index", help="The index folder.", metavar="FOLDER", envvar="QUOTH_INDEX")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def setting(group: type[DataclassInstance], name: str, *, metavar: str, description: str = "") -> Any:  # noqa: ANN401 - as Typer's own
    """Return an option for a setting, with its range, its default and, unless given, its description.

    The option's own default is None, for "not given": the environment or the setting's default then counts.
    """
    least, most = range_of(group, name)
    default = getattr(group(), name)
    return typer.Option(
        help=description or _description(group, name),
        metavar=metavar,
        min=least,
        max=most,
        show_default=False if default is None else str(default),
    )


def _description(group: type[DataclassInstance], name: str) -> str:
    hint = get_type_hints(group, include_extras=True)[name]
    return next(part.documentation for part in get_args(hint) if isinstance(part, Doc))
