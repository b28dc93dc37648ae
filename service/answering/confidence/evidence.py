"""What a candidate's sentence and passage lack of a question: names, numbers, the kind of answer. Pure.

A reader is most often fooled by a passage about nearly the same thing: another state's figure, another
year's, another office. Each function returns a share in [0, 1] that a confidence can weigh.
"""

from __future__ import annotations

import re

from indexer.analyzer import is_function_word
from service.answering.answers import Span
from service.answering.overlap import asked_terms, coverage, terms_of

_CAPITALISED = re.compile(r"\b[^\W\d_a-z][\w’'&.-]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}\b)")


def names_of(question: str) -> frozenset[str]:
    """Return the terms of a question's capitalised words, the first one only if it is no question word."""
    words = (match[0] for match in _CAPITALISED.finditer(question))
    return frozenset().union(*(terms_of(word) for word in words if not is_function_word(word.casefold())))


def lacking_names(question: str, span: Span) -> float:
    """Return the share of the question's names that the passage and its context words lack; 0 without."""
    asked = names_of(question)
    if not asked:
        return 0.0
    return len(asked - terms_of(span.scored.text) - terms_of(span.scored.context)) / len(asked)


def names_elsewhere(question: str, span: Span) -> float:
    """Return the share of the question's names that the passage holds outside the cited sentence.

    Names in the context words count as held by the sentence: they are true of all of it.
    """
    asked = names_of(question)
    if not asked:
        return 0.0
    near = terms_of(span.quote) | terms_of(span.scored.context)
    return len(asked & terms_of(span.scored.text) - near) / len(asked)


def lacking_numbers(question: str, span: Span) -> float:
    """Return the share of the question's numbers that the passage and its context words lack; 0 without."""
    asked = _numbers(question)
    if not asked:
        return 0.0
    return len(asked - _numbers(f"{span.scored.text} {span.scored.context}")) / len(asked)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(_GROUPING.sub("", text)))


def lacking_words(question: str, span: Span) -> float:
    """Return the share of the question's terms that the cited sentence and the context words lack."""
    return 1.0 - coverage(question, span.quote, span.scored.context)


_ASKS_WHEN = re.compile(r"(?i)\b(?:when|(?:what|which) (?:year|date|day|month|decade|century))\b")
_ASKS_COUNT = re.compile(r"(?i)\bhow (?:many|much|old|long|far|high|tall|large|big|deep|wide|fast|often)\b")
_ASKS_WHO = re.compile(r"(?i)^(?:who|whom|whose)\b")
_TIME = re.compile(
    r"(?i)\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|spring"
    r"|summer|autumn|fall|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)day|century|decade|years?|months?|weeks?"
    r"|days?|hours?|today|yesterday|tomorrow|noon|midnight|morning|evening|night|before|after|during|when|while"
    r"|until|since|once|always|daily|annually|monthly|weekly|yearly|end|beginning|time|age|era|period|reign)\b"
)
_COUNT = re.compile(
    r"(?i)\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|half|third|quarter|no"
    r"|none|zero|once|twice|several|many|few|some|most|all|both|single|double|every|daily|weekly|monthly|yearly"
    r"|annually|always|never|lot|pair|couple)\b"
)
_WHO = re.compile(
    r"[^\W\d_a-z]|\b(?:people|person|man|men|woman|women|members?|officers?|president|minister|king|queen"
    r"|company|government|team|students?|employees?|users?|customers?|parents?|children|everyone|anyone"
    r"|\w+(?:er|or|ist|ian)s?)\b"
)


def other_kind(question: str, span: Span) -> float:
    """Return 1 if a question for a time, a count or a person has a candidate of another kind, else 0."""
    text = span.text
    for asks, kind in ((_ASKS_COUNT, _COUNT), (_ASKS_WHEN, _TIME), (_ASKS_WHO, _WHO)):
        if asks.search(question):
            return 0.0 if kind.search(text) else 1.0
    return 0.0


def repeated(question: str, span: Span) -> float:
    """Return the share of the candidate's terms that the question holds: an answer says something new."""
    said = asked_terms(span.text)
    return len(said & asked_terms(question)) / len(said) if said else 0.0
