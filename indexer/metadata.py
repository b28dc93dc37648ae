"""What an article says of itself: the folder's sidecar, and careful readings of the text.

The sidecar is `metadata.toml` in the indexed folder: a table a file, with `title`, `publisher`, `author`,
`published` (a date) and `url`, all optional. An empty string says that the article does not state the
field, so that nothing is read out of the text in its place.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from indexer.errors import SidecarError
from indexer.records import Metadata

SIDECAR = "metadata.toml"

FIELDS = tuple(field.name for field in dataclasses.fields(Metadata))

_HEAD_LINES = 8  # where a headline, a byline and a dateline stand, if anywhere
_MAX_HEADLINE = 160  # characters
_MIN_HEADLINE_WORDS = 3

_NAME = r"[A-Z][\w.'’-]*(?:[ ](?:[a-z]{2,3}[ ])?[A-Z][\w.'’-]*){1,3}"
_BYLINE = re.compile(rf"\s*By[ ](?P<names>{_NAME}(?:(?:,[ ]|[ ]and[ ]|[ ]&[ ]){_NAME})*)\s*(?:[(|,·–—-].*)?")
_AGENCY = re.compile(
    r"\s*[A-Z][A-Z .,'’-]+(?:,?\s[A-Za-z]{3,9}\.?\s\d{1,2})?\s*\((?P<agency>[A-Z][\w ]{1,30})\)\s*[-–—]"
)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if len(month) > 3 else month for month in _MONTHS)  # noqa: PLR2004
_ISO = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_DATES = (
    re.compile(rf"\b{_ISO}\b"),
    re.compile(rf"\b(?P<name>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<name>{_MONTH})\.?,? (?P<year>\d{{4}})\b"),
)
_DATE_LABEL = re.compile(r"\b(?:date|dated|updated|published|posted)\b[\s:]*", re.IGNORECASE)
_MAX_DATE_LINE = 60  # characters: a line this short that holds a date is there for the date


def read_sidecar(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the fields that the folder's sidecar states for each file, or {} without a sidecar.

    Raises:
        SidecarError: the file is not TOML, or holds an unknown field or a value of the wrong type.
    """
    path = folder / SIDECAR
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SidecarError(f"{SIDECAR} cannot be read: {error}") from error
    return {name: _check_table(name, table) for name, table in tables.items()}


def _check_table(name: str, table: Any) -> dict[str, Any]:  # noqa: ANN401 - TOML holds anything
    if not isinstance(table, dict):
        raise SidecarError(f'{SIDECAR}: {name!r} is not a table; write ["{name}"] and its fields below')
    checked: dict[str, Any] = {}
    for field, value in table.items():
        if field not in FIELDS:
            raise SidecarError(
                f"{SIDECAR}: {name!r} has an unknown field {field!r}; known: {', '.join(FIELDS)}"
            )
        if value == "":
            checked[field] = None
        elif field == "published":
            checked[field] = _check_date(name, value)
        elif not isinstance(value, str) or not value.strip():
            raise SidecarError(f"{SIDECAR}: {field} of {name!r} is not text")
        elif field == "url" and web_url(value) is None:
            raise SidecarError(f"{SIDECAR}: the url of {name!r} does not begin with http:// or https://")
        else:
            checked[field] = value.strip()
    return checked


def _check_date(name: str, value: Any) -> datetime.date:  # noqa: ANN401
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    parsed = parse_date(value) if isinstance(value, str) else None
    if parsed is None:
        raise SidecarError(f"{SIDECAR}: published of {name!r} is not a date; write 2024-01-31")
    return parsed


def combine(stated: Mapping[str, Any] | None, markup: Metadata, text: str) -> Metadata:
    """Merge, field by field: the sidecar first, then the document's markup, then the text itself."""
    guessed = guess(text)
    return Metadata(
        **{
            field: stated[field]
            if stated is not None and field in stated
            else getattr(markup, field) or getattr(guessed, field)
            for field in FIELDS
        }
    )


def guess(text: str) -> Metadata:
    """Read a headline, a byline, a dateline's agency and a date where a text plainly shows them.

    Only the first lines count, and only shapes that hardly mean anything else; what is not certain
    stays None.
    """
    lines = [line.strip() for line in text[:4000].splitlines() if line.strip()][:_HEAD_LINES]
    byline = next((match for line in lines if (match := _BYLINE.fullmatch(line))), None)
    agency = next((match for line in lines if (match := _AGENCY.match(line))), None)
    return Metadata(
        title=_headline(lines),
        publisher=agency["agency"].strip() if agency else None,
        author=byline["names"] if byline else None,
        published=next((date for line in lines if (date := _line_date(line))), None),
    )


def _headline(lines: list[str]) -> str | None:
    candidates = lines[:2]
    # "China / Society": the trail of sections that stands above a headline.
    if candidates and re.fullmatch(r"[\w &]+(?:\s[/>»]\s[\w &]+)+", candidates[0]):
        candidates = candidates[1:]
    if not candidates or len(lines) <= lines.index(candidates[0]) + 1:
        return None
    line = candidates[0]
    looks_like_one = (
        len(line) <= _MAX_HEADLINE
        and len(line.split()) >= _MIN_HEADLINE_WORDS
        and line[-1] not in ".:;,"
        and not line[0].islower()
        and _BYLINE.fullmatch(line) is None
    )
    return line if looks_like_one else None


def _line_date(line: str) -> datetime.date | None:
    label = _DATE_LABEL.search(line)
    if label is not None and (label.start() == 0 or len(line) <= _MAX_DATE_LINE):
        return parse_date(line[label.end() : label.end() + 40], anchored=True)
    return parse_date(line) if len(line) <= _MAX_DATE_LINE else None


def parse_date(text: str, *, anchored: bool = False) -> datetime.date | None:
    """Return the first date written in `text`, ISO or with the month's English name, else None.

    `anchored` accepts a date only at the very beginning.
    """
    for pattern in _DATES:
        match = pattern.match(text) if anchored else pattern.search(text)
        if match is None:
            continue
        named = match.groupdict().get("name")
        month = (
            next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(named[:3]))
            if named
            else int(match["month"])
        )
        try:
            return datetime.date(int(match["year"]), month, int(match["day"]))
        except ValueError:
            continue
    return None


def web_url(value: str | None) -> str | None:
    """Return an http or https address as it is, and None for anything else (a script, a local file)."""
    if value is None:
        return None
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return None
    return value.strip() if parts.scheme in {"http", "https"} and parts.netloc else None
