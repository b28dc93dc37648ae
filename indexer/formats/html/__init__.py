"""HTML: what a page's article shows, block by block, and the metadata that its markup states."""

from indexer.formats.html.reading import read, refuse_truncated

__all__ = ["read", "refuse_truncated"]
