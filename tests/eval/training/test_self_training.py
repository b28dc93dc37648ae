"""Self-training: the text around a sentence, and which of a teacher's spans become labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.training.self_training import MIN_SHARE, cached_labels, contexts, labelled
from indexer.records import Passage, ScoredPassage
from service.answering.answers import Span

NEIGHBOURS, WORDS = 4, 150


def sentence(number: int, length: int) -> str:
    """A sentence of unique words."""
    return " ".join(f"s{number}w{word}" for word in range(length)) + "."


def test_the_text_of_a_sentence_includes_those_around_it() -> None:
    one, two, three = "It rained.", "Two came.", "They left."
    assert contexts([one, two, two, three]) == [
        ("It rained. Two came. They left.", 0),
        ("It rained. Two came. They left.", 11),
        ("It rained. Two came. They left.", 11),
        ("It rained. Two came. They left.", 21),
    ]


def test_a_text_has_at_most_four_sentences_on_each_side() -> None:
    sentences = [sentence(number, 2) for number in range(12)]
    found = contexts(sentences)
    for index, (text, start) in enumerate(found):
        assert text == " ".join(sentences[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1])
        assert start == text.index(sentences[index])


def test_a_text_that_is_too_long_loses_its_farthest_sentences() -> None:
    sentences = [sentence(number, 40) for number in range(7)]
    assert contexts(sentences)[3] == (" ".join(sentences[2:5]), len(sentences[2]) + 1)
    assert contexts(sentences)[0] == (" ".join(sentences[:3]), 0)
    # 150 words are allowed, 151 are not.
    for last, kept in ((50, 2), (51, 1)):
        pair = [sentence(0, 100), sentence(1, last)]
        assert contexts(pair)[0] == (" ".join(pair[:kept]), 0)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 12), max_size=30),
    st.lists(st.integers(1, 60) | st.just(200), min_size=13, max_size=13),
)
def test_a_text_holds_its_sentence_once_at_the_given_offset_and_is_not_too_long(
    numbers: list[int], lengths: list[int]
) -> None:
    sentences = [sentence(number, lengths[number]) for number in numbers]
    found = contexts(sentences)
    assert len(found) == len(sentences)
    for mine, (text, start) in zip(sentences, found, strict=True):
        assert text[start : start + len(mine)] == mine
        assert text.count(mine) == 1
        assert len(text.split()) <= max(WORDS, len(mine.split()))


class FakeTeacher:
    """Returns the spans that a table gives for each sentence: words and score, best first."""

    name = "fake"
    fingerprint = "00"

    def __init__(self, table: dict[str, list[tuple[str, float]]]) -> None:
        self._table = table
        self.asked: list[tuple[str, str]] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        (scored,) = passages
        self.asked.append((question, scored.text))
        assert scored.passage == Passage(0, scored.passage.article_id, 0, len(scored.text))
        return [
            Span(scored, scored.text.index(words), scored.text.index(words) + len(words), score)
            for words, score in self._table[scored.text]
        ]


FIRST, SECOND, THIRD, FOURTH = (
    "It rained in Lahore.",
    "Bo met Ann there.",
    "They left at nine.",
    "It was cold.",
)
PAIRS = [("Where?", FIRST), ("Who was met?", SECOND), ("When?", THIRD), ("How?", FOURTH)]


def test_a_sure_span_becomes_the_label_in_the_wider_text() -> None:
    teacher = FakeTeacher(
        {FIRST: [("Lahore", 5.0)], SECOND: [("Ann", 4.0), ("Bo", 3.9)], THIRD: [("nine", 2.0)], FOURTH: []}
    )
    ticks: list[int] = []
    found = labelled(teacher, PAIRS, lambda: ticks.append(1))
    assert [(one.question, one.references) for one in found] == [("Where?", ["Lahore"]), ("When?", ["nine"])]
    assert all(one.text == " ".join([FIRST, SECOND, THIRD, FOURTH]) for one in found)
    assert all(one.source == "squad" for one in found)
    assert len({one.id for one in found}) == 2
    # The teacher reads the sentence alone.
    assert teacher.asked == PAIRS
    assert len(ticks) == len(PAIRS)


@pytest.mark.parametrize(("share", "kept"), [(MIN_SHARE + 0.01, True), (MIN_SHARE - 0.01, False)])
def test_the_best_span_needs_a_minimum_share_against_other_answers(share: float, kept: bool) -> None:
    # Two other answers share the rest equally.
    others = 5.0 + math.log((1 - share) / 2 / share)
    teacher = FakeTeacher({SECOND: [("Ann", 5.0), ("Bo", others), ("there", others)]})
    assert bool(labelled(teacher, [("Who?", SECOND)])) is kept


def test_variants_of_the_best_span_do_not_count_against_it() -> None:
    teacher = FakeTeacher({FIRST: [("Lahore", 5.0), ("in Lahore", 4.9), ("rained in Lahore", 4.8)]})
    (found,) = labelled(teacher, [("Where?", FIRST)])
    assert found.references == ["Lahore"]


def test_labels_are_made_once_and_loaded_unchanged(tmp_path: Path) -> None:
    teacher = FakeTeacher({FIRST: [("Lahore", 5.0)], SECOND: [("Ann", 4.0)]})
    path = tmp_path / "labels.jsonl"
    made = cached_labels(path, lambda: teacher, PAIRS[:2])
    assert made == labelled(teacher, PAIRS[:2])

    def nobody() -> FakeTeacher:
        raise AssertionError("the file exists")

    assert cached_labels(path, nobody, PAIRS[:2]) == made
