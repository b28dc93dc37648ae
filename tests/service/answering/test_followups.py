"""Which questions lean on the one before, and how they may be read: no model, only words."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from indexer.engine import Filters
from service.answering.followups import (
    MAX_INTERPRETATIONS,
    Interpretation,
    Turn,
    interpretations,
    is_followup,
    names,
)

SEEDS = Path(__file__).resolve().parents[3] / "eval" / "datasets" / "seeds.jsonl"
LED = Turn("Who led the delegation to Oslo?", "Ada Lovelace", "b.txt")


@pytest.mark.parametrize(
    "question",
    [
        "And who leads it?",
        "What about Rome?",
        "When was it founded?",
        "On which project in Gwadar did he report?",  # a name before, but "he" is the subject
        "Why?",
        "Whom did she meet in Baku?",
        "What are their aims?",
        "What was the theme there?",
        "In which country is that?",
    ],
)
def test_a_question_with_a_pronoun_and_no_name_for_it_leans(question: str) -> None:
    assert is_followup(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who leads BUCIC?",
        "Who is Pakistan's IT minister?",  # no pronoun in capitals
        "Which delegation that visited Oslo came first?",
        "What did Khawaja stress in her talks?",
        "When does Shandong Xinhai plan to finish its new factory?",
        "Is Alibaba Cloud's data center its first, second or third there?",
        "Andes or Alps?",
    ],
)
def test_a_question_that_names_what_it_is_about_stands_alone(question: str) -> None:
    assert not is_followup(question)
    assert interpretations(question, LED) == [Interpretation(question)]


def test_hardly_a_question_of_the_seeds_set_is_taken_for_a_leaning_one() -> None:
    questions = [json.loads(line)["question"] for line in SEEDS.read_text("utf-8").splitlines()]
    assert sum(map(is_followup, questions)) <= 0.01 * len(questions)


def test_a_person_is_first_who_the_question_before_asked_for() -> None:
    assert interpretations("What post does he hold?", LED) == [
        Interpretation("What post does he hold?"),
        Interpretation("What post does he hold?", "b.txt"),
        Interpretation("What post does Ada Lovelace hold?"),
        Interpretation("What post does Oslo hold?"),
    ]


def test_a_thing_is_first_what_the_question_before_was_about() -> None:
    previous = Turn("Who is the chief executive of BUCIC?", "Wang Linghong")
    assert [way.question for way in interpretations("What does it make?", previous)] == [
        "What does it make?",
        "What does BUCIC make?",
        "What does Wang Linghong make?",
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is its aim?", "What is the Fiber One’s aim?"),
        ("And what are her duties?", "And what are Ada’s duties?"),
        ("Who met her in Baku?", "Who met Ada in Baku?"),
        ("Which posts does this minister hold?", "Which posts does Ada hold?"),
        ("In which month was that?", "In which month was the Fiber One?"),
    ],
)
def test_the_name_takes_the_pronouns_form(question: str, expected: str) -> None:
    previous = Turn("Who put forward the Fiber One project?", "Ada")
    assert expected in [way.question for way in interpretations(question, previous)]


def test_there_are_never_more_readings_than_allowed() -> None:
    previous = Turn("Did Ada, Bo, Cy, Di, Ed and Flo meet?", "Gus", "a.txt")
    found = interpretations("Where did they meet?", previous)
    assert len(found) == MAX_INTERPRETATIONS
    assert found[:2] == [
        Interpretation("Where did they meet?"),
        Interpretation("Where did they meet?", "a.txt"),
    ]


def test_where_nothing_can_be_replaced_the_question_before_is_put_in_front() -> None:
    previous = Turn("By how much did trade with Singapore grow?", "19%")
    assert [way.question for way in interpretations("And with Turkey?", previous)] == [
        "And with Turkey?",
        "By how much did trade with Singapore grow? And with Turkey?",
    ]


def test_a_long_question_before_leaves_room_for_the_one_that_is_asked() -> None:
    previous = Turn("why " * 300)
    assert interpretations("And it?", previous)[-1].question == "why " * 40 + "And it?"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Who is the chief executive of BUCIC?", ["BUCIC"]),
        ("Which Chinese vice minister did Shaza Fatima Khawaja meet?", ["Chinese", "Shaza Fatima Khawaja"]),
        ("What is the Digital Silk Road?", ["the Digital Silk Road"]),
        ("Xu Xiang's delegation", ["Xu Xiang"]),
        ("who said so", []),
        ("the Ministry of Information Technology", ["Ministry of Information Technology"]),
        ("In 2018", []),
    ],
)
def test_names_are_runs_of_capitals_without_the_asking_word(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_a_reading_within_an_article_keeps_the_filters_and_never_widens_them() -> None:
    day = datetime.date(2024, 1, 1)
    way = Interpretation("?", "a.txt")
    assert way.within(None) == Filters(article_ids=("a.txt",))
    assert way.within(Filters(published_from=day)) == Filters(article_ids=("a.txt",), published_from=day)
    assert way.within(Filters(article_ids=("a.txt", "b.txt"))) == Filters(article_ids=("a.txt",))
    assert way.within(Filters(article_ids=("b.txt",))) == Filters(article_ids=("b.txt",))
    assert not Interpretation("?").within(None)
