"""Markdown: what a reader of the rendered page reads, and the metadata of its front matter."""

from indexer.formats.markdown.reading import read

__all__ = ["read"]
