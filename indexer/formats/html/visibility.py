"""Which elements of a page no reader sees.

A browser is not run: attributes, inline styles, the well-known classes for hidden text, and the plain rules
of the page's own style sheets are looked at. What scripts and linked style sheets do is unknown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from lxml import etree

UNREAD = frozenset(
    """
    script style template noscript head title iframe frame noframes svg object embed applet param audio video
    source track canvas map area select option optgroup datalist textarea input progress meter img picture
    meta link base basefont portal fencedframe rp
    """.split()  # noqa: SIM905 - a list of forty strings would be harder to read
)
"""Elements whose text is no running text of the page."""

_HIDDEN_STYLE = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE
)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_HIDDEN_CLASSES = frozenset(
    """
    sr-only visually-hidden visuallyhidden visually_hidden screen-reader-text screen-reader screenreader
    screen-reader-only screenreader-only sronly u-hidden u-visually-hidden is-visually-hidden a11y-hidden
    hidden-accessible element-invisible offscreen off-screen d-none invisible is-hidden hidden vh show-for-sr
    print-only rollover-people-block tooltiptext tooltip-text tooltip-content tooltip-inner popover-content
    hovercard hover-card hovercard-content assistive-text a-offscreen
    """.split()  # noqa: SIM905 - a list of forty strings would be harder to read
)
# Hidden on some screens only: "hidden md:block", "d-none d-lg-flex".
_SHOWN_AGAIN = re.compile(r"(?:\w+:|d-\w\w-|d-)(?:block|flex|inline|grid|table|contents)", re.IGNORECASE)
_HIDDEN_ROLES = frozenset({"tooltip", "dialog", "alertdialog"})
# Formulas for screen readers, where the page draws a picture of them: the only readable text they have.
_MATH_CLASS = re.compile(r"mathml|assistive-mml|assistive_mathml", re.IGNORECASE)
_SHOWN_DISPLAY = re.compile(r"(?:^|;)\s*display\s*:\s*(?!none)\w", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][A-Za-z_-][\w-]*)+)")
_MAX_SHEET = 500_000  # characters of style sheets that are looked at


@dataclass(slots=True)
class Visibility:
    """What a page's own style sheets hide. `hiding` False: nothing is."""

    rules: dict[str, list[tuple[str, frozenset[str]]]] = field(default_factory=dict)
    hiding: bool = True
    hidden: int = 0  # characters of text in the elements found hidden

    def hides(self, element: etree._Element) -> bool:
        """Whether no reader sees the element, going by itself alone and not by what it is in."""
        if not self._hides(element):
            return False
        self.hidden += sum(len(words.strip()) for words in element.itertext())
        return True

    def _hides(self, element: etree._Element) -> bool:  # noqa: PLR0911 - the ways to hide are as many
        attributes = element.attrib
        if not attributes or not self.hiding:
            return False
        if "hidden" in attributes and attributes["hidden"] != "until-found":
            return True
        if attributes.get("aria-hidden", "").strip().lower() == "true":
            return True
        style = attributes.get("style")
        if style and _HIDDEN_STYLE.search(style):
            return not _is_formula(attributes)
        if attributes.get("role") in _HIDDEN_ROLES or (element.tag == "dialog" and "open" not in attributes):
            return True
        classes = attributes.get("class")
        if classes and self._by_class(element.tag, classes, style):
            return not _is_formula(attributes)
        name = attributes.get("id")
        return bool(name and self.rules and self._by_rule(f"#{name}", element.tag, frozenset({f"#{name}"})))

    def _by_class(self, tag: str, classes: str, style: str | None) -> bool:
        names = classes.split()
        if any(name.lower() in _HIDDEN_CLASSES for name in names) and not _SHOWN_AGAIN.search(classes):
            return True
        if not self.rules or (style and _SHOWN_DISPLAY.search(style)):
            return False
        own = frozenset(f".{name}" for name in names)
        return any(self._by_rule(name, tag, own) for name in own)

    def _by_rule(self, name: str, tag: str, own: frozenset[str]) -> bool:
        return any(
            (not wanted or wanted == tag) and names <= own for wanted, names in self.rules.get(name, ())
        )


def visibility_of(root: etree._Element) -> Visibility:
    """Read the rules of a page's `style` elements that hide a class or an id for every reader."""
    hidden: set[tuple[str, frozenset[str]]] = set()
    shown: set[tuple[str, frozenset[str]]] = set()
    left = _MAX_SHEET
    for sheet in root.iter("style"):
        text = (sheet.text or "")[:left]
        left -= len(text)
        if "none" in text or "hidden" in text:
            _collect(_COMMENT.sub("", text), hidden, shown)
    rules: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for tag, names in hidden - shown:
        rules[next(iter(names))].append((tag, names))
    return Visibility(dict(rules))


def _collect(
    sheet: str, hidden: set[tuple[str, frozenset[str]]], shown: set[tuple[str, frozenset[str]]]
) -> None:
    """Sort the selectors of a sheet; what any condition (a screen's width) shows again counts as shown."""
    conditions = 0
    for part in sheet.split("}"):
        *openings, body = part.split("{")
        if not openings:
            conditions = max(0, conditions - 1)
            continue
        conditions += len(openings) - 1
        if openings[-1].lstrip().startswith("@"):
            continue
        if "display" not in body and "visibility" not in body:  # most rules: much faster than the patterns
            continue
        hides = bool(_HIDDEN_STYLE.search(body))
        if not hides and not _SHOWN_DISPLAY.search(body):
            continue
        for selector in openings[-1].split(","):
            if found := _SELECTOR.fullmatch(selector.strip()):
                names = frozenset(re.findall(r"[.#][\w-]+", found[2]))
                if not hides:
                    shown.add((found[1] or "", names))
                elif not conditions:
                    hidden.add((found[1] or "", names))


def struck(element: etree._Element) -> bool:
    """Whether the words are struck out: the page says that they no longer hold."""
    if element.tag in {"del", "s", "strike"}:
        return True
    style = element.get("style")
    return bool(style and _STRUCK.search(style))


def _is_formula(attributes: etree._Attrib) -> bool:
    return bool(_MATH_CLASS.search(attributes.get("class", "")))
