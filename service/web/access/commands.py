"""`quoth keys`: makes, lists and removes API keys. A key is printed only once, when it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from indexer.errors import SettingsError
from indexer.options import JsonOption

keys = typer.Typer(help="Make, list and remove the service's API keys.", no_args_is_help=True)

FileOption = Annotated[
    Path | None, typer.Option("--file", help="The key file.", metavar="FILE", envvar="QUOTH_KEYS")
]
NameArgument = Annotated[
    str, typer.Argument(help="The key's name: letters, digits, dots, dashes and underscores.")
]


@keys.command()
def add(
    name: NameArgument,
    scope: Annotated[
        Literal["ask", "admin"], typer.Option(help="ask: asking only. admin: /metrics and /v1/admin only.")
    ] = "ask",
    rate: Annotated[
        str | None,
        typer.Option(
            help="The key's own rate limit, as 60/minute, instead of QUOTH_RATE_LIMIT.", metavar="RATE"
        ),
    ] = None,
    file: FileOption = None,
) -> None:
    """Make a key and print it. It is shown only now: the file keeps its hash."""
    from service.web.access.keys import add_key
    from service.web.rate import Rate

    path = _chosen(file)
    typer.echo(add_key(path, name, scope, None if rate is None else Rate.parse(rate)))
    opens = "for asking" if scope == "ask" else "for /metrics and /v1/admin, not for asking"
    _print(
        f"This is the key {name}, {opens}. It is not shown again.\n"
        "Send it as `Authorization: Bearer KEY`. In a browser, enter any user name, and the key as\n"
        f"password. `quoth serve` requires keys if QUOTH_KEYS={path} is set. A running service accepts this\n"
        "one within a second."
    )


@keys.command("list")
def list_(json_: JsonOption = False, file: FileOption = None) -> None:
    """List the keys, oldest first.

    A line holds a key's name, its scope, when it was made, and its own rate limit; never the key.
    """
    from indexer.terminal import print_json
    from service.web.access.keys import read_keys

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
        print_json(rows)
        return
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        typer.echo(
            f"{row['name']:<{width}}  {row['scope']:<5}  {row['created']}  {row['rate'] or ''}".rstrip()
        )
    if not rows:
        _print(f"There is no key in {path}: `quoth keys add NAME` makes one.")


@keys.command()
def remove(name: NameArgument, file: FileOption = None) -> None:
    """Remove a key; a running service refuses it within a second."""
    from service.web.access.keys import read_keys, remove_key

    path = _chosen(file)
    remove_key(path, name)
    left = len(read_keys(path))
    _print(f"Removed {name}. " + (f"Keys left: {left}." if left else "No key is left: nobody has access."))


def _chosen(file: Path | None) -> Path:
    # No default: a key in a file that the service does not read would look like protection.
    if file is None:
        raise SettingsError(
            "no key file is named: set QUOTH_KEYS to one, for `quoth serve` too, or use --file"
        )
    return file


def _print(message: str) -> None:
    from indexer.terminal import messages, shown

    messages().print(shown(message))
