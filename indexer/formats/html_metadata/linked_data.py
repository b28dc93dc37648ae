"""JSON-LD (schema.org) in a page's scripts: found, read in spite of common faults, and flattened."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

_MAX_DEPTH = 24  # levels of nested objects that are followed
_MAX_SCRIPT = 2_000_000  # characters

# Longest types first where one is the other's end: "article" is an end of "newsarticle".
_ARTICLE = re.compile(
    r"article$|posting$|^report$|^review$|^recipe$|^howto$|^chapter$|^book$|^podcastepisode$", re.IGNORECASE
)
_OTHER_WORK = re.compile(r"page$|^videoobject$|^creativework$|^newsvideo|^episode$|^dataset$", re.IGNORECASE)
# Properties that lead from the page's article to other works.
_ELSEWHERE = frozenset((
    "associatedmedia", "citation", "comment", "image", "itemlistelement", "mentions", "relatedlink",
    "review", "subjectof", "thumbnail", "video", "isbasedon", "hasdefinedterm", "about", "publisher",
    "author", "liveblogupdate",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class LinkedData:
    """The JSON-LD of a page: the works that it is about, articles first, and all objects with an id."""

    works: tuple[dict[str, Any], ...]
    sites: tuple[dict[str, Any], ...]
    by_id: dict[str, dict[str, Any]]

    def resolve(self, value: Any) -> Any:  # noqa: ANN401 - JSON holds anything
        """Return the object that a reference such as `{"@id": "#jane"}` names, else the value itself."""
        if isinstance(value, dict) and "name" not in value:
            return self.by_id.get(str(value.get("@id")), value)
        return value

    def values(self, *properties: str) -> Iterator[Any]:
        """Yield what the works state under any of these names, work by work."""
        for work in self.works:
            for name in properties:
                if work.get(name) not in (None, "", [], {}):
                    yield work[name]


def linked_data(root: etree._Element, address: str | None) -> LinkedData:
    """Read all JSON-LD scripts of a page; `address` is the page's own, to tell its article from others."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            source = "".join(script.itertext())
            if len(source) <= _MAX_SCRIPT:
                for value in _parse(source):
                    found += _objects(value)
    by_id: dict[str, dict[str, Any]] = {}
    for one in found:
        if isinstance(one.get("@id"), str) and len(one) > len(by_id.get(one["@id"], ())):
            by_id[one["@id"]] = one
    works = [one for one in found if not one.get("_elsewhere")]
    articles = [one for one in works if _is_type(one, _ARTICLE)]
    if address:
        articles.sort(key=lambda one: not _is_about(one, address))  # stable: else in the page's order
    others = [one for one in works if _is_type(one, _OTHER_WORK) and not _is_type(one, _ARTICLE)]
    sites = [one for one in works if _is_type(one, re.compile(r"^website$|organization$", re.IGNORECASE))]
    return LinkedData((*articles[:1], *others, *articles[1:]), tuple(sites), by_id)


def _is_type(one: dict[str, Any], pattern: re.Pattern[str]) -> bool:
    types = one.get("@type")
    named = types if isinstance(types, list) else [types]
    return any(isinstance(name, str) and pattern.search(name.rsplit("/", 1)[-1]) for name in named)


def _is_about(one: dict[str, Any], address: str) -> bool:
    page = one.get("mainEntityOfPage")
    addresses = [one.get("url"), one.get("@id"), page.get("@id") if isinstance(page, dict) else page]
    return any(isinstance(value, str) and _bare(value) == _bare(address) for value in addresses)


def _bare(address: str) -> str:
    return re.sub(r"^https?://(www\.)?|[#?].*$|/+$", "", address.strip().lower().split("#")[0].rstrip("/"))


def _objects(value: Any, depth: int = 0, elsewhere: bool = False) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield every object, the outer ones first; those of other works are marked."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _objects(one, depth + 1, elsewhere)
    elif isinstance(value, dict):
        yield {**value, "_elsewhere": True} if elsewhere else value
        for name, one in value.items():
            if isinstance(one, list | dict):
                yield from _objects(one, depth + 1, elsewhere or name.lower() in _ELSEWHERE)


_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*;?\s*$"
)
# A string is matched whole, so that what looks like a comment or a comma within it stays.
_FAULTS = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|(?<!:)//[^\n]*|,(?=\s*[}\]])|,(?=\s*,)', re.DOTALL)
_BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])")


def _parse(source: str) -> Iterator[Any]:
    """Yield the JSON values in a script: comments, trailing commas and control characters are passed over."""
    source = source.strip().lstrip("\ufeff")
    for _ in range(2):
        source = _WRAPPING.sub("", source).strip()
    for attempt in (source, None):
        text = _repaired(source) if attempt is None else attempt
        values = _values(text)
        if values:
            yield from values
            return


def _repaired(source: str) -> str:
    without = _FAULTS.sub(lambda match: match[1] or "", source)
    if "&quot;" in without and '"' not in without:
        without = html.unescape(without)
    return _BAD_ESCAPE.sub("", without)


def _values(text: str) -> list[Any]:
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    text, at = text.strip(), 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return values
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n;,\0":
            at += 1
    return values
