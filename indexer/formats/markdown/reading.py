"""Markdown: what a reader of the rendered page reads, and what its front matter states.

The source is prepared (template code, components and the conventions of single programs are no text),
rendered to HTML by markdown-it-py and read like a page, so that HTML in Markdown needs no rules of its own.
Line breaks of the source are kept. Links keep their words, pictures their description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lxml import etree
from markdown_it.token import Token

from indexer.errors import UnreadableFileError
from indexer.formats.blocks import Block, Cell, Heading, Table, assemble
from indexer.formats.document import Document, decode_text
from indexer.formats.front_matter import front_matter
from indexer.formats.html import refuse_truncated
from indexer.formats.html.visibility import visibility_of
from indexer.formats.html.walk import pieces_of
from indexer.formats.markdown.components import without_components
from indexer.formats.markdown.dialects import plain, unclosed_comment
from indexer.formats.markdown.masking import GAP, Masking
from indexer.formats.markdown.parser import MAX_NESTING, parse, render
from indexer.formats.markdown.templates import without_templates

SHOWN_GAP = "[…]"
"""What is shown in a line where words are missing that the file does not hold."""

_LINE_ENDS = re.compile(r"\r\n?")
_HEADING_TAG = re.compile(r"<h1[\s>]", re.IGNORECASE)


def read(data: bytes) -> Document:
    """Read Markdown, with or without front matter, in UTF-8 or another encoding of which there is no doubt.

    Raises:
        UnreadableFileError: an unknown encoding, or lists, quotes or elements nested too deep.
    """
    decoded, encoding_warnings = decode_text(data)
    source = _LINE_ENDS.sub("\n", decoded)
    metadata, values, body = front_matter(source)
    masking = Masking(body)
    comment = unclosed_comment(masking.text)
    plain(masking)
    included = without_templates(masking, values)
    is_mdx = without_components(masking)
    tokens, deep = parse(masking.unmask(masking.text), indented_code=not is_mdx)
    if deep:
        raise UnreadableFileError(f"lists or quotes nested {MAX_NESTING} levels deep: flatten it")
    blocks = list(_blocks(render(tokens)))
    text, segments = assemble(blocks)
    if metadata.title is None and _opens_with_heading(tokens):
        metadata = replace(metadata, title=_first_heading(blocks))
    return Document(text, metadata, segments, (*encoding_warnings, *_warnings(text, included, comment)))


def _blocks(html: str) -> Iterator[Block]:
    """Yield the blocks that the rendered page shows."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    # Parsed as a document: lxml's parser of fragments raises many kinds of errors.
    root = etree.fromstring(f"<html><body>{html}</body></html>".encode(), parser)
    refuse_truncated(parser)
    lists: set[object] = set()
    for piece in pieces_of(root, visibility_of(root)):
        block = piece.block(first=piece.holder not in lists)
        lists.add(piece.holder)
        if GAP not in html:
            yield block
        elif _words(block).replace(GAP, "").strip():
            yield _with_gaps(block)


def _words(block: Block) -> str:
    if isinstance(block, Table):
        return " ".join(cell.text for row in block.rows for cell in row)
    return block.text


def _with_gaps(block: Block) -> Block:
    if isinstance(block, Table):
        return Table(tuple(tuple(_gaps_in_cell(cell) for cell in row) for row in block.rows))
    return replace(block, text=block.text.replace(GAP, SHOWN_GAP))


def _gaps_in_cell(cell: Cell) -> Cell:
    return replace(cell, text=cell.text.replace(GAP, SHOWN_GAP))


def _opens_with_heading(tokens: Iterable[Token]) -> bool:
    """Whether nothing but pictures, links and marks comes before a heading of the first level."""
    for token in tokens:
        if token.type == "heading_open":
            return token.tag == "h1"
        if token.type == "html_block":
            if _HEADING_TAG.search(token.content):
                return True
            if re.sub(r"<[^<>]*>", "", token.content).strip():
                return False
        elif token.type in {"fence", "code_block"} or _says(token.children or []):
            return False
    return False


def _says(children: Iterable[Token]) -> bool:
    """Whether a block of text has words outside of links and pictures."""
    links = 0
    for token in children:
        links += (token.type == "link_open") - (token.type == "link_close")
        said = token.type in {"text", "code_inline"} and any(char.isalnum() for char in token.content)
        if said and not links:
            return True
    return False


def _first_heading(blocks: Iterable[Block]) -> str | None:
    heading = next((block for block in blocks if isinstance(block, Heading)), None)
    return " ".join(heading.text.split()) or None if heading and heading.level == 1 else None


def _warnings(text: str, included: int, comment: int | None) -> Iterator[str]:
    gaps = text.count(SHOWN_GAP)
    if gaps:
        yield f"template variables without a value, shown as {SHOWN_GAP}: {gaps}"
    if included:
        yield f"template tags whose text is in other files and is not read: {included}"
    if comment is not None:
        yield f"line {comment} of the text begins a comment that never ends: what follows is not read"
