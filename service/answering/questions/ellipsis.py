"""Questions that leave out what the previous turn said: "And in 2019?", "And the Karin bridge?".

A fragment takes the place of the part of the previous question that has its form. Pure functions of words;
the rules are for English.
"""

from __future__ import annotations

import re

from service.answering.questions.kinds import words_of
from service.answering.questions.referents import names, phrase, topic

AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)"
PREPOSITION = (
    r"(?:about|after|against|among|at|before|between|by|during|for|from|in|into|near|of|on|over|since"
    r"|through|to|under"
    r"|until|with|within|without)"
)
QUESTION_WORD = r"(?:who|whom|whose|what|which|where|when|why|how)"
_OPENING = re.compile(r"^(?:(?:and|but|so|then|also|or|ok|okay|well|now)\b[,\s]*)+", re.IGNORECASE)
_ABOUT = re.compile(r"^(?:what|how) about\s+", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:in )?(?:1[5-9]|20)\d\d\b")
# A noun that is someone: its holder is asked for with "who".
_SOMEONE = re.compile(
    r"\b(?:\w+(?:er|or|ist|ant|man|woman|person)|head|architect|clerk|chief|pilot|cook|poet|ceo"
    r"|chief executive|boss|chair|vice[- ]chair"
    r"|president|mayor|king|queen|"
    r"captain|secretary|prime minister|wife|husband|son|daughter|mother|father|staff|team|crew|coach"
    r"|judge)\b(?!-)",
    re.IGNORECASE,
)
_PAIRS = dict(
    pair
    for one, other in (
        ("men", "women"),
        ("boys", "girls"),
        ("adults", "children"),
        ("imports", "exports"),
        ("summer", "winter"),
        ("weekdays", "weekends"),
        ("mornings", "evenings"),
        ("morning", "evening"),
        ("men", "children"),
        ("buyers", "sellers"),
        ("landlord", "tenant"),
        ("teachers", "students"),
        ("employers", "employees"),
    )
    for pair in ((one, other), (other, one))
)


def rest_of(question: str) -> tuple[str, bool]:
    """Return a question without "And", "What about" and the like, and whether it had any."""
    rest = _ABOUT.sub("", _OPENING.sub("", question.strip()))
    return rest, rest != question.strip()


def is_fragment(rest: str) -> bool:
    """Whether words have neither a question word nor an auxiliary: they are no question of their own."""
    words = words_of(rest)
    return bool(words) and not any(re.fullmatch(rf"{QUESTION_WORD}|{AUXILIARY}", word) for word in words[:-1])


def filled(fragment: str, previous_question: str, answer: str | None) -> list[str]:
    """Return the previous question with a fragment in place of its like, the likeliest first.

    A fragment that says what to ask for ("the engineer of the Karin bridge") becomes a question of its own.
    """
    fragment = fragment.strip().rstrip("?.! ")
    body = previous_question.strip().rstrip("?.! ")
    if match := re.match(rf"{PREPOSITION}\b", fragment, re.IGNORECASE):
        return [_with_phrase(body, fragment, match[0].lower())]
    if _YEAR.fullmatch(fragment):
        return [_with_phrase(body, f"in {fragment}", "in")]
    if question := _own_question(fragment, body, answer):
        return question
    if names(f"x {fragment}"):
        return [_with_name(body, fragment)]
    return [_with_noun(body, fragment)]


def _own_question(fragment: str, body: str, answer: str | None) -> list[str]:
    """Return the questions for a fragment that names an attribute: "X's engineer", "the engineer (of X)"."""
    possessive = re.search(r"[’']s\s+[a-z]", fragment)
    headed = re.match(r"(?:the |an? )?(?:[a-z][\w-]*\s+){1,4}(?:of|at|for|in)\s+\S", f"{fragment} ")
    if headed and not possessive and " of " not in headed[0] and not _SOMEONE.search(headed[0]):
        return [_with_whole(body, fragment)]  # "the bridge at Karin"
    if possessive or headed:
        head = fragment[possessive.end() - 1 :] if possessive else fragment.split(" of ", 1)[0]
        return [f"{'Who' if _SOMEONE.search(head) else 'What'} is {fragment}?"]
    about = topic(body, answer)
    if about and re.fullmatch(r"the (?:[a-z][\w-]*\s?){1,3}", fragment):
        word = "Who" if _SOMEONE.search(fragment) else "What"
        return [f"{word} is {fragment} of {about}?", *([] if names(body) else [_with_noun(body, fragment)])]
    return []


def _with_phrase(body: str, phrase: str, preposition: str) -> str:
    """Replace the phrase with this preposition, or a year by a year, or append the phrase."""
    if _YEAR.search(phrase) and _YEAR.search(body):
        return f"{_YEAR.sub(phrase, body, count=1)}?"
    end = rf"(?=\s+(?:{PREPOSITION}|{AUXILIARY}|that|which|who|grow|rise|fall|cost|open)\b|[,;]|$)"
    found = [
        *re.finditer(rf"\b{preposition}\s+(?!which|what|whom|how)\S+?(?:\s+\S+?)*?{end}", body, re.IGNORECASE)
    ]
    if preposition == "between":
        found = [*re.finditer(r"\bbetween\s+.+?\s+and\s+\S+(?:\s+[A-Z]\S*)*", body)]
    if found:
        # The fragment and the phrase it replaces both hold a name, or neither does.
        like = [one for one in found if bool(names(f"x {one[0]}")) == bool(names(f"x {phrase}"))] or found
        return f"{body[: like[-1].start()]}{phrase}{body[like[-1].end() :]}?"
    return f"{body} {phrase}?"


def _with_name(body: str, fragment: str) -> str:
    """Replace the name of the previous question that is most like the fragment's, with its nouns."""
    new = _Phrase.of(fragment)
    best, score = None, -1
    for match in re.finditer(
        "|".join(map(re.escape, sorted(names(body), key=len, reverse=True))) or r"(?!)", body
    ):
        old = _Phrase.at(body, match, new.nouns)
        likeness = (
            2 * (old.possessive == new.possessive)
            + (old.name.isupper() == new.name.isupper())
            + (old.definite == new.definite)
            + (len(old.name.split()) > 1) * (len(new.name.split()) > 1)
        )
        if likeness >= score:
            best, score = old, likeness
    if best is None:
        return _with_noun(body, fragment)
    words = fragment
    if best.possessive and not new.possessive:
        words = f"{fragment}’s"
    elif (
        best.definite
        and not new.definite
        and re.match(rf"\s+(?!(?:{PREPOSITION}|{AUXILIARY})\b)[a-z]", body[best.end :])
    ):
        words = f"the {fragment}"  # "the Halden tunnel" and "Karin": "the Karin tunnel"
    return f"{body[: best.start]}{words}{body[best.end :]}?"


def _with_whole(body: str, fragment: str) -> str:
    """Replace the first name of the previous question, with its article and noun, or else a noun."""
    old = next((phrase(name, body) for name in names(body)), None)
    return _with_noun(body, fragment) if old is None else f"{body.replace(old, fragment, 1)}?"


class _Phrase:
    """A name with its article and the nouns after it, and where it stands in a question."""

    def __init__(
        self, text: str, start: int, end: int, name: str, *, definite: bool, possessive: bool, nouns: int
    ) -> None:
        self.text, self.start, self.end, self.name = text, start, end, name
        self.definite, self.possessive, self.nouns = definite, possessive, nouns

    @classmethod
    def of(cls, fragment: str) -> _Phrase:
        """Return the phrase that a whole fragment is."""
        name = names(f"x {fragment}")[0]
        after = fragment[fragment.find(name) + len(name) :]
        possessive = re.match(r"[’']s\b", after) is not None
        nouns = len(re.findall(r"\b[a-z][\w-]*", re.sub(r"^[’']s", "", after)))
        definite = name.lower().startswith("the ") or fragment.lower().startswith("the ")
        return cls(fragment, 0, len(fragment), name, definite=definite, possessive=possessive, nouns=nouns)

    @classmethod
    def at(cls, body: str, match: re.Match[str], nouns: int) -> _Phrase:
        """Return the phrase around a name in a question, with at most `nouns` nouns after it."""
        start, end = match.span()
        definite = match[0].lower().startswith("the ")
        possessive = re.match(r"[’']s\b", body[end:])
        if possessive:
            end += possessive.end()
        elif definite and nouns:
            aux = re.search(
                r"\b(?:do|does|did|will|would|can|could|should|may|might|must)\b", body[:start], re.IGNORECASE
            )
            for count in range(nouns, 0, -1):
                following = re.match(
                    rf"(?:\s+(?!(?:{PREPOSITION}|{AUXILIARY})\b)[a-z][\w-]*){{{count}}}", body[end:]
                )
                # "How much did the Halden tunnel cost": a verb must be left.
                if following and (not aux or body[end + following.end() :].strip()):
                    end += following.end()
                    break
        return cls(
            body[start:end], start, end, match[0], definite=definite, possessive=bool(possessive), nouns=nouns
        )


def _with_noun(body: str, fragment: str) -> str:
    """Replace a noun of the previous question: its counterpart, what is counted, or the last one."""
    counterpart = _PAIRS.get(fragment.lower())
    if counterpart and re.search(rf"\b{counterpart}\b", body):
        return f"{re.sub(rf'{chr(92)}b{counterpart}{chr(92)}b', fragment, body)}?"
    counted = re.match(
        rf"((?:how many|how much)\s+)(?:[a-z][\w-]*\s+?)+?(?={AUXILIARY}\s)", body, re.IGNORECASE
    )
    if counted and not re.match(r"(?:the|a|an)\s", fragment):
        return f"{counted[1]}{fragment} {body[counted.end() :]}?"
    last = re.search(rf"(.*\b(?:{PREPOSITION})\s+)(?!which|what|whom)(.+)$", body)
    if last:
        return f"{last[1]}{fragment}?"
    article = re.search(r"(.*\s)((?:the|an?)\s+[a-z][\w-]*)(.*)$", body)
    if article:
        return f"{article[1]}{fragment}{article[3]}?"
    return f"{body} {fragment}?"
