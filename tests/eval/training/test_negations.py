"""A negation added or taken away leaves an English question that a person would ask."""

from __future__ import annotations

import random

import pytest

from eval.studies.examples import ContextExample
from eval.training.negations import affirmation, negated, negation


def example(question: str, text: str = "Ada Brandt came.", answer: str = "Ada Brandt") -> ContextExample:
    start = text.index(answer)
    return ContextExample.of("q", "made", question, text, [(start, start + len(answer))])


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did Brandt contain?", {"What didn't Brandt contain?"}),
        ("What kind of power do buses use?", {"What kind of power don't buses use?"}),
        ("Who was invited to it?", {"Who wasn't invited to it?", "Who was never invited to it?"}),
        ("Which states joined the union?", {"Which states never joined the union?"}),
        ("Who supported the change?", {"Who never supported the change?"}),
        ("Who built it?", {None}),  # nobody asks who did not
        ("Who opened the port?", {None}),
        ("Who was the builder?", {None}),
        ("In what year was it built?", {None}),
        ("What year did it include?", {None}),
        ("What types of ships came?", {"What types of ships never came?", None}),
        ("What did it contain and how many were there?", {None}),
        ("What is it called?", {None}),
        ("Why was it used?", {None}),
        ("Who was not invited?", {None}),
        ("What should you use?", {None}),
    ],
)
def test_a_negation_goes_where_a_person_would_put_it(question: str, expected: set[str | None]) -> None:
    assert {negation(question, random.Random(seed)) for seed in range(60)} <= expected
    assert {negation(question, random.Random(seed)) for seed in range(60)}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who was not invited?", "Who was invited?"),
        ("Who hasn't come?", "Who has come?"),
        ("Why didn't it rain?", "Why did it rain?"),
        ("Which animals cannot fly?", "Which animals can fly?"),
        ("Who has never come?", "Who has come?"),
        ("In what country is rain not common?", "In what country is rain common?"),
        ("Who was invited?", None),
        ("What is not only old?", None),
        ("Did it rain or not?", None),
        ("Who did not say that it is not so?", None),
        ("Although it is not old, who bought it?", None),
        ("who sings never say goodbye", None),
    ],
)
def test_a_questions_own_negation_is_taken_away(question: str, expected: str | None) -> None:
    assert affirmation(question) == expected


def test_negated_examples_have_no_answer() -> None:
    (changed,) = negated([example("Who was not invited?"), example("Why?")], 1.0, 0)
    assert (changed.question, changed.spans, changed.id) == ("Who was invited?", (), "q/negated")


def test_a_question_that_is_answered_by_none_is_left_alone() -> None:
    assert negated([example("Which states joined the union?", "None came.", "None")], 1.0, 0) == []
