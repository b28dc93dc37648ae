"""The names in a question or a text, each with its kind: by the lists of `kinds`, its last word or a title.

A name whose kind is not known is left out. So is a part of a longer name ("Ottoman" in "Ottoman Empire").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from eval.training import kinds
from eval.training.kinds import Item
from eval.training.wording import quoted
from indexer.analyzer import is_function_word


@dataclass(frozen=True, slots=True)
class Name:
    """A name at [start, end) of a text, without its article and a possessive ending.

    `article`: whether "the" is before it. `item`: its entry in the lists, if it has one.
    """

    start: int
    end: int
    words: str
    kind: str
    article: bool
    item: Item | None = None


_CAPITAL = (
    r"(?:(?:[A-Z]\.)+(?:[A-Z]\b)?|(?:St|Dr|Mr|Mrs|Gen|Gov|Sen)\."
    r"|[A-Z\u00c0-\u00dd\u0130\u0141\u015a-\u017d][\w&]*)"
)
_WORD = rf"{_CAPITAL}(?:[’'](?!s\b)\w+)?"
_RUN = re.compile(rf"\b{_WORD}(?:(?:\s|[-–])(?:(?:of\sthe|of|de|du|da|von|van|y|del|la)\s)?{_WORD})*")
"""Capitalised words that follow one another: the longest name that they may be."""

_OPENS = re.compile(r"(?:^|[.!?:;\])”\"]|\n)\s*$")
_OPENERS = frozenset(
    """
    although after before during since while because according besides until within without both each all most
    several one two also however later early unlike like despite today
    """.split()  # noqa: SIM905 - shorter than a list of strings
)
_TITLE = re.compile(
    r"^(?:(?:Vice |Prime )?(?:President|Minister|King|Queen|Emperor|Empress|Tsar|Sultan|Pope|Saint|Lord"
    r"|Lady|Sir|Dame|Prince|Princess|Duke|General(?! Secretary)|Colonel|Captain|Admiral|Dr|Mr|Mrs|Ms"
    r"|Professor|Governor|Senator|Mayor|Justice|Judge|Bishop|Archbishop)\.?\s)+"
)
_WOMEN = re.compile(r"Queen|Empress|Lady|Dame|Princess|Mrs|Ms")
_DID = re.compile(
    r"^\s+\(?(?:was born|died|said|says|wrote|writes|argued?s?|believed?s?|stated|married"
    r"|explained|thought|taught|studied|retired|born\b|\d{4}[–-]\d{4}\))"
)
_OCCUPATION = re.compile(
    r"(?i)\b(?:actor|actress|architect|artist|author|brother|chairman|coach|composer|critic|daughter|director"
    r"|economist|editor|emperor|father|founder|historian|husband|journalist|king|leader|mother|musician"
    r"|painter|philosopher|physicist|player|poet|professor|psychologist|scholar|scientist|singer"
    r"|sister|son|wife|writer)s?\s$"
)
_TOWN = re.compile(r"^,\s([A-Z]\w+(?:\s[A-Z]\w+)?)")
_LONGEST_PERSON = 4  # words
_AFTER_SPEAKING = frozenset("in into from to speak speaks spoke speaking learn than".split())  # noqa: SIM905
_DESCRIBING = ("nationality", "affiliation", "faith", "congregation", "continental")
_AMBIGUOUS = frozenset(
    """
    march august paris polish reading lead turkey mercury phoenix buffalo mobile nice york ford apple
    amazon shell rose drum trance yuan song sui tang realism sierra hudson union jordan earth unix
    blues football house
    music queens florence virginia victoria georgia grace mars venus
    """.split()  # noqa: SIM905 - shorter than a list of strings
)
"""Names that are ordinary words or parts of others, where a question has no capitals."""


@lru_cache(maxsize=4_096)
def named(text: str) -> tuple[Name, ...]:
    """Return the names of a text, in order; a surname is known from the full name elsewhere in the text."""
    surnames = _surnames(text)
    found = (_name(text, start, run, surnames) for start, run in _runs(text))
    return tuple(name for name in found if name is not None)


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the start and the words of what may be a name, without a sentence's first word that is none."""
    for match in _RUN.finditer(text):
        start, run = match.start(), match[0]
        if _OPENS.search(text[:start]) and (first := re.match(r"(\w+)\s+(?=\w)", run)):
            word = first[1].casefold()
            # A sentence's first word is capitalised anyway. "The Times" has its article.
            if (is_function_word(word) or word in _OPENERS) and not kinds.listed(run):
                start, run = start + first.end(), run[first.end() :]
        yield start, run


def asked(question: str, text: str) -> list[Name]:
    """Return the names in a question about a text.

    In a question without capitals, those that are listed or that the text has. A name that the question
    repeats, and one in quotation marks, is left out.
    """
    if question != question.lower():
        surnames = _surnames(text)
        possible = (_name(question, start, run, surnames) for start, run in _runs(question))
        found = [name for name in possible if name is not None]
        covered = {place for run in _RUN.finditer(question) for place in range(*run.span())}
        found += [name for name in _common(question) if name.start not in covered]
    else:
        found = [*_common(question), *_uncapitalised(question, text)]
    return [name for name in found if not _fixed(name, question)]


_PART_BEFORE = re.compile(r"(?:[A-Z]\w*,|\(|\b(?:north|south|east|west|new|great|saint|st|former|then))\s?$")
_EXPLAINED = re.compile(r"(?i)\b(?:stands? for|mean|means|meant|acronym|abbreviat\w+|initials?|short for)\b")


def _fixed(name: Name, question: str) -> bool:
    """Whether a name is left alone: part of a longer one, in quotation marks, repeated, or explained."""
    before, after = question[: name.start], question[name.end :]
    rest = f"{before} {after}".casefold()
    return any(
        (
            quoted(question, name.start),
            _PART_BEFORE.search(before),
            # "Texas v. White".
            re.match(r"\s(?:v|vs)\b", after) or re.search(r"\b(?:v|vs)\.?\s$", before),
            name.kind in kinds.PEOPLE and describing(question, name.start, name.end),
            name.kind.endswith(" name") and re.search(r"[A-Z]\w+\s(?:and|&)\s$", before),
            name.kind in kinds.PLACES and re.match(r",\s?[A-Z]", after) and before.strip(),
            name.kind == kinds.ACRONYM and _EXPLAINED.search(question),
            any(word.casefold() in rest for word in re.findall(r"\w{4,}", name.words)),
        )
    )


def _name(text: str, start: int, run: str, surnames: dict[str, str]) -> Name | None:
    """Return the name that a run of capitalised words is, None if its kind is not known."""
    if (longer := _spellings().match(text, start)) and longer.end() > start + len(run):
        run = longer[0]  # "Atlantic slave trade": a listed name goes on in lower case
    end = start + len(run)
    run = run if re.search(r"\b[A-Z]\.[A-Z]\.$", run) else run.rstrip(".")
    if not run or re.match(r"[-–’']\w{2}", text[end:]):
        return None
    article = bool(re.search(r"\b[Tt]he\s$", text[:start]))
    if kinds.listed(run):
        item = listed_as(text, start, start + len(run), article=article)
        return Name(start, start + len(run), run, item.kind, article, item) if item else None
    kind = _kind(text, start, run, surnames)
    return Name(start, start + len(run), run, kind, article) if kind else None


def listed_as(text: str, start: int, end: int, *, article: bool) -> Item | None:
    """Return the entry of a listed name; one that is in several lists is told by the words around it."""
    items = {item.kind: item for item in kinds.listed(text[start:end])}
    before = text[:start].split()[-1:]
    describes = describing(text, start, end)
    if items.keys() & {*_DESCRIBING, "language", "plural_people"}:
        if describes:
            return next((items[kind] for kind in _DESCRIBING if kind in items), None)
        if article:
            return items.get("plural_people")
        return items.get("language") if before and before[0].casefold() in _AFTER_SPEAKING else None
    item = next(iter(items.values()))
    if item.kind == "country" and describes:
        american = re.fullmatch(r"(?i)U\.?S\.?(?:A\.?)?", text[start:end])
        if american or re.fullmatch(r"(?i)U\.?K\.?", text[start:end]):
            return kinds.listed("American" if american else "British")[0]
        return None if article else item
    return item


def titled(words: str) -> bool:
    """Whether a person's name starts with a title: "King James"."""
    return _TITLE.match(words) is not None


def describing(text: str, start: int, end: int) -> bool:
    """Whether a noun follows a name, which then describes it: "the German settlers", "Boston harbour"."""
    return _describes(text[end:]) and not _is_subject(text[:start])


def _describes(after: str) -> bool:
    noun = re.match(r"\s+([a-z]+)", after)
    return noun is not None and not is_function_word(noun[1]) and not noun[1].endswith("ed")


def _is_subject(before: str) -> bool:
    # "did the US join": the next word is the verb, not a noun that the name describes.
    return bool(re.search(r"(?i)\b(?:do|does|did|will|would|could|can|should)\s+(?:the\s)?$", before))


def _kind(text: str, start: int, run: str, surnames: dict[str, str]) -> str | None:
    """Return the kind of an unlisted name, by its last word, its title, its first name or what it did."""
    words = re.split(r"\s+", run)
    last = kinds.fold(words[-1])
    title = _TITLE.match(run)
    if title and " of " in run:
        return None
    if len(words) > 1 and last in kinds.heads():
        return f"{kinds.heads()[last]} name"
    if re.fullmatch(r"[A-Z]{2,6}", run):
        return None if re.fullmatch(r"[IVX]+|BC|AD|CE|BCE", run) else kinds.ACRONYM
    if title:
        first = kinds.fold(run[title.end() :].split(maxsplit=1)[0])
        return "woman" if _WOMEN.search(title[0]) else kinds.first_names().get(first, kinds.PERSON)
    return _of_short(text, start, run, words) or surnames.get(run)


def _of_short(text: str, start: int, run: str, words: list[str]) -> str | None:
    """Return the kind of a name of few words that is a person's or a town's, by the words around it."""
    if len(words) > _LONGEST_PERSON or " of " in run:
        return None
    before, after = text[:start], text[start + len(run) :]
    if len(words) > 1 and (person := kinds.first_names().get(kinds.fold(words[0]))):
        return person
    if _OCCUPATION.search(before) or (_DID.match(after) and not is_function_word(words[0].casefold())):
        return kinds.PERSON
    town = _TOWN.match(after) if len(words) <= 2 else None  # noqa: PLR2004
    return "city" if town and {"state", "country"} & {item.kind for item in kinds.listed(town[1])} else None


@lru_cache(maxsize=4_096)
def _surnames(text: str) -> dict[str, str]:
    """Return the kind of person by surname, of the persons whose full names are in a text."""
    found: dict[str, str] = {}
    for start, run in _runs(text):
        kind = _kind(text, start, run.rstrip("."), {})
        words = _TITLE.sub("", run.rstrip(".")).split()
        if kind in kinds.PEOPLE and words:
            found[words[-1]] = str(kind)
        elif kind == "city":
            found[run] = kind
    return found


@cache
def _spellings() -> re.Pattern[str]:
    longest = sorted(kinds.by_spelling(), key=len, reverse=True)
    return re.compile(rf"(?i)(?<![\w'’-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])")


def _common(question: str) -> list[Name]:
    """Return the listed names in a question that are written in lower case anyway: "tin", "ice hockey"."""
    found = []
    for match in _spellings().finditer(question):
        items = kinds.by_spelling()[kinds.fold(match[0])]
        item = next((item for item in items if item.spellings[0].islower()), None)
        if item and match[0].casefold() not in _AMBIGUOUS:
            article = bool(re.search(r"(?i)\bthe\s$", question[: match.start()]))
            found.append(Name(*match.span(), match[0], item.kind, article, item))
    return found


def _uncapitalised(question: str, text: str) -> list[Name]:
    """Return the names in a question without capitals that are listed, or that its text has."""
    longer = {name.casefold() for name in _RUN.findall(text)}
    found: list[Name] = []
    for match in _spellings().finditer(question):
        article = bool(re.search(r"\bthe\s$", question[: match.start()]))
        if match[0] in _AMBIGUOUS or len(match[0]) < len("iran") or _within(match.span(), question, longer):
            continue
        item = listed_as(question, *match.span(), article=article)
        describes = (
            {*kinds.PLACES, "month"} & {item.kind} and describing(question, *match.span()) if item else False
        )
        if item is not None and not describes and not item.spellings[0].islower():
            found.append(Name(*match.span(), match[0], item.kind, article, item))
    for name in named(text):
        place = re.search(rf"\b{re.escape(name.words.casefold())}(?![\w-])", question)
        if (
            place is None
            or name.item
            or name.kind == kinds.ACRONYM
            or _within(place.span(), question, longer)
        ):
            continue
        if not any(one.start < place.end() and place.start() < one.end for one in found):
            article = bool(re.search(r"\bthe\s$", question[: place.start()]))
            found.append(Name(*place.span(), place[0], name.kind, article))
    return found


def _within(part: tuple[int, int], question: str, longer: set[str]) -> bool:
    """Whether a part of a question, with the word before or after it, is a longer name of the text."""
    before, after = question[: part[0]].split()[-1:], question[part[1] :].split()[:1]
    words = question[part[0] : part[1]]
    joined = [" ".join([*before, words]), " ".join([words, *after]), " ".join([*before, words, *after])]
    return any(f" {one} " in f" {name} " for one in joined if one != words for name in longer)
