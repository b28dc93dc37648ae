"""The YAML block that may open a Markdown file: `---`, lines of `key: value`, `---`."""

from __future__ import annotations

import re
from typing import Any

import yaml

from indexer.metadata import as_date, web_url
from indexer.records import Metadata

_BLOCK = re.compile(
    r"---[^\S\n]*\r?\n(?P<yaml>.{0,65536}?)^(?:---|\.\.\.)[^\S\n]*\r?$\n?", re.DOTALL | re.MULTILINE
)

# What PyYAML raises besides its own errors if a value does not fit its tag: "!!timestamp x", "!!bool x".
_FAILURES = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)

# Other programs write front matter, each with its own names for these fields.
_KEYS = {
    "title": ("title", "headline"),
    "publisher": ("publisher", "agency", "source", "site_name", "sitename"),
    "author": ("author", "authors", "byline"),
    "published": ("published", "date", "published_at", "pubdate"),
    "url": ("url", "canonical_url", "canonical", "source_url", "link"),
}


def split_front_matter(text: str) -> tuple[Metadata, str]:
    """Return the front matter's metadata and the text after it; without front matter, the whole text.

    A block that is not YAML key-value pairs belongs to the text, so that no text is lost.
    """
    match = _BLOCK.match(text)
    if match is None:
        return Metadata(), text
    try:
        values = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, *_FAILURES):
        return Metadata(), text
    if not isinstance(values, dict):
        return Metadata(), text
    lowered = {key.lower(): value for key, value in values.items() if isinstance(key, str)}

    def first(field: str) -> Any:  # noqa: ANN401 - YAML holds anything
        return next((lowered[key] for key in _KEYS[field] if lowered.get(key) not in (None, "")), None)

    return (
        Metadata(
            title=_words(first("title")),
            publisher=_words(first("publisher")),
            author=_words(first("author")),
            published=as_date(first("published")),
            url=web_url(_words(first("url"))),
        ),
        text[match.end() :],
    )


def _words(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str):
        # PyYAML reads an escaped emoji ("\ud83d\ude00", as in JSON) as two surrogates, which have no UTF-8.
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return " ".join(whole.split()) or None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(words for item in value if (words := _words(item))) or None
    return None
