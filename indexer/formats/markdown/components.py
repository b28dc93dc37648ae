"""JSX in Markdown (MDX): imports, components and expressions, of which only the words are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from indexer.formats.markdown.masking import GAP, Masking

_IMPORT = re.compile(
    r"^(?:import[ \t]+(?:[\w$*{},\s]{1,500}?[ \t\n]from[ \t]*)?"
    r"(?:\"[^\"\n]+\"|'[^'\n]+')[ \t]*;?[ \t]*)+$\n?",
    re.MULTILINE,
)
_EXPORT = re.compile(
    r"^export[ \t]+(?:default\b|(?:async[ \t]+)?function\b|(?:const|let|var)[ \t]+[\w$\[\]{}, :]+=)",
    re.MULTILINE,
)
_COMMENT = re.compile(r"\{[ \t]*/\*(?:(?!\*/).){0,5000}\*/[ \t]*\}", re.DOTALL)
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Z][A-Za-z0-9]*[a-z][\w.]*|[a-z][a-z0-9]*(?=[\s][^<>]*=\{))(?=[\s/>])"
)
_FRAGMENT = re.compile(r"^[ \t]*</?>[ \t]*$", re.MULTILINE)
# MDX reads Markdown between HTML tags, CommonMark only after an empty line.
_OWN_LINE = re.compile(r"^([ \t]*</?[a-z][^<>\n]*>[ \t]*)$", re.MULTILINE)
_ATTRIBUTE = re.compile(
    r"\s*(?P<name>[\w:@.-]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<brace>\{)|[^\s>{}\"']+))?"
)
_SHOWN = frozenset({"title", "label", "heading", "description", "summary", "caption", "tabName"})
_STRING = re.compile(r"\{\s*(?:\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`)\s*\}")
_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_BRACE = re.compile(r"[{}]")
_INDENT = re.compile(r"[ \t]*")
_OPENS, _CLOSES = "\ufdd3", "\ufdd4"  # where the tags of a component stood, alone on their lines
_MOST = 2000  # characters of a tag or an expression
_HEADING_ID = re.compile(r"\{\s*(?:#|\.|:)")


def without_components(masking: Masking) -> bool:
    """Take components and expressions out of a source; return whether it is MDX."""
    text = masking.text
    if not masking.possible or ("{" not in text and "<" not in text):
        return False
    text = _COMMENT.sub("", text) if "*/" in text else text
    text, imports = _IMPORT.subn("\n", text) if "import" in text else (text, 0)
    if "export" in text:
        text = _without_exports(text)
    tagged = _TAG.search(text) is not None
    if tagged:
        text = _without_tags(text)
    if imports:
        text = _OWN_LINE.sub(r"\n\1\n", _FRAGMENT.sub("", text))
        text = _without_expressions(text, masking)
    masking.text = text
    return imports > 0


def _without_exports(text: str) -> str:
    done: list[str] = []
    position = 0
    while found := _EXPORT.search(text, position):
        end = _end_of_code(text, found.end())
        done.append(text[position : found.start()])
        position = end
    return "".join([*done, text[position:]])


def _end_of_code(text: str, start: int) -> int:
    """The end of the lines in which all brackets are closed again."""
    depth = 0
    for found in re.compile(r"[({\[]|[)}\]]|\n|\Z").finditer(text, start, start + _MOST):
        depth += (found[0] in "({[" and bool(found[0])) - (found[0] in ")}]" and bool(found[0]))
        if depth <= 0 and found[0] in {"\n", ""}:
            return found.end()
    return text.find("\n", start) + 1 or len(text)


@dataclass(slots=True)
class _Tag:
    end: int
    shown: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    empty: bool = False


def _without_tags(text: str) -> str:
    """Take out the tags of components, and what HTML does not know of other tags: attributes in braces."""
    braces = _braces(text)
    done: list[str] = []
    position = 0
    while opening := _TAG.search(text, position):
        tag = _read_tag(text, opening.end(), braces)
        if tag is None:
            done.append(text[position : opening.end()])
            position = opening.end()
            continue
        done.append(text[position : opening.start()])
        if opening["name"][0].islower():
            done.append("".join([f"<{opening['name']}", *tag.kept, "/>" if tag.empty else ">"]))
            position = tag.end
            continue
        alone = _alone(text, opening.start(), tag.end)
        indent = _INDENT.match(text, text.rfind("\n", 0, opening.start()) + 1)
        between = f"\n\n{indent[0] if indent else ''}"
        mark = _CLOSES if opening["close"] else "" if tag.empty else _OPENS
        if tag.shown:
            done.append(between.join(["" if alone else "\n", *tag.shown, mark if alone else ""]))
        elif alone:
            done.append(f"{mark}\n")
        position = tag.end
    return _unindented("".join([*done, text[position:]]))


def _unindented(text: str) -> str:
    """Take from the content of components that stand on lines of their own what it is indented by."""
    if _OPENS not in text:
        return text.replace(_CLOSES, "")
    lines = text.split("\n")
    shifts: list[int] = []  # of the components around
    shift = 0  # their sum
    opened: int | None = None  # the indent of a tag whose content begins with the next words
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip(" \t"))
        said = bool(line.strip(f" \t{_OPENS}{_CLOSES}"))
        if opened is not None and said:
            shifts.append(max(0, indent - opened))
            shift += shifts[-1]
            opened = None
        if _CLOSES in line:
            if opened is not None:
                opened = None
            elif shifts:
                shift -= shifts.pop()
        elif _OPENS in line:
            if opened is not None:
                shifts.append(0)
            opened = indent
        lines[number] = line[min(indent, shift) :].replace(_OPENS, "").replace(_CLOSES, "")
    return "\n".join(lines)


def _alone(text: str, start: int, end: int) -> bool:
    """Whether only tags are on the line besides what is from `start` to `end`."""
    line = text.rfind("\n", max(0, start - _MOST), start) + 1
    after = text.find("\n", end, end + _MOST)
    if (not line and start > _MOST) or (after < 0 and len(text) - end > _MOST):
        return False
    around = text[line:start] + text[end : after if after >= 0 else len(text)]
    return _ANY_TAG.sub("", around).strip(" \t>") == ""


def _read_tag(text: str, position: int, braces: dict[int, int]) -> _Tag | None:
    """Read a tag from after its name to its end; None if it has none."""
    tag = _Tag(position)
    most = min(len(text), position + _MOST)
    while position < most:
        closed = re.compile(r"\s*(/?)>").match(text, position)
        if closed:
            tag.end, tag.empty = closed.end(), bool(closed[1])
            return tag
        spread = re.compile(r"\s*\{").match(text, position)  # {...props}
        if spread:
            position = braces.get(spread.end() - 1, -1)
            if position < 0:
                return None
            continue
        found = _ATTRIBUTE.match(text, position)
        if found is None:
            return None
        position = found.end()
        value = found["double"] if found["double"] is not None else found["single"]
        if found["brace"]:
            begin = position - 1
            position = braces.get(begin, -1)
            if position < 0:
                return None
            literal = _STRING.fullmatch(text, begin, position)
            value = next((one for one in literal.groups() if one is not None), None) if literal else None
        else:
            tag.kept.append(found[0])
        if value and value.strip() and found["name"] in _SHOWN:
            tag.shown.append(value.strip())
    return None


def _braces(text: str) -> dict[int, int]:
    """Return where each brace that is closed opens -> the position after the one that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            found[opened.pop()] = brace.end()
    return found


def _without_expressions(text: str, masking: Masking) -> str:
    braces = _braces(text)
    done: list[str] = []
    position = 0
    while (start := text.find("{", position)) >= 0:
        end = braces.get(start, -1)
        if (
            end < 0
            or end - start > _MOST
            or text[start - 1 : start] == "\\"
            or _HEADING_ID.match(text, start)
        ):
            done.append(text[position : start + 1])
            position = start + 1
            continue
        literal = _STRING.fullmatch(masking.unmask(text[start:end]))
        words = GAP if literal is None else next(one for one in literal.groups() if one is not None)
        if literal and literal[3] is not None:  # words between backticks, with variables in them
            words = masking.mask(_VARIABLE.sub(GAP, words))
        done += [text[position:start], "\n" if words == GAP and _alone(text, start, end) else words]
        position = end
    return "".join([*done, text[position:]])
