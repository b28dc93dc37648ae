"""Questions turned round: the change is one word or one negation, and stays English."""

from __future__ import annotations

import random

import pytest

from eval.studies.examples import ContextExample
from eval.training.opposites import OPPOSITES, negated, negation, opposites

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
    ("question", "expected"),
    [
        ("What did Brandt build?", {"What didn't Brandt build?"}),
        ("In what year was it built?", {"In what year wasn't it built?"}),
        (
            "Who was the builder?",
            {"Who wasn't the builder?", "Who was not the builder?", "Who was never the builder?"},
        ),
        ("Who built it?", {None}),  # no regular past form: its verb is not found
        ("Who opened the port?", {"Who never opened the port?"}),
        ("What types of ships came?", {None}),  # "types" is no verb
        ("Why was it built?", {None}),
        ("Who was not invited?", {None}),
        ("Who hasn't come?", {None}),
    ],
)
def test_a_negation_goes_where_english_puts_it(question: str, expected: set[str | None]) -> None:
    found = {negation(question, random.Random(seed)) for seed in range(60)}
    assert found == expected


def test_negated_examples_have_no_answer() -> None:
    (changed,) = negated([example("Who opened the port?"), example("Why?")], 1.0, 0)
    assert (changed.question, changed.spans, changed.id) == ("Who never opened the port?", (), "q/negated")
