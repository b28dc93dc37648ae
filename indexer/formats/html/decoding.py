"""The encoding of a page: the one it declares, as the HTML standard reads the label, else UTF-8."""

from __future__ import annotations

import codecs
import re

from indexer.errors import UnreadableFileError
from indexer.formats.document import decode_utf8

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE
)

_DECLARED_WITHIN = 4096  # bytes in which a page must declare its encoding (HTML: 1,024)
# The encodings whose labels the HTML standard reads as windows-1252.
_LATIN = frozenset({"iso8859-1", "ascii"})
# A page whose bytes spell out "utf-16" in ASCII is not: the HTML standard reads it as UTF-8.
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be"})
# Encodings that Python has and no browser; they would turn some marks of a text into others.
_PYTHONS_OWN = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def decode(data: bytes) -> str:
    """Decode a page.

    Raises:
        UnreadableFileError: the bytes do not fit the encoding, or no browser reads that encoding.
    """
    declared = _CHARSET.search(data, 0, _DECLARED_WITHIN) or _XML_ENCODING.search(data, 0, _DECLARED_WITHIN)
    if declared is None or data.startswith(codecs.BOM_UTF8):
        return decode_utf8(data)
    label = declared[1].decode("ascii")
    encoding = _encoding(label)
    if encoding in _WIDE:
        return decode_utf8(data)
    try:
        return data.decode("cp1252" if encoding in _LATIN else encoding)
    except UnicodeDecodeError as error:
        if (saved := _saved_as_utf8(data)) is not None:
            return saved
        raise UnreadableFileError(
            f"it declares {label} but byte {error.start} is not: save it as UTF-8"
        ) from error
    except LookupError as error:
        raise UnreadableFileError(f"it declares an unknown encoding, {label!r}") from error


def _encoding(label: str) -> str:
    try:
        encoding = codecs.lookup(label).name.replace("_", "-")
    except LookupError as error:
        raise UnreadableFileError(f"it declares an unknown encoding, {label!r}") from error
    if encoding in _PYTHONS_OWN:
        raise UnreadableFileError(f"it declares {label!r}, which no browser reads: save it as UTF-8")
    return encoding


def _saved_as_utf8(data: bytes) -> str | None:
    """The text of a page that was saved as UTF-8 while its markup still declares what it was in before."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
