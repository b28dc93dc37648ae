"""How much of each rendered page is read from Markdown: `python -m eval.benchmark.markdown FOLDER ...`.

The page is what markdown-it-py makes of the file (CommonMark with tables) without front matter and template
code; both texts are compared by runs of four words. What other programs show of it (titles of notes,
captions, footnotes at the end) and the descriptions of pictures count as differences, so the shares are lower
bounds.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from lxml import etree
from markdown_it import MarkdownIt
from rich.console import Console
from rich.table import Table

from indexer.cli import run_commands
from indexer.errors import UnreadableFileError
from indexer.formats import markdown
from indexer.formats.document import decode_utf8
from indexer.formats.front_matter import split_front_matter

_PAGE = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])
_CODE = re.compile(r"\{%.{0,3000}?%\}|\{\{.{0,3000}?\}\}", re.DOTALL)
_MDX = re.compile(r"^(?:import|export) .*$|\{:[^}\n]*\}|\{/\*.*?\*/\}|\{#[\w-]+\}", re.MULTILINE)
_INLINE = frozenset("a abbr b cite code del em i ins kbd mark q s small span strong sub sup u var".split())  # noqa: SIM905
_UNSEEN = "//script | //style | //template | //del | //s"


def main(folders: Annotated[list[Path], typer.Argument(help="Folders of Markdown files.")]) -> None:
    """Compare the text that is read with the rendered page."""
    table = Table("folder", "files", "of the page, read", "of what is read, on the page", "ms per file")
    for folder in folders:
        table.add_row(folder.name, *_compare(folder))
    Console().print(table)


def _compare(folder: Path) -> tuple[str, ...]:
    files = shown = read = both = 0
    took = 0.0
    for path in sorted(one for one in folder.rglob("*") if one.suffix in {".md", ".mdx", ".markdown"}):
        data = path.read_bytes()
        began = time.perf_counter()
        try:
            text, source = markdown.read(data).text, decode_utf8(data)
        except UnreadableFileError:
            continue
        took += time.perf_counter() - began
        page, found = _grams(_page(source)), _grams(_CODE.sub(" ", text))
        files += 1
        shown += page.total()
        read += found.total()
        both += (page & found).total()
    shares = (f"{both / max(count, 1):.2%}" for count in (shown, read))
    return f"{files:,}", *shares, f"{1000 * took / max(files, 1):.1f}"


def _page(source: str) -> str:
    """The words of the rendered page."""
    _, body = split_front_matter(source.replace("\r\n", "\n"))
    html = _PAGE.render(_MDX.sub("", _CODE.sub(" ", body)))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = etree.fromstring(f"<html><body>{html}</body></html>".encode(), parser)
    for unseen in root.xpath(_UNSEEN):
        unseen.clear(keep_tail=True)
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        words = element.text if event == "start" else element.tail
        parts += ["" if element.tag in _INLINE else " ", words or ""]
    return "".join(parts)


def _grams(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[place : place + 4]) for place in range(max(len(words) - 3, 1)))


if __name__ == "__main__":
    run_commands(main)
