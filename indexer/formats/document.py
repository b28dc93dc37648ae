"""What a format reader returns, and the decoding that the text formats share."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from indexer.errors import UnreadableFileError
from indexer.formats import legacy_encodings
from indexer.records import Metadata, Segment


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and the metadata that its own markup or front matter states.

    `segments` are places in the text, in the order of their starts. `warnings` say what a person should know
    about how the file was read: text that may be missing, an encoding that was detected.
    """

    text: str
    metadata: Metadata = field(default_factory=Metadata)
    segments: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()


def decode_utf8(data: bytes) -> str:
    """Decode UTF-8, without a byte order mark; line ends stay as they are.

    Raises:
        UnreadableFileError: the bytes are not UTF-8; the reason says where and what they look like.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFileError("it is UTF-16, not UTF-8: save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start} (line {line}); "
            "save it as UTF-8"
        ) from error


def decode_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8, UTF-16 with a byte order mark, or a legacy encoding if there is no doubt which.

    Returns the text, line ends as they are, and a warning that names the encoding if it is not UTF-8.

    Raises:
        UnreadableFileError: the bytes are none of these.
    """
    try:
        return decode_utf8(data), ()
    except UnreadableFileError:
        found = _decode_utf16(data) or legacy_encodings.detect(data)
        if found is None:
            raise
    text, encoding = found
    return text, (f"read as {encoding}: save it as UTF-8 to be certain",)


def _decode_utf16(data: bytes) -> tuple[str, str] | None:
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    try:
        return data.decode("utf-16"), "utf-16"
    except UnicodeDecodeError:
        return None
