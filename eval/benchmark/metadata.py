"""How often an HTML page's metadata is read right: `python -m eval.benchmark.metadata FOLDER`.

FOLDER holds pages with known metadata, in one of the layouts of public test sets, at any depth:

- Fundus (`tests/resources/parser/test_data`): `Name_2024_05_31.html.gz` beside `Name.json`, whose entries
  belong to the pages in their order;
- Readability (`test/test-pages`): `source.html` beside `expected-metadata.json`;
- htmldate and trafilatura (`tests`): a JSON table of addresses, each with `file` and `date` or `author`,
  above the folder of the pages.
"""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from indexer.cli import run_commands
from indexer.errors import UnreadableFileError
from indexer.formats.html import read
from indexer.metadata import combine, parse_date
from indexer.records import Metadata

FIELDS = ("title", "author", "publisher", "published")


@dataclass(frozen=True, slots=True)
class Page:
    """A page's bytes and what its set says that it states; a field that the set leaves open is absent."""

    name: str
    data: bytes
    expected: Mapping[str, str]


def pages(folder: Path) -> Iterator[Page]:
    """Yield the pages below `folder`, in all layouts, in the order of their names."""
    for path in sorted(folder.rglob("*.json")):
        if path.name == "expected-metadata.json":
            yield from _readability(path)
        elif any(path.parent.glob(f"{path.stem}_*.html.gz")):
            yield from _fundus(path)
        else:
            yield from _listed(path)


def is_right(field: str, expected: str, found: Metadata) -> bool:
    """Whether a field's value is the expected one: the same words, the same people, the same day.

    Case, white space, the kind of quotation marks and dashes, and the order of authors do not count.
    """
    value = getattr(found, field)
    if field == "published":
        return value is not None and value == parse_date(expected)
    if field == "author":
        return _people(value or "") == _people(expected)
    return _plain(value or "") == _plain(expected)


def measure(folder: Path, half: int | None, *, misses: bool) -> None:
    """Print the share of pages on which each field is right, of those whose set names a value."""
    right, counted = dict.fromkeys(FIELDS, 0), dict.fromkeys(FIELDS, 0)
    console = Console()
    for page in pages(folder):
        if half is not None and sum(page.name.encode()) % 2 != half:
            continue
        try:
            document = read(page.data)
            found = combine(None, document.metadata, document.text)
        except UnreadableFileError:
            found = Metadata()
        for field, expected in page.expected.items():
            counted[field] += 1
            if is_right(field, expected, found):
                right[field] += 1
            elif misses:
                value = getattr(found, field)
                console.print(
                    f"{page.name}: {field}: {value} (expected {expected})",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
    table = Table("field", "pages", "right")
    for field in FIELDS:
        if counted[field]:
            table.add_row(field, f"{counted[field]:,}", f"{right[field] / counted[field]:.1%}")
    console.print(table)


def _fundus(path: Path) -> Iterator[Page]:
    files = sorted(path.parent.glob(f"{path.stem}_*.html.gz"))
    versions = json.loads(path.read_text("utf-8"))
    if len(files) != len(versions):
        return
    for file, name in zip(files, sorted(versions), strict=True):
        stated = versions[name]
        expected = {
            "title": stated.get("title"),
            "author": ", ".join(stated.get("authors") or ()),
            "published": stated.get("publishing_date"),
        }
        yield Page(f"{path.parent.name}/{file.name}", gzip.decompress(file.read_bytes()), _present(expected))


def _readability(path: Path) -> Iterator[Page]:
    stated = json.loads(path.read_text("utf-8"))
    expected = {
        "title": stated.get("title"),
        "author": stated.get("byline"),
        "publisher": stated.get("siteName"),
        "published": stated.get("publishedTime"),
    }
    yield Page(path.parent.name, (path.parent / "source.html").read_bytes(), _present(expected))


def _listed(path: Path) -> Iterator[Page]:
    table = json.loads(path.read_text("utf-8"))
    if not isinstance(table, dict):
        return
    files = {file.name: file for file in path.parent.rglob("*.html")}
    for entry in table.values():
        if isinstance(entry, dict) and (file := files.get(str(entry.get("file")))) is not None:
            authors = entry.get("author")
            expected = {
                "title": entry.get("title"),
                "author": ", ".join(authors) if isinstance(authors, list) else authors,
                "published": entry.get("date"),
            }
            yield Page(file.name, file.read_bytes(), _present(expected))


def _present(expected: Mapping[str, Any]) -> dict[str, str]:
    return {field: str(value) for field, value in expected.items() if value}


_MARKS = str.maketrans("‘’‚‛′“”„‟″«»–—―‐‑", "'''''" + '"' * 7 + "-" * 5)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_MARKS).casefold().split())


def _people(names: str) -> set[str]:
    found = {name.strip(" .") for name in re.split(r",|;| and | und | & ", _plain(names))}
    return {re.sub(r"^by ", "", name) for name in found if name}


def main(
    folder: Annotated[Path, typer.Argument(help="A folder of pages with known metadata.")],
    half: Annotated[
        int | None, typer.Option(help="Only one half of the pages, 0 or 1.", min=0, max=1)
    ] = None,
    misses: Annotated[bool, typer.Option("--misses", help="Print each wrong value.")] = False,
) -> None:
    """Measure the metadata of the pages in a folder."""
    measure(folder, half, misses=misses)


if __name__ == "__main__":
    run_commands(main)
