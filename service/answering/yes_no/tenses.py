"""Whether a sentence's verb affirms or denies what a claim puts: tense and modality must agree. Pure."""

from __future__ import annotations

from service.answering.yes_no.alignment import Alignment
from service.answering.yes_no.claims import Claim
from service.answering.yes_no.word_forms import INVARIANT, Form, base_forms
from service.answering.yes_no.word_sets import word_set

_NUMBER = {
    (Form.BASE, Form.BASE),
    (Form.BASE, Form.S),
    (Form.S, Form.BASE),
    (Form.S, Form.S),
    (Form.PAST, Form.PAST),
}
_STATES = word_set(
    """
    have receive work need get apply contain include occur reflect appear know find see understand match
    correspond function result cause affect remain become offer cover notice experience exist help want
    like suit feel protect hold last arrive respond qualify belong depend differ reach fit seem load
    display support represent
    """
)
_PAST = (Form.BASE, Form.PAST)
_EVENTS = (("did",), ("was",), ("had",), ("have",), ("have", "been"))


def relation(claim: Claim, alignment: Alignment) -> bool | None:
    """Return whether the sentence denies the claim, None if its verb says something else.

    What was done once has been done; what is permitted is not thereby done; who need not do something may.
    """
    asked = claim.auxiliaries
    said = tuple(word for word in alignment.auxiliaries if word != ",")
    denied = alignment.negations == 1
    if alignment.may_not and _is_state(claim):
        return None
    if said == ("neednot",) or (asked, said) in _DENY_ONLY:
        needless = said == ("neednot",)
        denies = (asked == ("must",) and not denied) if needless else denied
        return True if denies and _only_number(alignment) else None
    agree = _PATTERNS.get((asked, said)) or (_only_number if asked and asked == said else None)
    if agree is None or not agree(alignment) or (denied and (asked, said) in _AFFIRM_ONLY):
        return None
    return denied if _agrees_in_time(claim, said, alignment, denied=denied) else None


def _agrees_in_time(claim: Claim, said: tuple[str, ...], alignment: Alignment, *, denied: bool) -> bool:
    asked = claim.auxiliaries
    if asked and not denied and (Form.PAST, Form.BASE) in alignment.forms.values():
        return False
    if asked in _EVENTS and not _same_number(alignment):
        return False
    return (asked, said) != (("did",), ()) or _is_past(claim, alignment)


def _is_state(claim: Claim) -> bool:
    """Whether "may not" is doubt and no prohibition: "may not work", where "may not sublet" is one."""
    return "be" in claim.auxiliaries or any(
        not _STATES.isdisjoint(base_forms(item.word)) for item in claim.items[1:]
    )


def _only_number(alignment: Alignment) -> bool:
    return all(forms in _NUMBER for forms in alignment.forms.values())


def _same_number(alignment: Alignment) -> bool:
    """Whether no word is in the plural for the singular: that a bank failed says nothing of the banks."""
    return all(one not in {(Form.BASE, Form.S), (Form.S, Form.BASE)} for one in alignment.forms.values())


def _one_past(alignment: Alignment) -> bool:
    """Whether one word is in the past tense where the claim has its base form: at most one is the verb."""
    forms = list(alignment.forms.values())
    return forms.count(_PAST) <= 1 and all(one == _PAST or one in _NUMBER for one in forms)


def _rule(alignment: Alignment) -> bool:
    """As `_only_number`, with "prohibited from keeping" for "keep"."""
    return all(one in _NUMBER or Form.ING in one for one in alignment.forms.values())


def _statement(alignment: Alignment) -> bool:
    """Whether one word is in its base form, as after "did not", where the claim has its past tense."""
    forms = list(alignment.forms.values())
    return all(one in _NUMBER or one == (Form.PAST, Form.BASE) for one in forms)


_PATTERNS = {
    (("did",), ()): _one_past,
    (("did",), ("have",)): _one_past,
    (("did",), ("had",)): _one_past,
    (("do",), ()): _only_number,
    (("was",), ("have", "been")): _only_number,
    (("was",), ("had", "been")): _only_number,
    (("have", "been"), ("was",)): _only_number,
    (("have",), ()): _one_past,
    # "has refused to pay" is "has not pay" by now.
    (("have",), ("have",)): _statement,
    (("can",), ("can",)): _rule,
    ((), ()): _only_number,
    ((), ("do",)): _statement,
    ((), ("did",)): _statement,
}
# "It was not fined in 2018" leaves open whether it ever has been.
_AFFIRM_ONLY = {(("have", "been"), ("was",)), (("have",), ()), (("did",), ("had",))}


# What must not be done may not be done; what may be done need not be.
_DENY_ONLY = {(("must",), ("can",)), (("can",), ("must",))}


def _is_past(claim: Claim, alignment: Alignment) -> bool:
    """Whether the verb is in the past tense: another form than the base, or one that is both, as "cut"."""
    if _PAST in alignment.forms.values():
        return True
    same = {item.word for place, item in enumerate(claim.items) if place not in alignment.forms}
    return bool(same & INVARIANT)
