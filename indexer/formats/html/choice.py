"""Which pieces of a page are its article.

Prose, text in sentences with few links, shows where the article is: in the innermost region that holds most of
it. There, from the first prose to the last, everything is read but what says that it is something else (by its
tag and names, its links, or its words); a list, a table or a short line goes with the prose around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from indexer.formats.html.hints import Hint, hint_of
from indexer.formats.html.walk import Kind, Piece, Region

_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts without spaces
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?؟…][\"'”’»)\]\d]*(?:\s|$)|[。！？]|:$")
_MIN_PROSE = 10  # words
_MAX_LINKED = 0.5  # of the characters of prose
_LONG = 18  # words: prose even without the end of a sentence
_FEW_LINKED = 0.2
_ALL_LINKED = 0.9
_MOSTLY_LINKED = 0.8
_SHORT = 30  # words
_MAX_DETAILS = 80  # words of a region with a byline, dates or tags
_MISLED = 0.4  # share of the page's prose
_SOLID = 25  # words
_PARAGRAPHS = frozenset({"p", "blockquote", "pre", "li", "ul", "ol", "dd", "dl", "table", "h2", "h3", "h4"})
_CAPTION = re.compile(r"caption|gallery|slide|carousel", re.IGNORECASE)
# Invitations among the paragraphs, with a link.
_INVITATION = re.compile(
    r"\bclick(?:ing)? here\b|\bsign up\b|\bsubscribe\b|\bnewsletters?\b|\bfollow (?:us|him|her|me|@\S+)\b.{0,60}\bon (?:twitter|facebook|insta)"
    r"|\blike us on\b|\bfollow\b.{0,60}\bon (?:twitter|facebook|instagram)\b|\bour (?:free )?app\b|\bhave a tip\b",
    re.IGNORECASE,
)
# Lines that pages set between the paragraphs of an article.
_NOTICE = re.compile(
    r"^\W*(?:advertisement|advertising|sponsored|story continues|article continues|continue reading|read (?:more|also|next|the full)\b"
    r"|related\b.{0,12}:|see also:|more:|also read|share (?:this|on|via)|sign up (?:for|to)|subscribe (?:to|now)|follow us|click here"
    r"|recommended|loading|image \d+ of \d+|advert$|this slideshow requires|hide caption|toggle caption|enlarge this|watch:|don.t miss|photo:|image:|photograph:|credit:|getty images)",
    re.IGNORECASE,
)
_CONTAINERS = frozenset(
    "html body div section article main td tr tbody table center form span details font".split()
)
_FEW = 3  # pieces of prose; fewer may be only a part of the article
_MOST_SOLID = 0.93  # the same, of long paragraphs
_MOST = 0.7  # of the prose of a region that one inner region must hold to be the article's


@dataclass(slots=True)
class Facts:
    """What is known of a piece by itself."""

    words: float
    linked: float  # share of its characters that are links
    prose: bool


@dataclass(slots=True)
class Area:
    """What is known of a region; `hint` counts the regions around it as well."""

    hint: Hint
    words: float = 0
    linked_words: float = 0
    prose: float = 0  # words
    good: float = 0  # words of prose that nothing speaks against
    solid: float = 0  # of them, in long paragraphs with few links
    count: int = 0  # pieces of that prose


@dataclass(slots=True)
class Choice:
    """The article's pieces, by number; `doubtful` ones look like an article's text, chosen or not."""

    chosen: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)


def facts_of(piece: Piece) -> Facts:
    """Count a piece's words and links, and decide whether it is prose."""
    words = word_count(piece.text)
    linked = piece.linked / max(1, len(piece.text))
    prose = (
        words >= _MIN_PROSE
        and linked < _MAX_LINKED
        and piece.kind is not Kind.HEADING
        and (bool(_SENTENCE.search(piece.text)) or (words >= _LONG and linked < _FEW_LINKED))
    )
    return Facts(words, linked, prose)


def word_count(text: str) -> float:
    """Return the number of words; two characters of a script without spaces count as one."""
    if text.isascii():
        return len(_WORD.findall(text))
    spaced, unspaced = _UNSPACED.subn(" ", text)
    return len(_WORD.findall(spaced)) + unspaced / 2


def choose(pieces: Sequence[Piece]) -> Choice:
    """Decide which pieces are the article.

    Where the names of a page's elements leave too little of its prose, they mislead, and are left aside.
    """
    chooser = _Chooser(pieces)
    choice = chooser.choose()
    if chooser.share(choice) < _MISLED:
        other = _Chooser(pieces, named=False)
        if other.share(second := other.choose()) > 1.5 * chooser.share(choice):
            return second
    return choice


def captioned(piece: Piece) -> bool:
    """Whether a piece is the caption of a picture, which galleries repeat."""
    near = (region.element.get("class", "") for region in list(piece.region.around())[:3])
    return piece.kind is Kind.CAPTION or any(map(_CAPTION.search, near))


def body_of(piece: Piece) -> Region:
    """Return the region whose paragraph a piece is: that around its list or its own element."""
    region = piece.region
    if piece.holder is not None and piece.holder.parent is not None:
        return piece.holder.parent
    return region.parent if region.element.tag in _PARAGRAPHS and region.parent is not None else region


class _Chooser:
    def __init__(self, pieces: Sequence[Piece], *, named: bool = True) -> None:
        self.pieces = pieces
        self.named = named
        self.facts = [facts_of(piece) for piece in pieces]
        self.areas: dict[Region, Area] = {}
        self.inner: dict[Region, list[Region]] = defaultdict(list)
        self._measure()

    def _measure(self) -> None:
        own: dict[Region, Hint] = {}
        for piece, facts in zip(self.pieces, self.facts, strict=True):
            begins = piece.text if piece.kind is Kind.HEADING else ""
            for region in piece.region.around():
                if region not in self.areas:
                    own[region] = hint_of(region, begins)
                    if not self.named and not own[region] & Hint.APART:
                        own[region] &= ~Hint.OUTSIDE
                    self.areas[region] = Area(Hint.NONE)
                    if region.parent is not None:
                        self.inner[region.parent].append(region)
                area = self.areas[region]
                area.words += facts.words
                area.linked_words += facts.words * facts.linked
                area.prose += facts.words if facts.prose else 0
        self.total = sum(facts.words for facts in self.facts if facts.prose)
        holds: dict[Region, float] = defaultdict(float)  # the most prose of an inner region named as a body
        for region, hint in own.items():
            if hint & Hint.BODY:
                for outer in region.around():
                    holds[outer] = max(holds[outer], self.areas[region].prose if outer is not region else 0)
        for region in sorted(self.areas, key=lambda one: one.depth):
            hint = own[region]
            area = self.areas[region]
            share = area.prose / self.total if self.total else 0
            if share > 0.5 or area.words > _MAX_DETAILS:
                hint &= ~Hint.DETAILS
            sure = hint & Hint.APART and not hint & Hint.BODY
            if share > (0.85 if sure else 0.5) or (share > 0.3 and holds[region] > 0.5 * area.prose):
                hint &= ~Hint.OUTSIDE
            if share > 0.9 or (hint & Hint.BODY and share > 0.75):
                hint &= ~Hint.COMMENTS
            above = self.areas[region.parent].hint if region.parent is not None else Hint.NONE
            area.hint = hint | above
        for piece, facts in zip(self.pieces, self.facts, strict=True):
            if facts.prose and not self.areas[piece.region].hint & (Hint.OUTSIDE | Hint.COMMENTS):
                for region in piece.region.around():
                    area = self.areas[region]
                    area.count += 1
                    area.good += facts.words * (1 - facts.linked)
                    if facts.words >= _SOLID and facts.linked < _FEW_LINKED:
                        area.solid += facts.words

    def _root(self) -> Region:
        region = self.pieces[0].region
        *_, region = region.around()
        while self.inner[region]:
            best = max(self.inner[region], key=lambda one: (self.areas[one].good, self.areas[one].solid))
            here, there = self.areas[region], self.areas[best]
            if best.element.tag not in _CONTAINERS or there.good < _MOST * here.good or not there.good:
                break
            if there.solid < _MOST_SOLID * here.solid:
                break
            region = best
        while region.parent is not None and self.areas[region].count < _FEW:
            if self.areas[region.parent].words > 1.3 * self.areas[region].words + 10:
                break
            region = region.parent
        return region

    def choose(self) -> Choice:
        choice = Choice()
        if not self.pieces:
            return choice
        root = self._root()
        inside = [any(region is root for region in piece.region.around()) for piece in self.pieces]
        good = [inside[i] and facts.prose and not self._outside(i) for i, facts in enumerate(self.facts)]
        places = [i for i, one in enumerate(good) if one]
        first, last = (places[0], places[-1]) if places else (0, len(self.pieces) - 1)
        bodies = self._bodies(places)
        choice.chosen = self._standfirst(root, first)
        seen: set[str] = set()
        for i, piece in enumerate(self.pieces):
            if not inside[i]:
                continue
            sibling = bool(bodies & {piece.region, piece.region.parent, piece.holder and piece.holder.parent})
            if not (first <= i <= last or sibling) or not self._belongs(i, sibling, last):
                continue
            if self.facts[i].words >= 6 and captioned(piece):
                key = " ".join(piece.text.split())[:60]
                if key in seen and piece.kind is not Kind.TABLE:
                    continue
                seen.add(key)
            choice.chosen.append(i)
        choice.chosen = self._without_empty_headings(choice.chosen)
        choice.doubtful = [i for i in range(len(self.pieces)) if self._doubtful(i)]
        return choice

    def _doubtful(self, i: int) -> bool:
        """Whether a piece looks like an article's text."""
        facts, piece = self.facts[i], self.pieces[i]
        return (
            facts.prose
            and facts.words >= _SOLID
            and facts.linked < _FEW_LINKED
            and not self.areas[piece.region].hint & (Hint.COMMENTS | Hint.APART)
            and not captioned(piece)
        )

    def _standfirst(self, root: Region, first: int) -> list[int]:
        """The prose between the headline and the article's body."""
        found: list[int] = []
        near = list(root.around())[:5]
        for i in range(first - 1, max(-1, first - 25), -1):
            piece, facts = self.pieces[i], self.facts[i]
            if piece.kind is Kind.HEADING and piece.level == 1:
                return found[::-1] if any(region in near for region in piece.region.around()) else []
            if root in piece.region.around():
                continue
            if (
                facts.prose
                and facts.linked < _FEW_LINKED
                and not self._outside(i)
                and not self.areas[piece.region].hint & Hint.DETAILS
            ):
                found.append(i)
        return []

    def _bodies(self, places: list[int]) -> set[Region]:
        """The regions whose own paragraphs are the article's."""
        held: dict[Region, float] = defaultdict(float)
        for i in places:
            region = self.pieces[i].region
            held[region] += self.facts[i].words
            if region.parent is not None:
                held[region.parent] += self.facts[i].words
        most = sum(self.facts[i].words for i in places)
        return {
            region
            for region, words in held.items()
            if words >= 0.15 * most and region.element.tag not in _PARAGRAPHS and region.element.tag != "body"
        }

    def share(self, choice: Choice) -> float:
        """The share of the page's prose that was chosen; comments and tagged surroundings do not count."""
        apart = Hint.COMMENTS | Hint.APART
        total = sum(
            facts.words
            for piece, facts in zip(self.pieces, self.facts, strict=True)
            if facts.prose and not self.areas[piece.region].hint & apart
        )
        return (
            sum(self.facts[i].words for i in choice.chosen if self.facts[i].prose) / total if total else 1.0
        )

    def _outside(self, i: int) -> bool:
        hint = self.areas[self.pieces[i].region].hint
        return bool(hint & (Hint.OUTSIDE | Hint.COMMENTS))

    def _belongs(self, i: int, sibling: bool, last: int) -> bool:
        piece, facts = self.pieces[i], self.facts[i]
        if self._outside(i) or (facts.words < _SHORT and _NOTICE.search(piece.text)):
            return False
        if (
            facts.linked > 0.02
            and facts.words < 2 * _SHORT
            and _INVITATION.search(piece.text)
            and len(self.pieces) > 10
        ):
            return False
        if self.areas[piece.region].hint & Hint.DETAILS and facts.words < _SHORT:
            return False
        if facts.prose:
            return True
        if piece.kind is Kind.HEADING:
            return facts.linked < _ALL_LINKED
        if piece.holder is not None and (held := self.areas.get(piece.holder)):
            if held.linked_words > (_ALL_LINKED if sibling else _MAX_LINKED) * held.words:
                return False
            return True
        if not sibling or i > last:
            return facts.linked < _MAX_LINKED
        return facts.linked < _MOSTLY_LINKED or facts.words < 5

    def _without_empty_headings(self, chosen: list[int]) -> list[int]:
        """Leave out headings after which nothing is read before the next one of their level or above."""
        kept: list[int] = []
        level = 0  # of the heading that follows; 0 is text
        nothing = True
        for i in reversed(chosen):
            piece = self.pieces[i]
            if piece.kind is Kind.HEADING:
                if nothing or (level and level <= piece.level):
                    continue
                level = piece.level
            else:
                level, nothing = 0, False
            kept.append(i)
        return kept[::-1]
