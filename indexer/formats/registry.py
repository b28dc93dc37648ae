"""Which format reads which file. To add a format: a module with `read`, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from indexer.errors import UnreadableFileError
from indexer.formats import html, markdown, plain
from indexer.formats.document import Document

FORMATS: dict[str, Callable[[bytes], Document]] = {
    ".txt": plain.read,
    ".text": plain.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".mdx": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
}
"""File ending, in lower case -> the function that reads such a file."""

QUICK = frozenset({".txt", ".text"})
"""Endings of formats that need no parser and are read in this process; `isolation` reads the others."""


def read_document(path: PurePath, data: bytes) -> Document:
    """Read a file's bytes by the format that its ending names.

    Raises:
        UnreadableFileError: no format for this ending, or the bytes are not what the ending says, or
            there is no text in them.
    """
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableFileError(f"no reader for {path.suffix or 'a file without an ending'}")
    if not data.strip():
        raise UnreadableFileError("the file is empty")
    document = reader(data)
    if not document.text.strip():
        raise UnreadableFileError("there is no text in it")
    _refuse_lone_surrogates(document)
    return document


def _refuse_lone_surrogates(document: Document) -> None:
    """A lone surrogate is half of a character: it has no UTF-8, and offsets into it would mean nothing."""
    stated = document.metadata
    for words in (document.text, stated.title, stated.publisher, stated.author, stated.url):
        try:
            (words or "").encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnreadableFileError(
                "it holds half of a character (a lone surrogate): correct it"
            ) from error
