"""Questions that ask for yes or no: "Can tenants sublet?", "X owns Y, doesn't it?". Pure."""

from __future__ import annotations

import re

from indexer.segmenter import sentence_offsets
from service.answering.yes_no.choices import offers_choice

AUXILIARY = (
    r"(?:am|is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|shall|should|will|would|need"
    r"|ought)"
)
_CONTRACTED = re.compile(rf"\b({AUXILIARY}|ca|wo|sha)n't\b", re.IGNORECASE)
_FULL = {"ca": "can", "wo": "will", "sha": "shall"}
_OPENING = re.compile(
    r"(?:(?:hi|hello|hey|dear \w+|please|so|and|but|well|ok|okay|also|then|thanks|now|just to be clear"
    r"|excuse me)\b[\s,:!]*)+",
    re.IGNORECASE,
)
_WH = r"(?:who|whom|whose|what|which|when|where|why|how)"
_INVERTED = re.compile(rf"(?P<auxiliary>{AUXILIARY})\s+(?P<rest>\w.*)", re.IGNORECASE | re.DOTALL)
_FRONTED = re.compile(
    rf"(?P<adverbial>(?:if|when|once|because|in|on|at|by|since|during|after|before|under|for|from|within"
    rf"|as of|according to"
    rf"|as)\b[^,?]{{1,80}}),\s*"
    rf"(?P<question>{AUXILIARY}\b.*)",
    re.IGNORECASE | re.DOTALL,
)
# A clause in a request or a question: "Do you know whether …", "Is it true that …".
_TEXT = (
    r"(?:(?:the|this|that|your|any) )?"
    r"(?:article|text|report|document|page|policy|contract|passage|source|law|lease)s?"
)
_SAY = r"(?:say|state|mention|tell(?: (?:me|us))?|specify|explain|indicate|reveal|describe)s?"
_ASKED = re.compile(
    r"(?:(?:(?:can|could|would|will) (?:you|anyone|someone|somebody)(?: please)? |please |kindly )?"
    r"(?:tell (?:me|us)|say|check|confirm|find out|explain|clarify|let (?:me|us) know|verify)"
    r"|(?:i|we) (?:(?:just )?(?:wonder|ask)|am wondering|are wondering|was wondering|were wondering"
    r"|(?:would|'d) like to know"
    r"|want to know|need to know|do not know|am not sure|am asking)"
    r"|(?:do|does|did) (?:you|we|anyone|anybody|someone) (?:happen to )?(?:know|remember)"
    rf"|(?:do|does|did) {_TEXT} {_SAY}|(?:are|is) (?:you|anyone) (?:sure|aware|able to (?:say|tell me"
    rf"|tell us))"
    r"|is it (?:known|clear|stated|certain|decided)|is there any (?:word|information) (?:on|about))"
    r" (?:whether|if|that) (?:or not )?(?P<clause>.+)"
    r"|(?:is it|is it really|is it not) (?:true|correct|right|the case|a fact|so) that (?P<fact>.+)"
    r"|whether (?:or not )?(?P<bare>.+)",
    re.IGNORECASE | re.DOTALL,
)
# "Do you know who …?", "Can you tell me about …?": they ask for what the rest names.
_REQUEST = re.compile(
    r"(?:can|could|would|will) (?:you|i|anyone|someone|somebody) (?:(?:please|kindly|possibly) )?"
    r"(?:(?:tell|list|name|describe|explain|summari[sz]e|outline|define|specify|find out|remind)\b"
    r"|(?:give|provide|show|identify|state)(?: me| us)?(?: with)? "
    rf"(?:the|an? (?:list|overview|example|summary|definition|description)|some|examples?|details|more"
    rf"|{_WH})\b)"
    rf"|(?:do|does|did|is|are|was|were|has|have) (?:you|we|i|anyone|anybody|someone|somebody|it|there"
    rf"|{_TEXT})\b[^,?]{{0,60}}?"
    rf"\b(?:know|known|sure|idea|remember|recall|clear|stated|{_SAY}|information (?:on|about)"
    rf"|word on)\s(?:[\w']+\s){{0,3}}?{_WH}\b"
    rf"|(?:do|does|did) (?:you|anyone|anybody) have (?:any |an )?(?:idea|information)\b[^?]*\b{_WH}\b"
    r"|(?:do|does) (?:you|anyone) know (?:the|of|about|anything)\b",
    re.IGNORECASE,
)
_AND_WHICH = re.compile(
    rf"(?:,\s*|\s)(?:and|or|but)(?: if so,?| if not,?)?\s+(?:(?:in|on|at|by|for|from|to|with|of) )?{_WH}\b"
    rf"|\bif so\b"
    rf"|\b(?:in|on|at|by|for|from|to|with|of) (?:which|what|whom)\b.*\b{AUXILIARY}\b$|\s{_WH}$",
    re.IGNORECASE,
)
_PRONOUN = r"(?:i|you|he|she|it|we|they|there|that|this|those|these|one)"
_TAG = re.compile(
    rf",?\s+(?:{AUXILIARY}(?: not)? {_PRONOUN}(?: not)?|right|correct|(?:is"
    rf"|am i) (?:that )?(?:not )?(?:right|correct|so|true)|yes|no|or not|eh)$",
    re.IGNORECASE,
)
_OR_NOT = re.compile(
    r",?\s+or not$|\b(whether|if) or not\b|,?\s+or (?:did|does|do|is|are|was|were|has|have) \w+ not$",
    re.IGNORECASE,
)
_DECLARATIVE = re.compile(rf"[^?]*\w\s+{AUXILIARY}\b(?: \w)+", re.IGNORECASE)
# "Will Smith's films", "May 2019": no question.
_NO_AUXILIARY = re.compile(
    r"(?:[Mm]ay|[Mm]arch)\s+\d|Will\s+[A-Z]\w*(?:\s+[A-Z]\w*)*(?:'s\b|$)|[Dd]o not\b|[Hh]ave (?:not|fun"
    r"|an?)\b"
)
# A statement with a gap: "The chief executive is?", "It was founded in which year?", "The lake is called?"
_OPEN_STATEMENT = re.compile(
    rf"\b{AUXILIARY}$|\b{_WH}\b|\bto \w+$|\b(?:called|named|known|considered|referred to|known as)$",
    re.IGNORECASE,
)
_LONGEST = 1_000  # characters


def is_yes_no(question: str) -> bool:
    """Whether a question asks for yes or no.

    False for a question that offers a choice ("Is it red or blue?"), for one that asks for something else
    in a polite form ("Can you tell me when …?"), and for one whose second part does ("…, and why?").
    A text of several sentences is judged by the last.
    """
    asked = plain(question)
    return asked is not None and clause_of(asked) is not None


def plain(question: str) -> str | None:
    """Return the last sentence of a question, without greeting and contractions; None if it is too long."""
    if len(question) > _LONGEST:
        return None
    text = " ".join(question.replace("’", "'").split())
    start, end = next(reversed(sentence_offsets(text)), (0, 0))
    text = text[start:end]
    marked = text.endswith("?")
    text = text.rstrip(" ?!.\"'")
    text = _CONTRACTED.sub(lambda match: _FULL.get(match[1].lower(), match[1]) + " not", text)
    text = re.sub(r"\b(can)not\b", r"\1 not", text, flags=re.IGNORECASE)
    opening = _OPENING.match(text)
    return (text[opening.end() :] if opening else text) + ("?" if marked else "")


def clause_of(asked: str) -> str | None:
    """Return what a yes/no question puts, None if it asks for something else.

    It begins with its auxiliary if the question does ("did X sue Y in 2019" for "In 2019, did X sue Y?"),
    otherwise it is a statement ("X owns Y" for "Do you know whether X owns Y?" and "X owns Y, doesn't it?").
    `asked` is as `plain` returns it.
    """
    marked = asked.endswith("?")
    text = _OR_NOT.sub(r"\1", asked.rstrip("?")).strip()
    embedded = _ASKED.match(text)
    if embedded is not None:
        clause = next(part for part in embedded.group("clause", "fact", "bare") if part is not None)
        return clause if _one_thing(text, clause) else None
    if (
        _REQUEST.match(text)
        or re.match(rf"(?:\w+ )?{_WH}\b", text, re.IGNORECASE)
        or _NO_AUXILIARY.match(text)
    ):
        return None
    return _direct(text, marked=marked)


def _direct(text: str, *, marked: bool) -> str | None:
    fronted = _FRONTED.match(text)
    if fronted is not None:
        if re.search(rf"\b{_WH}\b", fronted["adverbial"], re.IGNORECASE):
            return None
        adverbial = fronted["adverbial"]
        text = f"{fronted['question']} {adverbial[0].lower()}{adverbial[1:]}"
    if _INVERTED.match(text):
        return text if _one_thing(text, text) else None
    tag = _TAG.search(text)
    statement = text[: tag.start()] if tag else text
    if (not tag and _OPEN_STATEMENT.search(statement)) or not _one_thing(statement, statement):
        return None
    stated = tag is not None or (marked and _DECLARATIVE.match(statement) is not None)
    return statement if stated and len(statement.split()) > 1 else None


def _one_thing(text: str, clause: str) -> bool:
    """Whether a question has one part, and offers no choice."""
    if _AND_WHICH.search(text):
        return False
    return not offers_choice(clause)
