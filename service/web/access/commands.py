"""`quoth keys`: makes, lists and removes the service's keys. A key is printed once, when it is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

from indexer.errors import SettingsError
from indexer.options import JsonOption

keys = typer.Typer(help="Make, list and remove the keys that open the service.", no_args_is_help=True)

FileOption = Annotated[
    Path | None, typer.Option("--file", help="The key file.", envvar="QUOTH_KEYS", show_envvar=True)
]
NameArgument = Annotated[
    str, typer.Argument(help="The key's name: letters, digits, dots, dashes and underscores.")
]


@keys.command()
def add(
    name: NameArgument,
    scope: Annotated[
        Literal["ask", "admin"], typer.Option(help="What it opens; neither scope opens the other.")
    ] = "ask",
    rate: Annotated[
        str | None, typer.Option(help="Its own rate, as 60/minute, instead of QUOTH_RATE.")
    ] = None,
    file: FileOption = None,
) -> None:
    """Make a key and print it, this once; the file keeps only its hash."""
    # Imported here: they load Pydantic, which `quoth --help` can do without.
    from service.web.access.keys import add_key  # noqa: PLC0415
    from service.web.rate import Rate  # noqa: PLC0415

    path = _chosen(file)
    typer.echo(add_key(path, name, scope, None if rate is None else Rate.parse(rate)))
    opens = "for asking" if scope == "ask" else "for /metrics and /v1/admin, not for asking"
    _tell(
        f"This is the key {name}, {opens}. It is not shown again.\n"
        "Send it as `Authorization: Bearer KEY`. To a browser that asks for a user and a password, give any\n"
        "user and the key as the password.\n"
        f"`quoth serve` asks for keys if QUOTH_KEYS={path} is set, and then knows this one in a second."
    )


@keys.command("list")
def list_(json_: JsonOption = False, file: FileOption = None) -> None:
    """List the keys, the oldest first: name, scope, when each was made, its own rate. Never a key."""
    from service.web.access.keys import read_keys  # noqa: PLC0415 - see above

    path = _chosen(file)
    rows = [
        {
            "name": key.name,
            "scope": key.scope,
            "created": key.created.isoformat(),
            "rate": None if key.rate is None else str(key.rate),
        }
        for key in read_keys(path).values()
    ]
    if json_:
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        typer.echo(
            f"{row['name']:<{width}}  {row['scope']:<5}  {row['created']}  {row['rate'] or ''}".rstrip()
        )
    if not rows:
        _tell(f"There is no key in {path}: `quoth keys add NAME` makes one.")


@keys.command()
def remove(name: NameArgument, file: FileOption = None) -> None:
    """Remove a key; a running service refuses it within a second."""
    from service.web.access.keys import read_keys, remove_key  # noqa: PLC0415 - see above

    path = _chosen(file)
    remove_key(path, name)
    left = len(read_keys(path))
    _tell(f"Removed {name}. " + (f"Keys left: {left}." if left else "No key is left, so nobody gets in."))


def _chosen(file: Path | None) -> Path:
    # No default: a key in a file that the service does not read would look like protection.
    if file is None:
        raise SettingsError(
            "no key file is named: set QUOTH_KEYS to one, for `quoth serve` too, or say --file"
        )
    return file


def _tell(message: str) -> None:
    Console(stderr=True, highlight=False, emoji=False, soft_wrap=True).print(Text(message))
