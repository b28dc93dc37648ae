"""The block that may open a Markdown file and states its metadata: YAML, TOML or JSON.

Only what is plainly front matter is taken from the text: a text may open with a rule, a sentence with a colon
and another rule.
"""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from indexer.formats.front_matter_keys import FIELD_KEYS, IDENTIFIER, KNOWN, NESTED, normalised
from indexer.metadata import as_date, web_url
from indexer.records import Metadata

# libyaml's loader makes the same values in a tenth of the time, but refuses half of an escaped emoji.
_QUICK_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE = re.compile(r"\\u[dD]")
_MOST = 65_536  # characters of a block
_BLOCK = re.compile(
    r"(?P<fence>---|\+\+\+)(?P<syntax>yaml|toml|json)?[^\S\n]*\n(?P<block>.*?)^(?P<end>---|\+\+\+|\.\.\.)[^\S\n]*$\n?",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_JSON_ENDS = re.compile(r"[^\S\n]*(?:\n|\Z)")

# What PyYAML raises besides its own errors if a value does not fit its tag: "!!timestamp x", "!!bool x".
_FAILURES = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)

_SENTENCE = re.compile(r"\S+(?:\s+\S+){4,}[.!?]['\"”’)]?\s*\Z|[.!?]\s+[A-Z]", re.DOTALL)
# A line whose value has a colon or begins with a sign that YAML reserves, but is meant as it stands.
_UNQUOTED = re.compile(
    r"^(?P<key>[A-Za-z_][\w-]*:)[ \t]+"
    r"(?P<value>\{[{%].*?|(?=[@`%]|[^\n]{0,500}?:\s)[^\s\"'\[{|>&*!#][^\n]{0,1000}?)[ \t]*$",
    re.MULTILINE,
)
_YEAR_FIRST = re.compile(r"\s*(\d{4})([/.]?)(\d{2})\2(\d{2})(?!\d)")
_DAY_OR_MONTH_FIRST = re.compile(r"\s*(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?!\d)")
_MAIL = re.compile(r"\s*<[^<>\s]+@[^<>\s]+>")
_MONTHS = 12


def split_front_matter(text: str) -> tuple[Metadata, str]:
    """Return the front matter's metadata and the text after it; without front matter, the whole text.

    A block that cannot be read, or is not plainly front matter, belongs to the text, so that no text is lost.
    """
    metadata, _, rest = front_matter(text)
    return metadata, rest


def front_matter(text: str) -> tuple[Metadata, dict[str, Any], str]:
    """Return what `split_front_matter` does, and between both the front matter's own values."""
    found = _front_matter(text)
    if found is None:
        return Metadata(), {}, text
    values, end = found
    return metadata_of(values), values, text[end:]


def _front_matter(text: str) -> tuple[dict[str, Any], int] | None:
    start = len(text) - len(text.lstrip("\ufeff\r\n \t"))
    start = max(text.rfind("\n", 0, start) + 1, start if text[start : start + 1] == "{" else 0)
    if text.startswith(("---", "+++"), start):
        return _fenced(text, start)
    if text.startswith("\ufeff", start):
        return _fenced(text, start + 1)
    return _json(text, start) if text.startswith("{", start) else None


def _fenced(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    head = text[start : start + _MOST].replace("\r\n", " \n")  # as long as it was
    match = _BLOCK.match(head)
    if match is None or (match["end"] == "+++") != (match["fence"] == "+++"):
        return None
    syntax = (match["syntax"] or ("toml" if match["fence"] == "+++" else "yaml")).lower()
    try:
        values = _parse(match["block"], syntax)
    except (yaml.YAMLError, *_FAILURES):
        return None
    if not isinstance(values, dict) or not _is_front_matter(values, certain=syntax != "yaml"):
        return None
    return values, start + match.end()


def _parse(block: str, syntax: str) -> Any:  # noqa: ANN401 - whatever the block holds
    if syntax == "toml":
        return tomllib.loads(block)
    if syntax == "json":
        return json.loads(block)
    loader = yaml.SafeLoader if _SURROGATE.search(block) else _QUICK_LOADER
    try:
        return yaml.load(block, loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        quoted = _UNQUOTED.sub(_quoted, block)
        if quoted == block:
            raise
        values = yaml.load(quoted, loader)  # noqa: S506
        return values if isinstance(values, dict) and KNOWN.intersection(values) else None


def _quoted(line: re.Match[str]) -> str:
    return f"{line['key']} {json.dumps(line['value'], ensure_ascii=False)}"


def _json(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    head = text[start : start + _MOST]
    try:
        values, end = json.JSONDecoder().raw_decode(head)
    except _FAILURES:
        return None
    ends = _JSON_ENDS.match(head, end)
    if ends is None or not isinstance(values, dict) or not KNOWN.intersection(values):
        return None
    return values, start + ends.end()


def _is_front_matter(values: Mapping[Any, Any], *, certain: bool) -> bool:
    """Whether the pairs are metadata and not sentences: "Correction: the sum was wrong." is a sentence."""
    keys = [key for key in values if not isinstance(key, bool)]  # YAML reads "on:" as True
    if not keys or not all(isinstance(key, str) and IDENTIFIER.fullmatch(key) for key in keys):
        return False
    if certain:
        return True
    sentences = [key for key in keys if isinstance(values[key], str) and _SENTENCE.search(values[key])]
    if KNOWN.intersection(keys):
        return len(keys) > 1 or not sentences or keys[0] in {"title", "description", "summary"}
    known = [key for key in keys if key.lower() in KNOWN]
    if sentences or 2 * len(known) >= len(keys):
        return not sentences
    if not all(key[0].islower() for key in keys):
        return False
    return len(keys) > 1 or not isinstance(values[keys[0]], str) or " " not in values[keys[0]].strip()


def metadata_of(values: Mapping[str, Any]) -> Metadata:
    """Return what the front matter states about its article, under any of the usual names."""
    named: dict[str, Any] = {}
    for group in (values, *(values[key] for key in values if str(key).lower() in NESTED)):
        if isinstance(group, Mapping):
            for key, value in group.items():
                if isinstance(key, str):
                    named.setdefault(normalised(key), value)

    def stated(field: str) -> Iterator[Any]:
        return (named[key] for key in FIELD_KEYS[field] if named.get(key) not in (None, ""))

    publishers = (_words(_named(value)) for value in stated("publisher"))
    return Metadata(
        title=next((words for value in stated("title") if (words := _words(value))), None),
        publisher=next((words for words in publishers if words and web_url(words) is None), None),
        author=next((words for value in stated("author") if (words := _people(value))), None),
        published=next((date for value in stated("published") if (date := _date(value))), None),
        url=next((url for value in stated("url") if (url := web_url(_words(value)))), None),
        modified=next((date for value in stated("modified") if (date := _date(value))), None),
    )


def _people(value: Any) -> str | None:  # noqa: ANN401
    """The names of one or several people, each as text or in an object with a name."""
    if isinstance(value, Mapping) and value and all(isinstance(one, Mapping) for one in value.values()):
        value = list(value.values())  # by their short names
    people = value if isinstance(value, list) else [value]
    named = [_named(person) for person in people]
    if not all(isinstance(name, str) for name in named):
        return None
    return ", ".join(words for name in named if (words := _words(_MAIL.sub("", name)))) or None


def _named(value: Any) -> Any:  # noqa: ANN401
    """The name in an object that has one, else the value itself."""
    if isinstance(value, Mapping):
        return next((value[key] for key in ("name", "full_name", "display_name") if value.get(key)), value)
    return value


def _date(value: Any) -> datetime.date | None:  # noqa: ANN401
    if isinstance(value, Mapping):  # Docusaurus: last_update: {date: 2024-03-05}
        value = value.get("date")
    words = str(value) if isinstance(value, str | int) else ""
    return as_date(value) or _numeric_date(words)


def _numeric_date(words: str) -> datetime.date | None:
    """2024/03/05, 20240305, 5.3.2024, and 13/5/2024 or 5/13/2024, where only one number can be the month."""
    if found := _YEAR_FIRST.match(words):
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := _DAY_OR_MONTH_FIRST.match(words):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "/" and first <= _MONTHS and second <= _MONTHS and first != second:
            return None
        day, month = (second, first) if found[2] == "/" and second > _MONTHS else (first, second)
    else:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _words(value: Any) -> str | None:  # noqa: ANN401
    if not isinstance(value, str):
        return None
    # PyYAML reads an escaped emoji ("\ud83d\ude00", as in JSON) as two surrogates, which have no UTF-8.
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(whole.split()) or None
