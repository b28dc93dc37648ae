"""Questions for several figures, attributes or events -> a question for each: only words."""

from __future__ import annotations

import pytest

from service.answering.questions.parts import parts_of


def questions(question: str) -> list[str]:
    return [part.question for part in parts_of(question)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "How many passengers and how many tonnes of freight did the line carry in 2019?",
            [
                "How many passengers did the line carry in 2019?",
                "How many tonnes of freight did the line carry in 2019?",
            ],
        ),
        (
            "How many schools and hospitals were built?",
            ["How many schools were built?", "How many hospitals were built?"],
        ),
        (
            "How many people were killed and how many were injured?",
            ["How many people were killed?", "How many people were injured?"],
        ),
        (
            "How many men attended and how many women?",
            ["How many men attended?", "How many women attended?"],
        ),
        (
            "How much did the line earn in 2018 and how much in 2019?",
            ["How much did the line earn in 2018?", "How much did the line earn in 2019?"],
        ),
        (
            "How much did the line earn in 2018 and 2019?",
            ["How much did the line earn in 2018?", "How much did the line earn in 2019?"],
        ),
        (
            "How much did Karin earn and how much did Holm?",
            ["How much did Karin earn?", "How much did Holm earn?"],
        ),
        (
            "How many tonnes of coal and of iron ore were exported?",
            ["How many tonnes of coal were exported?", "How many tonnes of iron ore were exported?"],
        ),
        (
            "How many people were killed and injured in the fire?",
            ["How many people were killed in the fire?", "How many people were injured in the fire?"],
        ),
        (
            "How many died and were wounded?",
            ["How many died?", "How many were wounded?"],
        ),
        (
            "What percentage of men and what percentage of women voted?",
            ["What percentage of men voted?", "What percentage of women voted?"],
        ),
        (
            "When did the shop open in Holm and in Karin?",
            ["When did the shop open in Holm?", "When did the shop open in Karin?"],
        ),
        (
            "What did the mayor say about roads and about schools?",
            ["What did the mayor say about roads?", "What did the mayor say about schools?"],
        ),
        (
            "How many and which countries signed the treaty?",
            ["How many countries signed the treaty?", "Which countries signed the treaty?"],
        ),
    ],
)
def test_each_of_several_figures_is_asked_for(question: str, expected: list[str]) -> None:
    assert questions(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What is the capital and the population of Norway?",
            ["What is the capital of Norway?", "What is the population of Norway?"],
        ),
        (
            "What are the name, age and address of the director?",
            [
                "What is the name of the director?",
                "What is the age of the director?",
                "What is the address of the director?",
            ],
        ),
        ("What is Norway's area and population?", ["What is Norway's area?", "What is Norway's population?"]),
        (
            "What are the advantages and disadvantages of wind power?",
            ["What are the advantages of wind power?", "What are the disadvantages of wind power?"],
        ),
        (
            "Who are the president and prime minister of France?",
            ["Who is the president of France?", "Who is the prime minister of France?"],
        ),
        (
            "What is the population of Norway and of Sweden?",
            ["What is the population of Norway?", "What is the population of Sweden?"],
        ),
        (
            "What is the title of the report and the name of its author?",
            ["What is the title of the report?", "What is the name of its author?"],
        ),
        (
            "Name the author and the publisher of the report.",
            ["Who is the author of the report?", "Who is the publisher of the report?"],
        ),
        (
            "What is the minimum and maximum penalty?",
            ["What is the minimum penalty?", "What is the maximum penalty?"],
        ),
        (
            "What is the name and date of birth of the victim?",
            ["What is the name of the victim?", "What is the date of birth of the victim?"],
        ),
        (
            "What is the date and place of birth of Ada Brandt?",
            ["What is the date of birth of Ada Brandt?", "What is the place of birth of Ada Brandt?"],
        ),
        (
            "Name the founder and the year of foundation of Karin.",
            ["Who is the founder of Karin?", "What is the year of foundation of Karin?"],
        ),
    ],
)
def test_each_of_several_attributes_is_asked_for(question: str, expected: list[str]) -> None:
    assert questions(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "When does the shop open and close on Sunday?",
            ["When does the shop open on Sunday?", "When does the shop close on Sunday?"],
        ),
        (
            "When does the ferry leave Holm and arrive in Karin?",
            ["When does the ferry leave Holm?", "When does the ferry arrive in Karin?"],
        ),
        (
            "When was the bridge opened and demolished?",
            ["When was the bridge opened?", "When was the bridge demolished?"],
        ),
    ],
)
def test_a_beginning_and_an_end_are_two_events(question: str, expected: list[str]) -> None:
    assert questions(question) == expected
