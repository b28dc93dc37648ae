"""File formats: bytes -> the text that a reader of the file reads, and the metadata that it states.

A format is one small module with a function `read(data: bytes) -> Document`, named in `registry.FORMATS`
by the endings of its files.
"""

from indexer.formats.document import Document
from indexer.formats.registry import FORMATS, read_document

__all__ = ["FORMATS", "Document", "read_document"]
