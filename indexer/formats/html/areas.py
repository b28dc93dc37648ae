"""What is known of a page's pieces and of the regions that hold them: words, links, prose, hints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.formats.html.facts import FEW_LINKED, facts_of
from indexer.formats.html.hints import Hint, hint_of
from indexer.formats.html.teasers import teasers_of
from indexer.formats.html.walk import Kind, Piece, Region

SOLID = 25
"""Words of a paragraph that is hardly a teaser or a note."""

PARAGRAPHS = frozenset({"p", "blockquote", "pre", "li", "ul", "ol", "dd", "dl", "table", "h2", "h3", "h4"})
"""Elements that are one piece of the text of the region around them."""

_PARTS = frozenset(
    {"h1", "h5", "h6", "dt", "figure", "figcaption", "caption", "details", "summary", "address"}
)
_CAPTION = re.compile(r"caption|gallery|slide|carousel", re.IGNORECASE)
_MAX_SUMMARY = 150  # words
_MAX_DETAILS = 80  # words of a region with a byline, dates or tags
# Shares of the page's prose above which a region's names mislead: it holds the article itself.
_MOST = 0.5
_MOST_IF_SURE = 0.85
_MUCH = 0.3  # with a region named as a body in it, which holds more than half of it
_NO_COMMENTS = 0.9
_NO_COMMENTS_IN_BODY = 0.75
# Of the prose of a region that one inner region must hold to be the article's, all and of solid paragraphs.
_INNER = 0.7
_INNER_SOLID = 0.93
_FEW = 3  # pieces of prose; fewer may be only a part of the article
_CONTAINERS = frozenset(
    "html body div section article main td tr tbody table center form span details font".split()  # noqa: SIM905
)


@dataclass(slots=True)
class Area:
    """What is known of a region; `hint` counts the regions around it as well."""

    hint: int
    words: float = 0
    linked_words: float = 0
    prose: float = 0  # words
    good: float = 0  # words of prose that nothing speaks against
    solid: float = 0  # of them, in long paragraphs with few links
    count: int = 0  # pieces of that prose


def captioned(piece: Piece) -> bool:
    """Whether a piece is the caption of a picture, which galleries repeat."""
    near = (region.element.get("class", "") for region in list(piece.region.around())[:3])
    return piece.kind is Kind.CAPTION or any(map(_CAPTION.search, near))


def body_of(piece: Piece) -> Region:
    """Return the region whose paragraph a piece is: that around its list or its own element."""
    region = piece.region
    if piece.holder is not None and piece.holder.parent is not None:
        return piece.holder.parent
    return region.parent if region.element.tag in PARAGRAPHS and region.parent is not None else region


def home_of(piece: Piece) -> Region:
    """Return the region that a piece stands in, out of its own element, lists and figures."""
    region = piece.region
    while region.parent is not None and (region.element.tag in PARAGRAPHS or region.element.tag in _PARTS):
        region = region.parent
    return region


class Areas:
    """The regions of a page and what is known of each.

    Args:
        pieces: The page's pieces.
        named: Whether the names of elements count that say that something is not the article.
    """

    def __init__(self, pieces: Sequence[Piece], *, named: bool = True) -> None:
        self.facts = [facts_of(piece) for piece in pieces]
        self._pieces = pieces
        self._known: dict[Region, Area] = {}
        self._inner: dict[Region, list[Region]] = defaultdict(list)
        own: dict[Region, int] = {}
        self._count(own)
        for region in teasers_of(pieces, self.facts):
            own[region] |= Hint.OUTSIDE | Hint.APART
        self._sort_teasers(own)
        if not named:
            own = {one: hint if hint & Hint.APART else hint & ~Hint.OUTSIDE for one, hint in own.items()}
        self._spread(own)
        self._count_good()

    def __getitem__(self, region: Region) -> Area:
        return self._known[region]

    def get(self, region: Region | None) -> Area | None:
        """Return what is known of a region; of one that holds no piece itself, None."""
        return self._known.get(region) if region is not None else None

    def outside(self, number: int) -> bool:
        """Whether a piece is in a region that says that it is not the article's."""
        return bool(self._known[self._pieces[number].region].hint & (Hint.OUTSIDE | Hint.COMMENTS))

    def root(self) -> Region:
        """Return the innermost region that holds most of the page's prose."""
        *_, region = self._pieces[0].region.around()
        while self._inner[region]:
            best = max(self._inner[region], key=lambda one: (self[one].good, self[one].solid))
            here, there = self[region], self[best]
            if best.element.tag not in _CONTAINERS or there.good < _INNER * here.good or not there.good:
                break
            if there.solid < _INNER_SOLID * here.solid:
                break
            region = best
        while region.parent is not None and self[region].count < _FEW:
            if self[region.parent].words > 1.3 * self[region].words + 10:
                break
            region = region.parent
        return region

    def _count(self, own: dict[Region, int]) -> None:
        for piece, facts in zip(self._pieces, self.facts, strict=True):
            begins = piece.text if piece.kind is Kind.HEADING else ""
            for region in piece.region.around():
                if region not in self._known:
                    own[region] = hint_of(region, begins)
                    self._known[region] = Area(Hint.NONE)
                    if region.parent is not None:
                        self._inner[region.parent].append(region)
                area = self._known[region]
                area.words += facts.words
                area.linked_words += facts.words * facts.linked
                area.prose += facts.words if facts.prose else 0

    def _sort_teasers(self, own: dict[Region, int]) -> None:
        """One text named a teaser, without links, is the article's summary; others are of other articles."""
        named = [region for region, hint in own.items() if hint & Hint.TEASER and not hint & Hint.OUTSIDE]
        inner = set(named)
        outermost = [one for one in named if one.parent is None or inner.isdisjoint(one.parent.around())]
        plain = [one for one in outermost if self[one].linked_words <= FEW_LINKED * self[one].words]
        summary = plain[0] if len(plain) == 1 and self[plain[0]].words <= _MAX_SUMMARY else None
        for region in named:
            if summary is None or summary not in region.around():
                own[region] |= Hint.OUTSIDE | Hint.SITE

    def _spread(self, own: dict[Region, int]) -> None:
        """Give each region its hints and those of the regions around it, but for those that mislead."""
        total = sum(facts.words for facts in self.facts if facts.prose)
        holds: dict[Region, float] = defaultdict(float)  # the most prose of an inner region named as a body
        for region, hint in own.items():
            if hint & Hint.BODY:
                for outer in region.around():
                    holds[outer] = max(holds[outer], self[region].prose if outer is not region else 0)
        for region in sorted(self._known, key=lambda one: one.depth):
            area = self[region]
            share = area.prose / total if total else 0
            above = self[region.parent].hint if region.parent is not None else Hint.NONE
            body = share > _MUCH and holds[region] > area.prose / 2
            area.hint = above | _credible(own[region], share, body=body, words=area.words)

    def _count_good(self) -> None:
        for number, (piece, facts) in enumerate(zip(self._pieces, self.facts, strict=True)):
            if not facts.prose or self.outside(number):
                continue
            for region in piece.region.around():
                area = self[region]
                area.count += 1
                area.good += facts.words * (1 - facts.linked)
                if facts.words >= SOLID and facts.linked < FEW_LINKED:
                    area.solid += facts.words


def _credible(hint: int, share: float, *, body: bool, words: float) -> int:
    """Leave out of a region's own hints those that mislead: it holds most of the page's prose."""
    if share > _MOST or words > _MAX_DETAILS:
        hint &= ~Hint.DETAILS
    sure = hint & Hint.APART and not hint & Hint.BODY
    if body or share > (_MOST_IF_SURE if sure else _MOST):
        hint &= ~(Hint.OUTSIDE | Hint.SITE)
    if share > (_NO_COMMENTS_IN_BODY if hint & Hint.BODY else _NO_COMMENTS):
        hint &= ~Hint.COMMENTS
    return hint
