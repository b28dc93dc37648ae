"""The page an article was taken from, as a link that finds the quoted words there."""

from __future__ import annotations

import re
from urllib.parse import quote

from indexer.metadata import web_url

_CONTEXT = 48  # characters beside the words that tell them from the same words elsewhere
_LONG = 200  # characters beyond which the words are given by their first and last ones
_ENDS = 4  # words at either end


def original_link(url: str | None, text: str, span: tuple[int, int] | None) -> str | None:
    """Return the address of an article's original, with a text fragment for `text[start:end]`.

    Returns None where the article states no http or https address: any other is never a link. The fragment
    is as https://wicg.github.io/scroll-to-text-fragment/ has it: `#:~:text=prefix-,start,end,-suffix`.
    """
    address = web_url(url)
    if address is None or span is None:
        return address
    start, end = span
    # A fragment matches whole words within one paragraph: what is cut or beyond a line is left out.
    before = re.search(r"\s(\S[^\n]*)\Z", text[max(0, start - _CONTEXT) : start])
    after = re.match(r"([^\n]*\S)\s", text[end : end + _CONTEXT])
    parts = [
        *([f"{_encoded(before[1])}-"] if before else []),
        *_ends(text[start:end]),
        *([f"-{_encoded(after[1])}"] if after else []),
    ]
    address = address.partition(":~:")[0]
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(parts)}"


def _ends(words: str) -> list[str]:
    """Return the words, or where they are long or run over paragraphs, their beginning and their end."""
    words = words.strip()
    each = words.split()
    if (len(words) <= _LONG and "\n" not in words) or len(each) == 1:
        return [_encoded(words)]
    count = min(_ENDS, len(each) // 2)
    lines = words.split("\n")
    return [_encoded(" ".join(lines[0].split()[:count])), _encoded(" ".join(lines[-1].split()[-count:]))]


def _encoded(text: str) -> str:
    # The hyphen and the comma have a meaning of their own in a text fragment.
    return quote(text.strip(), safe="").replace("-", "%2D")
