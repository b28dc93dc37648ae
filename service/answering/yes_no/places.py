"""Where in a sentence a claim may begin: with the sentence's subject, or a later clause's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.answering.yes_no.alignment import MONTHS
from service.answering.yes_no.claims import AUXILIARIES, DETERMINERS, Claim, Token
from service.answering.yes_no.word_sets import word_set
from service.answering.yes_no.wordings import other_wordings

BEFORE_SUBJECT = DETERMINERS | word_set(
    """
    no neither all every each any mr mrs ms dr sir president later then finally eventually subsequently
    also and so - • .
    """
)
"""Words that may stand between the start of a clause and the name or noun that the claim begins with."""

_DISCOURSE = re.compile(
    r"however|moreover|furthermore|also|in addition|today|currently|finally|then|later|eventually|in fact"
    r"|indeed"
    r"|as a result|therefore|thus|consequently|meanwhile|additionally|like (?:other|all) [a-z ]{1,40}"
    r"|as of \d{4}|since \d{4}"
)
_TIME = re.compile(
    rf"\b(?:\d{{4}}s?|{'|'.join(sorted(MONTHS))}|(?:mon|tues|wednes|thurs|fri|satur|sun)day|centur(?:y|ies)"
    rf"|years?"
    r"|months?|weeks?|days?|war|night|morning|afternoon|evening|summer|spring|autumn|winter|season)\b"
)
# "In a 2014 complaint, …": what follows is the complaint's.
_SOURCE = re.compile(
    r"\b(?:films?|novels?|story|stories|books?|games?|episodes?|plays?|series|movies?|legends?|tales?"
    r"|comics?|poems?"
    r"|scenes?|opinion|views?|words|accounts?|paper|eyes|mind|testimony|version|complaint|lawsuit|suit"
    r"|indictment"
    r"|statements?|letters?|memoirs?|autobiography|interviews?|simulations?|experiments?|models?|scenarios?"
    r"|speech"
    r"|articles?|stud(?:y|ies)|surveys?|polls?|filings?|reports?|posts?|tweets?|essays?|trailers?)\b"
)
_PREPOSITIONS = frozenset({"in", "on", "at", "during", "after", "following", "since", "from", "by"})
_DATED = re.compile(rf"in (?:(?:early|late) )?(?:(?:{'|'.join(sorted(MONTHS))}) )?\d{{4}}(?= (?!,))")
_NOTE = re.compile(r"note|please note|answer|important|nb")
_LONGEST_LEAD = 25  # tokens
_LONGEST_LABEL = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A token of a sentence that a claim may begin with, and the claim as it stands there.

    `limited`: after an adverbial that the claim lacks, "In 2014,", or a label.
    """

    start: int
    claim: Claim
    limited: bool = False


def places(claim: Claim, words: Sequence[Token]) -> Iterator[Place]:
    """Yield where a claim may begin, as it is put, and as it may be put otherwise."""
    yield from _places(claim, words)
    for other in other_wordings(claim, words):
        yield from _places(other, words)


def _places(claim: Claim, words: Sequence[Token]) -> Iterator[Place]:
    yield Place(_subject(claim, words, 0), claim)
    for at, token in enumerate(words):
        if token.text == ";":
            yield Place(_subject(claim, words, at + 1), claim)
        elif token.text == ":" and at <= _LONGEST_LABEL:
            label = [word.word for word in words[:at]]
            if not any(word in AUXILIARIES for word in label):
                limited = _NOTE.fullmatch(" ".join(label)) is None
                yield Place(_subject(claim, words, at + 1), claim, limited=limited)
        elif token.text == "," and at <= _LONGEST_LEAD:
            yield from _after(claim, words, words[:at], at + 1)
    dated = _DATED.match(" ".join(token.word for token in words[:6]))
    if dated is not None:
        end = len(dated[0].split())
        yield from _after(claim, words, words[:end], end)


def _after(claim: Claim, words: Sequence[Token], lead: Sequence[Token], start: int) -> Iterator[Place]:
    """Yield where the claim may begin after "However," or "In 2014,", which may be words of its own."""
    text = " ".join(token.word for token in lead)
    start = _subject(claim, words, start)
    if _DISCOURSE.fullmatch(text):
        yield Place(start, claim)
    elif _TIME.search(text) and not _SOURCE.search(text) and _is_adverbial(text):
        yield Place(start, claim, limited=True)
    tail = [token.word for token in lead if token.word not in DETERMINERS]
    if 0 < len(tail) < len(claim.items) and [item.word for item in claim.items[-len(tail) :]] == tail:
        yield Place(start, claim.with_items(claim.items[: -len(tail)]))


def _is_adverbial(text: str) -> bool:
    """Whether every part between commas begins with a preposition, or is a year: no subject is among them."""
    parts = [part.split() for part in text.split(" , ")]
    return all(part and (part[0] in _PREPOSITIONS or part[0].isdigit()) for part in parts)


def _subject(claim: Claim, words: Sequence[Token], start: int) -> int:
    first = claim.items[0].word
    while start < len(words) - 1 and words[start].word in BEFORE_SUBJECT and words[start].word != first:
        start += 1
    return start
