"""A passage as HTML, with the candidate and the acceptable answers marked.

Articles are untrusted: their words are escaped here, and nothing is added to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

LONG = 1_600
"""The longest excerpt in characters; a longer one is cut to the surroundings of its marks."""
CONTEXT = 400
"""About how many characters are kept on each side of a mark when an excerpt is cut."""

Span = tuple[int, int]


def marked(text: str, given: Sequence[Span], gold: Sequence[Span]) -> Markup:
    """Return a text as HTML, with spans marked `given`, `gold`, or both where they overlap.

    Spans are half-open, in code points of `text`; parts outside the text are ignored. In a text longer than
    `LONG`, what is far from every mark is replaced by […]; a mark is always shown whole.
    """
    kinds = (("given", given), ("gold", gold))
    edges = {edge for _, spans in kinds for span in spans for edge in span if 0 < edge < len(text)}
    runs: list[tuple[int, int, str]] = []
    for begin, end in pairwise(sorted({0, len(text), *edges})):
        names = " ".join(
            name for name, spans in kinds if any(low <= begin and end <= high for low, high in spans)
        )
        # Spans of one kind that overlap or touch are one mark.
        start = runs.pop()[0] if runs and runs[-1][2] == names else begin
        runs.append((start, end, names))
    parts = []
    for start, end, names in runs:
        words = text[start:end]
        if names:
            parts.append(Markup('<mark class="{}">{}</mark>').format(names, words))
        elif len(text) > LONG:
            parts.append(_shortened(words, first=start == 0, last=end == len(text)))
        else:
            parts.append(escape(words))
    return Markup("").join(parts)


def _shortened(words: str, *, first: bool, last: bool) -> Markup:
    """Unmarked text without what is far from a mark, cut between words where there are spaces."""
    head, tail = "" if first else words[:CONTEXT], "" if last else words[-CONTEXT:]
    if first and last:
        head = words[:LONG]
    if len(head) + len(tail) >= len(words):
        return escape(words)
    head, tail = (head.rsplit(None, 1) or [""])[0], (tail.split(None, 1) or [""])[-1]
    return Markup('{} <span class="gap">[…]</span> {}').format(head, tail)
