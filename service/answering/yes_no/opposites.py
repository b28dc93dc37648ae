"""Words of which at most one is true of the same thing: "allowed" and "prohibited". Pure.

`eval.training.opposites` has more pairs: it changes questions so that their text no longer answers them, for
which "landlord" and "tenant" will do. Here a statement with the one denies the same statement with the other.
"""

from __future__ import annotations

from enum import Enum


class Opposition(Enum):
    """How two words exclude each other."""

    CONTRADICTORY = "contradictory"
    """One of them is true: what is not closed is open."""
    CONTRARY = "contrary"
    """Neither need be true: what did not rise may not have fallen either."""


# Base forms, the first of those that mean the same (`yes_no.word_forms.synonym`). "open" and "closed" are
# adjectives: "close", the verb, is not here, as what opened may have closed.
_CONTRADICTORY = """
allow prohibit|illegal legal|open closed|possible impossible|able unable|include exclude|require optional
|mandatory optional|mandatory voluntary|alive dead|valid invalid|guilty innocent|true false
|complete incomplete|successful unsuccessful|safe unsafe|refundable nonrefundable|taxable tax-free
|transferable non-transferable|binding non-binding|eligible ineligible|paid unpaid|married unmarried
|constitutional unconstitutional|available unavailable|visible invisible|enforceable unenforceable
|liable exempt|accessible inaccessible
"""
_CONTRARY = """
rise fall|grow fall|grow shrink|win lose|pass fail|accept reject|accept refuse|approve reject|grant deny
|grant refuse|support oppose|biggest smallest|highest lowest|oldest youngest|oldest newest
|longest shortest|fastest slowest|best worst|heaviest lightest|earliest latest|first last|first second
|second third|male female|public private|hot cold|warm cold|higher lower|bigger smaller|longer shorter
|older younger|faster slower|heavier lighter|before after|above below|northern southern|eastern western
|majority minority|maximum minimum
"""


def _pairs(text: str) -> set[frozenset[str]]:
    return {frozenset(pair.split()) for pair in text.replace("\n", "").split("|")}


_OPPOSITIONS = {
    **dict.fromkeys(_pairs(_CONTRARY), Opposition.CONTRARY),
    **dict.fromkeys(_pairs(_CONTRADICTORY), Opposition.CONTRADICTORY),
}


def opposition(one: str, other: str) -> Opposition | None:
    """Return how two base forms in lower case exclude each other, None if they do not."""
    return _OPPOSITIONS.get(frozenset((one, other)))
