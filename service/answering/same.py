"""Whether two answers are the same: the key that they are compared by. Pure.

The key leaves out what does not change the meaning, and nothing else: "12,000" and "12,000." are the same
answer, "A" and "A-", "5" and "5%", "65" and '65"' are not.
"""

from __future__ import annotations

import re
import unicodedata

from indexer.analyzer import is_function_word, narrow

_CURRENCY = "$£¥\u20a0-\u20cf"
_SPACE_AROUND_UNIT = re.compile(rf"\s+(?=[%‰°])|(?<=[{_CURRENCY}])\s+")  # "5 %" is "5%", "€ 5" is "€5"
_INITIALS = re.compile(r"\b[^\W\d](?:\.[^\W\d])+\b\.?")  # "U.S." is "US", "p.m." is "pm"
# Marks that can be ignored without a change of meaning. A number keeps its sign, point, comma, colon and
# slash; a name its dot and a path its slash at the start; letters, combining marks and every other mark stay.
_IGNORABLE = re.compile(
    rf"(?<!\S)\.(?!\w)|(?<=\S)\.(?!\d)|(?<=[^\d\s])[,:/]|(?<!\S)[,:]|[,:/](?!\w)|(?<=\w)[-–]"
    rf"|[-–](?![\d{_CURRENCY}])|[!?;…\"'`()\[\]{{}}|*_\\«»‹›‘-‟―—·•、。，；：？！「」『』（）]"
)
# Marks of these shapes carry meaning; they become private characters while the others are left out.
_MINUS, _INCH, _FOOT = "\ue000", "\ue001", "\ue002"
_GRADE = re.compile(r"(?<![^\W_])([A-Z]{1,2}|Rh)[-–](?![\w])")  # "A-", "O-", "AB-"
_FEET = re.compile(r"(?<=\d)['’′](?=\s?\d)")
_INCHES = re.compile(r"(?<=\d)[\"”″](?!\w)")
_QUOTES = re.compile(r"[\"“”″]")
_SIGN = re.compile(rf"(?<![\w)])–(?=[{_CURRENCY}]?\.?\d)")
_ARTICLES = frozenset(["a", "an", "the"])


def normalised(text: str) -> str:
    """Return the key of an answer; two texts with the same key are the same answer.

    Case folded where that keeps the meaning ("it" is not "IT", "A" is not "a"), full-width characters as
    ASCII, single spaces, no ignorable marks, no article before the first word. Empty only for an empty text.
    """
    # Not NFKC, for which 10² is 102.
    plain = unicodedata.normalize("NFC", narrow(text)).replace("−", "-")
    if not plain.isalnum():
        plain = _with_marks_kept(plain)
        plain = _IGNORABLE.sub(" ", _SPACE_AROUND_UNIT.sub("", plain))
    words = plain.split()
    while len(words) > 1 and words[0].casefold() in _ARTICLES:
        del words[0]
    # A text of only ignorable marks equals nothing but itself.
    return unicodedata.normalize("NFC", " ".join(_folded(words))) or text


def _with_marks_kept(plain: str) -> str:
    plain = _SIGN.sub("-", _INITIALS.sub(lambda found: found.group().replace(".", ""), plain))
    plain = _GRADE.sub(rf"\1{_MINUS}", plain)
    plain = _FEET.sub(_FOOT, plain)
    # A quotation mark after a figure closes a quotation if there is one to close.
    if len(_QUOTES.findall(plain)) % 2 == 1:
        plain = _INCHES.sub(_INCH, plain)
    if plain.count("'") + plain.count("’") == 1:
        plain = re.sub(r"(?<=\d)['’](?!\w)", _FOOT, plain)
    return plain.replace("″", _INCH).replace("′", _FOOT)


def _folded(words: list[str]) -> list[str]:
    last = len(words) - 1
    return [
        word if _case_matters(word, last=place == last) else word.casefold()
        for place, word in enumerate(words)
    ]


def _case_matters(word: str, *, last: bool) -> bool:
    # A letter at the end is a name: a grade, a type, a note. "IT" and "US" are not "it" and "us".
    if len(word.rstrip(_MINUS + "+#")) == 1:
        return last
    return word.isupper() and is_function_word(word.casefold())
