"""What a passage is searched and read with besides its own words: its document's name and its headings.

"We keep your messages for 90 days" does not say who keeps them; its title, its publisher, its path or a
heading does. These context words are indexed with the passage and read before it, and are never part of an
answer. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from indexer.records import Article, CharRange, Metadata, Segment, SegmentKind

PATH_SEPARATOR = " › "
"""Between the headings in a section's label."""

_MOST = 100  # characters of one part: a title, the path, an introduction
_MOST_HEADINGS = 160  # characters of the heading path, of which the last headings count most

# "PrivacyPolicy", "HTMLParser", "privacy_policy", "terms-of-service", "2024report"
_PATH_WORD = re.compile(r"[A-Z]+(?![a-z])|[^\W\d_]?[^\W\d_A-Z]+|[A-Z]|\d+")
# "34361ce36fc35469": letters and digits in turn.
_IDENTIFIER = re.compile(r"(?=.*\d)(?:[0-9a-f]{8,}|.*\d[^\W\d]+\d.*[^\W\d].*)", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Names of files and folders that say nothing about what is in them.
_GENERIC = frozenset(
    """
    archive article articles content copy data default doc docs document documents download en file files
    final home html htm index item main markdown md new node page pages post posts readme site source src
    text texts txt tmp untitled www
    """.split()  # noqa: SIM905 - a list of forty strings would be harder to read
)
_YEAR = re.compile(r"(?:1[89]|20)\d\d")


def passage_contexts(article: Article, passages: Sequence[CharRange]) -> list[str]:
    """Return the context words of each passage of an article, empty where there are none.

    They are its title, its publisher, those words of its path that neither holds, the headings above the
    passage, and the words that introduce a list that the passage is in the middle of.
    """
    document = _document_words(article.id, article.metadata)
    sections = [one for one in article.segments if one.kind == SegmentKind.SECTION]
    items = {one.start: one for one in article.segments if one.kind == SegmentKind.ITEM}
    found = []
    section = 0
    for start, end in passages:
        while section + 1 < len(sections) and sections[section + 1].start <= start:
            section += 1
        parts = list(document)
        if sections and sections[section].start <= start < sections[section].end:
            parts += _headings(sections[section], start, parts)
        introduction = items[start].label if start in items else ""
        if introduction and introduction not in article.text[start:end]:
            parts.append(_shortened(introduction, _MOST))
        found.append(" ".join(_ended(part) for part in parts))
    return found


def _document_words(article_id: str, metadata: Metadata) -> list[str]:
    parts = [_shortened(part, _MOST) for part in (metadata.title, metadata.publisher) if part]
    if len(parts) > 1 and parts[1].casefold() in parts[0].casefold():
        parts.pop()
    known = {word for part in parts for word in _words(part)}
    path = [word for word in path_words(article_id) if word.casefold() not in known]
    return [*parts, _shortened(" ".join(path), _MOST)] if path else parts


def path_words(article_id: str) -> list[str]:
    """Return the words of an article's path that may name it.

    Left out: identifiers, generic names ("index", "docs"), and numbers that stand alone and are no years.
    """
    path = PurePosixPath(article_id)
    found: list[str] = []
    named = _UUID.sub(" ", "/".join([*path.parent.parts, path.stem]))
    for run in re.findall(r"[^\W_]+", named):
        if not _IDENTIFIER.fullmatch(run) and run.casefold() not in _GENERIC:
            words = _PATH_WORD.findall(run)
            # "GitHub" and "rfc2616" are asked for as they are; "PrivacyPolicy" by its words.
            found += [run, *words] if len(words) > 1 else words
    kept = (word for word in found if len(word) > 1 and not _is_number(word, named))
    return [*dict.fromkeys(kept)]


def _is_number(word: str, path: str) -> bool:
    """Whether a word is a number that stands alone in the path and is no year."""
    alone = re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", path)
    return word.isdecimal() and alone is not None and not _YEAR.fullmatch(word)


def _headings(section: Segment, start: int, parts: Sequence[str]) -> list[str]:
    headings = section.label.split(PATH_SEPARATOR)
    if section.start == start:
        headings = headings[:-1]  # the passage begins with it
    said = {part.casefold() for part in parts}
    kept: list[str] = []
    room = _MOST_HEADINGS
    for heading in reversed(headings):
        if heading and heading.casefold() not in said and len(heading) <= room:
            kept.insert(0, heading)
            room -= len(heading)
    return kept


def _words(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w+", text)}


def _shortened(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most + 1].rpartition(" ")[0] or words[:most]


def _ended(part: str) -> str:
    return part if part[-1] in ".!?:;" else f"{part}."
