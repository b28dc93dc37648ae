"""Plain text, kept to the character: an offset into the article is an offset into the file."""

from __future__ import annotations

from indexer.errors import UnreadableFileError
from indexer.formats.document import Document, decode_text
from indexer.formats.layout import find_segments


def read(data: bytes) -> Document:
    """Read text in UTF-8, or in another encoding of which there is no doubt, with a warning that names it.

    Raises:
        UnreadableFileError: an unknown encoding, or a binary file under a text file's name.
    """
    text, warnings = decode_text(data)
    if "\x00" in text:
        raise UnreadableFileError("it holds NUL characters, so it is not plain text")
    return Document(text, segments=find_segments(text), warnings=warnings)
