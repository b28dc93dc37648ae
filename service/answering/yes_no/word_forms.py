"""Inflections of English words: whether two words are forms of one, and which. Pure.

A stemmer takes "university" and "universe" for one word, and does not know "bought".
"""

from __future__ import annotations

import functools
from enum import Enum


class Form(Enum):
    """The form of a word, by its ending."""

    BASE = "base"
    S = "s"
    """A plural, or the third person of a verb."""
    PAST = "past"
    """A past tense or a participle."""
    ING = "ing"


# Base, past tense, participle where it differs.
_IRREGULAR = """
arise arose arisen|bear bore born|beat beat beaten|become became become|begin began begun|bind bound
|bite bit bitten|blow blew blown|break broke broken|bring brought|build built|buy bought|catch caught
|choose chose chosen|come came come|cost cost|cut cut|deal dealt|do did done|draw drew drawn
|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought
|find found|fly flew flown|forbid forbade forbidden|forget forgot forgotten|forgive forgave forgiven
|freeze froze frozen|get got gotten|give gave given|go went gone|grow grew grown|hang hung|have had
|hear heard|hide hid hidden|hit hit|hold held|hurt hurt|keep kept|know knew known|lay laid|lead led
|leave left|lend lent|let let|lose lost|make made|mean meant|meet met|pay paid|put put|quit quit
|read read|ride rode ridden|ring rang rung|rise rose risen|run ran run|say said|see saw seen|seek sought
|sell sold|send sent|set set|shake shook shaken|shed shed|shoot shot|show showed shown
|shrink shrank shrunk|shut shut|sing sang sung|sink sank sunk|sit sat|sleep slept|speak spoke spoken
|spend spent|split split|spread spread|stand stood|steal stole stolen|stick stuck|strike struck
|swear swore sworn|swim swam swum|take took taken|teach taught|tear tore torn|tell told|think thought
|throw threw thrown|understand understood|wear wore worn|win won|withdraw withdrew withdrawn
|write wrote written|undergo underwent undergone|overcome overcame overcome|oversee oversaw overseen
|rebuild rebuilt|resell resold|sublet sublet|undertake undertook undertaken|uphold upheld
"""
_PLURALS = (
    "child children|man men|woman women|person people|foot feet|tooth teeth|mouse mice|wife wives|life lives"
)
_THIRD_PERSON = "have has|do does"
# Base forms, the first for all: only words that change nothing in a rule or a fact.
_SAME = """
allow permit|buy acquire purchase|begin start commence|build construct|car automobile|film movie
|price cost|prohibit forbid ban bar disallow|hire employ|big large|biggest largest|bigger larger
|finish complete|need require|mandatory compulsory|nonrefundable non-refundable|rise increase
|fall decrease decline drop|founded established|doctor physician|attorney lawyer|illegal unlawful
|legal lawful|headquartered based|metre meter|kilometre kilometer|centre center|labour labor
|organisation organization|colour color|programme program|licence license|require oblige|child kid
|receive get obtain|help aid assist
"""


def _irregular() -> dict[str, dict[str, Form]]:
    forms: dict[str, dict[str, Form]] = {}
    for table, form in ((_IRREGULAR, Form.PAST), (_PLURALS, Form.S), (_THIRD_PERSON, Form.S)):
        for entry in table.replace("\n", "").split("|"):
            base, *others = entry.split()
            for other in others:
                # "cut" is its own past tense: it is found as the base.
                if other != base:
                    forms.setdefault(other, {})[base] = form
    return forms


_FORMS = _irregular()
INVARIANT = frozenset(
    entry.split()[0] for entry in _IRREGULAR.replace("\n", "").split("|") if len(set(entry.split()[:2])) == 1
)
"""Verbs whose past tense is their base form: "cut"."""
_SYNONYMS: dict[str, set[str]] = {}
_FIRST: dict[str, str] = {}
for _entry in _SAME.replace("\n", "").split("|"):
    for _word in _entry.split():
        _SYNONYMS.setdefault(_word, set()).update(_entry.split())
        _FIRST.setdefault(_word, _entry.split()[0])

_SHORTEST = 3  # letters of a base form


@functools.lru_cache(maxsize=4_000)
def base_forms(word: str) -> dict[str, Form]:
    """Return the base forms that a word in lower case may have, each with the form that the word then is.

    The word is one itself; those that are not words do no harm.
    """
    found = {word: Form.BASE, **_FORMS.get(word, {})}
    for ending, form, replacements in (
        ("ies", Form.S, ("y",)),
        ("es", Form.S, ("", "e")),
        ("s", Form.S, ("",)),
        ("ied", Form.PAST, ("y",)),
        ("ed", Form.PAST, ("", "e")),
        ("ing", Form.ING, ("", "e")),
    ):
        stem = word.removesuffix(ending)
        if stem == word or (ending == "s" and stem.endswith("s")):
            continue
        candidates = [stem + replacement for replacement in replacements]
        if form is not Form.S and len(stem) > _SHORTEST and stem[-1] == stem[-2]:
            candidates.append(stem[:-1])  # "stopped"
        for base in candidates:
            if len(base) >= _SHORTEST:
                found.setdefault(base, form)
    return found


def forms_of_one(one: str, other: str) -> tuple[Form, Form] | None:
    """Return the forms of two words in lower case if they are forms of one word, or mean the same.

    Equal words are both BASE.
    """
    if one == other:
        return Form.BASE, Form.BASE
    ones, others = base_forms(one), base_forms(other)
    for base, form in ones.items():
        if base in others:
            return form, others[base]
    for base, form in ones.items():
        for same in _SYNONYMS.get(base, ()):
            if same in others:
                return form, others[same]
    return None


def synonym(base: str) -> str:
    """Return the first of the words that mean the same as a base form, itself if there is none."""
    return _FIRST.get(base, base)
