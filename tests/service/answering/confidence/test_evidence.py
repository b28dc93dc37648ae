"""What a candidate lacks of its question."""

from __future__ import annotations

import pytest

from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.confidence.evidence import (
    lacking_names,
    lacking_numbers,
    lacking_words,
    names_elsewhere,
    names_of,
    other_kind,
    repeated,
)

TEXT = "North Dakota voted in 1,968 places. In 2012 the mayor of Holm paid 40 crowns for it."


def span(words: str, text: str = TEXT, context: str = "Elections.") -> Span:
    passage = Passage(0, "a.txt", 0, len(text))
    scored = ScoredPassage(passage, text, 1.0, 0.0, 0.0, tuple(sentence_offsets(text)), context)
    start = text.index(words)
    return Span(scored, start, start + len(words), 1.0)


def test_names_are_capitalised_words_but_no_question_word() -> None:
    assert names_of("Who paid the mayor of South Dakota?") == names_of("South Dakota")
    assert names_of("Ann paid.") == names_of("x Ann")
    assert names_of("who paid it?") == frozenset()


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("Who paid in Holm?", 0.0),
        ("Who paid in South Dakota?", 0.5),
        ("Who paid in Lund?", 1.0),
        ("Who paid?", 0.0),
    ],
)
def test_names_that_passage_and_context_lack(question: str, share: float) -> None:
    assert lacking_names(question, span("the mayor of Holm")) == share
    assert lacking_names(question, span("the mayor of Holm", context="Lund, South.")) == 0.0


def test_names_that_stand_in_another_sentence() -> None:
    assert names_elsewhere("How much was paid in North Dakota?", span("40 crowns")) == 1.0
    assert names_elsewhere("How much was paid in North Dakota?", span("40 crowns", context="Dakota.")) == 0.5
    assert names_elsewhere("How much was paid in Holm?", span("40 crowns")) == 0.0
    assert names_elsewhere("How much was paid?", span("40 crowns")) == 0.0


def test_numbers_that_the_passage_lacks() -> None:
    assert lacking_numbers("What was paid in 2012?", span("40 crowns")) == 0.0
    assert lacking_numbers("What was paid in 2012 and 2013?", span("40 crowns")) == 0.5
    assert lacking_numbers("Where are the 1968 places?", span("North Dakota")) == 0.0
    assert lacking_numbers("What was paid?", span("40 crowns")) == 0.0


def test_words_that_the_cited_sentence_lacks() -> None:
    assert lacking_words("Which mayor paid?", span("40 crowns")) == 0.0
    assert lacking_words("Which mayor voted?", span("40 crowns")) == 0.5
    assert lacking_words("Which mayor voted?", span("40 crowns", context="Voted.")) == 0.0


@pytest.mark.parametrize(
    ("question", "words", "other"),
    [
        ("When did the mayor pay?", "2012", 0.0),
        ("When did the mayor pay?", "the mayor of Holm", 1.0),
        ("What year was it?", "North Dakota", 1.0),
        ("How much was paid?", "40 crowns", 0.0),
        ("How many places voted?", "North Dakota", 1.0),
        ("Who paid?", "the mayor of Holm", 0.0),
        ("Who paid?", "1,968", 1.0),
        ("What was paid?", "North Dakota", 0.0),
    ],
)
def test_a_candidate_of_another_kind(question: str, words: str, other: float) -> None:
    assert other_kind(question, span(words)) == other


def test_a_candidate_that_repeats_the_question() -> None:
    assert repeated("Who is the mayor of Holm?", span("the mayor of Holm")) == 1.0
    assert repeated("Who paid 40 dollars?", span("40 crowns")) == 0.5
    assert repeated("Who?", span("40 crowns")) == 0.0
