"""Teasers: a list of other articles, each a linked headline with some of its words, around an article."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from indexer.formats.html.walk import Piece, Region

if TYPE_CHECKING:
    from indexer.formats.html.facts import Facts

_ALL_LINKED = 0.9  # share of a headline's characters
_HEADLINE = (3, 40)  # words, fewest and most
_MOST_PIECES = 8  # of a teaser
_MOST_WORDS = 120
_FEWEST = 3  # teasers alike, in one region
_SOLID = 25  # words of a paragraph of the article
_PARAGRAPHS = 2  # of the article, at least
_SHARE = 0.6  # of the words of the teasers, which the article must have


def teasers_of(pieces: Sequence[Piece], facts: Sequence[Facts]) -> list[Region]:
    """Return the regions that are teasers; none on a page that is itself a list of articles."""
    places = _places(pieces)
    alike: dict[tuple[Region | None, str, str], dict[Region, None]] = defaultdict(dict)
    for number, piece in enumerate(pieces):
        if facts[number].linked < _ALL_LINKED or not _HEADLINE[0] <= facts[number].words <= _HEADLINE[1]:
            continue
        for region in _around(number, piece, facts, places):
            names = str(region.element.get("class", "")).split()
            alike[region.parent, region.element.tag, names[0] if names else ""][region] = None
    found = [region for group in alike.values() if len(group) >= _FEWEST for region in group]
    return found if found and _is_article(facts, found, places) else []


def _places(pieces: Sequence[Piece]) -> dict[Region, tuple[int, int]]:
    """The first piece and the number of pieces of each region: they follow each other."""
    places: dict[Region, tuple[int, int]] = {}
    for number, piece in enumerate(pieces):
        for region in piece.region.around():
            first, count = places.get(region, (number, 0))
            places[region] = first, count + 1
    return places


def _around(
    number: int, piece: Piece, facts: Sequence[Facts], places: dict[Region, tuple[int, int]]
) -> Iterator[Region]:
    """The regions that a linked headline shares with a little prose after it."""
    for region in piece.region.around():
        first, count = places[region]
        if count > _MOST_PIECES or region.parent is None:
            return
        prose = [other for other in range(first, first + count) if facts[other].prose]
        if sum(facts[other].words for other in prose) > _MOST_WORDS or (prose and prose[0] < number):
            return
        if any(other > number for other in prose):
            yield region


def _is_article(
    facts: Sequence[Facts], teasers: Sequence[Region], places: dict[Region, tuple[int, int]]
) -> bool:
    """Whether a page with teasers has an article as well."""
    within = {number for region in teasers for number in range(places[region][0], sum(places[region]))}
    prose = {number for number, one in enumerate(facts) if one.prose}
    own = [facts[number].words for number in prose - within if facts[number].linked < 0.2]  # noqa: PLR2004
    solid = [words for words in own if words >= _SOLID]
    return len(solid) >= _PARAGRAPHS and sum(solid) >= _SHARE * sum(
        facts[one].words for one in prose & within
    )
