"""What to tell of the text of a page that was left out and may be its article's."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.errors import UnreadableFileError
from indexer.formats.html.choice import Choice
from indexer.formats.html.facts import Facts
from indexer.formats.html.walk import Piece

_FEWEST = 0.5  # share of the text that looks like an article's that must be read
_UNCLEAR = 0.25  # of the words read: as many in short text that nothing says is not the article's
_LINKED = 0.09  # of the words read: as many in links amid the article
_FIRST_WORDS = 8  # of what was left out, in the warning


def left_out(pieces: Sequence[Piece], choice: Choice, chosen: Sequence[int]) -> list[str]:
    """Return the warnings of a page of which the `chosen` pieces are read.

    Raises:
        UnreadableFileError: more that looks like an article's text was left out than is read.
    """
    facts = choice.facts
    said = sum(facts[number].words for number in chosen)
    missing = sorted(set(choice.doubtful) - set(chosen))
    if missing:
        left = sum(facts[number].words for number in missing)
        first = _beginning(pieces, missing)
        if said < _FEWEST * (left + said):
            raise UnreadableFileError(
                f"only {said:,.0f} words of the page seem to belong to one article and {left:,.0f} others, "
                f'beginning with "{first} ...", look like articles too: save each as a file of its own'
            )
        return [
            f"{left:,.0f} words that look like text of the article were left out, "
            f'beginning with "{first} ..."'
        ]
    unclear = sorted(set(choice.unclear) - set(chosen))
    short = sum(_unlinked(facts[number]) for number in unclear)
    amid = set(range(min(chosen), max(chosen))) - set(chosen) if chosen else set()
    links = [number for number in sorted(amid) if facts[number].linked]
    linked = sum(facts[number].words - _unlinked(facts[number]) for number in links)
    if short > _UNCLEAR * said:
        return [
            f"{short:,.0f} words in short pieces that may be the article's were left out, "
            f'beginning with "{_beginning(pieces, unclear)} ..."'
        ]
    if linked > _LINKED * said:
        return [
            f"{linked:,.0f} words of links amid the article were left out, "
            f'beginning with "{_beginning(pieces, links)} ..."'
        ]
    return []


def _unlinked(facts: Facts) -> float:
    return facts.words * (1 - facts.linked)


def _beginning(pieces: Sequence[Piece], numbers: Sequence[int]) -> str:
    return " ".join(pieces[numbers[0]].text.split()[:_FIRST_WORDS])
