"""Which pieces of a page are its article.

Prose, text in sentences with few links, shows where the article is: in the innermost region that holds most
of it. There, from the first prose to the last, everything is read but what says that it is something else (by
its tag and names, its links, or its words); a list, a table or a short line goes with the prose around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from indexer.formats.html.areas import PARAGRAPHS, SOLID, Areas, captioned, home_of
from indexer.formats.html.facts import FEW_LINKED, Facts
from indexer.formats.html.frame import Frame, headline_of
from indexer.formats.html.hints import Hint
from indexer.formats.html.walk import Kind, Piece, Region

_MAX_LINKED = 0.5  # share of the characters of a short block or a list
_MOSTLY_LINKED = 0.8  # of one among the article's own paragraphs
_ALL_LINKED = 0.9
_SHORT = 30  # words
_TINY = 5  # words
_REPEATED = 6  # words of a caption that is read once
_LARGE_PAGE = 10  # pieces
_MISLED = 0.4  # share of the page's prose
_BODY = 0.15  # share of the article's prose in the paragraphs of one region
_SUMMARY = 15  # words of one before the article's body
_SUMMARY_LINKED = 0.4  # share of its characters
_STANDFIRST = 25  # pieces before the article's body
_INTRODUCES = 2  # words before a colon; fewer are a label
_HEADED = 4  # pieces after a heading
_NEAR = 5  # regions around the body, in which its headline is
# Invitations among the paragraphs, with a link.
_INVITATION = re.compile(
    r"\bclick(?:ing)? here\b|\b(?:subscribe to|sign up (?:for|to)) (?:our|the)\b.{0,40}\bnewsletter"
    r"|\blike us on\b|\bfollow\b.{0,60}\bon (?:twitter|facebook|instagram)\b|\bour (?:free )?app\b"
    r"|\bhave a tip\b",
    re.IGNORECASE,
)
# What sites say of themselves, wherever they put it.
_COOKIES = re.compile(r"\b(?:cookies|privacy policy|terms of (?:use|service))\b", re.IGNORECASE)
_LONG_NOTICE = 80  # words
# Lines that pages set between the paragraphs of an article.
_NOTICE = re.compile(
    r"^\W*(?:(?:advert\w*|sponsored(?: content| post)?|recommended(?: for you| reading)?|loading)\W*$"
    r"|(?:story|article) continues|continue reading|read (?:more|also|next|the full)\b|related\b.{0,12}:"
    r"|see also:|more:|also read|share (?:this|on|via)|sign up (?:for|to) our|subscribe (?:to our|now)"
    r"|follow us|click here"
    r"|image \d+ of \d+|this slideshow requires|(?:hide|toggle) caption|enlarge this|watch:|don.t miss"
    r"|(?:photo|image|photograph|credit):|getty images)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Choice:
    """The article's pieces, by number.

    `sure` ones of them belong to it by their place: the headline, and short text around the prose.
    `doubtful` ones look like an article's text, chosen or not, and nothing says of `unclear` ones that they
    are not. What is known of each piece of the page is in `facts`. `headline` is that above the article's own
    region, None if it has none or one within.
    """

    chosen: list[int] = field(default_factory=list)
    sure: set[int] = field(default_factory=set)
    doubtful: list[int] = field(default_factory=list)
    unclear: list[int] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    headline: int | None = None


def choose(pieces: Sequence[Piece]) -> Choice:
    """Decide which pieces are the article.

    Where the names of a page's elements leave too little of its prose, they mislead, and are left aside. Of a
    page without prose everything is read except menus, banners and the like.
    """
    if not pieces:
        return Choice()
    chooser = _Chooser(pieces)
    choice = chooser.choose()
    if chooser.share(choice) < _MISLED:
        other = _Chooser(pieces, named=False)
        if other.share(second := other.choose()) > 1.5 * chooser.share(choice):
            choice = second
    if not choice.chosen:
        choice.chosen = [number for number in range(len(pieces)) if not chooser.areas.outside(number)]
    return choice


class _Chooser:
    def __init__(self, pieces: Sequence[Piece], *, named: bool = True) -> None:
        self.pieces = pieces
        self.areas = Areas(pieces, named=named)
        self.facts = self.areas.facts

    def choose(self) -> Choice:
        root = self.areas.root()
        inside = [any(region is root for region in piece.region.around()) for piece in self.pieces]
        places = [
            number
            for number, facts in enumerate(self.facts)
            if inside[number] and facts.prose and not self.areas.outside(number)
        ]
        first, last = (places[0], places[-1]) if places else (0, len(self.pieces) - 1)
        linked = first and self.facts[first - 1].linked >= _ALL_LINKED
        begins = first - 1 if linked and inside[first - 1] and self._heads(first - 1) else first
        bodies = self._bodies(places)
        chosen = self._standfirst(root, first)
        for number, piece in enumerate(self.pieces):
            around = {piece.region, piece.region.parent, piece.holder and piece.holder.parent}
            sibling = any(region in bodies and region.element.tag != "body" for region in around if region)
            if (
                inside[number]
                and (begins <= number <= last or sibling)
                and self._belongs(number, sibling, last)
            ):
                chosen.append(number)
        sure: set[int] = set()
        above: int | None = None
        if places:
            headline = headline_of(self.pieces, self.areas, root, first)
            frame = Frame(self.pieces, self.areas, root, bodies, (first, last))
            sure.update(number for number in frame.pieces(headline) if not self._aside(number))
            if headline is not None and headline not in sure.union(chosen):
                above = headline
                sure.add(headline)
        sure.update(
            number
            for number in chosen
            if number < first or self.areas[self.pieces[number].region].hint & Hint.NOTE
        )
        chosen = self._without_empty_headings(self._once(sorted(sure.union(chosen))))
        doubtful = [number for number in range(len(self.pieces)) if self._doubtful(number)]
        unclear = [number for number in range(len(self.pieces)) if not self.areas.outside(number)]
        return Choice(chosen, sure, doubtful, unclear, self.facts, above)

    def share(self, choice: Choice) -> float:
        """The share of the page's prose that was chosen; comments and tagged surroundings do not count."""
        apart = Hint.COMMENTS | Hint.APART
        total = sum(
            facts.words
            for piece, facts in zip(self.pieces, self.facts, strict=True)
            if facts.prose and not self.areas[piece.region].hint & apart
        )
        read = sum(self.facts[number].words for number in choice.chosen if self.facts[number].prose)
        return read / total if total else 1.0

    def _doubtful(self, number: int) -> bool:
        """Whether a piece looks like an article's text."""
        facts, piece = self.facts[number], self.pieces[number]
        return (
            facts.prose
            and facts.words >= SOLID
            and facts.linked < FEW_LINKED
            and not self.areas[piece.region].hint & (Hint.COMMENTS | Hint.APART | Hint.SITE)
            and not captioned(piece)
            and not (facts.words < _LONG_NOTICE and _COOKIES.search(piece.text))
        )

    def _standfirst(self, root: Region, first: int) -> list[int]:
        """The prose between the headline and the article's body."""
        found: list[int] = []
        near = list(root.around())[:_NEAR]
        for number in range(first - 1, max(-1, first - _STANDFIRST), -1):
            piece, facts = self.pieces[number], self.facts[number]
            if piece.kind is Kind.HEADING and piece.level == 1:
                return found[::-1] if any(region in near for region in piece.region.around()) else []
            details = self.areas[piece.region].hint & Hint.DETAILS and facts.words < _SUMMARY
            if root in piece.region.around() or details or self.areas.outside(number):
                continue
            if facts.prose and facts.linked < _SUMMARY_LINKED:
                found.append(number)
        return []

    def _bodies(self, places: list[int]) -> set[Region]:
        """The regions whose own paragraphs are the article's."""
        held: dict[Region, float] = defaultdict(float)
        for number in places:
            region = self.pieces[number].region
            held[region] += self.facts[number].words
            if region.parent is not None:
                held[region.parent] += self.facts[number].words
        least = _BODY * sum(self.facts[number].words for number in places)
        return {
            region
            for region, words in held.items()
            if words >= least and region.element.tag not in PARAGRAPHS
        }

    def _belongs(self, number: int, sibling: bool, last: int) -> bool:
        piece, facts = self.pieces[number], self.facts[number]
        if self.areas.outside(number) or self._aside(number):
            return False
        if facts.prose:
            return True
        if piece.kind is Kind.HEADING:
            # A headline may be a link to its own page, and that of a section to what it is about.
            linked = facts.linked >= _ALL_LINKED and piece.level > 1
            return not linked or sibling or self._heads(number)
        if (held := self.areas.get(piece.holder)) is not None:
            few = held.linked_words <= (_ALL_LINKED if sibling else _MAX_LINKED) * held.words
            return few or (sibling and self._introduced(number))
        if not sibling or number > last:
            return facts.linked < _MAX_LINKED or (sibling and piece.kind is Kind.TABLE)
        return facts.linked < _MOSTLY_LINKED or facts.words < _TINY or piece.kind is Kind.TABLE

    def _introduced(self, number: int) -> bool:
        """Whether the list of an item follows words that end in a colon."""
        holder = self.pieces[number].holder
        while number and self.pieces[number].holder is holder:
            number -= 1
        text = self.pieces[number].text
        return (
            text.endswith((":", "：")) and self.facts[number].words > _INTRODUCES and not _NOTICE.search(text)
        )

    def _heads(self, number: int) -> bool:
        """Whether a piece is a heading and is followed by prose in its region."""
        if self.pieces[number].kind is not Kind.HEADING:
            return False
        region = home_of(self.pieces[number])
        for after in range(number + 1, min(len(self.pieces), number + _HEADED)):
            if self.pieces[after].kind is Kind.HEADING or region not in self.pieces[after].region.around():
                return False
            if self.facts[after].prose:
                return True
        return False

    def _aside(self, number: int) -> bool:
        """Whether a short piece is a notice, an invitation, a byline or the like."""
        piece, facts = self.pieces[number], self.facts[number]
        invites = facts.linked and facts.words < 2 * _SHORT and len(self.pieces) > _LARGE_PAGE
        if invites and _INVITATION.search(piece.text):
            return True
        details = bool(self.areas[piece.region].hint & Hint.DETAILS)
        return facts.words < _SHORT and (details or bool(_NOTICE.search(piece.text)))

    def _once(self, chosen: list[int]) -> list[int]:
        """Leave out captions that were read before, in whole or cut."""
        kept: list[int] = []
        seen: set[str] = set()
        for number in chosen:
            piece = self.pieces[number]
            if self.facts[number].words >= _REPEATED and piece.kind is not Kind.TABLE and captioned(piece):
                begins = " ".join(piece.text.split())[:60]
                if begins in seen:
                    continue
                seen.add(begins)
            kept.append(number)
        return kept

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
