"""Whether "or" offers a choice: "Is it red or blue?" does, "Do you sell or share my data?" does not. Pure."""

from __future__ import annotations

import re

_NO_CHOICE = re.compile(
    # "five or more", "any food or drink", "dogs or other pets"
    r"\bor (?:any|other|others|more|less|fewer|later|earlier|over|under|older|younger|above|below|longer"
    r"|shorter|better|similar|equivalent|so|otherwise|anything|anyone|elsewhere|both|part)\b"
    r"|\b(?:any|anyone|anybody|anything|ever|either|without)\b[^?]*\bor\b"
    # what is allowed, done and planned is asked of both: "Can I cancel or change my booking?"
    r"|^(?:can|could|may|must|shall|will|would|should) "
    r"|^(?:am|are|is) [^?]{1,80}\b(?:allowed|permitted|able|entitled|required|prohibited|forbidden)\b"
    r"|^(?:do|does|did) (?:i|you|we|they|he|she|it) \w+ or \w+"
    r"|^(?:is|are|was|were) [^?]{1,80}\w\wed or \w+ed\b"
    r"|^(?:is|are|was|were) \w+ or \w+ \w",
    re.IGNORECASE,
)
_DETERMINER = r"(?:the|a|an|my|your|his|her|its|our|their)"
_TWO_SUBJECTS = re.compile(rf"^\w+ {_DETERMINER} (?:[\w'-]+ ){{1,3}}or {_DETERMINER}\b", re.IGNORECASE)
_SIDES = re.compile(rf"([\w$€£]+)[^\s\w]* or (?:(?:in|at|on|by|to|from|for|with|{_DETERMINER}) )*([\w$€£]+)")
_BETWEEN_TWO = re.compile(r"^(?:is|are|was|were|am|did)\b", re.IGNORECASE)


def offers_choice(clause: str) -> bool:
    """Whether a clause, with its auxiliary first if it has one before its subject, asks which of two things.

    It does between two names or numbers, two subjects with an article, and after "is" and "did".
    """
    if " or " not in clause:
        return False
    for match in _SIDES.finditer(clause):
        one, other = match[1], match[2]
        if (one[0].isupper() and other[0].isupper()) or (one[-1].isdigit() and other[-1].isdigit()):
            return True
    if _NO_CHOICE.search(clause):
        return False
    return _TWO_SUBJECTS.match(clause) is not None or _BETWEEN_TWO.match(clause) is not None
