"""Addresses, paths, names with marks, numbers of phones and versions: a span takes them whole. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Endings of site names that are no English words, so that "the end.no one" is not one.
_TOP_LEVEL = (
    "com|org|net|edu|gov|mil|int|io|ai|app|dev|info|biz|uk|de|fr|nl|ch|eu|jp|cn|ru|au|ca|br|pk|nz|pl|es|se|dk"
    "|fi|tv|xyz"
)
_FILE = (
    "txt|pdf|py|js|ts|json|toml|ya?ml|md|html?|css|csv|exe|zip|cfg|conf|ini|log|sh|xml|png|jpe?g|gif|svg|docx?"
    "|xlsx?|java|rs|go|db"
)
_ADDRESS = re.compile(
    rf"""
      (?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)[^\s<>"“”«»]+                      # https://example.org/x?y=1
    | (?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+                              # press@example.org
    | [A-Za-z]:\\[^\s<>"|“”]*                                               # C:\x
    | (?<![\w@#/&])[@#]\w[\w.-]*                                            # @handle, \#tag
    | (?<![\w./~])(?:~|\.{{1,2}})?/[\w.+~-]+(?:/[\w.+~-]*)*                 # /etc/hosts
    | (?<![\w./])[\w.-]+(?:/[\w.-]+)*/[\w-]+\.(?:{_FILE})\b                 # src/main.py
    | (?<![\w./-])(?:[A-Za-z0-9][\w-]*\.)+(?:{_TOP_LEVEL})\b(?:/[^\s<>"“”]*)?  # example.org
    | (?<![\w./])[\w-]+(?:\.[\w-]+)*\.(?:{_FILE}|NET|JS)\b                    # notes.txt, Node.js
    | (?<![\w.)\]])\.[A-Za-z][\w-]*(?:\.[\w-]+)*                            # .NET, .env
    | (?<![\w.])[vV]?\d+(?:\.\d+)+(?:-?(?:rc|beta|alpha|b|a)[.-]?\d*)?(?!\w)  # v1.2.3
    """,
    re.VERBOSE,
)
_PHONE = re.compile(
    r"(?<![\w+])(?:\+\d{1,3}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,5}\d{1,4}|\(\d{3}\)\s?\d{3}[-.\s]\d{4}"
    r"|\d{3}[-.]\d{3}[-.]\d{4})(?!\w)"
)
_LONGEST_PHONE = 24
# "p.m.", "U.S."
_INITIALS = re.compile(r"(?<![\w.])(?:(?:[^\W\d]\.){2,}(?!\w)|[^\W\d](?:\.[^\W\d])+(?!\w))")
_AROUND = 200  # characters on either side of a span's end that an address may reach


def whole_addresses(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span widened to the addresses that it begins or ends in."""
    first, last = start, end
    for found in (_part_at(text, start), _part_at(text, end - 1)):
        if found is not None:
            first, last = min(first, found[0]), max(last, found[1])
    return first, last


def _part_at(text: str, place: int) -> tuple[int, int] | None:
    """The address that the character is in."""
    return next((found for found in _parts_near(text, place) if found[0] <= place < found[1]), None)


def _parts_near(text: str, place: int) -> Iterator[tuple[int, int]]:
    left, right = text[max(0, place - _AROUND) : place], text[place : place + _AROUND]
    before = "" if not left or left[-1].isspace() else left.rsplit(maxsplit=1)[-1]
    after = "" if right[0].isspace() else right.split(maxsplit=1)[0]
    low, chunk = place - len(before), before + after
    if not chunk.isalnum():
        for found in _INITIALS.finditer(chunk):
            yield low + found.start(), low + found.end()
        for found in _ADDRESS.finditer(chunk):
            yield low + found.start(), low + found.start() + len(_without_end_marks(found.group()))
    if text[place].isdigit() or text[place] in "+()":
        for found in _PHONE.finditer(text, max(0, place - _LONGEST_PHONE), place + _LONGEST_PHONE):
            yield found.span()


def _without_end_marks(address: str) -> str:
    before = None
    while before != address:
        before = address
        address = address.rstrip(".,;:!?'’*_")
        for opening, closing in ("()", "[]"):
            if address.endswith(closing) and address.count(opening) < address.count(closing):
                address = address[:-1]
    return address
