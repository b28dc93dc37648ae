"""Tags whose content no reader sees, written without their end: a slip that would hide the rest of a page.

"Put it in the <template> element" is such a slip for "`<template>`". It is shown as it is written, as GitHub
does with most of these tags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from indexer.formats.html.visibility import UNREAD

_VOID = frozenset(
    {"area", "base", "basefont", "embed", "frame", "img", "input", "link", "meta", "param", "source", "track"}
)
_RAW = frozenset({"noembed", "noframes", "plaintext", "xmp"})
_NAMES = "|".join(sorted((UNREAD | _RAW) - _VOID, key=len, reverse=True))
_TAG = re.compile(rf"<(?P<closing>/?)(?P<name>{_NAMES})(?=[\s/>])", re.IGNORECASE)


def shown_inline(children: Sequence[Token]) -> None:
    """Turn tags in a block of text that are never closed in it into text."""
    open_tags: list[tuple[str, Token]] = []
    for token in children:
        if token.type != "html_inline" or not (tag := _TAG.match(token.content)):
            continue
        name = tag["name"].lower()
        if not tag["closing"]:
            if not token.content.rstrip().endswith("/>"):
                open_tags.append((name, token))
        else:
            at = [place for place, (opened, _) in enumerate(open_tags) if opened == name]
            if at:
                del open_tags[at[-1]]
    for _, token in open_tags:
        token.type = "text"


def shown_block(content: str, html: str, position: int) -> str:
    """Return a block of HTML in which tags that are never closed are text.

    Args:
        content: The block.
        html: All blocks of HTML of the document, in lower case.
        position: Where the blocks after this one begin in `html`.
    """
    if _TAG.search(content) is None:
        return content
    lowered = content.lower()

    def shown(tag: re.Match[str]) -> str:
        end = f"</{tag['name'].lower()}"
        if tag["closing"] or lowered.rfind(end) > tag.start() or html.find(end, position) >= 0:
            return tag[0]
        return f"&lt;{tag[0][1:]}"

    return _TAG.sub(shown, content)
