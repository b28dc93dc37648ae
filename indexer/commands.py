"""`quoth index` and `quoth info`. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from indexer.options import IndexOption, JsonOption
from indexer.settings import (
    DEFAULT_ENCODER,
    DEFAULT_INDEX,
    MAX_FILE_BYTES,
    BuildSettings,
    SplitterSettings,
    check_choice,
)

if TYPE_CHECKING:
    from indexer.build import BuildReport
    from indexer.corpus import ArticleSource
    from indexer.engines.faiss.storage import Manifest

_SPLITTER = SplitterSettings()

SOME_UNREADABLE = 3
"""Exit status of `quoth index` when the index was made but some file could not be read."""


def index(
    folder: Annotated[
        Path, typer.Argument(help="The folder of articles: .txt, .md and .html, at any depth.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The index folder.", envvar="QUOTH_INDEX", show_envvar=True)
    ] = DEFAULT_INDEX,
    encoder: Annotated[
        str,
        typer.Option(help="Name or path of a sentence-transformers model.", envvar="QUOTH_ENCODER"),
    ] = DEFAULT_ENCODER,
    faiss: Annotated[
        str,
        typer.Option(help="Kind of FAISS index: flat, hnsw, ivf-sq8, or auto, by the number of passages."),
    ] = "auto",
    max_tokens: Annotated[int, typer.Option(help="The most tokens in a passage.")] = _SPLITTER.max_tokens,
    overlap_tokens: Annotated[
        int, typer.Option(help="The most tokens that neighbouring passages share.")
    ] = _SPLITTER.overlap_tokens,
    max_file_mb: Annotated[
        float, typer.Option(help="The largest file that is read, in megabytes.", min=0.001, max=4_000)
    ] = MAX_FILE_BYTES / 1e6,
    json_: JsonOption = False,
) -> None:
    """Index a folder of articles; run it again after any change, and only what changed is embedded.

    Exit status: 0 all read, 3 the index is made but some files could not be read, 1 nothing changed
    because of an error.
    """
    report = build_index(
        folder,
        out,
        encoder=encoder,
        settings=BuildSettings(SplitterSettings(max_tokens, overlap_tokens), check_choice(faiss)),
        max_file_bytes=int(max_file_mb * 1e6),
    )
    if json_:
        typer.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    else:
        _print_report(report, out)
    if report.failures:
        raise typer.Exit(SOME_UNREADABLE)


def build_index(
    folder: Path,
    out: Path,
    *,
    encoder: str = DEFAULT_ENCODER,
    settings: BuildSettings | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
) -> BuildReport:
    """Build the index `out` of the articles in `folder`, with progress on stderr, and return the report."""
    # Imported here: it loads trafilatura, which `quoth index --help` can do without.
    from indexer.corpus import Corpus  # noqa: PLC0415

    return build_source(Corpus(folder, max_file_bytes=max_file_bytes), out, encoder, settings)


def build_source(
    source: ArticleSource, out: Path, encoder: str, settings: BuildSettings | None = None
) -> BuildReport:
    """Build an index of any source of articles, with a progress bar on stderr, and return the report."""
    from indexer.build import build  # noqa: PLC0415
    from indexer.encoders.loading import load_encoder  # noqa: PLC0415

    console = Console(stderr=True)
    with console.status("Loading the encoder"):
        model = load_encoder(encoder)
    with _Bars(console) as bars:
        return build(source, out, model, settings, bars)


def info(index: IndexOption = DEFAULT_INDEX, json_: JsonOption = False) -> None:
    """Check an index, every file against its checksum, and say what it holds.

    Exit status: 0 all is sound, 1 the current generation is damaged and an older one would serve.
    """
    from indexer.engines.faiss.index import open_index  # noqa: PLC0415 - see above
    from indexer.engines.faiss.storage import Layout, current_number  # noqa: PLC0415

    manifest = open_index(index).manifest
    sound = current_number(Layout(index)) == manifest.generation
    if json_:
        record = {**asdict(manifest), "current_is_sound": sound}
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        _print_manifest(index, manifest, sound=sound)
    if not sound:
        raise typer.Exit(1)


def _print_manifest(index: Path, manifest: Manifest, *, sound: bool) -> None:
    state = "every checksum good" if sound else "the current generation is damaged, this older one serves"
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
            "splitter": ", ".join(f"{key} {value}" for key, value in manifest.splitter.items()),
        }
    )


def _print_report(report: BuildReport, out: Path) -> None:
    warnings = Console(stderr=True, emoji=False)
    for failure in report.failures:
        warnings.print(
            f"[bold yellow]not read:[/] {escape(failure.path)}: {escape(failure.reason)}",
            soft_wrap=True,
            highlight=False,
        )
    state = "published" if report.published else "nothing had changed"
    rows = {
        "index": f"{out} ({report.generation}, {state})",
        "articles": f"{report.articles:,}",
        "passages": f"{report.passages:,}",
        "new": f"{report.new:,}",
        "changed": f"{report.changed:,}",
        "unchanged": f"{report.unchanged:,}",
        "removed": f"{report.removed:,}",
    }
    if report.failures:
        rows["not read"] = f"{len(report.failures):,}"
    if report.ignored:
        rows["other files"] = f"{report.ignored:,} (left out)"
    print_table({**rows, "seconds": f"{report.seconds:.2f}"})


def print_table(rows: dict[str, str]) -> None:
    """Print a name and a value a line, the values in one column."""
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        console.print(Text.assemble((name.ljust(width), "bold"), value))


class _Bars:
    """A build's progress, as bars on stderr."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> _Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def start(self, stage: str, total: int) -> None:
        """A stage begins, of `total` steps."""
        self._task = self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """So many more steps of the stage are done."""
        if self._task is not None:
            self._bars.advance(self._task, steps)
