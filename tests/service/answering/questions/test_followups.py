"""Which questions are follow-ups, and their interpretations: no model, only words."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from indexer.engine import Filters
from service.answering.questions.followups import (
    MAX_INTERPRETATIONS,
    Interpretation,
    Turn,
    interpretations,
    is_followup,
)
from service.answering.questions.referents import names

SEEDS = Path(__file__).resolve().parents[4] / "eval" / "datasets" / "seeds.jsonl"
LED = Turn("Who led the delegation to Oslo?", "Ada Lovelace", "b.txt")


@pytest.mark.parametrize(
    "question",
    [
        "And who leads it?",
        "What about Rome?",
        "When was it founded?",
        "On which project in Gwadar did he report?",  # a name comes first, but "he" is the subject
        "Why?",
        "Whom did she meet in Baku?",
        "What are their aims?",
        "What was the theme there?",
        "In which country is that?",
    ],
)
def test_a_question_that_depends_on_the_turn_before_is_a_follow_up(question: str) -> None:
    assert is_followup(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who leads BUCIC?",
        "Who is Pakistan's IT minister?",  # in capitals it is not a pronoun
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


def test_at_most_one_percent_of_the_seed_questions_are_taken_for_follow_ups() -> None:
    questions = [json.loads(line)["question"] for line in SEEDS.read_text("utf-8").splitlines()]
    assert sum(map(is_followup, questions)) <= 0.01 * len(questions)


def test_a_personal_pronoun_stands_first_for_the_previous_answer() -> None:
    # Not for Oslo: "to Oslo" is a place. Alone, the question could be about anyone.
    assert interpretations("What post does he hold?", LED) == [
        Interpretation("What post does he hold?", "b.txt"),
        Interpretation("What post does Ada Lovelace hold?"),
    ]


def test_a_pronoun_for_a_thing_stands_first_for_the_subject_of_the_previous_question() -> None:
    previous = Turn("Who is the chief executive of BUCIC?", "Wang Linghong")
    # The answer to "Who …?" is a person, not "it".
    assert [one.question for one in interpretations("What does it make?", previous)] == [
        "What does BUCIC make?"
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is its aim?", "What is the Fiber One project’s aim?"),
        ("And what are her duties?", "And what are Ada’s duties?"),
        ("Who met her in Baku?", "Who met Ada in Baku?"),
        ("Which posts does this minister hold?", "Which posts does Ada hold?"),
        ("In which month was that?", "In which month was the Fiber One project?"),
    ],
)
def test_a_possessive_pronoun_is_replaced_by_a_possessive_name(question: str, expected: str) -> None:
    previous = Turn("Who put forward the Fiber One project?", "Ada")
    assert expected in [one.question for one in interpretations(question, previous)]


def test_the_number_of_interpretations_is_limited() -> None:
    previous = Turn("Did Ada, Bo, Cy, Di, Ed and Flo meet?", "Gus", "a.txt")
    found = interpretations("Where did they meet the press?", previous)
    assert len(found) == MAX_INTERPRETATIONS
    assert found[0] == Interpretation("Where did they meet the press?", "a.txt")


def test_a_follow_up_with_nothing_to_replace_gets_the_previous_question_in_front() -> None:
    previous = Turn("By how much did trade grow?", "19%")
    assert [one.question for one in interpretations("And when did that stop?", previous)] == [
        "And when did that stop?",
        "By how much did trade grow? And when did that stop?",
    ]


def test_a_long_previous_question_is_cut_to_forty_words() -> None:
    previous = Turn("why " * 300)
    asked = interpretations("And when did it stop?", previous)[-1].question
    assert asked == "why " * 40 + "And when did it stop?"


BRIDGE = "How much did the Ulvik ferry cost?", "5 million crowns", "a.txt"


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [
        (BRIDGE, "And the Mora cable car?", "How much did the Mora cable car cost?"),
        (BRIDGE, "What about the Mora quay's architect?", "Who is the Mora quay's architect?"),
        (BRIDGE, "And the captain?", "Who is the captain of the Ulvik ferry?"),
        (BRIDGE, "And its length?", "What is the Ulvik ferry’s length?"),
        (BRIDGE, "And in 2021?", "How much did the Ulvik ferry cost in 2021?"),
        (BRIDGE, "And when did the Mora quay open?", "When did the Mora quay open?"),
        (("How many men were rescued?", "9"), "What about women?", "How many women were rescued?"),
        (("Who is the mayor of Ulvik?", "Eva Oh"), "And Mora?", "Who is the mayor of Mora?"),
        (("Who won in 2018?", "Bo"), "And in 2019?", "Who won in 2019?"),
        (("What is Eva Oh's job?", "mayor"), "And Bo Lie?", "What is Bo Lie’s job?"),
        (("What is the fee for adults?", "5"), "And for children?", "What is the fee for children?"),
        (
            ("By how much did trade with Ulvik grow?", "9%"),
            "With Mora?",
            "By how much did trade With Mora grow?",
        ),
        (
            ("When did the Ulvik ferry sail?", "1911"),
            "And the quay at Mora?",
            "When did the quay at Mora sail?",
        ),
        (("In what city was Bo born?", "Mora"), "What school stood there?", "What school stood in Mora?"),
        (("Who led, Bo or Eva?", "Bo Lie and Eva Oh"), "Did the latter win?", "Did Eva Oh win?"),
    ],
)
def test_what_is_new_takes_the_place_of_its_like(
    previous: tuple[str, ...], question: str, expected: str
) -> None:
    assert expected in [one.question for one in interpretations(question, Turn(*previous))]


def test_a_new_subject_is_not_restricted_to_the_article_of_the_old_one() -> None:
    for question in (
        "And the Mora quay?",
        "What about the Mora quay's architect?",
        "So who built the Mora quay?",
    ):
        found = interpretations(question, Turn(*BRIDGE))
        assert [one.article_id for one in found] == [None]
        assert "Ulvik" not in found[0].question


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why?", "Why did the Ulvik ferry cost 5 million crowns?"),
        ("How come?", "Why did the Ulvik ferry cost 5 million crowns?"),
        ("When?", "When did the Ulvik ferry cost?"),
        ("Who said so?", "Who said that the Ulvik ferry cost 5 million crowns?"),
    ],
)
def test_a_question_word_alone_is_put_to_what_was_said_in_the_cited_article(
    question: str, expected: str
) -> None:
    assert interpretations(question, Turn(*BRIDGE)) == [Interpretation(expected, "a.txt")]


@pytest.mark.parametrize(
    "question",
    ["And?", "What about it?", "Is that all?", "Tell me more.", "Are you sure?", "So?", "Yes", "Which?"],
)
def test_a_remark_has_no_interpretation(question: str) -> None:
    assert interpretations(question, Turn(*BRIDGE)) == []


def test_a_full_question_about_another_subject_is_asked_as_it_is() -> None:
    question = "How much did the Mora quay cost?"
    assert interpretations(question, Turn(*BRIDGE)) == [Interpretation(question)]


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
def test_names_are_runs_of_capitalised_words_without_a_question_word(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_an_interpretation_within_an_article_narrows_the_filters_and_never_widens_them() -> None:
    day = datetime.date(2024, 1, 1)
    narrowed = Interpretation("?", "a.txt")
    assert narrowed.within(None) == Filters(article_ids=("a.txt",))
    assert narrowed.within(Filters(published_from=day)) == Filters(article_ids=("a.txt",), published_from=day)
    assert narrowed.within(Filters(article_ids=("a.txt", "b.txt"))) == Filters(article_ids=("a.txt",))
    assert narrowed.within(Filters(article_ids=("b.txt",))) == Filters(article_ids=("b.txt",))
    assert not Interpretation("?").within(None)


@pytest.mark.parametrize("word", ["Did", "Was", "Can", "Has", "Will"])
def test_an_auxiliary_that_begins_a_question_is_no_name(word: str) -> None:
    assert names(f"{word} the mayor of Lund resign?") == ["Lund"]
    assert names("Will Holm resign?") == ["Will Holm"]
