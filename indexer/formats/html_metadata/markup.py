"""What a page's elements say, gathered in one walk: meta tags, microdata, headings, links, times."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from lxml import etree

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BYLINE = re.compile(r"byline|by-line|author|writer|auth?eur|autor|redakteur", re.IGNORECASE)
_NO_BYLINE = re.compile(
    r"bio|desc|image|img|avatar|photo|social|follow|comment|related|more|date|time|icon|recommend|teaser|list|card|"
    r"link-?list|footer|sidebar|widget|popular|authori[sz]",
    re.IGNORECASE,
)
_MAX_BYLINE = 200  # characters
_MAX_BYLINES = 12
_MAX_HEADINGS = 30
_AFTER, _BEFORE = 150, 40  # elements around the headline among which byline and date are
_NOT_WORDS = frozenset({"script", "style", "template", "noscript", "svg", "button", "select", "iframe"})


_METAS = etree.XPath("//meta")
_PROPERTIES = etree.XPath("//*[@itemprop]")
_HEADINGS = etree.XPath("//h1")
_LESSER_HEADINGS = etree.XPath("//h2")
_TIMES = etree.XPath("//time")
_AUTHOR_LINKS = etree.XPath("//a[contains(@rel, 'author')]")
_CANONICAL = etree.XPath("//link[@href and contains(@rel, 'anonical')]")
_TITLES = etree.XPath("//title[not(ancestor::svg)]")
_CALLED = " or ".join(
    f"contains(., '{part}')" for part in ("yline", "y-line", "uthor", "riter", "utor", "uteur", "edakteur")
)
_BYLINES = etree.XPath(f"//body//*[@class[{_CALLED}] or @id[{_CALLED}] or @data-testid[{_CALLED}]]")


class Markup:
    """The parts of a page that may state metadata, each found when it is first asked for."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self.heading: etree._Element | None = None

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """The contents of meta tags by name or property, in lower case."""
        found: dict[str, list[str]] = defaultdict(list)
        for element in _METAS(self._root):
            content = words(element.get("content") or element.get("value") or "")
            for attribute in ("name", "property", "itemprop", "http-equiv"):
                for name in (element.get(attribute) or "").lower().split():
                    if content:
                        found[name].append(content)
        return found

    @cached_property
    def properties(self) -> dict[str, list[etree._Element]]:
        """The elements with a microdata property of the article, by its name in lower case."""
        found: dict[str, list[etree._Element]] = defaultdict(list)
        for element in _PROPERTIES(self._root):
            if not _in_other_work(element):
                for name in element.get("itemprop").lower().split():
                    found[name].append(element)
        return found

    @cached_property
    def titles(self) -> list[str]:
        """The page's title element, as a list of at most one."""
        return [words("".join(element.itertext())) for element in _TITLES(self._root)[:1]]

    @cached_property
    def canonical(self) -> list[str]:
        """The addresses that the page calls its own."""
        return [element.get("href") for element in _CANONICAL(self._root)]

    @cached_property
    def language(self) -> str:
        """The page's language tag in lower case, or an empty string."""
        element = next(self._root.iter("html"), self._root)
        return (element.get("lang") or element.get(_XML_LANG) or "").lower()

    @cached_property
    def headings(self) -> list[tuple[etree._Element, str]]:
        """The visible h1 elements and their words."""
        found = ((one, shown(one)) for one in _HEADINGS(self._root)[:_MAX_HEADINGS] if is_visible(one))
        return [(one, text) for one, text in found if text]

    @cached_property
    def lesser_headings(self) -> list[tuple[etree._Element, str]]:
        """The first h2 elements and their words."""
        return [(one, shown(one)) for one in _LESSER_HEADINGS(self._root)[:_MAX_HEADINGS]]

    @cached_property
    def times(self) -> list[etree._Element]:
        """The time elements."""
        return list(_TIMES(self._root))

    @cached_property
    def author_links(self) -> list[etree._Element]:
        """The visible links to the author."""
        return [one for one in _AUTHOR_LINKS(self._root) if is_visible(one)]

    @cached_property
    def bylines(self) -> list[etree._Element]:
        """The visible elements that are called a byline or author."""
        return [*islice((one for one in _BYLINES(self._root) if _is_byline(one)), _MAX_BYLINES)]

    @cached_property
    def near(self) -> list[etree._Element]:
        """The elements after the headline, then those before it, nearest first; [] without a headline."""
        if self.heading is None:
            return []
        after = islice(_beside(self.heading, preceding=False), _AFTER)
        return [*after, *islice(_beside(self.heading, preceding=True), _BEFORE)]

    def first(self, *names: str) -> str | None:
        """The first content of the meta tags with these names, in the order of the names."""
        return next((value for name in names for value in self.meta.get(name, ())), None)


_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def _beside(heading: etree._Element, *, preceding: bool) -> Iterator[etree._Element]:
    for holder in (heading, *heading.iterancestors()):
        for sibling in holder.itersiblings(preceding=preceding):
            if sibling.tag not in _NOT_WORDS and isinstance(sibling.tag, str):
                inner = [*islice(sibling.iter(etree.Element), _AFTER)]
                yield from reversed(inner) if preceding else inner


_NAMES = ("class", "id", "data-testid")


def _is_byline(element: etree._Element) -> bool:
    marks = " ".join(element.get(name) or "" for name in _NAMES)
    return (
        _BYLINE.search(marks) is not None
        and _NO_BYLINE.search(marks) is None
        and element.tag not in {"article", "main", "figure", "img", "script"}
        and len(shown(element)) <= _MAX_BYLINE
        and is_visible(element)
        and _above(element, "footer", "aside", "nav", "figure") is None
    )


def _in_other_work(element: etree._Element) -> bool:
    """Whether a property is one of a comment, an image, a product or another item of a list."""
    for holder in element.iterancestors():
        if holder.get("itemscope") is None:
            continue
        kind = (holder.get("itemtype") or "").lower()
        prop = (holder.get("itemprop") or "").lower()
        if kind.endswith(_OTHER_WORKS) or "comment" in prop or "itemlistelement" in prop:
            return True
    return False


_OTHER_WORKS = ("comment", "usercomments", "imageobject", "videoobject", "product", "rating")


def _above(element: etree._Element, *tags: str) -> etree._Element | None:
    return next(element.iterancestors(*tags), None)


def is_visible(element: etree._Element) -> bool:
    """Whether neither the element nor one above it is marked as hidden."""
    return not any(_is_hidden(one) for one in (element, *element.iterancestors()))


def _is_hidden(element: etree._Element) -> bool:
    style = element.get("style")
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or (style is not None and _HIDDEN.search(style) is not None)
        or element.tag in {"template", "noscript"}
    )


def shown(element: etree._Element) -> str:
    """The words of an element, white space collapsed, without scripts and hidden parts."""
    return words("".join(_parts(element)))


_BREAKS = frozenset({"br", "p", "div", "li", "ul", "td", "tr", "h1", "h2", "h3", "section"})


def _parts(element: etree._Element) -> Iterator[str]:
    if element.tag in _NOT_WORDS or not isinstance(element.tag, str):
        return
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return
    yield " " if element.tag in _BREAKS else ""
    yield element.text or ""
    for child in element:
        yield from _parts(child)
        yield child.tail or ""
    yield " " if element.tag in _BREAKS else ""


# Invisible characters that mean nothing in a name: zero-width space and joiners' marks, soft hyphen, BOM.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def words(text: str) -> str:
    """The text as it is read: entities decoded (also twice encoded ones), no tags, single spaces."""
    for _ in range(2):
        if "&" not in text:
            break
        text = html.unescape(text)
    return " ".join(_INVISIBLE.sub("", _TAG.sub("", text)).split())
