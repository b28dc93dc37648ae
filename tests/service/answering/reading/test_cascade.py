"""Two readers: the fast one chooses what the accurate one reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from indexer.records import Passage, ScoredPassage
from service.answering.answers import Span
from service.answering.reading.cascade import CascadeReader

PASSAGES = [
    ScoredPassage(Passage(key, f"{key}.txt", 0, 5), "Words", 1.0, 0.0, 0.0, ((0, 5),)) for key in range(4)
]


class FixedReader:
    """Offers one span in each passage that the table has a score for, and records what it reads."""

    def __init__(self, name: str, scores: Mapping[int, float]) -> None:
        self.name, self.fingerprint = name, f"hash of {name}"
        self._scores = scores
        self.read_passages: list[list[int]] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        self.read_passages.append([one.passage.id for one in passages])
        found = [
            Span(one, 0, 5, self._scores[one.passage.id])
            for one in passages
            if question and one.passage.id in self._scores
        ]
        return sorted(found, key=lambda span: -span.score)


def readers(fast: Mapping[int, float]) -> tuple[FixedReader, FixedReader]:
    return FixedReader("fast", fast), FixedReader("accurate", dict.fromkeys(range(4), 1.0))


def test_the_best_passages_of_the_fast_reader_are_read_accurately_in_their_order() -> None:
    fast, accurate = readers({0: -1.0, 1: 2.0, 2: 5.0, 3: 0.0})
    found = CascadeReader(fast, accurate, most=2, within=10.0).read("Who?", PASSAGES)
    assert fast.read_passages == [[0, 1, 2, 3]]
    assert accurate.read_passages == [[1, 2]]
    # The scores are the accurate reader's.
    assert [(span.passage.id, span.score) for span in found] == [(1, 1.0), (2, 1.0)]


def test_a_passage_far_below_the_best_is_not_read_again() -> None:
    fast, accurate = readers({0: -1.0, 1: 2.0, 2: 5.0, 3: 0.0})
    CascadeReader(fast, accurate, most=4, within=3.0).read("Who?", PASSAGES)
    assert accurate.read_passages == [[1, 2]]


def test_a_single_passage_is_read_once() -> None:
    fast, accurate = readers({0: 1.0})
    CascadeReader(fast, accurate, most=2, within=3.0).read("Who?", PASSAGES[:1])
    assert (fast.read_passages, accurate.read_passages) == ([], [[0]])


def test_without_any_span_the_first_passages_are_read() -> None:
    fast, accurate = readers({})
    CascadeReader(fast, accurate, most=2, within=3.0).read("Who?", PASSAGES)
    assert accurate.read_passages == [[0, 1]]


def test_it_has_the_accurate_readers_name_and_both_fingerprints() -> None:
    reader = CascadeReader(*readers({}), most=2, within=3.0)
    assert reader.name == "accurate"
    assert reader.fingerprint == "hash of accurate+hash of fast"


@pytest.mark.parametrize(("most", "within"), [(0, 1.0), (1, -0.1)])
def test_a_cascade_that_reads_nothing_is_refused(most: int, within: float) -> None:
    with pytest.raises(ValueError, match="at least one passage"):
        CascadeReader(*readers({}), most=most, within=within)
