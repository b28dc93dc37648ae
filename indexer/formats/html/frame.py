"""What belongs to an article beyond its prose: its headline, and the short text before and after the prose.

A facts list under the headline, a table at the end, a caption or a line of three words is no prose, and only
its place says whose it is. It is read where it stands among the article's own paragraphs, or in a region
around them in which little is linked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from indexer.formats.html.areas import Areas, captioned, home_of
from indexer.formats.html.hints import Hint
from indexer.formats.html.walk import Kind, Piece, Region

_NEAR = 5  # regions around the body, in which its headline is
_ABOVE = 40  # pieces between the headline and the article's body
_LINKED = 0.15  # share of the words of the short text around an article that are links
_FEW_LINKED = 10  # words of links that a small page may have there
_ALL_LINKED = 0.9
_AFTER = 4  # pieces after the headline that may be its summary
_FEWEST = 6  # words of a summary
_HALF_LINKED = 0.4
_SUMMARY = 15  # words of prose that is no byline
_MOST = 30  # pieces of that text; there may be more where hardly any are links
_HARDLY_LINKED = 0.03
_SMALL_PAGE = 60  # pieces of a page that has nothing around its article
_SAID = frozenset({"p", "li", "dt", "dd", "blockquote", "pre", "address", "summary", "figcaption", "caption"})
# Bylines, dates, credits and rights: metadata, no sentences.
_STATED = re.compile(
    r"^\W*(?:by|von|par|por|di|av)\s+\S+(?:\s+\S+){0,6}$"
    r"|^\W*(?:(?:first |last )?(?:published|updated|posted|modified)|copyright|©|\(c\)|via)\b"
    r"|^\W*\w{3,9}\.? \d{1,2},? \d{4}(?:\W|\d|[ap]m|[A-Z]{2,4})*$|^\W*\d{1,6}\W*$|\ball rights reserved\b"
    r"|\bmin(?:ute)?s?[ -]read\b|\b(?:getty images|shutterstock|reuters|ap photo)\W*$",
    re.IGNORECASE,
)


def headline_of(pieces: Sequence[Piece], areas: Areas, root: Region, first: int) -> int | None:
    """Return the main heading that the page shows above its article, if it is near."""
    near = set(list(root.around())[:_NEAR])
    for number in range(first, max(-1, first - _ABOVE), -1):
        piece = pieces[number]
        if piece.kind is not Kind.HEADING or piece.level != 1:
            continue
        around = list(piece.region.around())
        # Outside of the article's own region a heading that is a link is the site's name.
        logo = areas.facts[number].linked >= _ALL_LINKED and root not in around
        if near & set(around) and not logo and not areas[piece.region].hint & Hint.COMMENTS:
            return number
    return None


class Frame:
    """The short text around an article's prose.

    Args:
        pieces: The page's pieces.
        areas: What is known of its regions.
        root: The region of most of the prose.
        bodies: The regions whose own paragraphs are the article's.
        span: The first and the last piece of prose.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        areas: Areas,
        root: Region,
        bodies: set[Region],
        span: tuple[int, int],
    ) -> None:
        self._pieces = pieces
        self._areas = areas
        self._bodies = bodies
        self._first, self._last = span
        self._scope = self._widest(root)

    def pieces(self, headline: int | None) -> Iterator[int]:
        """Yield the numbers of the pieces that belong to the article."""
        yield from self._before(headline)
        for number in range(self._last + 1, len(self._pieces)):
            if self._belongs(number):
                yield number
            elif self._ends(number):
                break

    def _before(self, headline: int | None) -> list[int]:
        """What stands between the headline and the prose."""
        start = 0 if headline is None else headline + 1
        summary = range(start, start + _AFTER if headline is not None else start)
        return [
            number
            for number in range(start, self._first)
            if self._belongs(number) or (number in summary and self._sums_up(number))
        ]

    def _sums_up(self, number: int) -> bool:
        """Whether a piece right after the headline is a summary, as which many pages set a second heading."""
        piece, facts = self._pieces[number], self._areas.facts[number]
        return (
            (piece.kind is Kind.HEADING or facts.prose)
            and facts.words >= _FEWEST
            and facts.linked < _HALF_LINKED
            and not self._areas.outside(number)
            and not _STATED.search(piece.text)
        )

    def _widest(self, root: Region) -> Region | None:
        """The widest region around the article in which there is little else, and few links."""
        around: dict[Region, list[float]] = {region: [0, 0, 0] for region in root.around()}
        for number, piece in enumerate(self._pieces):
            if self._first <= number <= self._last or self._areas.outside(number):
                continue
            facts = self._areas.facts[number]
            for region in piece.region.around():
                if (counts := around.get(region)) is not None:
                    counts[0] += 1
                    counts[1] += facts.words
                    counts[2] += facts.words * facts.linked
        spared = _FEW_LINKED if len(self._pieces) <= _SMALL_PAGE else 0
        scope = None
        for region, (count, words, linked) in around.items():
            if linked > max(spared, (_LINKED if count <= _MOST else _HARDLY_LINKED) * words):
                break
            scope = region
        return scope

    def _belongs(self, number: int) -> bool:
        piece, facts = self._pieces[number], self._areas.facts[number]
        details = self._areas[piece.region].hint & Hint.DETAILS
        if self._areas.outside(number) or (details and not (facts.prose and facts.words >= _SUMMARY)):
            return False
        own = home_of(piece) in self._bodies
        if not own and (self._scope is None or self._scope not in piece.region.around()):
            return False
        held = self._areas.get(piece.holder)
        linked = held.linked_words / max(1, held.words) if held is not None else facts.linked
        if linked > _LINKED * (2 if own else 1) or _STATED.search(piece.text):
            return False
        if piece.kind in {Kind.TABLE, Kind.HEADING, Kind.ITEM} or facts.prose or own:
            return True
        return piece.region.element.tag in _SAID or len(self._pieces) <= _SMALL_PAGE or captioned(piece)

    def _ends(self, number: int) -> bool:
        """Whether a piece after the article that is not its own ends it."""
        region = self._pieces[number].region
        return self._scope is not None and self._scope in region.around()
