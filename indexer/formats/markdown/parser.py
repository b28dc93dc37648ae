"""Markdown -> HTML, by markdown-it-py: CommonMark with tables, footnotes, definition lists and notations.

The page that is made is only read, never shown: what has no words (the addresses of links, the marks of
footnotes) is left out, and line breaks of the source are kept.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from indexer.formats.markdown.unclosed import shown_block, shown_inline

# markdown-it-py silently drops what is nested deeper than this; its default is 20 levels (ten lists).
MAX_NESTING = 100

_SIGNS = {
    "table": ("|",),
    "strikethrough": ("~~",),
    "definitions": ("\n: ", "\n:\t", "\n  : ", "\n : ", "\n   : "),
    "footnotes": ("[^", "^["),
    "admonitions": ("!!! ", "??? ", "???+ "),
    "raised": ("^",),
    "lowered": ("~",),
    "wiki": ("[[",),
}
"""The rules beyond CommonMark, and the signs without which none of them applies."""

# What makes no difference to the words is not rendered: a page of fewer elements is read faster.
_UNSHOWN = ("em_open", "em_close", "strong_open", "strong_close", "link_open", "link_close", "footnote_ref")

_SUPERSCRIPT = re.compile(r"\^(?P<words>[+−–-]?\d{1,10}[+−-]?|[A-Za-z]{1,4})\^(?![\w^])")
_SUBSCRIPT = re.compile(r"~(?P<words>\d{1,5}[+−-]?|[A-Za-z])~(?!~)")
_WIKI_LINK = re.compile(
    r"(?P<embedded>!?)\[\[(?P<page>[^\[\]|\n]{1,200})(?:\\?\|(?P<words>[^\[\]\n]{0,200}))?\]\](?![(\[:])"
)
_PICTURE = re.compile(
    r"\S+\.(?:avif|bmp|gif|jpe?g|png|svg|webp)|(?:image|img|alt(?: text)?|screenshot)", re.IGNORECASE
)
_BADGE = re.compile(r"badge|shields\.io|travis-ci|codecov|coveralls", re.IGNORECASE)
_TASK = re.compile(r"\[[ xX]\](?=\s)\s*")


def parse(source: str, *, indented_code: bool = True) -> tuple[list[Token], bool]:
    """Return the tokens of a source, footnotes last, and whether it is nested too deep to be read whole.

    Args:
        source: Markdown.
        indented_code: Whether an indented line may be code; in MDX it is text.
    """
    environment: dict[str, Any] = {}
    wanted = frozenset(name for name, signs in _SIGNS.items() if any(sign in source for sign in signs))
    tokens = _parser(wanted, indented_code).parse(source, environment)
    deep = any(token.level >= MAX_NESTING - 1 for token in tokens)
    html = "".join(token.content for token in tokens if token.type == "html_block").lower()
    position = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline" and token.children:
            _tidy(token.children, task=before is not None and before.type == "paragraph_open")
        elif token.type == "html_block":
            position += len(token.content.lower())
            token.content = shown_block(token.content, html, position)
    return _footnotes_last(tokens, environment), deep


def render(tokens: Sequence[Token]) -> str:
    """Return the tokens as HTML."""
    made = _parser(frozenset(), True)
    return str(made.renderer.render(tokens, made.options, {}))


@functools.lru_cache(maxsize=64)
def _parser(wanted: frozenset[str], indented_code: bool) -> MarkdownIt:
    """A parser with the rules that a source has use for: each rule costs time at every line or sign."""
    made = MarkdownIt("commonmark", {"html": True, "breaks": True, "maxNesting": MAX_NESTING})
    made.enable([name for name in ("table", "strikethrough") if name in wanted])
    if "definitions" in wanted:
        made.use(deflist_plugin)
    if "footnotes" in wanted:
        made.use(footnote_plugin, move_to_end=False)
    if "admonitions" in wanted:
        made.use(admon_plugin)
    if not indented_code:
        made.disable("code")
    for name, rule in (("raised", _superscript), ("lowered", _subscript), ("wiki", _wiki_link)):
        if name in wanted:
            made.inline.ruler.before("link", name, rule)
    for name in _UNSHOWN:
        made.add_render_rule(name, _nothing)
    made.add_render_rule("code_inline", _code)
    made.add_render_rule("image", _image)
    # Addresses are not read.
    made.normalizeLink = lambda url: url  # type: ignore[method-assign]
    made.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    return made


def _tidy(children: list[Token], *, task: bool) -> None:
    """Correct the tokens of a block: boxes of tasks, spaces before notes, tags that would hide text."""
    first = children[0]
    if task and first.type == "text":
        first.content = _TASK.sub("", first.content, count=1) if _TASK.match(first.content) else first.content
    shown_inline(children)
    for place, token in enumerate(children):
        if token.type == "footnote_ref" and place:
            before = children[place - 1]
            after = children[place + 1].content if place + 1 < len(children) else ""
            if before.type == "text" and (not after or after[0] in ".,;:!?)”’"):
                before.content = before.content.rstrip()
        elif token.type == "image":
            token.meta["alone"] = _ends_line(children, place, -1) and _ends_line(children, place, 1)
            token.meta["before"] = children[place - 1].content[-1:] if place else ""
            token.meta["after"] = children[place + 1].content[:1] if place + 1 < len(children) else ""


def _ends_line(children: Sequence[Token], place: int, step: int) -> bool:
    """Whether no words are between a token and a picture, or the end (step 1) or start (-1) of the line."""
    place += step
    while 0 <= place < len(children):
        token = children[place]
        if token.type in {"softbreak", "hardbreak", "image"}:
            return True
        if token.type not in {"link_open", "link_close"} and token.content.strip():
            return False
        place += step
    return True


def _footnotes_last(tokens: list[Token], environment: dict[str, Any]) -> list[Token]:
    """Move footnotes to the end, in the order in which the text refers to them."""
    if "footnotes" not in environment:
        return tokens
    numbers = environment["footnotes"]["refs"]
    text: list[Token] = []
    notes: list[tuple[float, list[Token]]] = []
    open_notes: list[list[Token]] = []
    for token in tokens:
        if token.type == "footnote_reference_open":
            number = numbers.get(f":{token.meta['label']}", -1)
            open_notes.append([])
            notes.append((number if number >= 0 else float("inf"), open_notes[-1]))
        elif token.type == "footnote_reference_close":
            open_notes.pop()
        else:
            (open_notes[-1] if open_notes else text).append(token)
    for number, note in environment["footnotes"]["list"].items():
        if "tokens" in note:  # written where it is referred to: ^[the note]
            inline = Token("inline", "", 0, content=note["content"], children=note["tokens"])
            block = [Token("paragraph_open", "p", 1, block=True), inline, Token("paragraph_close", "p", -1)]
            notes.append((number, block))
    return [*text, *(token for _, note in sorted(notes, key=lambda one: one[0]) for token in note)]


# Notations


def _superscript(state: StateInline, silent: bool) -> bool:
    return _script(state, silent, "^", _SUPERSCRIPT, "sup")


def _subscript(state: StateInline, silent: bool) -> bool:
    return _script(state, silent, "~", _SUBSCRIPT, "sub")


def _script(state: StateInline, silent: bool, mark: str, pattern: re.Pattern[str], tag: str) -> bool:
    if state.src[state.pos] != mark or not state.pos or state.src[state.pos - 1].isspace():
        return False
    found = pattern.match(state.src, state.pos, state.posMax)
    if found is None or state.src[state.pos - 1] == mark:
        return False
    if not silent:
        state.push(f"{tag}_open", tag, 1)
        state.push("text", "", 0).content = found["words"]
        state.push(f"{tag}_close", tag, -1)
    state.pos = found.end()
    return True


def _wiki_link(state: StateInline, silent: bool) -> bool:
    """[[Page|words]] shows the words, [[Page]] the page's name; ![[picture.png]] shows a picture."""
    if not state.src.startswith(("[[", "![["), state.pos):
        return False
    found = _WIKI_LINK.match(state.src, state.pos, state.posMax)
    if found is None or found["page"] != found["page"].strip():
        return False
    if not silent and not found["embedded"]:
        page = found["page"].lstrip("#").replace("#", " > ")
        state.push("text", "", 0).content = page if found["words"] is None else found["words"]
    state.pos = found.end()
    return True


def _image(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:  # noqa: ANN401
    """The description, which is all that a text can keep of a picture."""
    token = tokens[place]
    words = self.renderInlineAsText(token.children, options, env).strip() if token.children else ""
    if not words or _PICTURE.fullmatch(words) or _BADGE.search(str(token.attrs.get("src", ""))):
        return ""
    if token.meta.get("alone"):  # two breaks end a paragraph
        return f"<br><br>{escapeHtml(words)}<br><br>"
    before = " " if str(token.meta.get("before", "")).isalnum() else ""
    after = " " if str(token.meta.get("after", "")).isalnum() else ""
    return f"{before}{escapeHtml(words)}{after}"


def _code(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:  # noqa: ANN401, ARG001
    return escapeHtml(tokens[place].content)


def _nothing(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:  # noqa: ANN401, ARG001
    return ""
