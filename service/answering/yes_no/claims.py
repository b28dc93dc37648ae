"""What a yes/no question puts, as words to be found in a sentence: one wording for each rule. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from service.answering.yes_no.recognition import clause_of, plain

AUXILIARIES = {
    **dict.fromkeys(("am", "is", "are"), "is"),
    **dict.fromkeys(("was", "were"), "was"),
    **dict.fromkeys(("do", "does"), "do"),
    **dict.fromkeys(("has", "have"), "have"),
    **dict.fromkeys(("can", "may"), "can"),
    **dict.fromkeys(("must", "shall"), "must"),
    **{
        word: word
        for word in (
            "did",
            "had",
            "will",
            "would",
            "could",
            "might",
            "should",
            "be",
            "been",
            "being",
            "neednot",
        )
    },
}
"""By word, the form in which auxiliaries are compared: "may" is "can", what is permitted."""
DETERMINERS = frozenset({"a", "an", "the"})
_UNASKED = DETERMINERS | {
    "any",
    "ever",
    "actually",
    "really",
    "currently",
    "now",
    "also",
    "indeed",
    "yet",
    "already",
}
_MODALS = frozenset({"can", "must", "will", "would", "could", "might", "should"})
_NUMERALS = {
    word: str(number)
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        start=1,
    )
}

_BE = r"\b(?:is|are|am)"
_ADVERB = r"(?: (?:strictly|expressly|legally|hereby|explicitly))?"
_ALLOWED = r"(?:allowed|permitted|able|entitled) to\b"
_PROHIBITED = r"(?:(?:prohibited|barred|banned|forbidden|prevented|disallowed) (?:from|to)|unable to)\b"
_REQUIRED = r"(?:required|obliged|obligated) to\b"
_RULES = [
    (re.compile(rf"{_BE} not {_ALLOWED}", re.IGNORECASE), "can not"),
    (re.compile(rf"{_BE}{_ADVERB} {_ALLOWED}", re.IGNORECASE), "can"),
    (re.compile(rf"{_BE} not {_PROHIBITED}", re.IGNORECASE), "can"),
    (re.compile(rf"{_BE}{_ADVERB} {_PROHIBITED}", re.IGNORECASE), "can not"),
    (
        re.compile(
            rf"{_BE} not {_REQUIRED}|\b(?:do|does) not (?:have|need) to\b|\bneed not\b",
            re.IGNORECASE,
        ),
        "neednot",
    ),
    (re.compile(rf"{_BE}{_ADVERB} {_REQUIRED}|\b(?:has|have|needs?) to\b", re.IGNORECASE), "must"),
]
_REFUSALS = [
    (
        re.compile(r"\b(has|have|had) (?:refused|declined|failed|neglected|omitted) to\b", re.IGNORECASE),
        r"\1 not",
    ),
    (
        re.compile(
            r"\b(?<!not )(?<!never )(?:refused|declined|failed|neglected|omitted) to\b", re.IGNORECASE
        ),
        "did not",
    ),
    (re.compile(r"\b(?:refuses|declines|fails|neglects) to\b", re.IGNORECASE), "does not"),
    (re.compile(r"\blacks\b", re.IGNORECASE), "does not have"),
    (re.compile(r"\blacked\b", re.IGNORECASE), "did not have"),
]
_REFUSAL = re.compile(r"\b(?:refus|declin|fail|neglect|omit|lack)", re.IGNORECASE)
_PHRASES = [
    (re.compile(r"\bchief executive(?: officer)?\b|\bCEO\b", re.IGNORECASE), "CEO"),
    (re.compile(r"\b(?:the )?(?:United States(?: of America)?|U\.S\.(?:A\.)?|USA|US)(?![\w$])"), "USA"),
    (re.compile(r"\b(?:the )?(?:United Kingdom|U\.K\.|UK)(?!\w)"), "UK"),
    (re.compile(r"\s?(?:%|\bper ?cent\b)", re.IGNORECASE), " percent"),
    (re.compile(r"\bno one\b", re.IGNORECASE), "nobody"),
    (re.compile(r"(?<=\d)[\s-]?(?:km|kilomet(?:re|er)s?)\b", re.IGNORECASE), " km"),
    (re.compile(r"(?<=\d)[\s-]?(?:m|met(?:re|er)s?)\b"), " metres"),
    (re.compile(r"(?<=\d)[\s-]?(?:kg|kilograms?|kilos?)\b", re.IGNORECASE), " kg"),
    (re.compile(r"(?<=\d)[\s-]?(?:ft|foot|feet)\b", re.IGNORECASE), " feet"),
    (
        re.compile(r"(?<=\d)[\s-](years?|months?|weeks?|days?|hours?|minutes?)-(?=old\b)", re.IGNORECASE),
        r" \1 ",
    ),
]
_SCALES = {"thousand": 10**3, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9, "trillion": 10**12}
_MONEY = re.compile(
    r"(?P<currency>(?:US|HK|NZ|A|C|S)?[$€£¥])\s?(?P<number>\d[\d,]*(?:\.\d+)?)(?:[\s-]?(?P<scale>thousand"
    r"|million|billion|trillion|bn|m)\b)?"
    r"|(?<![\w.,])(?P<count>\d[\d,]*(?:\.\d+)?)[\s-](?P<power>thousand|million|billion|trillion)\b",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(
    r"\b(is|are|was|were|do|does|did|has|have|had|could|must|should|would|need)n't\b", re.IGNORECASE
)
_SHORT = re.compile(r"\b(it|he|she|there|that)'s\b(?= (?:not|an?|the|been|\w+ed)\b)", re.IGNORECASE)
_WILL = re.compile(r"\b(I|you|he|she|it|we|they|there|that)'ll\b", re.IGNORECASE)
_HAVE = re.compile(r"\b(I|you|we|they)'ve\b", re.IGNORECASE)
_ARE = re.compile(r"\b(you|we|they)'re\b", re.IGNORECASE)
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|'s\b|[^\W\d_]+(?:[-'](?!s\b)[^\W_]+)*|\S")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark: as it is written, and in lower case with numerals as figures.

    `definite`: it follows "the", which is no word of a claim's.
    """

    text: str
    word: str
    definite: bool = False

    @property
    def is_name(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a yes/no question puts, without its negation.

    `auxiliaries` are in the form in which they are compared, empty for a statement without one. `items`
    are the other words, in order, without articles. `negative`: it puts what is prohibited as what is not
    allowed.
    """

    auxiliaries: tuple[str, ...]
    items: tuple[Token, ...]
    negative: bool = False

    def with_items(self, items: tuple[Token, ...], *auxiliaries: str) -> Claim:
        """Return it with other words, and other auxiliaries if there are any."""
        return replace(self, items=items, auxiliaries=auxiliaries or self.auxiliaries)


def tokens(text: str) -> list[Token]:
    """Return the words, figures and marks of a text."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match[0].casefold()
        found.append(Token(match[0], _NUMERALS.get(word, word)))
    return found


def normalised(text: str, *, refusals: bool = True) -> str:
    """Return a statement with one wording for each rule, unit and amount.

    "is not permitted to" becomes "can not", "need not" and its like `neednot`, and "$2 million" "2000000
    dollars".
    `refusals`: "refused to" and "lacks" become "did not" and "does not have".
    """
    text = " ".join(text.replace("’", "'").replace("‘", "'").split())
    text = re.sub(r"\b(?:cannot|can't)\b", "can not", text, flags=re.IGNORECASE)
    text = re.sub(r"\bwon't\b", "will not", text, flags=re.IGNORECASE)
    text = _WILL.sub(r"\1 will", _HAVE.sub(r"\1 have", _ARE.sub(r"\1 are", text)))
    text = _SHORT.sub(r"\1 is", _CONTRACTED.sub(r"\1 not", text))
    text = _MONEY.sub(_amount, text)
    for pattern, replacement in [*_PHRASES, *(_REFUSALS if refusals else ()), *_RULES]:
        text = pattern.sub(replacement, text)
    return text


def speaks_of_refusal(question: str) -> bool:
    """Whether a question is itself about a refusal, a failure or a lack."""
    return _REFUSAL.search(question) is not None


def claim_of(question: str) -> Claim | None:
    """Return what a yes/no question puts, None for another question and for one that offers a choice."""
    asked = plain(question)
    clause = None if asked is None else clause_of(asked)
    if clause is None or re.search(r"\bor\b", clause):
        return None
    clause = re.sub(r"[\"“”«»]", " ", clause)
    first, _, rest = clause.partition(" ")
    if first.casefold() not in AUXILIARIES:
        return _claim([], tokens(normalised(clause, refusals=False)), negative=False)
    auxiliary, rest, negative = _rule(AUXILIARIES[first.casefold()], " ".join(rest.split()))
    return _claim([auxiliary], tokens(normalised(rest, refusals=False)), negative=negative)


def _rule(auxiliary: str, rest: str) -> tuple[str, str, bool]:
    """Return "are … allowed to" as "can", "does … have to" as "must"; True if it is "prohibited from"."""
    choices = {
        "is": ((_ALLOWED, "can", False), (_PROHIBITED, "can", True), (_REQUIRED, "must", False)),
        "do": ((r"(?:have|need) to\b", "must", False),),
    }
    for pattern, modal, negative in choices.get(auxiliary, ()):
        found = re.search(rf"{_ADVERB} {pattern}", rest, re.IGNORECASE)
        if found is not None:
            return modal, f"{rest[: found.start()]} {rest[found.end() :]}", negative
    return auxiliary, rest, False


def _claim(auxiliaries: list[str], words: list[Token], *, negative: bool) -> Claim | None:
    items: list[Token] = []
    negated = False
    for place, token in enumerate(words):
        following = words[place + 1].word if place + 1 < len(words) else ""
        if token.word in {"not", "never"} and not negated and following not in {"to", "only"}:
            negated = True
        elif _is_auxiliary(token, following, auxiliaries):
            auxiliaries.append(AUXILIARIES[token.word])
        elif token.word not in _UNASKED and token.text != ",":
            items.append(replace(token, definite=place > 0 and words[place - 1].word == "the"))
    if not items or any(token.word in {"no", "nobody", "none", "nothing", "neither"} for token in items):
        return None
    if auxiliaries[-1:] == ["neednot"]:
        auxiliaries[-1] = "must"
    return Claim(tuple(auxiliaries), tuple(items), negative)


def _is_auxiliary(token: Token, following: str, before: list[str]) -> bool:
    if token.word not in AUXILIARIES or (token.is_name and token.word in {"may", "will"}):
        return False
    if not before:
        # A statement's own: "Norwick has a plant" has none.
        return (
            token.word not in {"has", "have", "had", "do", "does", "did"}
            or following in {"not", "been", "never"}
            or (following.endswith(("ed", "en")))
        )
    if token.word in {"be", "been", "being"}:
        return True
    return token.word == "have" and before[-1] in _MODALS and following.endswith(("ed", "en"))


def _amount(match: re.Match[str]) -> str:
    figure = match["number"] or match["count"]
    scale = (
        _SCALES[(match["scale"] or match["power"] or "").casefold()]
        if match["scale"] or match["power"]
        else 1
    )
    amount = float(figure.rstrip(",").replace(",", "")) * scale
    number = str(int(amount)) if amount.is_integer() else str(amount)
    if match["currency"] is None:
        return number
    units = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
    return f"{number} {match['currency'][:-1]}{units[match['currency'][-1]]}"
