"""Links to an article's original web page, with a text fragment that finds the quoted words."""

from __future__ import annotations

import re
from urllib.parse import quote

from indexer.metadata import web_url

_CONTEXT = 48  # characters before and after the words, to find the right occurrence
_LONG = 200  # characters; longer quotations are given by their first and last words
_ENDS = 4  # first and last words of a long quotation


def original_link(url: str | None, text: str, span: tuple[int, int] | None) -> str | None:
    """Return the address of an article's original, with a text fragment for `text[start:end]`.

    Returns None where the article states no http or https URL: no other scheme becomes a link. The fragment
    follows https://wicg.github.io/scroll-to-text-fragment/: `#:~:text=prefix-,start,end,-suffix`.
    """
    address = web_url(url)
    if address is None or span is None:
        return address
    start, end = span
    # A fragment matches whole words within one paragraph: cut words and other lines are left out.
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
    """Return the words, or their first and last ones if they are long or span paragraphs."""
    words = words.strip()
    each = words.split()
    if (len(words) <= _LONG and "\n" not in words) or len(each) == 1:
        return [_encoded(words)]
    count = min(_ENDS, len(each) // 2)
    lines = words.split("\n")
    return [_encoded(" ".join(lines[0].split()[:count])), _encoded(" ".join(lines[-1].split()[-count:]))]


def _encoded(text: str) -> str:
    # Hyphens and commas are syntax in a text fragment.
    return quote(text.strip(), safe="").replace("-", "%2D")
