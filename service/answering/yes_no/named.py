"""Names that a sentence leaves to its article: "She was born in Vienna", under "Ada Brandt". Pure."""

from __future__ import annotations

import re

from service.answering.yes_no.claims import Claim, Token, tokens
from service.answering.yes_no.word_sets import word_set

_PRONOUN = re.compile(
    r"(?:she|he|it|the (?:company|firm|group|club|organisation|organization|city|band|team|school))\b",
    re.IGNORECASE,
)
_PLACE = frozenset({"in", "at", "by", "under", "for", "of", "to", "on"})
# Words of titles that name nobody.
_GENERIC = word_set(
    """
    handbook policy policies terms staff report annual rules guide conditions privacy employee employees
    student students company school tenants tenant lease service services the a an of and for in on at
    about overview history introduction life career early personal background biography general
    information notice faq summary section part chapter contents january february march april may june
    july august september october november december
    """
)


def with_names(text: str, claim: Claim, context: str) -> tuple[str, Claim]:
    """Return a sentence with the claim's name for its first pronoun, or a claim without the article's name.

    Only where the context names nobody else.
    """
    if not context:
        return text, claim
    named = _names(context)
    subject = _leading_name(claim)
    if subject and not any(item.text in text for item in subject):
        pronoun = _PRONOUN.match(text)
        if pronoun is not None and named and named == _own(subject):
            return " ".join(item.text for item in subject) + text[pronoun.end() :], claim
        return text, claim
    place = _trailing_place(claim)
    if (
        place
        and named
        and named == _own(place[1:])
        and not _names(text) - {token.text for token in tokens(text)[:1]}
    ):
        return text, claim.with_items(claim.items[: -len(place)])
    return text, claim


def _leading_name(claim: Claim) -> tuple[Token, ...]:
    count = next((at for at, item in enumerate(claim.items) if not item.is_name), len(claim.items))
    return claim.items[:count]


def _trailing_place(claim: Claim) -> tuple[Token, ...]:
    """Return "at Greenfield School" of "Are dogs allowed at Greenfield School?"."""
    at = len(claim.items)
    while at and claim.items[at - 1].is_name:
        at -= 1
    if 1 < at < len(claim.items) and claim.items[at - 1].word in _PLACE:
        return claim.items[at - 1 :]
    return ()


def _own(items: tuple[Token, ...]) -> set[str]:
    return {item.text for item in items if item.word not in _GENERIC}


def _names(text: str) -> set[str]:
    """Return the words of a text that begin with a capital letter, except those of titles in general."""
    found = set()
    for part in re.split(r"(?<=[.!?:;\n])\s+", text):
        for token in tokens(part):
            if token.is_name and token.word not in _GENERIC:
                found.add(token.text)
    return found
