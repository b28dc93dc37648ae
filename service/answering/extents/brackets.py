"""Brackets and quotation marks: a span that holds one of a pair takes the other one, or leaves both. Pure."""

from __future__ import annotations

_CLOSING = {")": "(", "]": "[", "}": "{", "”": "“", "»": "«", "’": "‘"}
_OPENING = frozenset(_CLOSING.values())
_NEAR = 80  # characters beyond the span in which the other one of a pair is taken
_AROUND = 400  # characters on either side in which pairs are sought


def balanced(text: str, start: int, end: int, low: int, high: int) -> tuple[int, int]:
    """Return the span with whole pairs; nothing outside `text[low:high]` is added."""
    words = text[start:end]
    if not any(mark in words for mark in '()[]{}“”«»‘’"'):
        return start, end
    for opening, closing in _pairs(text, max(low, start - _AROUND), min(high, end + _AROUND)):
        if start <= opening < end <= closing:
            if opening == start:
                start += 1
            elif closing - end < _NEAR:
                end = closing + 1
            else:
                end = opening
        elif opening < start <= closing < end:
            if closing == end - 1:
                end -= 1
            elif start - opening <= _NEAR:
                start = opening
    return start, end


def _pairs(text: str, low: int, high: int) -> list[tuple[int, int]]:
    """The places of each pair in `text[low:high]`, inner ones first; marks without a partner are left out."""
    found: list[tuple[int, int]] = []
    stack: list[tuple[str, int]] = []
    for place in range(low, high):
        char = text[place]
        if char == '"':
            _add_straight(text, place, stack, found)
        elif char in _OPENING:
            stack.append((char, place))
        elif char in _CLOSING and (char != "’" or not text[place + 1 : place + 2].isalnum()):
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth][0] == _CLOSING[char]:
                    found.append((stack[depth][1], place))
                    del stack[depth:]
                    break
    return found


def _add_straight(text: str, place: int, stack: list[tuple[str, int]], found: list[tuple[int, int]]) -> None:
    for depth in range(len(stack) - 1, -1, -1):
        if stack[depth][0] == '"':
            found.append((stack[depth][1], place))
            del stack[depth:]
            return
    if not text[max(0, place - 1) : place].isalnum():  # not inches
        stack.append(('"', place))
