"""Words of a question that are not read for its grammar: quotations, parentheses, fixed phrases.

They are replaced by private characters that stand for their places, so that a question built from a masked
one can be restored.
"""

from __future__ import annotations

import re

_HIDDEN = 0xF0000  # stands for the first character of the question
_QUOTED = re.compile(
    r"\"[^\"]*\"|“[^”“]*”|«[^»«]*»|‘[^’‘]*’(?!\w)|(?<!\w)'[^'?]+'(?!\w)|\[[^][]*\]"
    # "(b)" may number a part.
    r"|\((?![1-9a-e]\))[^()]*\)"
    # The question's own private characters.
    r"|[\U000f0000-\U0010ffff]"
)
_FIXED = re.compile(
    r"\b(?:(?:pros and cons|terms and conditions|rules and regulations|goods and services|supply and demand"
    r"|research and development|rights and obligations|name and shame|more and more|again and again"
    r"|over and over|and (?:so (?:on|forth)|the like|others|whatnot))\b"
    r"|between [^,;?]{1,80}? and\b(?! (?:when|where|why|who|what|how|which) ))"
)


def masked(question: str) -> str:
    """Return the question, of at most 50,000 characters, with a private character for each hidden one.

    It has the question's length. A question in capitals is put in lower case.
    """
    lowered = question.lower()
    text = lowered if question.isupper() and len(lowered) == len(question) else question
    text = re.sub(r"[\t\r\f\v\xa0]", " ", text)

    def hidden(match: re.Match[str]) -> str:
        return "".join(chr(_HIDDEN + place) for place in range(*match.span()))

    return _FIXED.sub(hidden, _QUOTED.sub(hidden, text))


def restored(text: str, question: str) -> str:
    """Return a text made of parts of the masked question, with the hidden characters."""
    return "".join(question[ord(one) - _HIDDEN] if ord(one) >= _HIDDEN else one for one in text)
