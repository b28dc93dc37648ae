"""Template code in Markdown: Liquid, Jinja, Nunjucks, Hugo, Handlebars, ERB.

Tags are no text; the words between two of them are. A variable stands for words that are not in the file:
those that the front matter or an assignment states are put in, for others the text shows a gap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.formats.markdown.masking import GAP, OPEN, Masking

_MOST = 3000  # characters of a tag
_TAGS = (  # opening, closing; longer openings first
    ("{{<", ">}}"),
    ("{{%", "%}}"),
    ("{{{", "}}}"),
    ("{{", "}}"),
    ("{%", "%}"),
    ("{#", "#}"),
    ("<%", "%>"),
)
_OPENING = re.compile("|".join(re.escape(opening) for opening, _ in _TAGS))
_CLOSING = dict(_TAGS)
_REST_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_NOT_A_TAG = re.compile(r"\n[ \t]*\n")

_COMMENT = re.compile(r"[-~]?\s*(?:/\*|!|#)")  # {{/* Hugo */}}, {{! Handlebars }}, <%# ERB %>
_NAME = re.compile(r"[-+~=%]*\s*(?P<close>/|end[_ ]?)?\s*(?P<name>[\w.:/-]+)")
_VERBATIM = frozenset({"raw", "verbatim"})
_CODE = frozenset({"highlight", "code", "codeblock"})
_UNSEEN = frozenset({"comment", "schema", "javascript", "stylesheet", "style", "css", "js"})
# Tags that put no words in their place, besides those that have an end.
_SILENT = frozenset(
    """
    assign set let capture unset increment decrement cycle break continue import from extends layout block if
    unless elsif elseif elif else when case for with trans pluralize autoescape filter macro call do load
    include_once seo toc feed_meta gtag anchor br clear clearfix page-break pagebreak more readmore
    nav navigation youtube vimeo embed tweet twitter x gist instagram video audio iframe asciinema
    figure img image picture icon fontawesome fa octicon badge button_icon svg logo map chart spacer hr
    rule
    feature-state
    """.split()  # noqa: SIM905
)
_ELSEWHERE = frozenset(
    """
    include include_relative include_cached include-markdown includes render data readfile partial snippet
    reusable content transclude inc import_file include_file remote_include
    """.split()  # noqa: SIM905
)
_ALTERNATIVE = frozenset({"else", "elsif", "elseif", "elif", "when"})
# Included files that hold no sentences.
_NO_WORDS = re.compile(
    r"image|img|figure|picture|photo|video|youtube|vimeo|icon|svg|logo|toc|nav|menu|breadcrumb|head|foot|script|"
    r"analytics|comments|share|pagination|ads\b|button|css|style|gallery|map",
    re.IGNORECASE,
)
_SILENT_NAME = re.compile(r"^(?:if|un)|image|img|icon|figure|video|youtube|screenshot|badge")
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])(?:text|content|caption|title|message|label|summary|heading)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')"""
)
# Handlebars and Go: {{#if open}} … {{/if}}, {{ if .Open }} … {{ end }}
_CONDITION = re.compile(r"[-~]?\s*(?:#|/|else\b|end\b|if\b|range\b|with\b|block\b|define\b|template\b)")
_ASSIGNED = re.compile(
    r"[-~]?\s*(?:assign|set)\s+([\w.]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(-?\d+(?:\.\d+)?))\s*[-~]?"
)
_PATH = re.compile(r"[-~=]?\s*\$?\.?(?P<path>[\w]+(?:[.-][\w-]+)*)\s*[-~]?")
_LITERAL = re.compile(r"[-~=]?\s*(?:\"([^\"]*)\"|'([^']*)')\s*[-~]?")
_PREFIXES = (
    "page.",
    "frontmatter.",
    "page.params.",
    "params.",
    "page.meta.",
    "meta.",
    "this.",
    "post.",
    "metadata.",
)
_DESTINATION = re.compile(r"\]\([^()\s]*\Z|\]\(<[^()>\n]*\Z")
_GITHUB = re.compile(r"\s*(?:github|secrets|env|matrix|steps|inputs|vars|needs|runner|job|jobs|strategy)\.")
_SHOWN_CODE = re.compile(r"\{\{([<%])/\*\s?(.*?)\s?\*/([%>])\}\}", re.DOTALL)
_LISTING = re.compile(r"(`{3,}+|~{3,}+)[^\n]*\n\s*\{\{\s*#(?:rustdoc_)?include [^}\n]*\}\}\s*\n[ \t>]*\1\s*")
_RAW_TAG = re.compile(
    r"(?m:^)[ \t]*\{%-?\s*(?:end)?(?:raw|verbatim)\s*-?%\}[ \t]*\n|\{%-?\s*(?:end)?(?:raw|verbatim)\s*-?%\}"
)


@dataclass(frozen=True, slots=True)
class _Tag:
    start: int
    end: int
    opening: str
    inside: str
    name: str
    closes: bool


def without_templates(masking: Masking, values: Mapping[str, Any]) -> int:
    """Take the template code out of a source; `GAP` stands where words are missing from a line.

    Args:
        masking: The source, with its code set aside.
        values: The front matter.

    Returns:
        The number of tags in whose place the text of other files is shown.
    """
    listings = _Listings()
    masking.change_code(lambda code: listings.left_out(_code_shown(code)))
    if not masking.possible or _OPENING.search(masking.text) is None:
        return listings.count
    masking.text = _SHOWN_CODE.sub(
        lambda tag: masking.mask(f"{{{{{tag[1]} {tag[2]} {tag[3]}}}}}"), masking.text
    )
    reading = _Reading(masking, values)
    masking.text = reading.read(masking.text)
    return listings.count + reading.included


class _Listings:
    """Code that mdBook reads from other files."""

    def __init__(self) -> None:
        self.count = 0

    def left_out(self, code: str) -> str:
        if "{{" not in code or _LISTING.fullmatch(code) is None:
            return code
        self.count += 1
        return ""


def _code_shown(code: str) -> str:
    """Code as the page shows it: {{</* tag */>}} is how Hugo writes a tag that is to be shown."""
    code = _SHOWN_CODE.sub(r"{{\1 \2 \3}}", code) if "*/" in code else code
    return _RAW_TAG.sub("", code) if "raw" in code or "verbatim" in code else code


class _Reading:
    def __init__(self, masking: Masking, values: Mapping[str, Any]) -> None:
        self.included = 0
        self._masking = masking
        self._values = {str(key).lower(): value for key, value in values.items()}
        self._assigned: dict[str, str] = {}

    def read(self, text: str) -> str:
        tags = _tags(text)
        ends: dict[str, list[int]] = {}  # name -> the numbers of the tags that end it
        for number, tag in enumerate(tags):
            if tag.closes:
                ends.setdefault(tag.name, []).append(number)
        done: list[str] = []
        position = number = 0
        while number < len(tags):
            tag = tags[number]
            paired = not tag.closes and tag.name in ends and ends[tag.name][-1] > number
            last = tag
            if paired and tag.name in _WHOLE:
                number = next(end for end in ends[tag.name] if end > number)
                last = tags[number]
                words = self._whole(tag, text[tag.end : last.start])
            else:
                words = self._said(tag, paired=paired)
            if words != GAP and _DESTINATION.search(text, max(0, tag.start - 200), tag.start):
                words = GAP
            start, end = _line(text, tag.start, last.end, position)
            if (start < tag.start or end > last.end) and not (tag.opening == "{{" and words == GAP):
                words = _standing_alone(words, text, start, end)
            else:
                start, end = tag.start, last.end
            done += [text[position : max(start, position)], words]
            position = end
            number += 1
        return "".join([*done, text[position:]])

    def _whole(self, tag: _Tag, inside: str) -> str:
        """What is shown of a tag and all up to its end."""
        if tag.name in _UNSEEN:
            return ""
        if tag.name in _VERBATIM:
            return _OPENING.sub(lambda opening: self._masking.mask(opening[0]), inside)
        if inside.strip().startswith(OPEN):  # a fence in it
            return f"\n\n{inside.strip()}\n\n"
        code = self._masking.unmask(inside).strip("\n")
        if "\n" not in inside:
            return inside
        return f"\n\n{self._masking.mask(f'~~~~~~~~~~{chr(10)}{code}{chr(10)}~~~~~~~~~~')}\n\n"

    def _said(self, tag: _Tag, *, paired: bool) -> str:
        """What is shown in the place of one tag."""
        if tag.opening == "{#" or _COMMENT.match(tag.inside):
            return ""
        if tag.opening in {"{{", "{{{"} or tag.inside.startswith("="):
            return self._variable(tag)
        if found := _ASSIGNED.fullmatch(tag.inside.strip()):
            self._assigned[found[1].lower()] = found[2] or found[3] or found[4] or ""
        return "" if found or tag.closes else self._tag(tag, paired=paired)

    def _tag(self, tag: _Tag, *, paired: bool) -> str:
        """What is shown of a tag that may have words in its attributes, or stand for some."""
        shown = [(one[1] or one[2] or "").replace('\\"', '"') for one in _ATTRIBUTE.finditer(tag.inside)]
        shown = [words for words in shown if words.strip()]
        if shown:
            return "\n\n".join([*shown, ""]) if paired else " ".join(shown)
        if tag.name in _ALTERNATIVE:
            return f" {GAP} "  # on a page only one of the alternatives is shown
        if tag.name in _ELSEWHERE and not _NO_WORDS.search(tag.inside):
            self.included += 1
            return GAP
        silent = (
            paired or tag.name in _SILENT | _ELSEWHERE or _SILENT_NAME.search(tag.name) or tag.opening == "<%"
        )
        return "" if silent else GAP

    def _variable(self, tag: _Tag) -> str:
        if _CONDITION.match(tag.inside):
            return ""
        if found := _LITERAL.fullmatch(tag.inside):
            return next(value for value in found.groups() if value is not None)
        found = _PATH.fullmatch(tag.inside)
        value = self._value(found["path"].lower()) if found else None
        return GAP if value is None else value

    def _value(self, path: str) -> str | None:
        if path in self._assigned:
            return self._assigned[path]
        name = next((path[len(prefix) :] for prefix in _PREFIXES if path.startswith(prefix)), path)
        found: Any = self._values.get(name)
        if found is None and "params" in self._values and isinstance(self._values["params"], Mapping):
            found = {str(key).lower(): value for key, value in self._values["params"].items()}.get(name)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return None
        return " ".join(str(found).split()) or None


_WHOLE = _VERBATIM | _CODE | _UNSEEN


def _tags(text: str) -> list[_Tag]:
    found: list[_Tag] = []
    position = 0
    while opening := _OPENING.search(text, position):
        start, mark = opening.start(), opening[0]
        end = text.find(_CLOSING[mark], opening.end(), opening.end() + _MOST)
        inside = text[opening.end() : end] if end >= 0 else ""
        if end < 0 or _NOT_A_TAG.search(inside) or _plain(text, start, mark, inside):
            position = start + 1
            continue
        position = end + len(_CLOSING[mark])
        named = _NAME.match(inside)
        name = named["name"].lower() if named else ""
        closes = bool(named and named["close"])
        if not closes and name.startswith("end") and name != "end":
            name, closes = name[3:].lstrip("_"), True
        found.append(_Tag(start, position, mark, inside, name, closes))
    return found


def _plain(text: str, start: int, mark: str, inside: str) -> bool:
    """Whether it only looks like a tag: a heading's id {#id}, an attribute in JSX, a formula in TeX."""
    before = text[max(0, start - 12) : start]
    if mark == "{#":
        return not inside[:1].isspace() and not inside.startswith("-")
    if mark in {"{{", "{{{"}:
        tex = re.search(r"(?:\\[A-Za-z]+|[\^_}])\Z", before)
        return before.endswith("=") or bool(tex) or (before.endswith("$") and bool(_GITHUB.match(inside)))
    return False


def _line(text: str, start: int, end: int, after: int) -> tuple[int, int]:
    """Return the whole line of a tag if it stands alone on it, else the tag's own place."""
    head = text.rfind("\n", after, start) + 1 or after
    tail = _REST_OF_LINE.match(text, end)
    if tail is None or text[head:start].strip(" \t") or (head and text[head - 1] != "\n"):
        return start, end
    return head, tail.end()


def _standing_alone(words: str, text: str, start: int, end: int) -> str:
    """What takes the place of a line of template code: an empty line, or a paragraph.

    Nothing where that would end a table or HTML.
    """
    line_above = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start]
    line_below = text[end : end + _MOST].partition("\n")[0]
    above, below = line_above.strip(), line_below.strip()
    if words == GAP and above and below and above[-1] not in "}>" and below[0] not in "{<":
        return f"{words}\n"  # in the middle of a sentence
    if words.strip() and words.strip() != GAP:
        return words if words.startswith("\n\n") else f"\n{words}\n\n"
    inside = line_above.lstrip()[:1] in {"|", "<"} or text[end : end + 200].lstrip()[:1] in {"|", "<"}
    return words if inside else "\n"
