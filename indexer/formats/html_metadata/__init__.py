"""The metadata that an HTML page states about its article."""

from indexer.formats.html_metadata.page import page_metadata

__all__ = ["page_metadata"]
