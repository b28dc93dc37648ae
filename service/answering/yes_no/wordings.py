"""Other ways to put a claim: "Did the king sign it?" as "it was signed by the king". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.answering.yes_no.claims import Claim, Token
from service.answering.yes_no.word_forms import Form, base_forms
from service.answering.yes_no.word_sets import word_set

_PREPOSITIONS = word_set("in on at for from with by after during of to as")
_PASSIVE: dict[tuple[str, ...], tuple[str, ...]] = {
    ("did",): ("was",),
    ("do",): ("is",),
    ("have",): ("have", "been"),
    **{(modal,): (modal, "be") for modal in ("can", "must", "will", "should", "could", "would", "might")},
}
_ACTIVE = {passive: active for active, passive in _PASSIVE.items()}


def other_wordings(claim: Claim, words: Sequence[Token]) -> Iterator[Claim]:
    """Yield the claim in the other voice, with a participle that stands before "by" in a sentence.

    "Dorn is the capital" is yielded as "the capital is Dorn".
    """
    if claim.auxiliaries in _PASSIVE:
        yield from _passive(claim, words)
    elif claim.auxiliaries in _ACTIVE:
        yield from _active(claim)
        yield from _turned(claim)


def _passive(claim: Claim, words: Sequence[Token]) -> Iterator[Claim]:
    auxiliaries = _PASSIVE[claim.auxiliaries]
    for place in range(1, len(words)):
        participle = words[place - 1]
        if words[place].word != "by" or Form.PAST not in base_forms(participle.word).values():
            continue
        bases = {base for base, form in base_forms(participle.word).items() if form is Form.PAST}
        for at in range(1, len(claim.items) - 1):
            thing, tail = _with_tail(claim.items[at + 1 :])
            if (claim.items[at].word in bases or claim.items[at].word == participle.word) and thing:
                items = (*thing, participle, words[place], *claim.items[:at], *tail)
                yield claim.with_items(items, *auxiliaries)
                return


def _active(claim: Claim) -> Iterator[Claim]:
    by = next((at for at, item in enumerate(claim.items) if item.word == "by"), 0)
    agent, tail = _with_tail(claim.items[by + 1 :])
    thing, participle = claim.items[: max(by - 1, 0)], claim.items[max(by - 1, 0)]
    if not thing or not agent:
        return
    for base, form in base_forms(participle.word).items():
        if form is Form.PAST:
            items = (*agent, Token(base, base), *thing, *tail)
            yield claim.with_items(items, *_ACTIVE[claim.auxiliaries])


def _turned(claim: Claim) -> Iterator[Claim]:
    """Yield "the capital is Dorn" for "Dorn is the capital"."""
    count = next((at for at, item in enumerate(claim.items) if item.definite and at), 0)
    if (
        claim.auxiliaries in {("is",), ("was",)}
        and count
        and all(item.is_name for item in claim.items[:count])
    ):
        yield claim.with_items((*claim.items[count:], *claim.items[:count]))


def _with_tail(items: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return a noun phrase and what follows it from its first preposition."""
    end = next((at for at, item in enumerate(items) if item.word in _PREPOSITIONS), len(items))
    return items[:end], items[end:]
