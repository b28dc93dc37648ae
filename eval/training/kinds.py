"""What kind of thing a name or a word is, by the lists of `kinds.toml`: a month, a country, a person.

One thing may take the place of another of its kind in a question, which then stays English and asks for the
same sort of thing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PERSON = "person"
ACRONYM = "acronym"

PEOPLE = frozenset({PERSON, "man", "woman", "president", "leader"})
"""Kinds of names of one person."""

PLACES = frozenset({"country", "state", "city", "borough", "region"})
"""Kinds of listed names of places."""


@dataclass(frozen=True, slots=True)
class Item:
    """A name or a word of a kind, with its other spellings; `words` is the usual one, with its article."""

    kind: str
    words: str
    spellings: tuple[str, ...]

    @property
    def article(self) -> bool:
        """Whether it is written with "the"."""
        return self.words.startswith("the ")


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "kinds.toml").read_text("utf-8"))


def _items(part: str) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for kind, listed in _lists()[part].items():
        for item in listed.replace("\n", " ").split(","):
            words, *others = item.strip().split("/")
            found.setdefault(kind, []).append(Item(kind, words, (words.removeprefix("the "), *others)))
    return found


@cache
def names() -> dict[str, list[Item]]:
    """Return the listed names by kind."""
    return _items("names")


@cache
def words() -> dict[str, list[Item]]:
    """Return the listed words by kind, in singular or base form."""
    return _items("words")


@cache
def by_spelling() -> dict[str, list[Item]]:
    """Return the listed names by each of their spellings, folded; a spelling may be of several kinds."""
    found: dict[str, list[Item]] = {}
    for items in names().values():
        for item in items:
            for spelling in item.spellings:
                found.setdefault(fold(spelling), []).append(item)
    return found


@cache
def heads() -> dict[str, str]:
    """Return what a name's last word says it is: the kind by the word, folded."""
    return {word.strip(): kind for kind, listed in _lists()["heads"].items() for word in listed.split(",")}


@cache
def first_names() -> dict[str, str]:
    """Return the kind of person by first name, folded: "man", "woman", or "person" for a name of both."""
    found: dict[str, str] = {}
    for kind, listed in (("man", "male"), ("woman", "female")):
        for name in _lists()["first_names"][listed].replace("\n", " ").split(","):
            key = fold(name.strip())
            found[key] = PERSON if key in found else kind
    return found


def listed(words: str) -> list[Item]:
    """Return the entries of a name as it is written: an abbreviation's ("WHO") only in capitals."""
    found = by_spelling().get(fold(words), [])
    if words.isupper() or words.islower():
        return found
    return [
        item
        for item in found
        if not any(one.isupper() and fold(one) == fold(words) for one in item.spellings)
    ]


def fold(words: str) -> str:
    """Return words as they are looked up: in lower case, with plain dashes and no final full stop."""
    return re.sub(r"[–‑]", "-", words).casefold().rstrip(".")


def plural(word: str) -> str:
    """Return the regular plural of an English word."""
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(?:s|x|z|ch|sh)$", word) else f"{word}s"
