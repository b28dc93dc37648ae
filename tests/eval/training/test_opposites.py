"""Questions turned round: the change is one word, and stays English."""

from __future__ import annotations

import pytest

from eval.studies.examples import ContextExample
from eval.training.opposites import OPPOSITES, opposites

TEXT = "The northern harbour opened before the war. Ada Brandt built it in 1931."


def example(question: str, text: str = TEXT, answer: str = "Ada Brandt") -> ContextExample:
    start = text.index(answer)
    return ContextExample.of("q", "made", question, text, [(start, start + len(answer))])


def test_every_word_of_the_table_has_an_opposite_that_has_it_as_its_own() -> None:
    assert len(OPPOSITES) > 200
    for word, others in OPPOSITES.items():
        assert word not in others
        assert all(word in OPPOSITES[other] for other in others)


def test_one_word_is_replaced_by_its_opposite_and_the_answer_is_gone() -> None:
    (changed,) = opposites([example("Who built the largest harbour?")], 1.0, 0)
    assert changed.question == "Who built the smallest harbour?"
    assert (changed.spans, changed.text, changed.id) == ((), TEXT, "q/opposite")


def test_an_opposite_that_the_text_or_the_question_holds_is_not_used() -> None:
    held = example("Who named the southern harbour?")  # the text speaks of the northern one
    both = example("Who sailed from east to west?")
    assert opposites([held, both], 1.0, 0) == []


def test_words_of_an_expression_are_left_alone() -> None:
    kept = ["Who was it named after?", "What is the first name of Brandt?", "Who fought world war one?"]
    assert opposites([example(question) for question in kept], 1.0, 0) == []


@pytest.mark.parametrize(
    "question",
    [
        "Who lives in old York House?",
        "what was the lion king about",
        "who runs the old mill",
        "Who saw the most recent port?",
        "What is QED short for?",
        "Who is not able to swim?",
        "What do storms begin to do?",
        "Who was Major Lund?",
        'Who wrote "The oldest mill"?',
        "How old is the 12 year old boy?",
        "What is common law?",
        "Who lost the ring?",
        "Who found a lost ring?",
        "What part allowed for the mill?",
        "Did Brandt open the largest mill?",
        "What animals grow wings?",
        "Which early mill fell?",
    ],
)
def test_a_word_is_left_alone_where_its_opposite_would_not_be_said(question: str) -> None:
    assert opposites([example(question)], 1.0, 0) == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who had an advantage?", "Who had a disadvantage?"),
        ("Which ships were allowed in?", "Which ships were forbidden in?"),
        ("Who lost the election?", "Who won the election?"),
        ("What fell in the early 20th century?", "What fell in the late 20th century?"),
        ("Who owned more than 5 mills?", "Who owned less than 5 mills?"),
        ("Where was he born?", "Where was he killed?"),
        ("What is the most common stone?", "What is the least common stone?"),
        ("What is the main reason?", "What is the least important reason?"),
        ("who lives in the tallest house", "who lives in the shortest house"),
    ],
)
def test_a_word_is_turned_round_in_its_own_form(question: str, expected: str) -> None:
    assert {one.question for seed in range(9) for one in opposites([example(question)], 1.0, seed)} == {
        expected
    }


def test_a_sentence_with_a_contrast_may_answer_both() -> None:
    text = "Ada Brandt built the largest mill, but Bo Lund the other. It was in 1931."
    assert opposites([example("Who built the largest mill?", text)], 1.0, 0) == []
    assert (
        len(opposites([example("Who built the largest mill?", text.replace(", but", ". And"))], 1.0, 0)) == 1
    )
