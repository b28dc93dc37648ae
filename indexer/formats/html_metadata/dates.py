"""The days on which a page says that it was published and last changed: stated, never guessed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from email.utils import parsedate
from typing import Any

from lxml import etree

from indexer.formats.html_metadata.linked_data import LinkedData
from indexer.formats.html_metadata.markup import Markup, is_visible, shown
from indexer.metadata import parse_date

_PUBLISHED = (
    "article:published_time", "article:published", "og:published_time", "datepublished",
    "rnews:datepublished", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued",
    "dc.date.created", "dcterms.created", "dc.date.published", "dc.issued", "dc.created",
    "citation_publication_date", "citation_date", "citation_online_date", "article.published",
    "article_date_original", "publication_date", "publication-date", "publicationdate", "publish-date",
    "publish_date", "publishdate", "published_time", "published-date", "published_date", "publisheddate",
    "published_at", "pubdate", "pub_date", "ptime", "article-publication-date", "article_publication_date",
    "article:publicationdate", "originalpublicationdate", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "bt:pubdate", "displaydate", "date_published", "date-published",
    "datecreated", "article:create_time", "article:created", "lastpubdate", "dc.date", "dcterms.date",
    "dc:date", "date", "weibo:article:create_at", "blogger:date", "timestamp", "release_date",
    "og:article:published_time", "vf:published_time", "shareaholic:article_published_time",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "article:modified", "og:modified_time", "og:updated_time", "datemodified",
    "article:updated_time", "article:updated", "dc.date.modified", "dcterms.modified", "dc.modified",
    "last-modified", "lastmod", "last_modified", "lastmodified", "modified_time", "modified-date",
    "modificationdate", "modification-date", "update_date", "updated_time", "revised", "date_modified",
    "bt:moddate", "utime", "shareaholic:article_modified_time", "cxenseparse:recs:modifiedtime",
)  # fmt: skip

_ISO = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"\s*((?:19|20)\d{2})(\d{2})(\d{2})(?:[T ]?\d{4,6}.*)?\s*$")
_STAMP = re.compile(r"\s*(\d{10})(?:\d{3})?\s*$")
_DAY_FIRST = re.compile(r"\s*(?:[^\W\d]+,?\s+)?(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_EAST_ASIAN = re.compile(r"\s*(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_MONTH_NAMES = """
    jan januar january janvier enero gennaio januari janeiro ene jän jänner stycznia января ocak
    feb februar february février febrero febbraio februari fevereiro févr lutego февраля şubat
    mar march märz mars marzo maart março mär mrz marca марта mart
    apr april avril abril aprile avr abr kwietnia апреля nisan
    may mai mayo maggio mei maio maj maja мая mayıs
    jun june juni juin junio giugno junho czerwca июня haziran
    jul july juli juillet julio luglio julho juil lipca июля temmuz
    aug august août agosto augustus augusti sierpnia августа ağustos
    sep sept september septembre septiembre settembre setembro września сентября eylül
    oct okt october oktober octobre octubre ottobre outubro października октября ekim
    nov november novembre noviembre novembro listopada ноября kasım
    dec dez december dezember décembre diciembre dicembre desember dezembro déc grudnia декабря aralık
"""
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.strip().splitlines(), 1)
    for name in names.split()
}
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+|"
    r"of\s+)?([^\W\d]{3,12})\.?,?\s+(?:de\s+)?(\d{4})(?!\d)"
)
# Values that a content system writes for "no date".
_PLACEHOLDERS = frozenset({datetime.date(1970, 1, 1), datetime.date(1969, 12, 31), datetime.date(1900, 1, 1)})
_OLDEST = 1000
_MAX_STAMP = 10**15  # milliseconds
_MAX_VALUE = 200  # characters
_DECEMBER = 12


def published_day(markup: Markup, linked: LinkedData) -> datetime.date | None:
    """The day on which the page says that it was first published."""
    stated = [*linked.values("datePublished"), *linked.values("uploadDate", "dateCreated")]
    return (
        _first(stated[:1])
        or _first(markup.meta.get("article:published_time", ()))
        or _first(stated)
        or _first(value for name in _PUBLISHED for value in markup.meta.get(name, ()))
        or _first(_properties(markup, "datepublished"))
        or _first(_properties(markup, "dateissued", "datecreated", "dateposted", "uploaddate"))
        or _first(_times(markup, _is_publication))
        or _dateline(markup)
    )


def modified_day(markup: Markup, linked: LinkedData) -> datetime.date | None:
    """The day on which the page says that it was last changed."""
    return (
        _first(linked.values("dateModified"))
        or _first(value for name in _MODIFIED for value in markup.meta.get(name, ()))
        or _first(_properties(markup, "datemodified"))
        or _first(_times(markup, _is_change))
    )


def stated_day(value: Any) -> datetime.date | None:  # noqa: ANN401 - JSON holds anything
    """The day that a value of the markup names, in the page's zone; None if it is no date or ambiguous."""
    if isinstance(value, list):
        return _first(value)
    if isinstance(value, dict):
        return stated_day(value.get("@value"))
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(int(value)) if abs(value) < _MAX_STAMP else ""
    if not isinstance(value, str) or len(value) > _MAX_VALUE:
        return None
    day = _parse(value)
    return day if day is not None and day not in _PLACEHOLDERS and day.year >= _OLDEST else None


def _parse(value: str) -> datetime.date | None:
    for pattern in (_ISO, _COMPACT, _EAST_ASIAN):
        if match := pattern.match(value):
            return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _STAMP.match(value):
        return datetime.datetime.fromtimestamp(int(match[1]), datetime.UTC).date()
    if match := _DAY_FIRST.match(value):
        return _numeric(int(match[1]), int(match[3]), int(match[4]), match[2])
    if (fields := parsedate(value)) and re.search(r"\d{4}", value):
        return _day(*fields[:3])
    if match := _NAMED.search(value.lower()):
        month = _MONTHS.get(match[2]) or _MONTHS.get(match[2][:3] if match[2].isascii() else match[2])
        if month and (day := _day(int(match[3]), month, int(match[1]))):
            return day
    return parse_date(value)


def _numeric(first: int, second: int, year: int, mark: str) -> datetime.date | None:
    """31/01/2024 or 01/31/2024; None if either may be the month, except with dots, where the day is first."""
    if first == second or second > _DECEMBER >= first:
        return _day(year, first, second)
    if mark == "." or first > _DECEMBER >= second:
        return _day(year, second, first)
    return None


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _first(values: Any) -> datetime.date | None:  # noqa: ANN401
    return next((day for value in values if (day := stated_day(value)) is not None), None)


def _properties(markup: Markup, *names: str) -> Iterator[str]:
    for name in names:
        for element in markup.properties.get(name, ()):
            yield from _written(element)


def _written(element: etree._Element) -> Iterator[str]:
    for attribute in ("content", "datetime", "title"):
        if element.get(attribute):
            yield element.get(attribute)
    yield shown(element)


_PUBLICATION_CLASS = re.compile(
    r"publish|pubdate|posted|entry-date|post-date|article-?_?date|dateline|created|release", re.IGNORECASE
)
_CHANGE_CLASS = re.compile(r"updat|modif|changed|revis|edited", re.IGNORECASE)


def _marks(element: etree._Element) -> str:
    return " ".join(element.get(name) or "" for name in ("class", "id", "data-testid", "itemprop"))


def _is_publication(element: etree._Element) -> bool:
    marks = _marks(element)
    return (
        element.get("pubdate") is not None or bool(_PUBLICATION_CLASS.search(marks))
    ) and not _CHANGE_CLASS.search(marks.replace("updated published", "published"))


def _is_change(element: etree._Element) -> bool:
    marks = _marks(element)
    return bool(_CHANGE_CLASS.search(marks)) and not _PUBLICATION_CLASS.search(marks)


def _times(markup: Markup, wanted: Any) -> Iterator[str]:  # noqa: ANN401
    for element in markup.times:
        if wanted(element) and is_visible(element) and not _is_aside(element):
            yield from _written(element)


def _dateline(markup: Markup) -> datetime.date | None:
    """The visible date beside the headline, if all there name one day, or one is called published."""
    days: list[datetime.date] = []
    for element in markup.near:
        for text in _own_texts(element):
            if not _DATE_ONLY.search(text):
                continue
            label = _LABEL.match(text)
            day = stated_day(text[label.end() :] if label else text)
            if day is None:
                day = _local_day(text, markup.language)
            if (
                day is None
                or _CHANGED.search(text[:40])
                or _is_aside(element)
                or _is_change(element)
                or not is_visible(element)
            ):
                continue
            if label:
                return day
            days.append(day)
    if not days:
        days = [
            day
            for element in markup.times
            if not _is_change(element) and is_visible(element) and not _is_aside(element)
            if (day := _first(_written(element)))
        ]
    return days[0] if len(set(days)) == 1 else None


_MAX_DATELINE = 70  # characters
_CHANGED = re.compile(
    r"updat|modif|aktualisiert|geändert|mis à jour|actualizad|aggiornat|bijgewerkt|stand:|更新", re.IGNORECASE
)
_LABEL = re.compile(
    r"^\W*(?:date\s+)?(?:published|posted|publication date|veröffentlicht|erschienen|publié|"
    r"publicado|pubblicato|gepubliceerd|"
    r"date|datum|first published|created|written)(?:\s+(?:on|am|at|le|el|il|op))?\s*:?\s*(?=[\w])",
    re.IGNORECASE,
)
_DATE_ONLY = re.compile(r"\d{4}")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])")


def _own_texts(element: etree._Element) -> Iterator[str]:
    """The runs of text directly in an element that may be a dateline, and a time's attribute."""
    if element.tag == "time" and element.get("datetime"):
        yield element.get("datetime")
    for text in (element.text, *(child.tail for child in element)):
        if text and len(text.strip()) <= _MAX_DATELINE:
            yield " ".join(text.split())


def _local_day(text: str, language: str) -> datetime.date | None:
    """5/4/2025 on a page in a language that writes the day first."""
    match = _SLASHED.search(text)
    if match is None or not language or language in {"en", "en-us", "en-ca", "en-ph"}:
        return None
    return _day(int(match[3]), int(match[2]), int(match[1]))


_ASIDE = re.compile(
    r"comment|related|sidebar|recommend|teaser|footer|widget|more-|popular|latest|trending|\bnav",
    re.IGNORECASE,
)


def _is_aside(element: etree._Element) -> bool:
    return any(
        one.tag in {"aside", "footer", "nav", "figure"}
        or _ASIDE.search(f"{one.get('class')} {one.get('id')}")
        for one in element.iterancestors()
        if one.tag not in {"body", "html"}
    )
