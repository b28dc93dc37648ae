"""Markdown: what a reader sees of it, without the marks.

markdown-it-py parses it; the text of each block is kept, with a blank line between blocks and a tab between
table cells. Links keep their words and lose their address; images keep their description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexer.errors import UnreadableFileError
from indexer.formats.document import Document, decode_utf8
from indexer.formats.front_matter import split_front_matter
from indexer.formats.html import refuse_truncated

# markdown-it-py silently drops what is nested deeper than this; its default is 20 levels (ten lists).
_MAX_NESTING = 100
_PARSER = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_NESTING}).enable("table")

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# No alternative looks further than the next "<", or once to the end: "<!--<!--<!--" would take for ever.
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)


def read(data: bytes) -> Document:
    """Read UTF-8 Markdown, with or without YAML front matter.

    Raises:
        UnreadableFileError: not UTF-8, or lists or quotes nested too deep.
    """
    metadata, body = split_front_matter(decode_utf8(data).replace("\r\n", "\n"))
    tokens = _PARSER.parse(body)
    if any(token.level >= _MAX_NESTING - 1 for token in tokens):
        raise UnreadableFileError(f"lists or quotes nested {_MAX_NESTING} levels deep: flatten it")
    if metadata.title is None:
        metadata = replace(metadata, title=_first_heading(tokens))
    return Document("\n\n".join(_blocks(tokens)), metadata)


def _first_heading(tokens: list[Token]) -> str | None:
    """The text of a level-one heading that comes before everything else."""
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return " ".join(_inline(tokens[1].children or []).split()) or None
    return None


def _blocks(tokens: Iterable[Token]) -> Iterator[str]:
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield "\t".join(row)
            row = None
        elif token.type == "inline":
            text = _inline(token.children or []).strip()
            if row is not None:
                row.append(" ".join(text.split()))
            elif text:
                yield text
        elif token.type in {"fence", "code_block"} and token.content.strip():
            yield token.content.strip("\n")
        elif token.type == "html_block" and (text := _html_text(token.content)):
            yield text


def _html_text(source: str) -> str:
    """The text of an HTML block, as a reader sees it."""
    if not _TAG.sub("", source).strip():  # only tags and comments: their content follows as blocks
        return ""
    # Parsed as a document: lxml's parser of fragments raises many kinds of errors.
    parser = etree.HTMLParser(remove_comments=True, remove_pis=True)
    root = etree.fromstring(f"<html><body>{source}</body></html>", parser)
    refuse_truncated(parser)
    # No text is moved: lxml refuses to set control characters that it returned itself.
    for hidden in root.xpath("//script | //style | //template"):
        hidden.clear(keep_tail=True)
    for line_break in root.xpath("//br"):
        line_break.text = "\n"
    return "".join(root.itertext()).strip()


def _inline(tokens: Iterable[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type in {"text", "code_inline", "text_special"}:
            parts.append(token.content)
        elif token.type in {"softbreak", "hardbreak"} or _BREAK.fullmatch(token.content):
            parts.append("\n")
        elif token.type == "image":
            parts.append(_inline(token.children or []))
    return "".join(parts)
