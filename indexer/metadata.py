"""An article's metadata: from the folder's sidecar, the file's markup, or careful readings of its text.

The sidecar is `metadata.toml` in the indexed folder: one table for each file, with `title`, `publisher`,
`author`, `published` and `modified` (dates) and `url`, all optional. An empty string says that the article
does not state the field, so that it is not read from markup or text either.
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

_HEAD_LINES = 8  # where headline, byline and dateline are, if there are any
_MAX_HEADLINE = 160  # characters
_MIN_HEADLINE_WORDS = 3
# The time to match a line such as "A and A and A" doubles with every six characters.
_MAX_BYLINE = 160

_NAME = r"[A-Z][\w.'’-]*(?:[ ](?:[a-z]{2,3}[ ])?[A-Z][\w.'’-]*){1,3}"
_BYLINE = re.compile(rf"\s*By[ ](?P<names>{_NAME}(?:(?:,[ ]|[ ]and[ ]|[ ]&[ ]){_NAME})*)\s*(?:[(|,·–—-].*)?")
_AGENCY = re.compile(
    r"\s*[A-Z][A-Z .,'’-]+(?:,?\s[A-Za-z]{3,9}\.?\s\d{1,2})?\s*\((?P<agency>[A-Z][\w ]{1,30})\)\s*[-–—]"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_ISO = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_DATES = (
    re.compile(rf"\b{_ISO}(?!\d)"),
    re.compile(
        rf"\b(?P<name>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<name>{_MONTH})\.?,? (?P<year>\d{{4}})\b", re.IGNORECASE
    ),
)
# What may surround the date on a dateline.
_WEEKDAY = re.compile(r"^(?:mon|tues|wednes|thurs|fri|satur|sun)day,? ", re.IGNORECASE)
_AFTER_DATE = re.compile(
    r"[,;|·T]?\s*(?:at\s+)?(?:\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{1,5}|[+-]\d\d:?\d\d)?[).]?",
    re.IGNORECASE,
)
_DATE_LABEL = re.compile(r"\b(?:date|dated|updated|published|posted)\b(?P<colon>\s*:)?\s*", re.IGNORECASE)


def read_sidecar(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the sidecar's table for each file, unchecked; {} if the folder has no sidecar.

    Raises:
        SidecarError: the file cannot be read or is not TOML.
    """
    path = folder / SIDECAR
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # ValueError: also a number of 5,000 digits
        raise SidecarError(f"{SIDECAR} cannot be read: {error}; correct it and index again") from error


def check_entry(name: str, table: Any) -> dict[str, Any]:  # noqa: ANN401 - TOML holds anything
    """Return the checked fields of the sidecar's table for the file `name`; None for an empty string.

    Raises:
        SidecarError: not a table, an unknown field, or a value of the wrong type.
    """
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
        elif field in {"published", "modified"}:
            checked[field] = _check_date(name, field, value)
        elif not isinstance(value, str) or not value.strip():
            raise SidecarError(f"{SIDECAR}: {field} of {name!r} is not text")
        elif field == "url" and web_url(value) is None:
            raise SidecarError(f"{SIDECAR}: the url of {name!r} does not begin with http:// or https://")
        else:
            checked[field] = value.strip()
    return checked


def _check_date(name: str, field: str, value: Any) -> datetime.date:  # noqa: ANN401
    parsed = as_date(value)
    if parsed is None:
        raise SidecarError(f"{SIDECAR}: {field} of {name!r} is not a date; write 2024-01-31")
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
    """Read headline, byline, agency and date from a text that plainly shows them.

    Only the first lines count, and only unambiguous shapes; what is not certain stays None.
    """
    head = [line.strip() for line in text[:4000].splitlines()]
    lines = [line for line in head if line][:_HEAD_LINES]
    byline = next((match for line in lines if (match := _byline(line))), None)
    agency = next((match for line in lines if (match := _AGENCY.match(line))), None)
    return Metadata(
        title=_headline(head),
        publisher=agency["agency"].strip() if agency else None,
        author=byline["names"] if byline else None,
        published=next((date for line in lines if (date := _line_date(line))), None),
    )


def _byline(line: str) -> re.Match[str] | None:
    return _BYLINE.fullmatch(line) if len(line) <= _MAX_BYLINE else None


def _headline(head: list[str]) -> str | None:
    """The first line, or the one below a breadcrumb, if it stands alone above more text."""
    places = [place for place, line in enumerate(head) if line]
    # A breadcrumb above the headline: "China / Society".
    if places and re.fullmatch(r"[\w &]+(?:\s[/>»]\s[\w &]+)+", head[places[0]]):
        places = places[1:]
    if len(places) < 2:  # noqa: PLR2004 - a headline and something below it
        return None
    line, below = head[places[0]], head[places[1]]
    # A line that continues in the next one is prose, unless that is the byline or the date.
    if places[1] == places[0] + 1 and not (_byline(below) or _line_date(below)):
        return None
    is_headline = (
        len(line) <= _MAX_HEADLINE
        and len(line.split()) >= _MIN_HEADLINE_WORDS
        and line[-1] not in ".:;,"
        and not line[0].islower()
        and not line.startswith("By ")
        and _line_date(line) is None
    )
    return line if is_headline else None


def _line_date(line: str) -> datetime.date | None:
    """The date of a dateline: a date alone, or after a label such as "Updated:"."""
    label = _DATE_LABEL.search(line)
    if label is None:
        return _only_date(line)
    rest = line[label.end() :]
    # "Dated May 3, 1999, the treaty" is prose: without a colon only a bare date or an ISO one counts.
    if label["colon"] or (label.start() == 0 and _DATES[0].match(rest)):
        found = _first_date(rest)
        return found[1] if found and found[0].start() == 0 else None
    return _only_date(rest) if label.start() == 0 else None


def _only_date(line: str) -> datetime.date | None:
    rest = _WEEKDAY.sub("", line)
    found = _first_date(rest)
    if found is None or found[0].start() > 0 or not _AFTER_DATE.fullmatch(rest, found[0].end()):
        return None
    return found[1]


def as_date(value: Any) -> datetime.date | None:  # noqa: ANN401 - TOML and YAML hold anything
    """Return the day of a value in a sidecar or front matter: a date, a timestamp or text; else None."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    return parse_date(value) if isinstance(value, str) else None


def parse_date(text: str) -> datetime.date | None:
    """Return the first date written in `text`, ISO or with the month's English name, else None."""
    found = _first_date(text)
    return found[1] if found else None


def _first_date(text: str) -> tuple[re.Match[str], datetime.date] | None:
    for pattern in _DATES:
        match = pattern.search(text)
        if match is None:
            continue
        named = match.groupdict().get("name")
        month = _MONTHS.index(named[:3].lower()) + 1 if named else int(match["month"])
        try:
            return match, datetime.date(int(match["year"]), month, int(match["day"]))
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
