"""Conventions of single programs, which CommonMark would show as text: admonitions, lists of attributes.

A title that the page shows becomes a paragraph of its own; marks that the page does not show are taken out.
"""

from __future__ import annotations

import re

from indexer.formats.markdown.masking import Masking

_LEAD = r"^(?P<lead>[ \t]*(?:>[ \t]?)*[ \t]*)"
# Kinds of admonition whose name stands above them if they have no title of their own.
_NAMED = frozenset(
    """
    abstract attention bug caution danger details error example failure hint important info note question
    quote success summary tip todo warning
    """.split()  # noqa: SIM905
)
_CONTAINER = re.compile(_LEAD + r":{3,}[ \t]*(?P<rest>[^\n]*)$", re.MULTILINE)
_CONTAINER_KIND = re.compile(
    r"\{?\.?(?P<kind>[A-Za-z][\w:-]*)\}?(?:\[(?P<bracket>[^\]\n]*)\])?"
    r"(?:\{(?P<attributes>[^{}\n]*)\})?[ \t]*(?P<title>[^\n]*?)[ \t]*:*"
)
_TITLE_ATTRIBUTE = re.compile(r"\b(?:title|label)=(?:\"([^\"\n]*)\"|'([^'\n]*)')")
_OPTION = re.compile(r"(?<=:::)(?:\n[ \t]*:[\w-]+:[^\n]*)+")
_SLASHES = re.compile(
    _LEAD + r"///[ \t]*(?P<kind>[a-z][\w-]*)?[ \t]*(?:\|[ \t]*(?P<title>[^\n]*))?$", re.MULTILINE
)
_ALERT = re.compile(
    r"^(?P<lead>[ \t]*(?:>[ \t]?)+)\[!(?P<kind>[A-Za-z][\w-]*)(?:\|[^\]\n]*)?\][+-]?[ \t]*(?P<title>[^\n]*)$",
    re.MULTILINE,
)
_MARKED = re.compile(
    r"^(?P<lead>[ \t>]*)(?P<mark>!!!|\?\?\?\+?)(?P<rest>[^\n]*)$"
    r"(?P<body>(?=(?:\n[ \t>]*)*\n(?P=lead)(?: {4}|\t)))?",
    re.MULTILINE,
)
_ADMONITION = re.compile(
    r"[ \t]?(?P<kind>[a-z][\w-]*)?(?:[ \t]+(?:inline|end|left|right|annotate|highlight))*"
    r"(?P<title>[ \t]+\"[^\"\n]*\")?[ \t]*"
)
_TAB = re.compile(r"^(?P<lead>[ \t]*)===[!+]{0,2}[ \t]+\"(?P<title>[^\"\n]*)\"[ \t]*$", re.MULTILINE)

_LIST_WITH_CONTENTS = re.compile(
    r"^[ \t]{0,9}(?:[-*+]|\d{1,9}\.)[ \t][^\n]*\n[ \t]{0,9}\{:?[ \t]*:?toc[^{}\n]*\}[ \t]*$", re.MULTILINE
)
_CONTENTS = re.compile(r"^[ \t]*(?:\[\[?_?TOC_?\]\]?|\{\{TOC\}\})[ \t]*$", re.MULTILINE | re.IGNORECASE)
# Spaces are counted: a pattern that may begin in each of many would take for ever.
_GAP, _SPACES = r"[ \t]{0,9}", r"[ \t]{1,9}"
_VALUE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"'=]+)"
_ATTRIBUTE = rf"(?:#[^\s{{}}]+|\.[\w:-]+|[\w:@-]+={_VALUE})"
_MORE = rf"(?:{_SPACES}(?:{_ATTRIBUTE}|[\w-]+))*{_GAP}"
_KRAMDOWN = re.compile(rf"[ \t]?\{{:(?:{_ATTRIBUTE}|{_SPACES}(?:{_ATTRIBUTE}|\w+)|toc){_MORE}\}}")
_KRAMDOWN_EXTENSION = re.compile(r"\{:(?::[^{}\n]{0,200}/?|/\w*)\}")
_AFTER_HEADING = re.compile(
    rf"^([ \t>]*#{{1,6}}[ \t][^\n]*?){_GAP}\{{:?{_GAP}{_ATTRIBUTE}{_MORE}\}}[ \t#]*$", re.MULTILINE
)
_AFTER_SETEXT = re.compile(
    rf"{_GAP}\{{#[^\s{{}}]+{_MORE}\}}{_GAP}$(?=\n{_GAP}(?:=+|-+){_GAP}$)", re.MULTILINE
)
_AFTER_LINK = re.compile(rf"(?<=[)\]*_>\ufdd1])\{{:?{_GAP}{_ATTRIBUTE}{_MORE}\}}")
_ALONE = re.compile(rf"^[ \t>]*\{{:?{_GAP}{_ATTRIBUTE}{_MORE}\}}{_GAP}$", re.MULTILINE)
_ROLE = re.compile(r"\{(?P<role>[a-z][\w:+.-]*)\}(?=\ufdd0)")
_ABBREVIATION = re.compile(r"^[ ]{0,3}\*\[[^\]\n]{1,100}\]:[^\n]*$\n?", re.MULTILINE)
_SNIPPET = re.compile(r"^[ \t]*-+8<-+[^\n]*$", re.MULTILINE)
_TILDE = re.compile(r"^([ \t>]*)~(?=[ \t])", re.MULTILINE)
_MARKDOWN_INSIDE = re.compile(
    r"^([ \t]*<[A-Za-z]\w*(?:[^<>\n]*\s)markdown(?:=[\"']?\w+[\"']?)?(?:\s[^<>\n]*)?>)", re.MULTILINE
)
_CLOSING_TAG = re.compile(
    r"^([ \t]*</(?:div|section|article|aside|details|figure|figcaption|header|footer|main|p|td|th|li)>)",
    re.MULTILINE,
)


def plain(masking: Masking) -> None:
    """Turn the conventions of single programs in a source into CommonMark."""
    if masking.possible:
        masking.text = _without_comments(masking.text)
        masking.text = _attributes(_admonitions(masking.text))


def unclosed_comment(text: str) -> int | None:
    """Return the number of the line where a comment begins that never ends, else None."""
    last = text.rfind("<!--")
    if last < 0 or text.find("-->", last) >= 0 or text[text.rfind("\n", 0, last) + 1 : last].strip(" \t>"):
        return None
    return text.count("\n", 0, last) + 1


def _without_comments(text: str) -> str:
    done: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        done.append(text[position:start])
        position = end + 3
    return "".join([*done, text[position:]])


def _admonitions(text: str) -> str:
    if ":::" in text:
        text = _CONTAINER.sub(_container, _OPTION.sub("", text))
    if "///" in text:
        text = _SLASHES.sub(_slashes, text)
    if "[!" in text:
        text = _ALERT.sub(_alert, text)
    if "===" in text:
        text = _TAB.sub(r'\g<lead>!!! tab "\g<title>"', text)
    if "!!!" in text or "???" in text:
        text = _MARKED.sub(_marked, text)
    return text


def _container(line: re.Match[str]) -> str:
    found = _CONTAINER_KIND.fullmatch(line["rest"].strip())
    if found is None:
        return f"{line['lead']}\n"
    attribute = _TITLE_ATTRIBUTE.search(line["rest"])
    title = found["bracket"] or (attribute[1] or attribute[2] if attribute else found["title"])
    return _paragraph(line["lead"], title or _name(found["kind"].removeprefix("callout-")))


def _slashes(line: re.Match[str]) -> str:
    if not line["kind"] and line["title"] is None and line[0].strip() != "///":
        return line[0]
    return _paragraph(line["lead"], (line["title"] or "").strip() or _name(line["kind"] or ""))


def _alert(line: re.Match[str]) -> str:
    words = line["title"].strip() or _name(line["kind"]) or line["kind"].replace("-", " ").capitalize()
    return f"{line['lead']}{words}\n{line['lead']}"


def _marked(line: re.Match[str]) -> str:
    """An admonition of Python-Markdown, with its title; other lines that begin so are text."""
    found = _ADMONITION.fullmatch(line["rest"]) if line["body"] is not None else None
    if found is None or not (found["kind"] or found["title"]):
        return f"{line['lead']}\\{line[0][len(line['lead']) :]}"
    kind = found["kind"] or "note"
    title = found["title"].strip() if found["title"] else f'"{kind.replace("-", " ").capitalize()}"'
    return f"{line['lead']}{line['mark']} {kind} {title}"


def _paragraph(lead: str, title: str) -> str:
    return f"{lead}\n{lead}{title}\n{lead}" if title else lead


def _name(kind: str) -> str:
    return kind.capitalize() if kind.lower() in _NAMED else ""


def _attributes(text: str) -> str:
    if "{" in text:
        text = _LIST_WITH_CONTENTS.sub("", text) if "toc" in text else text
        if "{:" in text:
            text = _KRAMDOWN_EXTENSION.sub("", _KRAMDOWN.sub("", text))
        for pattern, kept in ((_AFTER_HEADING, r"\1"), (_AFTER_SETEXT, ""), (_ALONE, ""), (_AFTER_LINK, "")):
            text = pattern.sub(kept, text)
        text = _ROLE.sub("", text)
    if "]" in text:
        text = _ABBREVIATION.sub("", _CONTENTS.sub("", text))
    if "8<" in text:
        text = _SNIPPET.sub("", text)
    if "~ " in text or "~\t" in text:
        text = _TILDE.sub(r"\1\\~", text)
    if "markdown" in text and _MARKDOWN_INSIDE.search(text):
        text = _CLOSING_TAG.sub(r"\n\1", _MARKDOWN_INSIDE.sub(r"\1\n\n", text))
    return text
