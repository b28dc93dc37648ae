"""The article's authors, from JSON-LD, meta tags, microdata, author links or a byline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from indexer.formats.html_metadata.linked_data import LinkedData
from indexer.formats.html_metadata.markup import Markup, is_visible, shown, words
from indexer.formats.html_metadata.names import is_organisation, name_key, names_of, organisation_of

_BIBLIOGRAPHIC = ("citation_author", "dc.creator", "dcterms.creator", "dc.contributor")
_META = (
    "author", "article:author_name", "article:author", "byl", "sailthru.author", "parsely-author",
    "citation_authors", "authors", "rbauthors", "article:authors", "book:author", "og:author",
    "og:article:author", "cxenseparse:author", "article.author", "twitter:data1", "rnews:author",
    "weibo:article:author",
)  # fmt: skip
_NAME_CLASS = re.compile(
    r"(?:author|byline|contributor|writer)[-_]{0,2}name|name[-_]{0,2}author|\bfn\b", re.IGNORECASE
)
_PROFILE = re.compile(
    r"/(?:@|authors?|staff|profiles?|by|contributors?|journalists?|autor(?:en|es|in)?|auteurs?|"
    r"reporters?|writers?|editors?|redaktion)(?:[/?=-]|$)|[?&]author=",
    re.IGNORECASE,
)
_BYLINE_STOP = re.compile(
    r"\d|^(?:share|follow|comments?|posted|published|updated|read|min|more|by|from|on|in|at|photo|image|updated:|member|list|profile|my|photographs?|images?|"
    r"facebook|twitter|email|print|subscribe|sign|login|contact|view|bio|about|see|all)\b|@",
    re.IGNORECASE,
)
_MAX_PEOPLE = 100
_MAX_DEPTH = 4  # lists and references around a name in JSON-LD
_MAX_GROUP, _MAX_LEVELS = 300, 3  # characters and elements around authors that stand together
_MAX_EAST_ASIAN_NAME = 20  # characters
_WORDS_IN_NAME = range(2, 6)


@dataclass(frozen=True, slots=True)
class _Statement:
    """Words that name one or several authors; `organisation` if the markup calls them one."""

    text: str
    organisation: bool = False
    inverted: bool = False


def page_authors(markup: Markup, linked: LinkedData, sites: Sequence[str]) -> str | None:
    """The authors joined by ", ": from JSON-LD, else meta tags, microdata, author links, bylines.

    The first source that names a person is used; if none does, the first organisation that is stated.
    """
    organisations: list[str] = []
    handles: list[str] = []
    for source in _sources(markup, linked):
        people: list[str] = []
        for statement in source:
            names = names_of(statement.text, inverted=statement.inverted)
            # "The Gazette, Frankfurt, Germany": the site and where it is.
            named_first = names and name_key(names[0]) in {name_key(site) for site in sites}
            persons = [] if named_first else [one for one in names if not is_organisation(one, sites)]
            if persons and not statement.organisation:
                people += persons
            elif name := organisation_of(statement.text):
                organisations.append(name)
        if len(people) == 1 and people[0].islower() and " " not in people[0]:
            handles += people  # an account or initials: another source may have the name
        elif people:
            return ", ".join(_unique(people)[:_MAX_PEOPLE])
    return next(iter([*handles, *organisations]), None)


def _sources(markup: Markup, linked: LinkedData) -> Iterator[list[_Statement]]:
    """Lists of statements, the most trustworthy first."""
    for work in linked.works:
        for field in ("author", "creator"):
            if work.get(field):
                yield list(_linked_names(work[field], linked))
    if len(markup.meta.get("citation_author", ())) > 1:
        yield [_Statement(value, inverted=True) for value in markup.meta["citation_author"]]
    for name in _META:
        if name != "twitter:data1" or re.match(
            r"written by|by|author", markup.first("twitter:label1") or "", re.IGNORECASE
        ):
            yield [_Statement(value) for value in markup.meta.get(name, ())]
    for name in _BIBLIOGRAPHIC:
        yield [_Statement(value, inverted=True) for value in markup.meta.get(name, ())]
    yield [_Statement(name) for name in _property_names(markup)]
    yield [_Statement(shown(link)) for link in _together(markup.author_links)]
    for byline in markup.bylines:
        yield [_Statement(name) for name in _byline_names(byline)]
    yield [_Statement(name) for name in _names_near(markup)]


def _linked_names(value: Any, linked: LinkedData, depth: int = 0) -> Iterator[_Statement]:  # noqa: ANN401 - JSON
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _linked_names(one, linked, depth + 1)
    elif isinstance(value, str):
        yield _Statement(words(value))
    elif isinstance(value, dict):
        value = linked.resolve(value)
        name = value.get("name")
        if not name and isinstance(value.get("givenName"), str) and isinstance(value.get("familyName"), str):
            name = f"{value['givenName']} {value['familyName']}"
        organisation = "organization" in str(value.get("@type")).lower()
        for one in name if isinstance(name, list) else [name]:
            if isinstance(one, str):
                yield _Statement(words(one), organisation)


def _property_names(markup: Markup) -> Iterator[str]:
    for element in _together(markup.properties.get("author", ())):
        inner = [one for one in element.iter() if "name" in (one.get("itemprop") or "").lower().split()]
        for one in inner or [element]:
            text = words(one.get("content") or "") or shown(one)
            if not re.search(r"\d{2}", text):
                yield text


def _together(elements: Sequence[etree._Element]) -> list[etree._Element]:
    """The first element and those that stand with it; others are of other articles on the page."""
    if not elements:
        return []
    first = elements[0]
    holders: list[etree._Element] = []
    for holder in first.iterancestors():
        if len(shown(holder)) > _MAX_GROUP or len(holders) == _MAX_LEVELS:
            break
        holders.append(holder)
    if not holders:
        return [first]
    return [one for one in elements if one is first or holders[-1] in one.iterancestors()]


def _byline_names(byline: etree._Element) -> Iterator[str]:
    """The names in a byline: of links to authors' pages, else of elements called names, else its words."""
    links = [one for one in byline.iter("a") if _PROFILE.search(one.get("href") or "")]
    marked = [one for one in byline.iter() if _NAME_CLASS.search(_classes(one))]
    texts = [shown(one) for one in (links or marked)]
    if byline.tag == "a":
        texts = [shown(byline)]
    texts = [text for text in texts if text] or _pieces(byline)
    for text in texts:
        for name in names_of(text):
            if _is_name(name):
                yield name


_SPOKEN = re.compile(
    r"^(?:by|von|par|por|door|text|texte|autor(?:in)?|author)\b\s*:?\s*(?=[^\W\d]|$)", re.IGNORECASE
)


def _names_near(markup: Markup) -> list[str]:
    """The names beside the headline: links to an author's page, or words such as "By Jane Doe"."""
    for element in markup.near:
        if element.tag == "a" and _PROFILE.search(element.get("href") or ""):
            holder = element.getparent()
        elif element.text and _SPOKEN.match(element.text.strip()):
            holder = element if len(shown(element)) > _MIN_BYLINE else element.getparent()
        else:
            continue
        if (
            len(shown(holder)) <= _MAX_BYLINE
            and is_visible(holder)
            and next(holder.iterancestors("figure", "nav", "footer"), None) is None
        ):
            names = [name for name in _byline_names(holder) if not is_organisation(name, ())]
            if names:
                return names
    return []


_MIN_BYLINE, _MAX_BYLINE = 6, 150  # characters


def _is_name(name: str) -> bool:
    """Whether visible words may be a name: two to five words in capitals, or a name in East Asian script."""
    if _BYLINE_STOP.search(name):
        return False
    if re.search(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]", name):
        return len(name) <= _MAX_EAST_ASIAN_NAME
    parts = name.split()
    return len(parts) in _WORDS_IN_NAME and parts[0][0].isupper() and parts[-1][0].isupper()


def _pieces(byline: etree._Element) -> list[str]:
    """The runs of text in a byline; single words that follow each other are joined."""
    pieces: list[str] = []
    for run in byline.itertext():
        text = words(run)
        if not text:
            continue
        if (
            pieces
            and " " not in text
            and " " not in pieces[-1]
            and pieces[-1].casefold() not in {"by", "von", "par"}
        ):
            pieces[-1] += f" {text}"
        else:
            pieces.append(text)
    return pieces


def _classes(element: etree._Element) -> str:
    return " ".join(element.get(name) or "" for name in ("class", "id", "data-testid"))


def _unique(names: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name_key(name), name)
    return list(found.values())
