"""What a pronoun may stand for: the names in the previous question and answer, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PERSON = r"(?:he|she|him|her|his|hers)"
_THING = r"(?:it|its|they|them|their|theirs)"
_DEMONSTRATIVE = r"(?:this|that|these|those)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)"
# Lower case only: "IT" is not a pronoun.
PRONOUN = re.compile(rf"\b({_PERSON}|{_THING})\b")
SUBJECT = re.compile(rf"\b{_AUXILIARY}\s+({_PERSON}|{_THING}|{_DEMONSTRATIVE})\b")
OBJECT = re.compile(rf"\b(?:doing|become|of|for|about|under|by|from|with)\s+({_DEMONSTRATIVE})\s*\W*$")
_NOUN = re.compile(rf"\b({_DEMONSTRATIVE})(?=\s+[a-z])")
ORDER = re.compile(r"\bthe (former|latter|(?:first|second|third|last) one)\b")
END = re.compile(r"\b(there|then|one|ones)\W*$")
_PERSONAL = re.compile(_PERSON)
_POSSESSIVE = frozenset({"his", "its", "their"})
_INDEX = {"former": 0, "latter": 1, "first one": 0, "second one": 1, "third one": 2, "last one": -1}

_LINKS = r"(?:\s+(?:of|and|for|the|&))*"
_NAME = re.compile(rf"(?:\b[Tt]he\s+)?[A-Z][\w’'–.-]*(?:{_LINKS}\s+[A-Z0-9][\w’'–-]*)*")
_QUESTION_WORD = re.compile(
    r"(?:a|an|and|at|but|by|for|from|how|i|in|is|list|name|of|on|or|so|the|to|what|when|where|which|who|whom|whose|why"
    r"|are|was|were|do|does|did|has|have|had|can|could|should|would|might|must)$",
    re.IGNORECASE,
)
_AUXILIARY_OR_NAME = re.compile(r"(?:will|may)$", re.IGNORECASE)  # "Will the mayor go?", "Will Holm"
_POSSESSION = re.compile(r"[’']s$")
_ITEM = re.compile(r",\s*(?:and|or)\s+|\s+(?:and|or)\s+|,\s*|;\s*")
_WHERE = re.compile(
    r"\b(?:where|(?:which|what) (?:\w+ )?(?:city|town|country|place|state|region|county|village|venue"
    r"|province))\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:in|at|to|from|near|for)\s+$")
_DATED = re.compile(
    r"\b\d{4}\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_WHO = re.compile(r"\b(?:who|whom|whose)\b|^name the (?:\w+ )?(?:head|author|director|leader)", re.IGNORECASE)
# A word of a name that is no person's.
_INSTITUTION = re.compile(
    r"\b(?:Academy|Act|Agency|Association|Authority|Bank|Board|Bridge|Church|City|Club|Cloud|College|Commission|Committee|"
    r"Company|Co|Conference|Corporation|Corp|Corridor|Council|County|Court|Department|Embassy|Expo|Exhibition|Foundation|"
    r"Forum|Fund|Group|Hall|Hospital|Inc|Initiative|Institute|International|Island|Library|Ltd|Ministry|Museum|Office|"
    r"Organi[sz]ation|Park|Party|Plan|Port|Program(?:me)?|Project|River|Road|School|Service|Silk|Society|Street|Summit|"
    r"Treaty|Trust|Tunnel|Union|University|Whitepaper|Zone)\b"
)
_VERB_NEXT = re.compile(r"\b(?:do|does|did|will|would|can|could|should|may|might|must)\s", re.IGNORECASE)
_NO_NOUN = (
    rf"{_AUXILIARY}|about|after|and|as|at|before|between|by|during|for|from|in|into|near|of|on|or|over|since|than|that"
    r"|to|under|until|which|who|with|within"
)
_WHICH = re.compile(
    r"(?:\w+\s)?(?:which|what)\s+(?!is|are|was|were|do|does|did|has|have|had|will|would)[a-z]", re.IGNORECASE
)
_LONGEST_LIST = 12  # words that stand for "they"
_MOST_WORDS = 4  # of a person's name


def names(text: str) -> list[str]:
    """Return the names in a text, in order: runs of capitalised words without a leading question word."""
    found = []
    for match in _NAME.finditer(text):
        words = match[0].split()
        # The first word of a sentence is always capitalised. Elsewhere "the" belongs to its name.
        while match.start() == 0 and words and _QUESTION_WORD.match(words[0]):
            words.pop(0)
        if match.start() == 0 and len(words) == 1 and _AUXILIARY_OR_NAME.match(words[0]):
            continue
        if words and not words[-1].isdigit():
            found.append(_POSSESSION.sub("", " ".join(words)))
    return [*dict.fromkeys(found)]


def replaced(question: str, previous_question: str, answer: str | None) -> Iterator[str]:
    """Yield the question with its pronoun replaced by each name it may refer to, the likeliest first.

    "He" is most likely the person who was the answer, "it" what the question was about; "there" is the place
    in the answer, "then" its date, "the latter" the second of two.
    """
    asked = question
    question = _with_place(question, previous_question, answer)
    ordinal = ORDER.search(question)
    if ordinal is not None:
        items = _items(previous_question, answer)
        if len(items) > 1:
            yield (
                question[: ordinal.start()]
                + items[_INDEX[ordinal[1]] % len(items)]
                + question[ordinal.end() :]
            )
        return
    found = (
        SUBJECT.search(question)
        or PRONOUN.search(question)
        or _NOUN.search(question)
        or OBJECT.search(question)
    )
    if found is None:
        if question != asked:
            yield question
        return
    pronoun, start, end = found[1], *found.span(1)
    if re.fullmatch(_DEMONSTRATIVE, pronoun) and (noun := re.match(r"\s+[a-z]+", question[end:])):
        end += noun.end()  # "this minister"
    personal = _PERSONAL.fullmatch(pronoun) is not None
    for referent in _referents(
        previous_question, answer, personal=personal, plural=pronoun.startswith("the")
    ):
        words = f"{referent}’s" if _possessive(pronoun, question[end:]) else referent
        yield question[:start] + words + question[end:]


def phrase(name: str, text: str) -> str:
    """Return a name that has an article with the noun after it: "the Halden tunnel"."""
    at = text.find(name)
    if at < 0 or not name.lower().startswith("the "):
        return name
    noun = re.match(rf"\s+(?!(?:{_NO_NOUN})\b)[a-z][\w-]*(?<!ed)(?![\w’'-])", text[at + len(name) :])
    if noun is None:
        return name
    left = text[at + len(name) + noun.end() :].strip(" ?.!")
    # "How much did the Halden cost?": after "did" a verb is to come.
    return name if _VERB_NEXT.search(text[:at]) and not left else name + noun[0]


def topic(previous_question: str, answer: str | None) -> str | None:
    """Return the name that a conversation is about: the previous question's, or else the answer's."""
    found = next(iter([*names(previous_question), *names(answer or "")]), None)
    return found and phrase(found, previous_question)


def is_person(name: str) -> bool:
    """Whether a name has the form of a person's: two to four words, none of them of an institution."""
    words = name.split()
    return 1 < len(words) <= _MOST_WORDS and all(word[0].isupper() for word in words) and _may_be_person(name)


def _may_be_person(name: str) -> bool:
    plain = re.search(r"\d", name) is None and re.match(r"[Tt]he\s", name) is None
    return plain and not name.isupper() and _INSTITUTION.search(name) is None


def _referents(previous_question: str, answer: str | None, *, personal: bool, plural: bool) -> list[str]:
    answered = names(answer or "")[:1]
    asked = [phrase(name, previous_question) for name in names(previous_question)]
    if personal:
        everyone = [*answered, *asked]
        people = [
            name for name in everyone if _may_be_person(name) and not _is_place(name, previous_question)
        ]
        return people or everyone
    if plural and answer is not None and len(_items("", answer)) > 1 and len(answer.split()) <= _LONGEST_LIST:
        answered = [answer]
    # The answer to "Who …?" is a person, not "it".
    if not plural and _WHO.search(previous_question) and answered and is_person(answered[0]) and asked:
        answered = []
    if _WHICH.match(previous_question):
        return [*answered, *asked]  # "Which bridge …?": it is the bridge
    return [*asked[:1], *answered, *asked[1:]]


def _is_place(name: str, question: str) -> bool:
    start = question.find(name)
    return start > 0 and _PLACE.search(question[:start]) is not None


def _items(previous_question: str, answer: str | None) -> list[str]:
    """Return the items of a list in the answer, or else the names in the question."""
    items = [item.strip() for item in _ITEM.split(answer or "") if item.strip()]
    return items if len(items) > 1 else names(previous_question)


def _with_place(question: str, previous_question: str, answer: str | None) -> str:
    """Replace a final "there" or "then" by the place or the date that the previous turn names."""
    found = END.search(question)
    if found is None or found[1] not in {"there", "then"}:
        return question
    words = None
    if found[1] == "there":
        places = [name for name in names(previous_question) if _is_place(name, previous_question)]
        place = answer if answer and _WHERE.search(previous_question) else next(iter(places), None)
        words = place and (place if re.match(r"(?:in|at|on|to)\s", place) else f"in {place}")
    elif answer and _DATED.search(answer):
        words = answer if re.match(r"(?:in|on|at)\s", answer) else f"in {answer}"
    return question if words is None else question[: found.start()] + words + question[found.end(1) :]


def _possessive(pronoun: str, after: str) -> bool:
    # "her" is a possessive before a noun: "her position", but not "met her in Baku".
    return pronoun in _POSSESSIVE or (
        pronoun == "her" and bool(re.match(r"\s+(?!in|at|on|with)[a-z]", after))
    )
