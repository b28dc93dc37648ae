"""Code in a Markdown source, set aside while the rest is prepared.

What stands in code is shown as it is written: "{{ name }}" in a code span is text, outside it is a variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

OPEN, CLOSE, GAP = "\ufdd0", "\ufdd1", "\ufdd2"
"""Around the number of a part set aside; where words are missing that the source does not hold.

They are noncharacters, which Unicode keeps for uses like this one.
"""

_MARKS = re.compile("[\ufdd0-\ufddf]")
_MASK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_FENCE = re.compile(
    r"^(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE
)
_DIRECTIVE = re.compile(
    r"[ \t]*\{(?:attention|caution|danger|error|hint|important|note|seealso|tip|warning|admonition|"
    r"dropdown|epigraph|margin|sidebar|card|tab-item)\}"
)
_MATHS = re.compile(r"\$\$(?:(?!\n[ \t]*\n)[^$]){1,2000}\$\$")
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?:(?: {4}|\t)[^\n]*\n(?:[ \t]*\n(?=(?: {4}|\t)))*)+", re.MULTILINE)
_FIRST_INDENT = re.compile(r" {4}|\t")
_BEGINS_INDENTED = re.compile(
    r"[ \t>]*(?:[-*+]|\d{1,9}[.)]|:|!!!|\?\?\?\+?|===|\[\^[^\]\n]+\]:)(?:[ \t]|$)|[ \t]*</?[A-Za-z!]|[ \t]+\S"
)
_BETWEEN_PARAGRAPHS = re.compile(f"(\\n[ \\t]*\\n|{OPEN}\\d+{CLOSE})")
_FENCES = ("```", "~~~")

_INDENTED_TAG = re.compile(r"\n[ \t]*\n(?: {4}|\t)[ \t]*</?[a-zA-Z]")
_HTML_LINE = re.compile(
    r" {0,3}<(?:article|aside|blockquote|details|div|dl|figure|main|ol|section|table|ul)[\s>]", re.IGNORECASE
)
_BLOCK_TAG = re.compile(
    r"<(/?)(?:article|aside|blockquote|details|div|dl|figure|main|ol|section|table|ul)(?=[\s>])",
    re.IGNORECASE,
)


class Masking:
    """Parts of a source that are set aside, and put back where their marks stand."""

    def __init__(self, source: str) -> None:
        """Set aside the code of `source`, Markdown whose lines end in line feeds."""
        self._parts: list[str] = []
        self.possible = _MARKS.search(source) is None
        self.text = self._mask_spans(_without_indents(self._mask_fences(source))) if self.possible else source

    def mask(self, part: str) -> str:
        """Set a part aside and return its mark; it may hold marks itself."""
        self._parts.append(part)
        return f"{OPEN}{len(self._parts) - 1}{CLOSE}"

    def unmask(self, text: str) -> str:
        """Put back what the marks in `text` stand for."""
        if not self.possible:
            return text
        done: list[str] = []
        position = 0
        for mark in _MASK.finditer(text):
            part = self.unmask(self._parts[int(mark[1])])
            if part.startswith(_FENCES) and "\n" in part:  # its lines are indented as the first one is
                lead = text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()]
                part = part.replace("\n", "\n" + re.sub(r"[^\s>]", " ", lead))
            done += [text[position : mark.start()], part]
            position = mark.end()
        return "".join([*done, text[position:]])

    def change_code(self, change: Callable[[str], str]) -> None:
        """Apply `change` to all that was set aside."""
        self._parts = [change(part) for part in self._parts]

    def _mask_fences(self, source: str) -> str:
        done: list[str] = []
        position = start = 0
        while opening := _FENCE.search(source, start):
            mark, info = opening["fence"], opening["info"]
            if mark[0] == "`" and "`" in info:  # a code span
                start = opening.end()
                continue
            closing = re.compile(rf"^[ \t>]*{re.escape(mark)}{mark[0]}*[ \t]*$", re.MULTILINE)
            found = closing.search(source, min(opening.end() + 1, len(source)))
            start = found.end() if found else len(source)
            fenced = _unindented(source[opening.start("fence") : start], opening["lead"])
            done.append(source[position : opening.start("fence")])
            is_text = found is not None and _DIRECTIVE.match(info) is not None
            done.append(self._directive(info, fenced) if is_text else self.mask(fenced))
            position = start
        return "".join([*done, source[position:]])

    def _directive(self, info: str, fenced: str) -> str:
        """MyST writes its notes as fences; what is in them is Markdown."""
        inside = fenced.partition("\n")[2].rpartition("\n")[0]
        return f":::{info.strip()}\n{self._mask_fences(inside)}\n:::"

    def _mask_spans(self, text: str) -> str:
        if "\n\n    " in text or "\n\n\t" in text or text.startswith(("    ", "\t")):
            text = _INDENTED.sub(self._mask_indented, text)
        if "$$" in text:
            text = _MATHS.sub(lambda maths: self.mask(maths[0]), text)
        if "`" not in text:
            return text
        return "".join(
            self._mask_paragraph(paragraph) if "`" in paragraph else paragraph
            for paragraph in _BETWEEN_PARAGRAPHS.split(text)
        )

    def _mask_indented(self, block: re.Match[str]) -> str:
        """Mask an indented block, unless it is what a list item or the like goes on with."""
        above = block.string[max(0, block.start() - 2000) : block.start()].rstrip("\n")
        if _BEGINS_INDENTED.match(above, above.rfind("\n") + 1):
            return block[0]
        code = _FIRST_INDENT.sub("", block[0], count=1).rstrip("\n")
        return f"    {self.mask(code)}\n"

    def _mask_paragraph(self, text: str) -> str:
        runs = [(run.start(), run.end()) for run in re.finditer(r"`+", text)]
        later: dict[int, list[int]] = {}  # length of a run -> the numbers of such runs, the last one first
        for number in range(len(runs) - 1, -1, -1):
            later.setdefault(runs[number][1] - runs[number][0], []).append(number)
        done: list[str] = []
        position = number = 0
        while number < len(runs):
            start, end = runs[number]
            same = later[end - start]
            while same and same[-1] <= number:
                same.pop()
            if (start and text[start - 1] == "\\") or not same:
                number += 1
                continue
            closing = same.pop()
            done += [text[position:start], self.mask(text[start : runs[closing][1]])]
            position = runs[closing][1]
            number = closing + 1
        return "".join([*done, text[position:]])


def _unindented(fenced: str, lead: str) -> str:
    """Take from the lines of a fence what is before its first one: spaces, and the marks of quotes."""
    if not lead:
        return fenced
    if ">" in lead:
        return re.sub(r"\n[ \t]*(?:>[ \t]?)*", "\n", fenced)
    width = len(lead.expandtabs(4))
    first, *lines = fenced.split("\n")
    return "\n".join([first, *(_cut(line, width) for line in lines)])


def _cut(line: str, columns: int) -> str:
    start = 0
    while columns > 0 and line[start : start + 1] in {" ", "\t"}:
        columns -= 4 if line[start] == "\t" else 1
        start += 1
    return line[start:]


def _without_indents(text: str) -> str:
    """Take the indents from HTML in which empty lines stand: CommonMark would show its tags as code."""
    if _INDENTED_TAG.search(text) is None:
        return text
    depth = 0
    empty = False
    lines = text.split("\n")
    for number, line in enumerate(lines):
        stripped = line.lstrip(" \t")
        if depth and (stripped.startswith("<") or (empty and stripped)):
            lines[number] = stripped
        if depth or _HTML_LINE.match(line):
            for tag in _BLOCK_TAG.finditer(line):
                depth = max(0, depth + (-1 if tag[1] else 1))
        empty = not stripped
    return "\n".join(lines)
