"""What may take the place of a name, a number or a word in a question, and leave its text without an answer.

The replacement is from another question, the lists of `kinds`, or, of a number, one of the same magnitude;
the text does not have it.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from eval.training import kinds
from eval.training.kinds import Item
from eval.training.names import Name, asked, describing, titled
from eval.training.numbers import covered, near, numbers
from eval.training.siblings import siblings
from eval.training.wording import content, related, same_name
from indexer.analyzer import terms
from indexer.records import CharRange

Change = tuple[CharRange, str]
"""A part of a question, and the words that take its place."""

Pools = Mapping[str, Sequence[Item | Name]]
"""By kind, the names that may take the place of one of that kind."""

_TRIES = 12  # names drawn before one is given up
PRONOUN = re.compile(r"(?i)\b(?:he|she|his|her|him|hers|himself|herself|wife|husband|king|queen)\b")
"""Words of a question that tell the sex of the person in it."""

_LOOSE = frozenset(
    [
        "law",
        "event",
        "group",
        "contest",
        "prize",
        "battle",
        "realm",
        "press",
        "theory",
        "firm",
        "land",
        "water",
        "building",
    ]
)
"""Kinds told by the last word, of which names of other texts must share that word to be alike."""

_BARE = frozenset(["party", "dynasty", "league", "agency", "organisation", "war", "trade"])
"""Kinds with an article that are used without it before a noun: "Yuan emperors"."""

OPEN_ENDED = re.compile(
    r"(?i)\b(?:\w+est|most|least|more|less|first|last|best|worst)\b.*\b(?:since|until|before|after|by)\b"
)
"""A question whose answer may hold for another year too: the largest since 1990 and since 1995."""


def pools(examples: Iterable[tuple[str, str]]) -> Pools:
    """Return the listed names and those of the questions, given with their texts, by kind."""
    found: dict[str, list[Item | Name]] = defaultdict(list)
    for kind, items in kinds.names().items():
        found[kind] += items
    for question, text in examples:
        if question != question.lower():
            for name in asked(question, text):
                if name.item is None and name.kind != kinds.ACRONYM and not titled(name.words):
                    found[name.kind].append(name)
    found[kinds.PERSON] += [*found["man"], *found["woman"]]
    return found


def other_name(
    question: str, text: str, pool: Pools, draw: random.Random, *, title: str | None = None
) -> Change | None:
    """Return a name of the question, which is in the text, and another of its kind, which is not.

    With a title, a name that is in the title, and another that is neither in it nor in the text.
    """
    present = {*terms(text), *terms(title or ""), *terms(question)}
    where = set(terms(text if title is None else title))
    found = [name for name in asked(question, f"{title or ''}. {text}") if _spelt_in(name, where)]
    draw.shuffle(found)
    for name in found:
        if (name.kind == kinds.PERSON and PRONOUN.search(question)) or _in_title(name, question, title):
            continue
        same_kind = pool.get(name.kind, ())
        for other in draw.sample(same_kind, min(_TRIES, len(same_kind))):
            change = fitting(question, name, other)
            if change is None or _present(other, name.words, present) or not _alike(name, other):
                continue
            if different(name, other) and not echoes(question, change, other.words):
                return change
    return None


def _in_title(name: Name, question: str, title: str | None) -> bool:
    """Whether a name is only a part of the title in the question: "silver" of "silver linings playbook"."""
    words = re.sub(r"\s*\([^)]*\)$", "", title or "").casefold().replace("&", "and")
    place = question.casefold().find(words) if words else -1
    inside = 0 <= place <= name.start and name.end <= place + len(words)
    return inside and name.end - name.start < len(words) - 1


def different(name: Name, other: Item | Name) -> bool:
    """Whether names are of different things: other entries of the lists, or names with nothing in common.

    The word that says what they are ("University") may be common to both.
    """
    item = other if isinstance(other, Item) else other.item
    if name.item is not None and item is not None:
        return name.item != item and (name.kind == item.kind or not same_name(name.words, item.words))
    if (
        name.kind.endswith(" name")
        and name.words.split()[-1].casefold() == other.words.split()[-1].casefold()
    ):
        return not same_name(*(one.words.rpartition(" ")[0] for one in (name, other)))
    return not same_name(name.words, other.words)


def _spelt_in(name: Name, present: Collection[str]) -> bool:
    spellings = (name.words, *(name.item.spellings if name.item else ()))
    return any(set(terms(spelling)) <= set(present) for spelling in spellings)


def _present(other: Item | Name, replaced: str, present: Collection[str]) -> bool:
    """Whether a text with these terms may mention a name: any of its own terms, or another spelling's all."""
    if ({*content(other.words)} - {*content(replaced)}) & set(present):
        return True
    return isinstance(other, Item) and any(set(terms(one)) <= set(present) for one in other.spellings)


def _alike(name: Name, other: Item | Name) -> bool:
    """Whether names of texts on different subjects are alike enough: the loose kinds by their last word."""
    if name.kind.removesuffix(" name") not in _LOOSE or isinstance(other, Item):
        return True
    return name.words.split()[-1].casefold() == other.words.split()[-1].casefold()


def fitting(question: str, name: Name, other: Item | Name) -> Change | None:
    """Return how a name takes another's place in a question, None if the articles do not allow it.

    An article that is the name's own ("the Netherlands") is replaced with it. One that belongs to what
    follows ("the Boston harbour") stays. "the" is put in only where no noun follows.
    """
    entry = other if isinstance(other, Item) else other.item
    words = other.words.removeprefix("the ")
    usual = entry is not None and words.casefold() == entry.spellings[0].casefold()
    article = entry.article if entry is not None and usual else other.article
    if entry is not None and entry.spellings[0].islower():
        words = words.casefold()
    words = words.casefold() if question == question.lower() else words
    own = name.item is not None and name.item.article
    place = (name.start, name.end)
    describes = describing(question, name.start, name.end)
    own = own or (name.article and name.kind in kinds.PLACES and not describes)  # "the USSR"
    if own and not name.article:
        return (place, words) if article and name.kind in _BARE else None
    if own and describes:  # "the European Union agency": the article is the agency's
        return (place, words) if name.kind in _BARE else None
    if own and not article:
        return (question.lower().rindex("the", 0, name.start), name.end), words
    if name.article and name.item is not None and not own:
        return None if article else (place, words)
    if name.article != article:
        allowed = isinstance(other, Item) and not name.article and not describes
        return (place, f"the {words}") if allowed else None
    return place, words


def other_number(question: str, text: str, draw: random.Random) -> Change | None:
    """Return a number of the question, which is in the text, and one near it, which is not."""
    found = [one for one in numbers(question) if _has_number(text, one.words)]
    if OPEN_ENDED.search(question):
        return None  # "the largest since 1990" is also the largest since 1995
    draw.shuffle(found)
    for number in found:
        for _ in range(_TRIES):
            words = near(number, question, draw)
            year = number.kind in ("year", "decade")
            if words and not _has_number(text, words) and not (year and covered(text, int(words))):
                return (number.start, number.end), words
    return None


def _has_number(text: str, words: str) -> bool:
    return bool(re.search(rf"(?<![\d.,]){re.escape(words)}(?![.,]?\d)", text))


def other_word(question: str, text: str, draw: random.Random) -> Change | None:
    """Return a plain word of the question, and one that is used alike and is not in the text."""
    present = {*terms(text), *terms(question)}
    found = siblings(question)
    draw.shuffle(found)
    for word in found:
        choices = [other for other in word.others if not present & {*terms(other)}]
        if choices:
            return (word.start, word.end), draw.choice(choices)
    return None


def echoes(question: str, change: Change, words: str) -> bool:
    """Whether the rest of a question has a word like a replacement's: "Which Serb group left Serbia?"."""
    (start, end), _ = change
    own = {*content(words)} - {*content(question[start:end])}
    return related({*content(f"{question[:start]} {question[end:]}")}, own)
