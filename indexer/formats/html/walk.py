"""A page's tree -> the pieces of text that it shows, in order, each with the regions that hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lxml import etree

from indexer.formats.blocks import Block, Heading, Item, Paragraph, Table
from indexer.formats.html.notation import formula, lowered, raised
from indexer.formats.html.tables import CellText, holds_data, table_of
from indexer.formats.html.visibility import UNREAD, Visibility, struck

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li listing main menu nav ol p plaintext pre
    search section summary table tbody td tfoot th thead tr ul xmp
    """.split()  # noqa: SIM905 - a list of fifty strings would be harder to read
)
_LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext"})
_SPACE = re.compile(r"[ \t\n\r\f]+")
_AROUND_BREAK = re.compile(r" *\n *")
# Breaking opportunities that no reader sees: soft hyphen, zero-width space, word joiner, byte order mark.
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)", re.IGNORECASE)
_QUOTES = (("“", "”"), ("‘", "’"))


class Kind(Enum):
    """What a block of text is on the page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    CAPTION = "caption"
    PREFORMATTED = "preformatted"
    TABLE = "table"


@dataclass(slots=True, eq=False)
class Region:
    """An element that begins a block of its own, within the region around it."""

    element: etree._Element
    parent: Region | None
    depth: int = 0

    def around(self) -> Iterator[Region]:
        """Yield this region and those around it, outwards."""
        region: Region | None = self
        while region is not None:
            yield region
            region = region.parent


@dataclass(slots=True, eq=False)
class Piece:
    """A block of text as the page shows it; `linked` of its characters are links."""

    kind: Kind
    text: str
    region: Region
    linked: int = 0
    level: int = 0  # of a heading, from 1; of an item, how many lists it is in
    holder: Region | None = None  # the list of an item
    table: Table | None = None

    def block(self, *, first: bool = False) -> Block:
        """Return the piece as a block of the document; `first`: no item of its list came before it."""
        if self.table is not None:
            return self.table
        if self.kind is Kind.HEADING:
            return Heading(self.text, self.level)
        if self.kind is Kind.ITEM:
            return Item(self.text, max(1, self.level), first)
        return Paragraph(self.text)


@dataclass(slots=True)
class _Place:
    """Where the walk is: what the next words belong to."""

    region: Region
    kind: Kind = Kind.PARAGRAPH
    level: int = 0  # of a heading
    holder: Region | None = None  # the list
    lists: int = 0
    preformatted: bool = False
    item: _Item | None = None


@dataclass(slots=True)
class _Item:
    """A list item that the walk is in; only its first words are the item, what follows are paragraphs."""

    level: int
    holder: Region | None
    said: bool = False


def pieces_of(root: etree._Element, visibility: Visibility) -> list[Piece]:
    """Return the pieces of text that an element shows, from top to bottom."""
    walk = _Walk(visibility)
    walk.visit(root, _Place(Region(root, None)))
    walk.flush()
    return walk.pieces


class _Walk:
    def __init__(self, visibility: Visibility) -> None:
        self.pieces: list[Piece] = []
        self._visibility = visibility
        self._words: list[str] = []
        self._linked = 0
        self._links = 0  # how many links the walk is in
        self._quotes = 0
        self._place: _Place | None = None  # of the words since the last flush
        self._term: Region | None = None  # of the glossary that the walk is in

    # Words

    def _say(self, words: str | None, place: _Place) -> None:
        if not words:
            return
        if not place.preformatted:
            words = _SPACE.sub(" ", words)
        if self._place is None or not self._words:
            self._place = place
        self._words.append(words)
        if self._links:
            self._linked += len(words)

    def flush(self) -> None:
        """End the block of the words said since the last one."""
        place, words, linked = self._place, "".join(self._words), self._linked
        self._words, self._linked = [], 0
        if place is None or not words or words.isspace():
            return
        text = _UNSEEN.sub("", words)
        if place.preformatted:
            text = text.strip("\n").rstrip()
        else:
            text = _AROUND_BREAK.sub("\n", re.sub(" {2,}", " ", text)).strip()
        if not text.strip():
            return
        piece = Piece(place.kind, text, place.region, min(linked, len(text)), place.level)
        if place.item and not place.item.said and place.kind is Kind.PARAGRAPH:
            place.item.said = True
            piece.kind, piece.level, piece.holder = Kind.ITEM, place.item.level, place.item.holder
        self.pieces.append(piece)

    def _break(self, place: _Place) -> None:
        if place.preformatted or place.kind is Kind.HEADING:
            self._say("\n" if place.preformatted else " ", place)
            return
        last = next((words for words in reversed(self._words) if words != " "), None)
        if last == "\n":  # an empty line ends a paragraph
            self.flush()
        elif self._words:
            self._words.append("\n")

    # Elements

    def visit(self, element: etree._Element, place: _Place) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in UNREAD or self._visibility.hides(element):
            return
        if tag in _BLOCKS or _is_block(element):
            self._visit_block(element, tag, place)
        elif special := _SPECIAL.get(tag):
            special(self, element, place)
        elif not struck(element):
            self.inside(element, place)

    def inside(self, element: etree._Element, place: _Place) -> None:
        self._say(element.text, place)
        for child in element:
            self.visit(child, place)
            self._say(child.tail, place)

    def _visit_block(self, element: etree._Element, tag: str, place: _Place) -> None:
        self.flush()
        region = Region(element, place.region, place.region.depth + 1)
        if tag == "table" and holds_data(element):
            self._visit_table(element, region)
            return
        self.inside(element, self._entered(element, tag, place, region))
        self.flush()

    def _entered(self, element: etree._Element, tag: str, place: _Place, region: Region) -> _Place:
        inner = _Place(
            region, place.kind, place.level, place.holder, place.lists, place.preformatted, place.item
        )
        if level := _heading_level(element, tag):
            inner.kind, inner.level, inner.preformatted = Kind.HEADING, level, False
        elif tag in _LISTS:
            inner.lists += 1
            inner.holder = region
            self._term = region
        elif tag == "li":
            inner.item = _Item(max(1, place.lists), place.holder or place.region)
        elif tag == "dt":
            inner.item, self._term = None, region
        elif tag == "dd":  # each term of a glossary introduces a list of its own
            inner.item = _Item(max(1, place.lists), self._term or region)
        elif tag in _PREFORMATTED:
            inner.kind, inner.preformatted = Kind.PREFORMATTED, True
        elif tag in {"figcaption", "caption"}:
            inner.kind = Kind.CAPTION
        return inner

    def _visit_table(self, element: etree._Element, region: Region) -> None:
        for caption in element.iterchildren("caption"):
            self._visit_block(caption, "caption", _Place(region))
        table, linked = table_of(element, lambda cell: self._cell(cell, region))
        text = "\n".join("\t".join(cell.text for cell in row if not cell.repeated) for row in table.rows)
        if text.strip():
            self.pieces.append(Piece(Kind.TABLE, text, region, min(linked, len(text)), table=table))

    def _cell(self, cell: etree._Element, region: Region) -> CellText:
        walk = _Walk(self._visibility)
        walk._links = self._links
        if not self._visibility.hides(cell):
            walk.inside(cell, _Place(region))
            walk.flush()
        return CellText(
            "\n".join(piece.text for piece in walk.pieces), sum(one.linked for one in walk.pieces)
        )

    # Inline elements of their own kind

    def _link(self, element: etree._Element, place: _Place) -> None:
        # A heading is often a link to itself; an address or a telephone number is text.
        target = element.get("href", "")
        own = target.startswith("#" if place.kind is Kind.HEADING else ("mailto:", "tel:"))
        link = "href" in element.attrib and not own
        self._links += link
        self.inside(element, place)
        self._links -= link

    def _quote(self, element: etree._Element, place: _Place) -> None:
        opening, closing = _QUOTES[self._quotes % 2]
        said = (element.text or "").lstrip()[:1]
        if said and said in "\"'“”‘’«»„":  # the author has set the marks
            opening = closing = ""
        self._quotes += 1
        self._say(opening, place)
        self.inside(element, place)
        self._say(closing, place)
        self._quotes -= 1

    def _script(self, element: etree._Element, place: _Place) -> None:
        cell = self._cell(element, place.region)
        before = "".join(self._words[-3:])
        reference = cell.linked > 0 or element.getparent().tag == "a" or element.get("role") == "doc-noteref"
        moved = raised if element.tag == "sup" else lowered
        self._say(moved(cell.text, before=before, reference=reference), place)

    def _formula(self, element: etree._Element, place: _Place) -> None:
        if element.get("display") == "block" and place.kind is Kind.PARAGRAPH:
            self._say(" ", place)
        self._say(formula(element), place)

    def _ruby(self, element: etree._Element, place: _Place) -> None:
        """The words, then how they are read, in brackets: 漢字(かんじ)."""
        readings: list[str] = []
        self._say(element.text, place)
        for child in element:
            if child.tag in {"rt", "rtc"}:
                readings.append("".join(child.itertext()).strip())
            elif isinstance(child.tag, str):
                self.visit(child, place)
            if child.tag not in {"rt", "rtc", "rp"} or (child.tail or "").strip():
                self._say(child.tail, place)
        if any(readings):
            self._say(f"({''.join(readings)})", place)

    def _button(self, element: etree._Element, place: _Place) -> None:
        """A button is no text, but the headings of a page's folding parts are often buttons."""
        if place.kind is Kind.HEADING or element.getparent().tag == "summary":
            self.inside(element, place)

    def _rule(self, _element: etree._Element, _place: _Place) -> None:
        self.flush()

    def _line_break(self, _element: etree._Element, place: _Place) -> None:
        self._break(place)


_SPECIAL = {
    "a": _Walk._link,
    "br": _Walk._line_break,
    "button": _Walk._button,
    "hr": _Walk._rule,
    "math": _Walk._formula,
    "q": _Walk._quote,
    "ruby": _Walk._ruby,
    "sub": _Walk._script,
    "sup": _Walk._script,
}


def _heading_level(element: etree._Element, tag: str) -> int:
    if tag in _HEADINGS:
        return _HEADINGS[tag]
    if element.get("role") != "heading":
        return 0
    level = element.get("aria-level", "2")
    return int(level) if level in {"1", "2", "3", "4", "5", "6"} else 2


def _is_block(element: etree._Element) -> bool:
    """Whether an element that is inline by its name is shown as a block."""
    if element.get("role") == "heading":
        return True
    style = element.get("style")
    return bool(style and _BLOCK_STYLE.search(style))
