"""The article's title: the visible headline, else a stated title without the site's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from lxml import etree

from indexer.formats.html_metadata.linked_data import LinkedData
from indexer.formats.html_metadata.markup import Markup, shown, words

# A separator stands between spaces, so that no hyphen of a word is one; "»" and "|" may touch the words.
_SEPARATOR = re.compile(r"\s+(?:[-–—―·•:~/]|::|//|-{2,})\s+|\s*[|»«›‹｜ㅣ_]+\s*|:\s+")
_HEADLINE_CLASS = re.compile(
    r"headline|(?:entry|post|article|story|page|content)[-_]{0,2}title|^title$", re.IGNORECASE
)
_ERROR = re.compile(r"^(?:untitled|home|404.*|.*not found|null|undefined|none)$", re.IGNORECASE)
_STATED = (
    "og:title", "twitter:title", "dc.title", "dcterms.title", "sailthru.title", "parsely-title", "headline",
    "citation_title", "title", "article:title",
)  # fmt: skip
_MIN_SHARED = 3  # words
_SIMILAR = 0.6  # share of the words of the shorter title that the other one has


def page_title(
    markup: Markup, linked: LinkedData, sites: Sequence[str]
) -> tuple[str | None, etree._Element | None]:
    """The title, and the element of the visible headline, if there is one.

    `sites` are the names that the page gives its site and publisher.
    """
    stated = [*_stated(markup, linked)]
    others = [*stated, *(text for _, text in (*markup.headings, *markup.lesser_headings))]
    cut = [without_site(title, sites, others) for title in stated]
    cut = [title for title in cut if not _is_site(title, sites)] or cut
    heading, text = _headline(markup, cut, sites)
    return text or next(iter(cut), None), heading


def _stated(markup: Markup, linked: LinkedData) -> Iterator[str]:
    """The titles in the page's data, the most trustworthy first."""
    titles = [words(value) for value in linked.values("headline") if isinstance(value, str)]
    titles += [value for name in _STATED for value in markup.meta.get(name, ())]
    titles += [words(value) for value in linked.values("name") if isinstance(value, str)]
    titles += markup.titles
    for title in titles:
        if title and not _ERROR.fullmatch(title):
            yield title


_Element = tuple[etree._Element, str]
_Headline = tuple[etree._Element | None, str | None]


def _headline(markup: Markup, cut: Sequence[str], sites: Sequence[str]) -> _Headline:
    """The visible headline: the first heading that a stated title confirms, else the article's first h1."""
    properties = [*markup.properties.get("headline", ()), *markup.properties.get("name", ())]
    marked = [(one, shown(one)) for one in properties if one.tag not in {"meta", "a", "link"}]
    for one, text in (*markup.headings, *marked, *markup.lesser_headings):
        for title in cut:
            if key(text) == key(title):
                return one, _spelling(one, text, title)
    headings = [
        (one, text) for one, text in markup.headings if not _names_site(one, text, markup.titles, sites)
    ]
    for one, _ in headings:
        for title in cut:
            if (part := _part(one, title)) is not None:
                return one, part
    for one, text in headings:
        if any(_alike(text, title) for title in cut):
            return one, _without_kicker(one, text)
    first = next(
        ((one, text) for one, text in headings if _is_in_article(one) and not _links_home(one)), None
    )
    if first is not None and (_is_marked(first[0]) or len(first[1].split()) >= _MIN_WORDS or not cut):
        return first[0], _without_kicker(*first)
    return None, None


_MIN_WORDS = 5  # of an h1 that no stated title confirms
_KICKER = re.compile(
    r"kicker|overline|topline|dachzeile|eyebrow|rubri[ck]|spitzmarke|label|category|pre-?title|roof|section",
    re.IGNORECASE,
)


def _spelling(element: etree._Element, text: str, title: str) -> str:
    """A heading of several elements reads as the stated title writes it: "Kicker: Headline"."""
    return title.lstrip(":|- ") if any(shown(child) for child in element) and text != title else text


def _part(element: etree._Element, title: str) -> str | None:
    """The words of an element in the heading that are the stated title; the others are a kicker."""
    if len(key(title)) < _MIN_PART:
        return None
    return next(
        (
            text
            for child in element.iter()
            if child is not element and key(text := shown(child)) == key(title)
        ),
        None,
    )


_MIN_PART = 10


def _without_kicker(element: etree._Element, text: str) -> str:
    for child in element.iter(etree.Element):
        if child is not element and _KICKER.search(child.get("class") or ""):
            kicker = shown(child)
            rest = text.removeprefix(kicker).lstrip(" :|-–—/•") if kicker else ""
            if rest and rest != text:
                return rest
    return text


def _names_site(element: etree._Element, text: str, titles: Sequence[str], sites: Sequence[str]) -> bool:
    """Whether a heading is the site's name: one of `sites`, or a part of the page's title that links home."""
    if _is_site(text, sites):
        return True
    for title in titles:
        marks = [mark for mark in _SEPARATOR.finditer(title) if ":" not in mark[0] or mark[0].strip() == "::"]
        if marks and key(title[marks[-1].end() :]) == key(text):
            return True
        if marks and _links_home(element) and title.startswith(text):
            return True
    return False


def _links_home(element: etree._Element) -> bool:
    links = [*element.iter("a"), *element.iterancestors("a")]
    return any(
        re.fullmatch(r"(?:https?://[^/]+)?/?(?:index\.\w+)?", link.get("href") or "-") for link in links
    )


def _is_marked(element: etree._Element) -> bool:
    marks = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    return any(_HEADLINE_CLASS.search(mark) for mark in marks.split())


def _is_in_article(element: etree._Element) -> bool:
    above = [one.tag for one in element.iterancestors()]
    return (
        "nav" not in above
        and "footer" not in above
        and ("header" not in above or "article" in above or "main" in above)
    )


def without_site(  # noqa: PLR0911 - one for each place of the name
    title: str, sites: Sequence[str], others: Sequence[str] = ()
) -> str:
    """Cut the site's name from a title: "Headline - The Site", "The Site | Headline".

    A part is cut only if it is one of `sites`, or if what is left is one of the `others`.
    """
    title = title.strip(" :|»«·•")
    marks = list(_SEPARATOR.finditer(title))
    if not marks:
        return title
    confirmed = {key(other) for other in others if key(other) != key(title)}
    for mark in marks:
        left, right = title[: mark.start()].strip(), title[mark.end() :].strip()
        if not _is_colon(mark) and len(left) >= _MIN_SHARE * len(title) and key(left) in confirmed:
            return left
        if key(right) and _is_site(right, sites) and key(left):
            return without_site(left, sites, others)
    first = marks[0]
    left, right = title[: first.start()].strip(), title[first.end() :].strip()
    if key(left) and _is_site(left, sites) and key(right):
        return without_site(right, sites, others)
    if not _is_colon(first) and len(right) >= _MIN_SHARE * len(title) and key(right) in confirmed:
        return right
    # "Headline | Politics | The Site": sections between the headline and the site.
    for mark, following in pairwise(marks):
        if "|" in mark[0] and _is_site(title[following.end() :], sites):
            return title[: mark.start()].strip()
    return title


_MIN_SHARE = 0.4  # of a title that is left when another title confirms the cut


def _is_colon(mark: re.Match[str]) -> bool:
    return mark[0].strip() == ":"


def _is_site(text: str, sites: Sequence[str]) -> bool:
    plain = _site_key(text)
    return bool(plain) and any(plain == _site_key(site) for site in sites)


@lru_cache(maxsize=4096)
def _site_key(name: str) -> str:
    name = re.sub(
        r"^(?:https?://)?(?:www\.)?|\.(?:com|org|net|co\.uk|[a-z]{2})$|^(?:the|der|die|das|le|la|el)\s+",
        "",
        name.strip().lower(),
    )
    return key(name)


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """The letters and digits of a text, in lower case: what two spellings of a title have in common."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _alike(heading: str, title: str) -> bool:
    """Whether a heading is another wording of a title, or one is the beginning or the end of the other."""
    one, other = key(heading), key(title)
    if min(len(one), len(other)) >= _MIN_PART and (one in other or other in one):
        return True
    few, many = sorted((set(_tokens(heading)), set(_tokens(title))), key=len)
    return len(few) >= _MIN_SHARED and len(few & many) >= _SIMILAR * len(few)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w{3,}", text.casefold())
