"""The items of an enumeration: "ports, roads and bridges" -> "ports", "roads", "bridges". Pure.

Only separators between items count: not the comma of a number, a date, an address or an apposition, and not
the "and" within a name ("Ministry of Trade and Industry"). Words that are no enumeration are one item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from indexer.lines import marker_of
from indexer.records import CharRange
from service.answering.extents.trimming import trimmed

_CONJUNCTION = r"(?:and/or|and|or|nor|&|as\ well\ as|along\ with|together\ with|plus)"
_BEFORE_ITEM = r"(?:both|either|neither|also|then|finally|later|even|not\ only|but\ also)"
_SEPARATOR = re.compile(
    rf"""\s*(?:
        (?P<line>\n|\s(?:[•▪●◦]|\*(?!\s\d))\s)\s*
      | (?P<semicolon>;)\s*(?:{_CONJUNCTION}\s+)?
      | (?P<comma>,)(?!\d)\s*(?:{_CONJUNCTION}\s+)?
      | \s(?P<word>{_CONJUNCTION})\s+
    )(?:{_BEFORE_ITEM}\s+)?""",
    re.VERBOSE | re.IGNORECASE,
)
_LEADING = re.compile(rf"(?:{_BEFORE_ITEM}|{_CONJUNCTION})\s+", re.IGNORECASE)

# What follows a comma that belongs to the item before it.
_APPOSITION = re.compile(
    r"(?:(?:who|whom|whose|which|where|when|that|including|such as|especially|particularly|namely|as|but|so"
    r"|if|because|although|while|with|without|based|located|led|founded|known|born|formerly|now|then"
    r"|coupled|followed|together|thereby|thus|hence|resulting|depending|according|whereas|despite|due|until"
    r"|unless)\b"
    r"|(?:Inc|Ltd|LLC|L\.?L\.?C|Co|Corp|Jr|Sr|PhD|MD|MP|QC|KC|Esq|GmbH|AG|S\.A|plc)\b"
    r"|(?:18|19|20)\d\d\b(?!\s*[-–]))",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
    r"(?:\s\d{1,2})?$"
)
# "the Ministry of Trade and Industry": one name.
_ONE_NAME = re.compile(
    r"\b(?:Ministry|Department|Office|Bureau|Institute|Committee|Commission|Board|Faculty|School|College"
    r"|Academy|Centre|Center|Association|Society|Council|Agency|Administration|Secretary|Minister|Director"
    r"|Chamber|Bank|Museum|Journal|House|Convention|Treaty|Act|Code|Fund|Organi[sz]ation|University|Union"
    r"|Company|Corporation|Authority)\s(?:\w+\s){0,3}?(?:of|for|on)\s",
)
# "research and development", "Trinidad and Tobago": one expression, also as an item of an enumeration.
_EXPRESSION = re.compile(
    r"(?i)\b(?:research and development|terms and conditions|rules and regulations|trial and error"
    r"|supply and demand|profit and loss|mergers and acquisitions|health and safety|law and order"
    r"|command and control|bread and butter|back and forth|up and down|more and more|again and again"
    r"|pros and cons|goods and services|arts and (?:crafts|sciences)|food and drink|trade and industry"
    r"|science and technology|(?:\w+ )?and a half|(?:\w+ )?(?:hundred|thousand) and \w+"
    r"|trinidad and tobago|bosnia and herzegovina|antigua and barbuda|kitts and nevis|tom[eé] and pr[ií]ncipe"
    r"|vincent and the grenadines|newfoundland and labrador|jammu and kashmir|johnson and johnson"
    r"|procter and gamble|marks and spencer|barnes and noble|standard and poor|romeo and juliet"
    r"|simon and garfunkel|war and peace|crime and punishment|pride and prejudice)\b"
)
_WHOLE = re.compile(r"(?i)(?:between .+ and .+|from .+ (?:to|and) .+)")
# "a combination of heat and damp": one thing of two.
_OF_BOTH = re.compile(
    r"(?i)(?:an?|the)\s(?:\w+\s){0,2}?(?:range|variety|combination|mix|mixture|blend|lack|balance|sense"
    r"|level|set|series)\sof\s"
)
# "the governor and mayor of Lund": cut in two, the first would lose its end.
_WITHOUT_END = re.compile(r"(?i)(?:the|an?|its|his|her|their)\s[\w-]+(?:\s[\w-]+)?")
_WITH_END = re.compile(
    r"(?!(?:the|an?|its|his|her|their)\s)[\w-]+(?:\s[\w-]+)?\s(?:of|for|in|at)\s", re.IGNORECASE
)
_QUOTED = frozenset(["“”", '""', "«»", "‘’", "''"])
_DETERMINER = re.compile(
    r"(?i)(?:the|an?|its|his|her|their|our|this|that|these|those|some|any|both|all|most|many|few|several|other"
    r"|each|every|no|two|three|four|five|six|seven|eight|nine|ten|\d+)\s+"
)
_LINE_BREAK = re.compile(r"[\r\n]")
_MOST_ITEMS = 40
_MOST_CHARACTERS = 2_000  # of a span: the time is quadratic in them


def items(text: str, start: int, end: int) -> list[CharRange]:
    """Return the items of the enumeration `text[start:end]`, half-open ranges of `text` in order.

    A span that is no enumeration is the only one, and so is a very long one. Every item holds a letter or a
    digit.
    """
    if end - start > _MOST_CHARACTERS or _is_title(text, start, end):
        return [(start, end)]
    pieces = [*_pieces(text, start, end)]
    if not 1 < len(pieces) <= _MOST_ITEMS:
        return [(start, end)]
    found = []
    for first, last in pieces:
        lead = _LEADING.match(text, first, last)
        low, high = trimmed(text, lead.end() if lead else first, last)
        if low < high:
            found.append((low, high))
    if len(found) < 2 or (not _is_list(text, pieces) and any(_is_clause(text[i:j]) for i, j in found)):  # noqa: PLR2004
        return [(start, end)]
    return found


def _is_title(text: str, start: int, end: int) -> bool:
    """Whether quotation marks enclose a span of names: “Salt and Sand”."""
    words = re.split(rf"\s{_CONJUNCTION}\s", text[start:end])
    enclosed = start > 0 and f"{text[start - 1]}{text[end : end + 1]}" in _QUOTED
    return enclosed and all(word[:1].isupper() for word in words)


def _is_list(text: str, pieces: list[CharRange]) -> bool:
    """Whether each piece after the first is marked as an item, or a semicolon stands before it."""
    return all(
        text[end:start].lstrip()[:1] in {";", "•", "▪", "●", "◦", "*"}
        or marker_of(text[start:last]) is not None
        for (_, end), (start, last) in pairwise(pieces)
    )


def _pieces(text: str, start: int, end: int) -> Iterator[CharRange]:
    """Yield the pieces between the separators, white space and conjunctions included."""
    if _WHOLE.fullmatch(text[start:end].strip()):
        yield start, end
        return
    expressions = [match.span() for match in _EXPRESSION.finditer(text, start, end)]
    separators = [
        match
        for match in _SEPARATOR.finditer(text, start, end)
        if _separates(match, text, start, end)
        and not any(first < match.start() and match.end() < last for first, last in expressions)
    ]
    places = [start, *(place for match in _chosen(separators) for place in match.span()), end]
    if len(places) == 4 and _is_one(text[start : places[1]], text[places[2] : end]):  # noqa: PLR2004
        places = [start, end]
    yield from zip(places[::2], places[1::2], strict=True)


def _chosen(separators: list[re.Match[str]]) -> list[re.Match[str]]:
    """Return those separators that stand between items of the outermost enumeration."""
    for name in ("line", "semicolon"):
        if any(match[name] for match in separators):
            return [match for match in separators if match[name]]
    with_word = [match for match in separators if _CONJUNCTION_END.search(match[0])]
    if not with_word:
        return []  # "Paris, France": a place, an apposition
    if with_word[-1]["comma"]:
        # "5G and 6G, roads, and ports": a conjunction without a comma is within an item.
        separators = [match for match in separators if match["comma"]]
    # "Leeds, York and Gary, Indiana": a comma after the last conjunction belongs to the last item.
    return separators[: separators.index(with_word[-1]) + 1]


def _is_one(first: str, second: str) -> bool:
    """Whether the words before and after the only conjunction belong together."""
    if _DETERMINER.match(second):
        return False
    ends = _WITHOUT_END.fullmatch(first) and _WITH_END.match(second)
    return _OF_BOTH.match(first) is not None or ends is not None or _shares_a_noun(first, second)


def _shares_a_noun(first: str, second: str) -> bool:
    """Whether two adjectives share a noun: "the high and fluctuating costs", "smart and digital goods"."""
    bare = _DETERMINER.sub("", first, count=1).split()
    words = second.split()
    lower = all(word == word.lower() for word in (*bare[-1:], *words[:1]))
    return lower and len(bare) == 1 < len(words) and not bare[0][0].isdigit()


_CONJUNCTION_END = re.compile(rf"{_CONJUNCTION}\s+(?:{_BEFORE_ITEM}\s+)?$", re.IGNORECASE)


def _separates(match: re.Match[str], text: str, start: int, end: int) -> bool:
    if not start < match.start() or match.end() >= end or _is_enclosed(text[start : match.start()]):
        return False
    before, after = text[start : match.start()], text[match.end() : end]
    if match["comma"] and not _CONJUNCTION_END.search(match[0]):
        return not (_APPOSITION.match(after) or _DATE.search(before))
    if match["word"]:
        left = re.split(r"[,;\n]", before)[-1]
        one_name = _ONE_NAME.search(left) and after[:1].isupper()
        # "&" is part of a name: "Marks & Spencer".
        within_clause = "," in before and _CLAUSE_START.match(left.lstrip()) is not None
        return not (one_name or within_clause or match["word"] == "&" or _RANGE.search(left))
    return True


_CLAUSE_START = re.compile(r"(?i)(?:who|whom|whose|which|where|when|that)\b")
_RANGE = re.compile(r"(?i)\b(?:between|from)\s[^,;]*$")


def _is_enclosed(before: str) -> bool:
    """Whether a place is within brackets or quotation marks, by the text before it."""
    brackets = sum(before.count(mark) for mark in "([{“«") - sum(before.count(mark) for mark in ")]}”»")
    return brackets > 0 or before.count('"') % 2 == 1


_VERB = re.compile(
    r"(?<=\s)(?:(?:is|are|was|were|has|have|had|would|could|must|should|may|might|does|did)"
    r"|(?<!the )(?<!a )(?:will|can))(?:n['’]t)?\b"
)
_SUBORDINATE = re.compile(
    r"(?i)\b(?:who|whom|whose|which|that|where|when|what|how|why|whether|if|because|as|than|while|until)\b"
)
_PAST = re.compile(
    r"(?i)(?:it|he|she|they|we|i|you|this|that|these|those|there)\s+(?:\w+\s+)?(?:said|says|\w+ed)\b"
)


def _is_clause(words: str) -> bool:
    """Whether words are a sentence of their own, and no item: "the fee is low", not "what is due"."""
    verb = _VERB.search(words)
    if verb is not None and not _SUBORDINATE.search(words, 0, verb.start()):
        return True
    return _PAST.match(words) is not None


def unwrapped(text: str, sentences: Iterable[CharRange]) -> str:
    """Return a text with a space for each line break within a sentence: lines were broken at a column there.

    `sentences` are ranges of the text; the offsets of what is returned are the text's.
    """
    if "\n" not in text:
        return text
    characters = [*text]
    for start, end in sentences:
        characters[start:end] = _LINE_BREAK.sub(" ", text[start:end])
    return "".join(characters)


def separated(text: str, ranges: list[CharRange]) -> bool:
    """Whether nothing but separators and list markers stands between ranges of a text, given in order."""
    for (_, end), (start, _) in pairwise(ranges):
        gap = text[end:start]
        marker = marker_of(gap.lstrip("\n "))
        if marker is not None:
            gap = gap[: gap.index(marker.group())]
        if _SEPARATOR.fullmatch(gap) is None and gap.strip():
            return False
    return True
