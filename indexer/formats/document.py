"""What a format reader returns, and the strict decoding that the text formats share."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from indexer.errors import UnreadableFileError
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
