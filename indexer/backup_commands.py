"""`quoth backup` and `quoth restore`. Results go to stdout, warnings to stderr."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.commands import print_table
from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX

if TYPE_CHECKING:
    from indexer.engines.faiss.storage import Manifest


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, a tar archive.")],
    index: IndexOption = DEFAULT_INDEX,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    json_: JsonOption = False,
) -> None:
    """Write the index that is served to one file, every checksum verified; `quoth restore` brings it back.

    Where the current generation is damaged, the newest sound one is written, with a warning. Readers'
    feedback is a file of its own and not part of it.
    """
    # Imported here, as in `indexer.commands`: it loads FAISS.
    from indexer.engines.faiss.backup import back_up  # noqa: PLC0415

    manifest = back_up(index, file, force=force)
    size = file.stat().st_size
    _print(manifest, {"backup": str(file), "bytes": size}, f"{file} ({size / 1e6:.1f} MB)", json_=json_)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `quoth backup` wrote.")],
    index: IndexOption = DEFAULT_INDEX,
    json_: JsonOption = False,
) -> None:
    """Check a backup, every checksum verified, try it, and serve it from now on.

    In an empty folder the generation keeps its number, and answers are the same to their last field;
    elsewhere it becomes the newest, and the one served before stays to fall back to.
    """
    from indexer.engines.faiss.backup import restore as bring_back  # noqa: PLC0415 - see above

    manifest = bring_back(file, index)
    _print(manifest, {"backup": str(file), "index": str(index)}, f"{file} to {index}", json_=json_)


def _print(manifest: Manifest, places: dict[str, Any], shown: str, *, json_: bool) -> None:
    if json_:
        typer.echo(json.dumps({**places, **asdict(manifest)}, indent=2, ensure_ascii=False))
    else:
        print_table(
            {
                "backup": f"{shown} ({manifest.name})",
                "created": manifest.created,
                "articles": f"{manifest.articles:,}",
                "passages": f"{manifest.passages:,}",
            }
        )
