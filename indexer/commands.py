"""`quoth index` and `quoth info`. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.exit_codes import ExitCode
from indexer.options import IndexOption, JsonOption, setting
from indexer.settings import (
    DEFAULT_ENCODER,
    DEFAULT_INDEX,
    MAX_FILE_BYTES,
    BuildSettings,
    FaissChoice,
    SplitterSettings,
)

if TYPE_CHECKING:
    from typing import Any

    from indexer.build import BuildReport
    from indexer.corpus import ArticleSource
    from indexer.engines.faiss.storage import Manifest
    from indexer.progress_display import ProgressDisplay

_BUILD = BuildSettings()


def index(
    folder: Annotated[
        Path, typer.Argument(help="The folder of articles: .txt, .md and .html files, at any depth.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The index folder.", metavar="FOLDER", envvar="QUOTH_INDEX")
    ] = DEFAULT_INDEX,
    encoder: Annotated[
        str,
        typer.Option(
            help="Name or folder of a sentence-transformers model.", metavar="MODEL", envvar="QUOTH_ENCODER"
        ),
    ] = DEFAULT_ENCODER,
    faiss: Annotated[
        FaissChoice,
        typer.Option(help="Kind of FAISS index; auto chooses by the number of passages."),
    ] = _BUILD.faiss,
    max_tokens: Annotated[
        int | None,
        setting(SplitterSettings, "max_tokens", metavar="N", description="The most tokens in a passage."),
    ] = None,
    overlap_tokens: Annotated[
        int | None,
        setting(
            SplitterSettings,
            "overlap_tokens",
            metavar="N",
            description="The most tokens that neighbouring passages share; fewer than --max-tokens.",
        ),
    ] = None,
    max_file_mb: Annotated[
        float,
        typer.Option(help="The largest file that is read, in megabytes.", metavar="MB", min=0.001, max=4_000),
    ] = MAX_FILE_BYTES / 1e6,
    include: Annotated[
        list[str] | None,
        typer.Option(
            help="A folder to read that would be left out (dependencies, build output, page templates), by "
            "name or by path below FOLDER. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    list_ignored: Annotated[
        bool, typer.Option("--list-ignored", help="List the files and folders that were left out, and why.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Index a folder of articles. Run it again after any change: only what changed is embedded.

    Exit status: 0 every file was read, 3 the index is made but some files could not be read, 1 an error, and
    the index is unchanged.
    """
    given: dict[str, Any] = {"max_tokens": max_tokens, "overlap_tokens": overlap_tokens}
    splitter = replace(_BUILD.splitter, **{name: value for name, value in given.items() if value is not None})
    report = build_index(
        folder,
        out,
        encoder=encoder,
        settings=BuildSettings(splitter, faiss),
        max_file_bytes=int(max_file_mb * 1e6),
        include=include or (),
    )
    _print_report(report, out, list_ignored=list_ignored, json_=json_)
    if report.failures:
        raise typer.Exit(ExitCode.SOME_UNREADABLE)


def build_index(
    folder: Path,
    out: Path,
    *,
    encoder: str = DEFAULT_ENCODER,
    settings: BuildSettings | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
    include: Collection[str] = (),
    progress: ProgressDisplay | None = None,
) -> BuildReport:
    """Build the index `out` of the articles in `folder`, with progress on stderr, and return the report."""
    from indexer.corpus import Corpus

    corpus = Corpus(folder, max_file_bytes=max_file_bytes, include=include)
    return build_source(corpus, out, encoder, settings, progress)


def build_source(
    source: ArticleSource,
    out: Path,
    encoder: str,
    settings: BuildSettings | None = None,
    progress: ProgressDisplay | None = None,
) -> BuildReport:
    """Build an index of any source of articles and return the report.

    Progress goes to `progress`, which its owner has opened, by default to a display of this build's own.
    """
    from indexer.build import build
    from indexer.encoders.loading import load_encoder
    from indexer.progress_display import ProgressDisplay

    if progress is None:
        with ProgressDisplay() as own:
            return build_source(source, out, encoder, settings, own)
    progress.start("Loading the encoder")
    return build(source, out, load_encoder(encoder), settings, progress)


def info(index: IndexOption = DEFAULT_INDEX, json_: JsonOption = False) -> None:
    """Check an index and show what it holds. Every file is compared with its checksum.

    Exit status: 0 the index is sound, 1 its current generation is damaged and an older one would serve.
    """
    from indexer.engines.faiss.index import open_index
    from indexer.engines.faiss.storage import Layout, current_number

    manifest = open_index(index).manifest
    sound = current_number(Layout(index)) == manifest.generation
    _print_manifest(index, manifest, sound=sound, json_=json_)
    if not sound:
        raise typer.Exit(ExitCode.ERROR)


_ARITHMETIC = {
    "bf16": "16-bit floats, which this processor multiplies natively",
    "f32": "32-bit floats, as this processor multiplies no 16-bit ones",
}


def _print_manifest(index: Path, manifest: Manifest, *, sound: bool, json_: bool) -> None:
    from indexer.runtime import native_precision
    from indexer.terminal import print_json, print_table

    precision = native_precision()
    if json_:
        print_json({**asdict(manifest), "current_is_sound": sound, "arithmetic": precision})
        return
    state = "every checksum matches" if sound else "the current generation is damaged, this older one serves"
    size = sum(file["size"] for file in manifest.files.values())
    print_table(
        {
            "index": f"{index} ({manifest.name}, {size / 1e6:.1f} MB, {state})",
            "created": manifest.created,
            "source": manifest.source,
            "articles": f"{manifest.articles:,}",
            "passages": f"{manifest.passages:,}",
            "encoder": f"{manifest.encoder['name']} ({manifest.encoder['dimension']} dimensions, "
            f"weights {manifest.encoder['sha256'][:12]})",
            "faiss": manifest.dense,
            "arithmetic": _ARITHMETIC[precision],
            "splitter": ", ".join(f"{key} {value}" for key, value in manifest.splitter.items()),
        }
    )


def _print_report(report: BuildReport, out: Path, *, list_ignored: bool, json_: bool) -> None:
    from indexer.summary import print_summary
    from indexer.terminal import print_json

    if json_:
        print_json(asdict(report))
        return
    print_summary(report, out, list_ignored=list_ignored)
