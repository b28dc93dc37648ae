"""`quoth backup` and `quoth restore`. Results go to stdout, warnings to stderr."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.options import IndexOption, JsonOption
from indexer.settings import DEFAULT_INDEX

if TYPE_CHECKING:
    from indexer.engines.faiss.storage import Manifest


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, a tar archive.")],
    index: IndexOption = DEFAULT_INDEX,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json_: JsonOption = False,
) -> None:
    """Write an index to one file for `quoth restore`. Every checksum is verified.

    The current generation is written; if it is damaged, the newest sound one, with a warning. Readers'
    feedback is not part of the backup: it is a file of its own.
    """
    from indexer.engines.faiss.backup import back_up

    manifest = back_up(index, file, force=force)
    size = file.stat().st_size
    _print(manifest, {"backup": str(file), "bytes": size}, f"{file} ({size / 1e6:.1f} MB)", json_=json_)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `quoth backup` wrote.")],
    index: IndexOption = DEFAULT_INDEX,
    json_: JsonOption = False,
) -> None:
    """Restore an index from a backup. Every checksum is verified and the index is tested first.

    In an empty folder the generation keeps its number, and answers are the same to their last field. In an
    existing index it becomes the newest generation, and the one before is kept to fall back on.
    """
    from indexer.engines.faiss.backup import restore as restore_file

    manifest = restore_file(file, index)
    _print(manifest, {"backup": str(file), "index": str(index)}, f"{file} to {index}", json_=json_)


def _print(manifest: Manifest, places: dict[str, Any], label: str, *, json_: bool) -> None:
    from indexer.terminal import print_json, print_table

    if json_:
        print_json({**places, **asdict(manifest)})
    else:
        print_table(
            {
                "backup": f"{label} ({manifest.name})",
                "created": manifest.created,
                "articles": f"{manifest.articles:,}",
                "passages": f"{manifest.passages:,}",
            }
        )
