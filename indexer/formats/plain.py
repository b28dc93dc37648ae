"""Plain text, kept to the character: an offset into the article is an offset into the file."""

from __future__ import annotations

from indexer.errors import UnreadableFileError
from indexer.formats.document import Document, decode_utf8
from indexer.formats.layout import find_segments


def read(data: bytes) -> Document:
    """Read UTF-8 text.

    Raises:
        UnreadableFileError: not UTF-8, or a binary file under a text file's name.
    """
    text = decode_utf8(data)
    if "\x00" in text:
        raise UnreadableFileError("it holds NUL characters, so it is not plain text")
    return Document(text, segments=find_segments(text))
