"""The numbers in a question or a text, each with its kind: a year, a decade, a century, a day, a count.

A number that is part of a name ("Windows 95"), of a range ("2013-2014") or in quotation marks is left out.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from eval.training.wording import quoted

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_LABELS = "article|section|chapter|season|episode|series|part|volume|amendment|week|grade|level|act|book|day"
_RANGE = r"[\s]?[-–—/]\s?\d"
_UNIT = r"(?:%|percent|people|years|feet|km|miles|pounds?|dollars|men|members|soldiers)"
_KINDS = re.compile(
    rf"""(?ix)
    (?<![\w.,/–—-])(?:
      (?P<decade>(?:1[5-9]|20)\d0)(?=[’']?s\b)
    | (?P<century>\d{{1,2}})(?=(?:st|nd|rd|th)[\s-]centur)
    | (?<=\bin\s)(?P<in_year>1\d{{3}}|20[0-2]\d)\b(?!{_RANGE}|[’']s|[,.]\d|\s?{_UNIT})
    | (?P<year>1[1-9]\d{{2}}|20[0-2]\d)\b(?!{_RANGE}|[’']s|[,.]\d|\s?{_UNIT})
    | (?P<day>\d{{1,2}})(?=(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTHS})\b)
    | (?P<percent>\d{{1,2}}(?:\.\d+)?)(?=\s?(?:%|percent|per\scent))
    | (?P<count>\d[\d,]*(?:\.\d+)?)(?=\s[a-z]{{3,}}\b)(?!\s(?:million|billion)?\s?years\sago)
    )""",
)
_DAY_AFTER = re.compile(rf"(?:\b(?:{_MONTHS})\s)(?P<day>\d{{1,2}})(?=,|\s|\?|$)(?!,\d\d\d)")
_LABELLED = re.compile(rf"(?i)\b(?P<label>{_LABELS})\s(?P<number>\d{{1,2}})\b(?![\d.,%–-]\d)")
_FOUR_YEARLY = re.compile(
    r"(?i)\b(?:election|elected|electoral|vote|votes|olympic|olympics|world cup|euro)\b"
)
_CENSUS = re.compile(r"(?i)\bcensus\b")
_SPAN = re.compile(
    r"(1[0-9]{3}|20[0-2]\d)\)?\s*(?:[-–—]|to|until|and|through|till)\s*(?:the\s|in\s)?(1[0-9]{3}|20[0-2]\d)"
)
_LATEST = 2020
_SHORTENED = re.compile(r"\b((?:1[0-9]|20)\d)(\d)[-–](\d\d)\b")


@dataclass(frozen=True, slots=True)
class Number:
    """A number's digits at [start, end) of a text; `kind`: what it counts, as far as can be seen."""

    start: int
    end: int
    words: str
    kind: str


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text whose kind is seen, in order."""
    found = []
    for match in _KINDS.finditer(text):
        kind = str(match.lastgroup).removeprefix("in_")
        paired = re.search(r"\d['’]?s?\s(?:and|or)\s(?:early\s|late\s)?$", text[: match.start()])
        paired = paired or re.match(r"['’]?s?\s(?:and|or)\s(?:early\s|late\s)?\d", text[match.end() :])
        if not (paired or _in_name(text, match.start()) or quoted(text, match.start())):
            found.append(Number(*match.span(), match[0], kind))
    found += [Number(*match.span("day"), match["day"], "day") for match in _DAY_AFTER.finditer(text)]
    found += [
        Number(*match.span("number"), match["number"], match["label"].casefold())
        for match in _LABELLED.finditer(text)
    ]
    return sorted({one.start: one for one in found}.values(), key=lambda one: one.start)


def _in_name(text: str, start: int) -> bool:
    """Whether the word before a number is capitalised, and neither the text's first word nor a month."""
    before = re.search(r"(\S+)\s$", text[:start])
    if before is None or before.start() == 0 or re.match(_MONTHS, before[1]):
        return False
    return before[1][0].isupper() or before[1].casefold() in ("windows", "version", "type", "rule", "form")


def near(number: Number, question: str, draw: random.Random) -> str | None:
    """Return another number of the same kind and magnitude, None if none fits.

    Of a year, one that may hold the same event: elections and the like are every fourth year.
    """
    if number.kind in ("year", "decade"):
        return _near_year(number, question, draw)
    if number.kind == "century":
        return _near_ordinal(number, question, draw)
    value = float(number.words.replace(",", ""))
    if number.kind == "day":
        return str(draw.choice([day for day in range(2, 29) if abs(day - value) > 1]))
    if number.kind in ("count", "percent"):
        return _near_count(number.words, draw)
    return str(draw.choice([one for one in range(1, int(value) + 4) if one != value]))


def _near_year(number: Number, question: str, draw: random.Random) -> str | None:
    step = 10 if number.kind == "decade" or _CENSUS.search(question) else 1
    if step == 1 and _FOUR_YEARLY.search(question):
        step = 4
    value = int(number.words)
    reach = (1, 2, 3) if step > 1 else (*range(3, 13), 15, 20)
    choices = [value + sign * step * count for count in reach for sign in (-1, 1)]
    choices = [year for year in choices if year <= max(_LATEST, value) and in_order(number, question, year)]
    return str(draw.choice(choices)) if choices else None


def in_order(number: Number, question: str, value: int) -> bool:
    """Whether a year that replaces one of the question keeps the order of the years in it."""
    others = [one for one in numbers(question) if one.kind == number.kind and one.start != number.start]
    return all((int(one.words) < value) == (one.start < number.start) for one in others)


def _near_ordinal(number: Number, question: str, draw: random.Random) -> str | None:
    """Return another ordinal with the same ending ("18" for "19" before "th")."""
    value, ending = int(number.words), question[number.end : number.end + 2]
    choices = [
        one for one in range(max(2, value - 4), min(21, value + 3)) if one != value and _ending(one) == ending
    ]
    return str(draw.choice(choices)) if choices else None


def _ending(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _near_count(words: str, draw: random.Random) -> str | None:
    """Return a number with another first digit, and another second one if there are more than two."""
    digits = re.sub(r"\D", "", words.partition(".")[0])
    if int(digits) < 2:  # noqa: PLR2004 - "1 of the", whose plural would not agree
        return None
    low = 2 if len(digits) == 1 else 1
    first = draw.choice([digit for digit in range(low, 10) if str(digit) != digits[0]])
    return str(first) + words[1:]


def covered(text: str, year: int) -> bool:
    """Whether a year is in a text, or within a span of years that it names: "from 1914 to 1918"."""
    spans = [(int(match[1]), int(match[2])) for match in _SPAN.finditer(text)]
    spans += [(int(one + two), int(one[:2] + end)) for one, two, end in _SHORTENED.findall(text)]
    return str(year) in text or any(first <= year <= last for first, last in spans)
