"""What is known of a piece of a page by itself: its words, its links, whether it is prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexer.formats.html.walk import Kind, Piece

FEW_LINKED = 0.2
"""Share of a piece's characters that are links, below which it has few."""

_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts without spaces
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?؟…][\"'”’»)\]\d]*(?:\s|$)|[。！？]|:$")
_MIN_PROSE = 10  # words
_MAX_LINKED = 0.5  # of the characters of prose
_LONG = 18  # words: prose even without the end of a sentence


@dataclass(slots=True)
class Facts:
    """What is known of a piece by itself."""

    words: float
    linked: float  # share of its characters that are links
    prose: bool


def facts_of(piece: Piece) -> Facts:
    """Count a piece's words and links, and decide whether it is prose."""
    words = word_count(piece.text)
    linked = piece.linked / max(1, len(piece.text))
    prose = (
        words >= _MIN_PROSE
        and linked < _MAX_LINKED
        and piece.kind is not Kind.HEADING
        and (bool(_SENTENCE.search(piece.text)) or (words >= _LONG and linked < FEW_LINKED))
    )
    return Facts(words, linked, prose)


def word_count(text: str) -> float:
    """Return the number of words; two characters of a script without spaces count as one."""
    if text.isascii():
        return len(_WORD.findall(text))
    spaced, unspaced = _UNSPACED.subn(" ", text)
    return len(_WORD.findall(spaced)) + unspaced / 2
