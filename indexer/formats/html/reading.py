"""HTML: the article's text and metadata, without navigation and advertising, by trafilatura."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from indexer.errors import UnreadableFileError
from indexer.formats.document import Document, decode_utf8
from indexer.formats.html_metadata import page_metadata
from indexer.records import Metadata

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE
)
# What is inserted after an element of trafilatura's tree; nothing after inline elements.
_BLOCK = "\n\n"
_ENDS = {
    **dict.fromkeys(("p", "head", "list", "item", "table", "row", "quote", "code", "div", "ab"), _BLOCK),
    "cell": "\t",
    "lb": "\n",
}
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")

_DECLARED_WITHIN = 4096  # bytes in which a page must declare its encoding (HTML: 1,024)
# The encodings whose labels the HTML standard reads as windows-1252.
_LATIN = frozenset({"iso8859-1", "ascii"})
# A page whose bytes spell out "utf-16" in ASCII is not: the HTML standard reads it as UTF-8.
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be"})
# Encodings that Python has and no browser; they would turn some marks of a text into others.
_PYTHONS_OWN = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def read(data: bytes) -> Document:
    """Read a page in the encoding that it declares, else UTF-8.

    Raises:
        UnreadableFileError: the bytes do not fit the encoding, the page is too deep or too large to be
            parsed whole, or it holds no text.
    """
    # Imported here: it takes longer to load than most pages to read, and a folder may hold no HTML.
    import trafilatura  # noqa: PLC0415
    from trafilatura.settings import Document as TrafilaturaDocument  # noqa: PLC0415

    source = _decode(data)
    try:
        parser = etree.HTMLParser(encoding="utf-8")
        root = etree.fromstring(source.encode("utf-8"), parser)
        refuse_truncated(parser)
        found = trafilatura.bare_extraction(
            source,
            with_metadata=False,
            include_comments=False,
            include_tables=True,
            favor_recall=True,
        )
    except (RecursionError, etree.LxmlError, ValueError, AttributeError, TypeError) as error:
        raise UnreadableFileError(f"not a page that can be read ({type(error).__name__})") from error
    if not isinstance(found, TrafilaturaDocument) or found.body is None or not (text := _text(found.body)):
        raise UnreadableFileError("no article text was found in the page")
    return Document(
        text,
        page_metadata(root) if root is not None else Metadata(),
    )


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


def _text(body: etree._Element) -> str:
    """The text that trafilatura found: a blank line between blocks, a tab between cells.

    trafilatura's own text marks lists with "- " and tables with "|", which no reader of the page sees.
    """
    parts: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        end = _ENDS.get(element.tag, "")
        if event == "start":
            parts += [_BLOCK if end == _BLOCK else "", _shown(element.text, element)]
        elif element is not body:
            parts += [end, _shown(element.tail, element.getparent())]
    blocks = re.split(r"\n[^\S\n]*\n", "".join(parts))
    return _BLOCK.join(block.strip() for block in blocks if block.strip())


def _shown(words: str | None, holder: etree._Element) -> str:
    """White space as a browser shows it: collapsed, except in what may be preformatted."""
    if words is None or holder.tag in {"quote", "code"}:
        return words or ""
    return _WHITE_SPACE.sub(" ", words)


def _decode(data: bytes) -> str:
    declared = _CHARSET.search(data, 0, _DECLARED_WITHIN) or _XML_ENCODING.search(data, 0, _DECLARED_WITHIN)
    if declared is None or data.startswith(codecs.BOM_UTF8):
        return decode_utf8(data)
    label = declared[1].decode("ascii")
    encoding = _encoding(label)
    if encoding in _WIDE:
        return decode_utf8(data)
    try:
        return data.decode("cp1252" if encoding in _LATIN else encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"it declares {label} but byte {error.start} is not: save it as UTF-8"
        ) from error
    except LookupError as error:
        raise UnreadableFileError(f"it declares an unknown encoding, {label!r}") from error


def _encoding(label: str) -> str:
    try:
        encoding = codecs.lookup(label).name.replace("_", "-")
    except LookupError as error:
        raise UnreadableFileError(f"it declares an unknown encoding, {label!r}") from error
    if encoding in _PYTHONS_OWN:
        raise UnreadableFileError(f"it declares {label!r}, which no browser reads: save it as UTF-8")
    return encoding
