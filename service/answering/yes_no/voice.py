"""The other voice of a claim: "Did the king sign it?" as "it was signed by the king". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.answering.yes_no.claims import Claim, Token
from service.answering.yes_no.word_forms import Form, base_forms
from service.answering.yes_no.word_sets import word_set

_PREPOSITIONS = word_set("in on at for from with by after during of to as")


def other_voice(claim: Claim, words: Sequence[Token]) -> Iterator[Claim]:
    """Yield the claim in the passive, with a participle that stands before "by", or in the active."""
    if claim.auxiliaries == ("did",):
        yield from _passive(claim, words)
    elif claim.auxiliaries == ("was",):
        yield from _active(claim)


def _passive(claim: Claim, words: Sequence[Token]) -> Iterator[Claim]:
    for place in range(1, len(words)):
        participle = words[place - 1]
        if words[place].word != "by" or Form.PAST not in base_forms(participle.word).values():
            continue
        bases = {base for base, form in base_forms(participle.word).items() if form is Form.PAST}
        for at in range(1, len(claim.items) - 1):
            thing, tail = _with_tail(claim.items[at + 1 :])
            if claim.items[at].word in bases and thing:
                items = (*thing, participle, words[place], *claim.items[:at], *tail)
                yield claim.with_items(items, "was")
                return


def _active(claim: Claim) -> Iterator[Claim]:
    by = next((at for at, item in enumerate(claim.items) if item.word == "by"), 0)
    agent, tail = _with_tail(claim.items[by + 1 :])
    if by < len(("thing", "participle")) or not agent:
        return
    for base, form in base_forms(claim.items[by - 1].word).items():
        if form is Form.PAST:
            items = (*agent, Token(base, base), *claim.items[: by - 1], *tail)
            yield claim.with_items(items, "did")


def _with_tail(items: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return a noun phrase and what follows it from its first preposition."""
    end = next((at for at, item in enumerate(items) if item.word in _PREPOSITIONS), len(items))
    return items[:end], items[end:]
