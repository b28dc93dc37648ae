"""HTML: the text of the article that a page shows, block by block, and what its markup states of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree
from lxml import html as lxml_html

from indexer.errors import UnreadableFileError
from indexer.formats.blocks import Block, assemble
from indexer.formats.document import Document
from indexer.formats.html.choice import choose
from indexer.formats.html.decoding import decode
from indexer.formats.html.facts import word_count
from indexer.formats.html.left_out import left_out
from indexer.formats.html.opinion import without_refused
from indexer.formats.html.visibility import Visibility, visibility_of
from indexer.formats.html.walk import Kind, Piece, Region, pieces_of
from indexer.formats.html_metadata import page_metadata

_TWO_DIMENSIONAL = ("mfrac", "mtable", "munderover", "msqrt", "mroot")  # parts of formulas
_FORMULAS = 5
_HIDDEN_PAGE = 3  # times as many words hidden as shown: the page shows them when its scripts run


def read(data: bytes) -> Document:
    """Read a page in the encoding that it declares, else UTF-8.

    The document's warnings say what looks like the article's text and was left out.

    Raises:
        UnreadableFileError: the bytes do not fit the encoding, the page is too deep or too large to be
            parsed whole, it holds no text, or most of what looks like an article's text would be left out.
    """
    root = _parse(decode(data))
    metadata = page_metadata(root)
    pieces, warnings = _shown(root)
    choice = choose(pieces)
    if not choice.chosen:
        raise UnreadableFileError("no article text was found in the page")
    formulas = sum(1 for _ in root.iter(*_TWO_DIMENSIONAL))
    chosen = without_refused(root, pieces, choice.chosen, choice.sure)
    warnings += left_out(pieces, choice, chosen)
    if formulas >= _FORMULAS:
        warnings.append(
            f"{formulas:,} fractions, roots and matrices are read in one line each: check them in the page"
        )
    headline = None if choice.headline is None else pieces[choice.headline].text
    if headline is not None and headline.split() == (metadata.title or "").split():
        chosen = [number for number in chosen if number != choice.headline]
    text, segments = assemble(_blocks(pieces, chosen))
    if not text:
        raise UnreadableFileError("no article text was found in the page")
    return Document(text, metadata, segments, tuple(warnings))


def refuse_truncated(parser: etree.HTMLParser) -> None:
    """Refuse a document that libxml2 stopped parsing: at 256 levels, or 10 million bytes without a tag.

    Raises:
        UnreadableFileError: it did; the rest of the document would be missing silently.
    """
    fatal = parser.error_log.filter_from_fatals()
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in fatal):
        raise UnreadableFileError(
            "elements nested 256 levels deep, or 10 MB in one: it cannot be read whole; save it as plain text"
        )


def _parse(source: str) -> etree._Element:
    parser = lxml_html.HTMLParser(encoding="utf-8")  # trafilatura reads only the elements that it makes
    try:
        root = etree.fromstring(source.encode("utf-8"), parser)
    except (etree.LxmlError, ValueError) as error:
        refuse_truncated(parser)
        if isinstance(error, etree.XMLSyntaxError):
            raise UnreadableFileError("no article text was found in the page") from error
        raise UnreadableFileError(f"not a page that can be read ({type(error).__name__})") from error
    refuse_truncated(parser)
    if root is None:
        raise UnreadableFileError("no article text was found in the page")
    return root


def _shown(root: etree._Element) -> tuple[list[Piece], list[str]]:
    """The pieces that the page shows; of one that hides its text until scripts run, all of them."""
    visibility = visibility_of(root)
    pieces = pieces_of(root, visibility)
    if visibility.hidden <= _HIDDEN_PAGE * sum(len(piece.text) for piece in pieces):
        return pieces, []
    everything = pieces_of(root, Visibility(hiding=False))
    if _words(everything) <= _HIDDEN_PAGE * _words(pieces):
        return pieces, []
    return everything, [
        "the page hides its text until scripts run: text that it never shows may have been read"
    ]


def _words(pieces: Sequence[Piece]) -> float:
    chosen = choose(pieces).chosen
    return sum(word_count(pieces[number].text) for number in chosen)


def _blocks(pieces: Sequence[Piece], chosen: Sequence[int]) -> Iterator[Block]:
    begun: set[Region | None] = set()  # the lists of which an item was given
    for number in chosen:
        piece = pieces[number]
        yield piece.block(first=piece.kind is Kind.ITEM and piece.holder not in begun)
        if piece.kind is Kind.ITEM:
            begun.add(piece.holder)
