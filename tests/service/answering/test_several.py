"""Which candidates answer a question together."""

from __future__ import annotations

import pytest

from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.several import (
    MOST,
    NEAR,
    NEAR_IF_ASKED,
    NEAR_IF_BESIDE,
    NEAR_IF_WIDER,
    answering_together,
    asks_for_several,
    items_of,
)

TEXT = (
    "The ferry was designed by Ada Brandt, Ole Vik and the engineer Sunniva Rask. It sank in 1931. "
    "Later a salvage firm owned it."
)


def scored(text: str = TEXT, article: str = "ferry.txt", number: int = 0) -> ScoredPassage:
    passage = Passage(number, article, 0, len(text))
    return ScoredPassage(passage, text, 1.0, 0.0, 0.0, tuple(sentence_offsets(text)))


def span(words: str, score: float, passage: ScoredPassage | None = None) -> Span:
    passage = passage or scored()
    start = passage.text.index(words)
    return Span(passage, start, start + len(words), score)


def texts(question: str, *spans: Span) -> list[str]:
    return [one.text for one in answering_together(question, spans)]


@pytest.mark.parametrize(
    "question",
    [
        "List the harbours of Holm.",
        "Which countries signed the treaty?",
        "Who were the founders?",
        "What three metals does the mine yield?",
        "What kinds of boats are built?",
        "Name all members of the board.",
        "which of the northern islands are inhabited",
    ],
)
def test_a_question_for_several_things_is_known_by_its_words(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question",
    ["Who designed the ferry?", "What is the address?", "Which process was used?", "Where is Holm?",
     "When did the crisis begin?", "What was the captain's name?",
     "What year did Paris fall?", "What happens at dusk?", "What makes the mill turn?",
     "What is the list price?", "What did James build?"],
)  # fmt: skip
def test_a_question_for_one_thing_is_none(question: str) -> None:
    assert not asks_for_several(question)


def test_an_enumeration_is_several_answers() -> None:
    whole = span("Ada Brandt, Ole Vik and the engineer Sunniva Rask", 5.0)
    assert texts("Who designed it?", whole) == ["Ada Brandt", "Ole Vik", "the engineer Sunniva Rask"]


def test_items_are_slices_of_the_article() -> None:
    text = "Intro. " + TEXT
    passage = ScoredPassage(Passage(1, "a.txt", 40, 40 + len(text)), text, 1.0, 0.0, 0.0, ())
    start = 40 + text.index("Ada")
    found = items_of(Span(passage, start, start + len("Ada Brandt, Ole Vik and the engineer"), 1.0))
    assert [text[one.start - 40 : one.end - 40] for one in found] == ["Ada Brandt", "Ole Vik", "the engineer"]


def test_the_best_item_comes_first_and_its_neighbours_follow() -> None:
    best = span("Ole Vik", 5.0)
    whole = span("Ada Brandt, Ole Vik and the engineer Sunniva Rask", 5.0 - 0.9 * NEAR_IF_WIDER)
    assert texts("Who designed it?", best, whole)[0] == "Ole Vik"
    found = {*texts("Who designed it?", best, whole)}
    assert found == {"Ole Vik", "Ada Brandt", "the engineer Sunniva Rask"}


def test_lines_wrapped_at_a_column_are_no_items() -> None:
    text = "The card pays for lodging, taxis, and other small\nexpenses of your trip. It\nis free of charge."
    passage = ScoredPassage(
        Passage(1, "a.txt", 30, 30 + len(text)), text, 1.0, 0.0, 0.0, ((30, 98), (99, 128))
    )
    start, end = 30 + text.index("lodging"), 30 + text.index(" of your")
    found = items_of(Span(passage, start, end, 1.0))
    assert [one.text for one in found] == ["lodging", "taxis", "other small\nexpenses"]


def test_an_unlikely_enumeration_adds_nothing() -> None:
    whole = span("Ada Brandt, Ole Vik and the engineer Sunniva Rask", 5.0 - 1.1 * NEAR_IF_WIDER)
    assert texts("Who designed it?", span("Ole Vik", 5.0), whole) == ["Ole Vik"]


def test_a_candidate_elsewhere_is_taken_if_its_score_is_near() -> None:
    other = scored("The ferry was also drawn by Per Lie.", "other.txt", 1)
    best = span("Ada Brandt", 5.0)
    assert texts("Who designed it?", best, span("Per Lie", 5.0 - 0.9 * NEAR, other)) == [
        "Ada Brandt",
        "Per Lie",
    ]
    assert texts("Who designed it?", best, span("Per Lie", 5.0 - 1.1 * NEAR, other)) == ["Ada Brandt"]


def test_a_question_for_several_takes_more() -> None:
    other = scored("The ferry was also drawn by Per Lie.", "other.txt", 1)
    found = [span("Ada Brandt", 5.0), span("Per Lie", 5.0 - 0.9 * NEAR_IF_ASKED, other)]
    assert texts("Who were the designers?", *found) == ["Ada Brandt", "Per Lie"]


def test_a_neighbour_in_an_enumeration_is_taken_from_further_below() -> None:
    found = [
        span("Ada Brandt", 9.0),
        span("Ole Vik", 9.0 - 0.9 * NEAR_IF_BESIDE),
        span("1931", 9.0 - 0.9 * NEAR_IF_BESIDE),
    ]
    assert texts("Who designed it?", *found) == ["Ada Brandt", "Ole Vik"]


def test_the_same_words_are_one_answer_and_overlapping_ones_none() -> None:
    again = scored("Ada Brandt drew it.", "again.txt", 2)
    found = [span("Ada Brandt", 5.0), span("Brandt", 5.0), span("Ada Brandt", 5.0, again)]
    assert texts("Who designed it?", *found) == ["Ada Brandt"]


def test_there_is_a_most() -> None:
    words = [f"Name{number}" for number in range(60)]
    many = scored(", ".join(words) + " and Last", "many.txt", 3)
    found = texts("List them", span(many.text, 5.0, many))
    assert len(found) <= MOST


def test_no_candidate_no_answer() -> None:
    assert answering_together("Who?", []) == []
