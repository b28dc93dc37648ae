"""What in a question may be exchanged for a name or a number of its text, which then does not answer it.

The text has everything that the question mentions, except the relation that it asks about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from eval.training import kinds
from eval.training.names import Name, asked, named
from eval.training.numbers import Number, in_order, numbers
from eval.training.swaps import OPEN_ENDED, PRONOUN, Change, different, echoes, fitting
from eval.training.wording import content
from indexer.analyzer import terms

_EXCHANGEABLE = (
    frozenset(["people", "believers", "partisans"]),
    frozenset(["people", "congregations", "partisans"]),
    frozenset(["country", "empire"]),
    frozenset(["war", "battle name", "revolution"]),
    frozenset(["newspaper", "press name"]),
    frozenset(["university", "school name"]),
    frozenset(["party", "group name", "organisation", "agency"]),
    frozenset(["company", "firm name"]),
    frozenset(["river", "water name"]),
    frozenset(["event name", "contest name", "prize name"]),
)
"""Kinds of names that may replace one another where both are of one text; the first set of a kind counts."""

_YEARS = 50  # between a year and one that is exchanged for it
_SHARED = 0.5  # of the question's other content terms, in a sentence that may answer it


def exchanges(question: str, text: str, others: Sequence[str], taken: Collection[str]) -> Iterator[Change]:
    """Yield what of a question may be exchanged for a name or a number of its text.

    `others`: the text's sentences without an answer, where the replacement is; `taken`: terms that it may not
    have. A sentence that shares half of the question's other words with it may answer it: what it mentions is
    left out.
    """
    for name in asked(question, text):
        for other in named(text):
            if other.kind not in _exchangeable(name.kind, question) or not different(name, other):
                continue
            if name.kind == kinds.ACRONYM and not _same_neighbour(question, name, text, other):
                continue
            change = fitting(question, name, other)
            if change and _elsewhere(question, change, other.words, others, taken):
                yield change
    for number in numbers(question):
        for value in numbers(text):
            if _same_measure(question, number, text, value):
                change = (number.start, number.end), value.words
                if _elsewhere(question, change, value.words, others, taken):
                    yield change


def _same_neighbour(question: str, name: Name, text: str, other: Name) -> bool:
    """Whether the word after an abbreviation is the same in a question and a text: "the MD degree"."""
    after = [terms(whole[one.end :][:30])[:1] for whole, one in ((question, name), (text, other))]
    return after[0] == after[1] != []


def _exchangeable(kind: str, question: str) -> Collection[str]:
    """Return the kinds that may take the place of one: any person's for a person's, without "he" or "she"."""
    if kind in kinds.PEOPLE:
        return kinds.PEOPLE if not PRONOUN.search(question) else (kind,)
    return next((group for group in _EXCHANGEABLE if kind in group), (kind,))


def _same_measure(question: str, number: Number, text: str, other: Number) -> bool:
    """Whether numbers of a question and a text are of the same kind; counts also of the same thing."""
    if number.kind != other.kind or number.words == other.words:
        return False
    if number.kind == "year":
        if OPEN_ENDED.search(question) or abs(int(number.words) - int(other.words)) > _YEARS:
            return False
        return in_order(number, question, int(other.words)) and not _range_end(text, other)
    if number.kind == "century":
        return question[number.end :][:2] == text[other.end :][:2]
    if number.kind == "count":
        units = [terms(text[one.end :][:30])[:1] for text, one in ((question, number), (text, other))]
        return units[0] == units[1] and len(number.words) == len(other.words)
    return True


def _range_end(text: str, year: Number) -> bool:
    return bool(re.search(r"(?:between|from|to|until|and|[-–—])\s?$", text[: year.start]))


def _elsewhere(
    question: str, change: Change, words: str, others: Sequence[str], taken: Collection[str]
) -> bool:
    """Whether words are in sentences without an answer alone, none of which is about what is asked."""
    (start, end), _ = change
    own = {*content(words)} - {*content(question[start:end])}
    if not own or own & set(taken) or echoes(question, change, words):
        return False
    rest = {*content(f"{question[:start]} {question[end:]}")} - _ASKING
    holding = [sentence for sentence in others if own <= {*terms(sentence)}]
    if not holding or len(rest) < 2:  # noqa: PLR2004 - "What is the ECHL?"
        return False
    asked_for = next((sought for asking, sought in _SOUGHT if asking.search(question)), None)
    for sentence in holding:
        if _COUNTING.search(question) and _COUNT.search(sentence.replace(words, "")):
            return False
        shared = len(rest & {*terms(sentence)})
        if shared >= _SHARED * len(rest):
            return False
        if shared and asked_for is not None and asked_for.search(sentence.replace(words, "")):
            return False
    return True


_ASKING = frozenset(["year", "name", "mani", "much", "type", "kind", "mani", "percentag", "part"])
"""Terms of a question that its answer's sentence need not have."""

_COUNTING = re.compile(r"(?i)\b(?:how (?:many|much|old|large)|percent(?:age)?)\b")
_COUNT = re.compile(r"(?<!\d)(?!(?:1[4-9]|20)\d\d\b)\d")  # a number, and not a year
_SOUGHT = (
    (
        re.compile(r"(?i)\b(?:how (?:many|much|old|long)|percentage|when|(?:what|which) year)\b"),
        re.compile(r"\d"),
    ),
    (re.compile(r"(?i)\b(?:who|whom|whose)\b"), re.compile(r"[a-z]\s+[A-Z]\w+\s[A-Z]")),
)
"""By what a question asks for, what a sentence has that may answer it."""
