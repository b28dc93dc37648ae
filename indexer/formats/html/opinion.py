"""trafilatura's opinion of a choice: what it leaves out before, after or amid the article is left out.

Its opinion counts only where the two agree on most of the article, and never against paragraphs that stand
like those it reads: it loses such paragraphs, and parts of an article, too often to decide alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence, Set

from lxml import etree

from indexer.formats.html.areas import body_of, captioned
from indexer.formats.html.facts import facts_of
from indexer.formats.html.walk import Piece

_AGREED = 0.7  # share of the chosen words that both read
_READ = 0.3  # share of a piece's sequences of words that trafilatura's text must hold
_ALIKE = 0.4  # share of the words of a kind of paragraph that both read
_FEW = 0.1  # share of a piece's characters that are links
_FEWEST = 5  # pieces; in shorter articles each counts
_MOST = 3_000  # pieces of a page; it takes too long on larger ones
_SEQUENCE = 4  # words
_WORD = re.compile(r"\w+")


def without_refused(
    root: etree._Element, pieces: Sequence[Piece], chosen: Sequence[int], sure: Set[int]
) -> list[int]:
    """Return the pieces that stay chosen; `sure` ones do. The tree is changed: it is of no use afterwards."""
    if len(chosen) < _FEWEST or len(pieces) > _MOST:
        return list(chosen)
    facts = {number: facts_of(pieces[number]) for number in chosen}
    alike = {number: _likenesses(pieces[number]) for number in chosen}
    # Galleries repeat captions; one in its own element is the article's.
    pictures = {
        number
        for number in chosen
        if captioned(pieces[number]) and pieces[number].region.element.tag != "figcaption"
    }
    both = _also_read(root, pieces, chosen)
    words = sum(facts[number].words for number in chosen)
    if sum(facts[number].words for number in both) < _AGREED * words:
        return list(chosen)
    whole: dict[Hashable, float] = defaultdict(float)
    shared: dict[Hashable, float] = defaultdict(float)
    for number in chosen:
        for one in alike[number]:
            whole[one] += facts[number].words
            shared[one] += facts[number].words if number in both else 0
    prose = [number for number in both if facts[number].prose]
    first, last = min(prose, default=0), max(prose, default=0)
    # It often misses the summary under the headline.
    headlines = [number for number in sure if number < first and pieces[number].level == 1]
    first = max(headlines, default=first)
    kept = []
    for number in chosen:
        amid = first < number < last
        plain = not facts[number].prose or (facts[number].linked < _FEW and number not in pictures)
        like = any(shared[one] > _ALIKE * whole[one] for one in alike[number])
        if number in both or number in sure or like or (amid and plain):
            kept.append(number)
    return kept


def _likenesses(piece: Piece) -> list[Hashable]:
    """What pieces that stand alike share: the regions around them, and the tag and names of the body."""
    body = body_of(piece).element
    return [(body.tag, body.get("class")), piece.region.parent, piece.region]


def _also_read(root: etree._Element, pieces: Sequence[Piece], chosen: Sequence[int]) -> set[int]:
    # Imported here: it takes longer to load than most pages to read, and a folder may hold no HTML.
    import trafilatura  # noqa: PLC0415
    from trafilatura.settings import Document as Extracted  # noqa: PLC0415

    try:
        found = trafilatura.bare_extraction(
            root,
            with_metadata=False,
            fast=True,
            include_comments=False,
            include_tables=True,
            favor_recall=True,
        )
    except (RecursionError, etree.LxmlError, ValueError, AttributeError, TypeError):
        return set()
    if not isinstance(found, Extracted) or found.body is None:
        return set()
    words = _WORD.findall(" ".join(found.body.itertext()))
    known = set(_sequences(words))
    line = f" {' '.join(words)} "
    return {number for number in chosen if _holds(known, line, _WORD.findall(pieces[number].text))}


def _holds(known: set[tuple[str, ...]], line: str, words: list[str]) -> bool:
    if len(words) < _SEQUENCE:
        return f" {' '.join(words)} " in line
    sequences = _sequences(words)
    return sum(one in known for one in sequences) > _READ * len(sequences)


def _sequences(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + _SEQUENCE]) for at in range(len(words) - _SEQUENCE + 1)]
