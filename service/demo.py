"""The articles that come with Quoth, and their index."""

from __future__ import annotations

from pathlib import Path

from indexer.commands import build_index
from indexer.engines.faiss.index import open_index
from indexer.errors import CorpusError, IndexMissingError
from indexer.terminal import messages, shown


def seeds_folder() -> Path:
    """Return the folder of the articles that come with Quoth.

    Raises:
        CorpusError: they are not installed.
    """
    folder = Path(__file__).resolve().parent.parent / "seeds"
    if not folder.is_dir():
        raise CorpusError(f"the articles that come with Quoth are not in {folder}: install Quoth again")
    return folder


def index_seeds(out: Path) -> None:
    """Index the articles that come with Quoth in `out`, unless it holds the index of other articles."""
    seeds = seeds_folder()
    try:
        opened = open_index(out)
    except IndexMissingError:
        pass
    else:
        source = opened.info.source
        opened.close()
        if source != str(seeds.resolve()):
            messages().print(shown(f"Using the index in {out}, made from {source}."))
            return
    report = build_index(seeds, out)
    done = "Indexed" if report.published else "Already indexed:"
    messages().print(
        shown(
            f"{done} {report.articles} articles, {report.passages} passages, in {out} "
            f"({report.seconds:.1f} s)."
        )
    )
