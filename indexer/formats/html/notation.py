"""Superscripts, subscripts and formulas in characters: 10³, CO₂, (a + b)/2.

Plain text has no raised or lowered words, and "10<sup>3</sup>" must not be read as 103. Characters that
Unicode has raised or lowered are used where there is one for each; other words are set after "^" or "_".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

_RAISED = dict(zip("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ", strict=True))
_LOWERED = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
# Raised for the looks alone: "21st" and "1er" mean the same on the line.
_ORDINAL = re.compile(r"st|nd|rd|th|e|er|re|ère|ème|ère?s|o|a|os|as", re.IGNORECASE)
_SIGNS = {"TM": "™", "SM": "℠"}
_REFERENCE = re.compile(r"\[[^\[\]]{1,40}\]|\([^()]{1,3}\)")
_NOTE = re.compile(r"[\d*†‡§¶a-zA-Z]{1,3}(?:\s*,\s*\d{1,3})*")
_MAX_RAISED = 20  # characters; longer words are small print, not a power


def raised(words: str, *, before: str, reference: bool) -> str:
    """Return the text of a superscript.

    Args:
        words: What the element says.
        before: The text before it.
        reference: Whether it is a link: to a note, then, which is set in brackets.
    """
    return _moved(words, _RAISED, "^", before=before, reference=reference)


def lowered(words: str, *, before: str, reference: bool) -> str:
    """Return the text of a subscript; the arguments are those of `raised`."""
    return _moved(words, _LOWERED, "_", before=before, reference=reference)


def _moved(  # noqa: PLR0911 - the cases are as many
    words: str, forms: dict[str, str], mark: str, *, before: str, reference: bool
) -> str:
    stripped = words.strip()
    if not stripped:
        return words
    if reference and _NOTE.fullmatch(stripped):
        return f"[{stripped}]"
    if _REFERENCE.fullmatch(stripped) or not any(char.isalnum() for char in stripped):
        return words
    if stripped in _SIGNS:
        return _SIGNS[stripped]
    if len(stripped) > _MAX_RAISED or reference:
        return words
    if mark == "^" and before[-1:].isalnum() and _ORDINAL.fullmatch(stripped) and _ordinal(before, stripped):
        return stripped
    if all(char in forms for char in stripped):
        return "".join(forms[char] for char in stripped)
    if not before.strip() or before[-1:].isspace():
        return words
    return f"{mark}{stripped}" if re.fullmatch(r"[\w.,]+", stripped) else f"{mark}({stripped})"


def _ordinal(before: str, words: str) -> bool:
    """Whether raised letters end a number ("21st") or an abbreviation ("Mme"), not a formula ("x^a")."""
    return before[-1].isdigit() or (len(words) > 1 and before[-1].isalpha() and words.casefold() != "th")


# Elements of MathML that say nothing themselves, or say it again in another notation.
_UNSAID = frozenset({"annotation", "annotation-xml", "mphantom", "mspace", "malignmark", "maligngroup"})
_SCRIPTS = {
    "msup": (_RAISED, "^"),
    "mover": (_RAISED, "^"),
    "msub": (_LOWERED, "_"),
    "munder": (_LOWERED, "_"),
}
_BOTH = frozenset({"msubsup", "munderover"})
_ACCENTS = frozenset("¯‾^~˙¨→⃗ˆˇ˘´`_")


def formula(math: etree._Element) -> str:
    """Return a formula in MathML as one line of text."""
    return " ".join(_math(math).split())


def _math(element: etree._Element) -> str:
    tag = _name(element)
    if tag in _UNSAID:
        return ""
    parts = [part for part in element if isinstance(part.tag, str) and _name(part) not in _UNSAID]
    build = _BUILDERS.get(tag)
    if build is not None and len(parts) >= build[0]:
        return build[1](parts)
    own = element.text or ""
    if tag == "mo" and (sign := own.strip()) and len(sign) == 1 and sign in "=<>≤≥≠≈≡∈∼→+−×·±":
        return f" {sign} "
    separator = "\t" if tag == "mtr" else "; " if tag == "mtable" else ""
    said = [_math(part) for part in parts]
    return (own if tag == "mtext" else own.strip()) + separator.join(said)


def _fraction(parts: list[etree._Element]) -> str:
    return f"{_grouped(_math(parts[0]))}/{_grouped(_math(parts[1]))}"


def _root(parts: list[etree._Element]) -> str:
    return f"√{_grouped(''.join(map(_math, parts)))}"


def _root_of_degree(parts: list[etree._Element]) -> str:
    return f"{_script(_math(parts[1]), _RAISED, '^')}√{_grouped(_math(parts[0]))}"


def _scripted(tag: str) -> Callable[[list[etree._Element]], str]:
    forms, mark = _SCRIPTS[tag]

    def build(parts: list[etree._Element]) -> str:
        base, script = _math(parts[0]), _math(parts[1])
        if script.strip() in _ACCENTS:
            return base
        return base + _script(script, forms, mark)

    return build


def _both(parts: list[etree._Element]) -> str:
    base, below, above = (_math(part) for part in parts[:3])
    return base + _script(below, _LOWERED, "_") + _script(above, _RAISED, "^")


def _script(words: str, forms: dict[str, str], mark: str) -> str:
    tight = "".join(words.split())
    if not tight:
        return ""
    if all(char in forms for char in tight):
        return "".join(forms[char] for char in tight)
    if not tight.isalnum() and any(char.isalnum() for char in tight):
        return f"{mark}({' '.join(words.split())})"
    return mark + tight


def _grouped(words: str) -> str:
    line = " ".join(words.split())
    simple = all(char.isalnum() or char in ".,_^" or char in "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉" for char in line)
    return line if simple or (line[:1] == "(" and line.find(")") == len(line) - 1) else f"({line})"


_BUILDERS: dict[str, tuple[int, Callable[[list[etree._Element]], str]]] = {
    "mfrac": (2, _fraction),
    "msqrt": (1, _root),
    "mroot": (2, _root_of_degree),
    **{tag: (2, _scripted(tag)) for tag in _SCRIPTS},
    **dict.fromkeys(_BOTH, (3, _both)),
    "semantics": (1, lambda parts: _math(parts[0])),
}


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition(":")[2].lower()
