"""Putting other words into a question so that it stays English: articles, capitals, what may be replaced."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import SequenceMatcher

from indexer.analyzer import is_function_word, terms
from indexer.records import CharRange

_VOWEL = re.compile(r"(?i)(?!uni|use|usa|euro|one\b|u\.|ukr|ura)[aeiou]|hour|honest|heir")
_VOWEL_LETTER = re.compile(r"(?!NATO|NASA|UN)[AEFHILMNORSX][A-Z]")
"""An abbreviation whose first letter's name starts with a vowel."""

_START = 4  # letters
_SIMILAR = 0.75  # of the characters: another spelling of the same name


def put(question: str, part: CharRange, words: str) -> str:
    """Return a question with a part replaced; the article before it, and the first capital, agree."""
    before, after = question[: part[0]], question[part[1] :]
    if article := re.search(r"\b(an?)\s+$", before, re.IGNORECASE):
        agreeing = f"{article[1][0]}n" if starts_with_vowel(words) else article[1][0]
        before = before[: article.start(1)] + agreeing + before[article.end(1) :]
    if not before.strip() and question[part[0] : part[0] + 1].isupper():
        words = words[0].upper() + words[1:]
    return before + words + after


def starts_with_vowel(words: str) -> bool:
    """Whether words start with a vowel when spoken, as "an" before them would say."""
    abbreviation = re.match(r"[A-Z]{2,}\d*\b", words)
    return bool((_VOWEL_LETTER if abbreviation else _VOWEL).match(words))


def quoted(question: str, place: int) -> bool:
    """Whether a place in a question is within quotation marks: a title or another's words."""
    return question[:place].count('"') % 2 == 1 or "“" in question[:place].rpartition("”")[2]


_TITLES = re.compile(
    r"\b(?:Vice|Prime|President|Minister|King|Queen|Sir|General|Governor|Senator|Dr|Mr|Mrs|St)\b"
)


def same_name(one: str, other: str) -> bool:
    """Whether two names may be of the same thing: they share a term, are spelt alike, or one abbreviates."""
    one, other = _TITLES.sub("", one), _TITLES.sub("", other)
    first, second = set(content(one)), set(content(other))
    if not first or not second or related(first, second):
        return True
    if SequenceMatcher(None, one.casefold(), other.casefold()).ratio() >= _SIMILAR:
        return True
    return abbreviates(one, other) or abbreviates(other, one)


def related(some: Collection[str], others: Collection[str]) -> bool:
    """Whether two sets of terms share one, or the start of one: "Portugal" and "Portuguese"."""
    starts = {term[:_START] for term in some if len(term) >= _START}
    return bool({*some} & {*others}) or any(term[:_START] in starts for term in others)


def abbreviates(short: str, long: str) -> bool:
    """Whether the capitals of a short name are the initials of a longer one, in order."""
    letters = re.sub(r"[^A-Z]", "", short)
    initials = "".join(word[0] for word in re.findall(r"[A-Z]\w*", long))
    return len(letters) > 1 and len(initials) > 1 and (letters in initials or initials in letters)


def content(words: str) -> list[str]:
    """Return the terms of words that are no function words."""
    return terms(
        " ".join(word for word in re.findall(r"\w+", words) if not is_function_word(word.casefold()))
    )
