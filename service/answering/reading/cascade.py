"""Two readers: a fast one reads all passages, an accurate one only those that the fast one finds best.

Reading takes most of a question's time, and most passages that are read hold no answer. The fast reader's
scores tell which (`python -m eval.studies.cascade` measures how well); only the accurate one's spans are
offered.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.records import ScoredPassage
from service.answering.answers import Span
from service.answering.reading.reader import Reader


class CascadeReader:
    """Offers the accurate reader's spans of the passages whose best span the fast reader scores highest.

    At most `most` passages are read twice, and of those after the first only the ones whose best score is at
    most `within` below the best of all.
    """

    def __init__(self, fast: Reader, accurate: Reader, *, most: int, within: float) -> None:
        if most < 1 or within < 0:
            raise ValueError("a cascade reads at least one passage, within a distance of 0 or more")
        self._fast = fast
        self._accurate = accurate
        self._most = most
        self._within = within

    @property
    def name(self) -> str:
        """The accurate reader's name."""
        return self._accurate.name

    @property
    def fingerprint(self) -> str:
        """The accurate reader's fingerprint, then the fast one's."""
        return f"{self._accurate.fingerprint}+{self._fast.fingerprint}"

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        """Return the accurate reader's spans, best first."""
        if len(passages) <= 1:
            return self._accurate.read(question, passages)
        first = self._fast.read(question, passages)
        return self._accurate.read(question, chosen(first, passages, self._most, self._within))


def chosen(
    spans: Sequence[Span], passages: Sequence[ScoredPassage], most: int, within: float
) -> list[ScoredPassage]:
    """Return the passages to read again, in their order: those with the best spans, given best first.

    Without any span, the first `most` passages are returned.
    """
    best: dict[int, float] = {}
    for span in spans:
        best.setdefault(span.passage.id, span.score)
    if not best:
        return [*passages[:most]]
    ranked = sorted(best, key=lambda key: -best[key])
    kept = {key for key in ranked[:most] if best[ranked[0]] - best[key] <= within}
    return [one for one in passages if one.passage.id in kept]
