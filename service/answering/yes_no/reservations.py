"""What makes a statement conditional, partial, doubtful or somebody else's. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.answering.yes_no.claims import Token

_RESERVATION = re.compile(
    # conditions and exceptions
    r"if|unless|except\w*|exclu\w+|provided|providing|only|solely|subject|whe(?:n|re)ever|until|till"
    r"|without|otherwise"
    r"|depend\w*|case|apart|than|conditional\w*|consent\w*|permission|waiv\w+|exempt\w*|scheduled"
    # possibility and doubt
    r"|may|might|could|would|should|apparent\w*|possib\w+|perhaps|probabl\w+|likely|unlikely|maybe"
    r"|potential\w*|seem\w*"
    r"|suppos\w+|purport\w*|ostensibl\w+|nominal\w*|arguabl\w+|hopeful\w*|theoretical\w*|theory|principle"
    r"|virtual\w*"
    r"|practically|effectively|essentially|technically|informal\w*|unofficial\w*|hypothe\w+|pretend\w*"
    r"|predict\w*"
    r"|forecast\w*|estimat\w+|rumou?r\w*|dream\w*|imagin\w+|fiction\w*|myths?|fals\w+|untrue|wrong\w*|error"
    r"|jest|effigy"
    # what somebody says, asks, thinks or means to do
    r"|reported\w*|alleg\w+|claim\w*|said|sa(?:y|ys|ying)|according|belie\w+|thinks?|thought|suggest(?:s|ed"
    r"|ing)?|argu\w+"
    r"|assert\w*|accus\w+|suspect\w*|den(?:y|ies|ied|ying)|plan(?:s|ned|ning)?|propos\w+|inten\w+|expect\w*"
    r"|hop(?:e|es|ed|ing)"
    r"|aim\w*|seek\w*|sought|consider(?:s|ed|ing)?|threat\w+|want\w*|attempt\w*|tr(?:y|ies|ied|ying)|agreed"
    r"|vow\w*|promis\w+"
    r"|pledg\w+|offer\w*|ask\w*|whether|question\w*|wonder\w*"
    # parts, degrees, frequency
    r"|almost|nearly|part|partly|partial\w*|largely|mostly|mainly|general\w*|usual\w*|normal\w*|sometimes"
    r"|often"
    r"|occasional\w*|typical\w*|some|most|several|many|half|few|fewer|hardly|scarcely|barely|rarely|seldom"
    r"|merely|narrowly"
    # what is over, or was undone
    r"|former\w*|previous\w*|once|longer|repeal\w*|overturn\w*|revers\w+|annul\w*|cancel\w*|suspend\w*"
    r"|revok\w+|appeal\w*"
    r"|withdr[ae]w\w*|provisional\w*|temporar\w+|draft|absentia|vain|fail\w*|refus\w+|declin\w+|avoid\w*"
    r"|prevent\w*"
    r"|unsuccessful\w*"
    # contrast and negation
    r"|instead|rather|unlike|but|however|although|though|despite|contrary|not|never|no|nor|neither|none"
    r"|nobody|nothing"
    r"|cannot|neednot"
)
# A title or a heading under which statements do not hold as they stand.
_UNRELIABLE = re.compile(
    r"(?:^|[.!?:;\n])[ \t]{0,4}(?:[\w'-]{1,30} ){0,4}"
    r"(?:exceptions?|exclusions?|myths?|misconceptions?|propos(?:ed|als?)|drafts?|repealed|superseded"
    r"|withdrawn"
    r"|archived?|fiction|hypothetical|plot|synopsis|examples?)"
    r"(?: [\w'-]{1,30}){0,4}(?=[ \t]{0,4}(?:[.!?:;\n]|$))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]*)[\"”“»]|(?<!\w)'(\w[^']*)'(?!\w)")
_MARK = re.compile(r"[\"“”„«»]")
_LONGEST_TITLE = 4  # words in quotation marks that are a name


def is_reserved(words: Sequence[Token], explained: set[int]) -> bool:
    """Whether a word that the claim does not explain may make what is said conditional, partial or doubtful.

    `explained`: places of words that are the claim's own, or its auxiliaries and negation.
    """
    return any(
        place not in explained
        and _RESERVATION.fullmatch(token.word) is not None
        and not _is_month(words, place)
        for place, token in enumerate(words)
    )


def _is_month(words: Sequence[Token], place: int) -> bool:
    beside = [*words[max(place - 1, 0) : place], *words[place + 1 : place + 2]]
    return words[place].text == "May" and any(token.word.isdigit() for token in beside)


def is_unreliable(context: str) -> bool:
    """Whether a heading says that what follows does not hold as it stands: "Exceptions", "Draft"."""
    return _UNRELIABLE.search(context) is not None


def without_marks(sentence: str, question: str) -> str | None:
    """Return a sentence without the quotation marks of the question's names; None if it quotes more."""
    asked = question.casefold()

    def name(match: re.Match[str]) -> str:
        inner = (match[1] or match[2] or "").strip(" ,.")
        named = inner and len(inner.split()) <= _LONGEST_TITLE and inner.casefold() in asked
        return inner if named else '"'

    text = _QUOTED.sub(name, sentence)
    return None if _MARK.search(text) else text
