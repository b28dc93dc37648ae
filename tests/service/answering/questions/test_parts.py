"""Which questions ask for several things, and the questions that they are split into: only words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answering.questions.followups import Turn, interpretations
from service.answering.questions.parts import MAX_PARTS, Part, parts_of
from service.answering.settings import MAX_QUESTION


def questions(question: str) -> list[str]:
    return [part.question for part in parts_of(question)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "When and where was Ada Lovelace born?",
            ["When was Ada Lovelace born?", "Where was Ada Lovelace born?"],
        ),
        (
            "When, where and by whom was the treaty signed?",
            ["When was the treaty signed?", "Where was the treaty signed?", "By whom was the treaty signed?"],
        ),
        (
            "When was the Holm line opened and by whom?",
            ["When was the Holm line opened?", "By whom was the Holm line opened?"],
        ),
        (
            "Who designed the Holm bridge, when and for how much?",
            [
                "Who designed the Holm bridge?",
                "When was the Holm bridge designed?",
                "For how much was the Holm bridge designed?",
            ],
        ),
        ("When and who founded Karin?", ["When was Karin founded?", "Who founded Karin?"]),
        (
            "Who wrote Crime and Punishment and when?",
            ["Who wrote Crime and Punishment?", "When was Crime and Punishment written?"],
        ),
        (
            "Did the council approve the plan, and if so, when?",
            ["Did the council approve the plan?", "When did the council approve the plan?"],
        ),
        ("When did Norway and when did Sweden join?", ["When did Norway join?", "When did Sweden join?"]),
        ("Who wrote and who directed the film?", ["Who wrote the film?", "Who directed the film?"]),
        ("How long and how wide is the hall?", ["How long is the hall?", "How wide is the hall?"]),
        ("How tall and heavy is the statue?", ["How tall is the statue?", "How heavy is the statue?"]),
    ],
)
def test_question_words_share_the_rest_of_the_question(question: str, expected: list[str]) -> None:
    assert questions(question) == expected
    assert not any(part.dependent for part in parts_of(question))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Who founded Karin and when was it founded?",
            [
                Part("Who founded Karin", "Who founded Karin?", dependent=False),
                Part("when was it founded", "When was it founded?", dependent=True),
            ],
        ),
        (
            "Who is the president and what is his party?",
            [
                Part("Who is the president", "Who is the president?", dependent=False),
                Part("what is his party", "What is his party?", dependent=True),
            ],
        ),
        (
            "When was the law passed, and is it still in force?",
            [
                Part("When was the law passed", "When was the law passed?", dependent=False),
                Part("is it still in force", "Is it still in force?", dependent=True),
            ],
        ),
        (
            "Who leads the delegation and since when?",
            [
                Part("Who leads the delegation", "Who leads the delegation?", dependent=False),
                Part("since when", "Since when?", dependent=True),
            ],
        ),
        (
            "What is a lease and what is a licence?",
            [
                Part("What is a lease", "What is a lease?", dependent=False),
                Part("what is a licence", "What is a licence?", dependent=False),
            ],
        ),
        (
            "When does the Munch Museum open and what is the entrance fee?",
            [
                Part("When does the Munch Museum open", "When does the Munch Museum open?", dependent=False),
                Part("what is the entrance fee", "What is the entrance fee?", dependent=True),
            ],
        ),
    ],
)
def test_a_part_that_refers_to_the_one_before_depends_on_it(question: str, expected: list[Part]) -> None:
    assert [*parts_of(question)] == expected


def test_a_dependent_part_is_understood_as_a_follow_up_of_the_part_before() -> None:
    first, second = parts_of("Who founded Karin and when did it open?")
    understood = interpretations(second.question, Turn(first.question, "Ada Lovelace", "a.txt"))
    assert "When did Karin open?" in [one.question for one in understood]


@pytest.mark.parametrize(
    "question",
    [
        "Who runs Karin? When did it open?",
        "First, who runs Karin? Second, when did it open?",
        "First, who runs Karin, and second, when did it open?",
        "1) Who runs Karin? 2) When did it open?",
        "(a) who runs Karin, (b) when did it open?",
        "- Who runs Karin\n- When did it open",
        "Who runs Karin; when did it open?",
        "Can you tell me who runs Karin and when did it open?",
        "Hello, who runs Karin, and also when did it open?",
        "Who runs Karin, and when did it open, please?",
        "Who runs Karin? When did it open? Thanks!",
        "WHO RUNS KARIN AND WHEN DID IT OPEN?",
    ],
)
def test_questions_one_after_the_other_are_parts(question: str) -> None:
    assert [one.lower() for one in questions(question)] == ["who runs karin?", "when did it open?"]


def test_a_question_after_tell_me_is_put_in_the_order_of_a_question() -> None:
    assert questions("Please tell me when and where the treaty was signed.") == [
        "When was the treaty signed?",
        "Where was the treaty signed?",
    ]


def test_a_phrase_before_the_question_belongs_to_each_part() -> None:
    question = "In 2019, how many passengers and how many tonnes of freight did the line carry?"
    assert questions(question) == [
        "In 2019, how many passengers did the line carry?",
        "In 2019, how many tonnes of freight did the line carry?",
    ]
    assert parts_of(question)[0].text == "how many passengers"


def test_a_statement_before_the_questions_is_asked_with_the_first() -> None:
    assert questions("I am reading about Karin. Who founded it and when did it open?") == [
        "I am reading about Karin. Who founded it?",
        "When did it open?",
    ]


def test_the_same_question_twice_is_one_part() -> None:
    twice = "Who founded Karin? Who founded Karin?"
    assert parts_of(twice) == (Part(twice, "Who founded Karin?", dependent=False),)
    three = "Who founded Karin? When was Holm built? Who founded Karin?"
    assert [part.text for part in parts_of(three)] == ["Who founded Karin", "When was Holm built"]


@pytest.mark.parametrize("greeting", ["Hi!", "Hello.", "Thanks!", "Hello,"])
def test_a_greeting_is_asked_with_no_part(greeting: str) -> None:
    parts = parts_of(f"{greeting} Who founded Karin and why?")
    assert [part.question for part in parts] == ["Who founded Karin?", "Why was Karin founded?"]


def test_a_list_of_questions_may_ask_who_built_it() -> None:
    parts = parts_of("How common are such mills, who built them, and what do they grind?")
    assert [part.text for part in parts] == [
        "How common are such mills",
        "who built them",
        "what do they grind",
    ]


def test_the_last_part_holds_all_that_is_left() -> None:
    parts = parts_of("Who founded Karin, when, where, why and how?")
    assert len(parts) == MAX_PARTS
    assert parts[-1] == Part("why and how", "Why and how was Karin founded?", dependent=False)


@pytest.mark.parametrize(
    "question",
    [
        "Who founded Karin?",
        "What did Norway and Sweden agree on?",
        "Which countries and organisations signed?",
        "What did the minister call the only way and a global consensus?",
        # People are counted together as often as apart.
        "How many men and women attended?",
        "How many companies and units took part online?",
        "How many primary and secondary schools were built?",
        "How many hours and minutes did the flight take?",
        # One thing, or told in one breath.
        "Who wrote and directed the film?",
        "Where was she born and raised?",
        "Who is the chairman and chief executive of Karin?",
        "What is the role and function of the council?",
        "What is the date and time of the hearing?",
        "What is the first and last name of the mayor?",
        "What is the aim and purpose of the law?",
        "What is the price and income elasticity of demand?",
        "What and when do babies eat?",
        "Which minister, and which party, voted against?",
        "What are the pros and cons of nuclear power?",
        "What are the terms and conditions of the licence?",
        "What are the rights and duties of tenants?",
        "What is the relationship of the church and the state of Norway?",
        # Names.
        "What is the ministry of Trade and Industry?",
        "What is the capital of Bosnia and Herzegovina?",
        "When did The Who and Where Are They Now start?",
        "Who played Dr. Who in 1996?",
        # Between and from.
        "What is the difference between a lease and a licence?",
        "What was built between 1950 and 1960?",
        "How many tonnes are shipped from Holm and Karin?",
        # A clause of the question.
        "Who decides when the bank opens and when it closes?",
        "Who knows who did it and why?",
        "Which man led the company that failed and who was its owner?",
        "How does the report describe what happened and who was responsible?",
        "What do you call people who live in Holm and in Karin?",
        "Who fought in Norway and in Sweden?",
        "When did Ada Brandt, who sold it, die?",
        "What happens when the time is up and the score is tied?",
        "When is filming allowed and when not?",
        "When the ship sank, where was it going?",
        "What is the name of the person\nwho founded Karin?",
        "What does article 5 (b) have in common with article 6?",
        "Who controls it; state actors or others?",
        # The question word is not at the start.
        "Imperialism extends a country's power and what?",
        "The term has been applied to western countries, and which eastern country?",
        "Besides Norway and Sweden, which country signed, and so on?",
        # Quoted.
        'Who wrote "When and where I enter and why is it told"?',
        "Who sang “What is love and what is hate”?",
        # Nothing of its own, and no question.
        "What, when and where?",
        "Norway and Sweden",
        "?",
        " ",
        "",
    ],
)
def test_a_question_for_one_thing_is_its_only_part(question: str) -> None:
    assert parts_of(question) == (Part(question, question, dependent=False),)


def test_quoted_words_are_kept_in_a_part() -> None:
    assert questions('Who wrote "Now and when it ends" and when was it published?') == [
        'Who wrote "Now and when it ends"?',
        "When was it published?",
    ]


WORDS = """
    Who who When when where what how many much which and and , ; ? . was did is the of in by it Ada Karin
    founded open close capital population people schools men between as well if so 2018 2019 best worst 's
    " ( ) first second tell me about 1) - to live join
"""
ANY_WORDS = st.lists(st.sampled_from([*WORDS.split(), "\n", "\U000f0001"]), max_size=25).map(" ".join)


@given(st.one_of(st.text(), ANY_WORDS))
def test_every_part_is_a_piece_of_the_question_in_its_order(question: str) -> None:
    parts = parts_of(question)
    assert 1 <= len(parts) <= MAX_PARTS
    start = 0
    for part in parts:
        assert part.text or not question
        assert part.question or not question
        start = question.index(part.text, start) + len(part.text)
    assert not parts[0].dependent


@pytest.mark.parametrize("opening", ["", "how many x ", "what is the ", "when was it ", "tell me who "])
@pytest.mark.parametrize(
    "repeated",
    [
        *("and ", " ", "when ", ", when", "and when did it ", "how many a ", "in x and in ", "and in x "),
        *("in 2018 and ", "open and ", "between a ", "between", "' a ", "( a ", "“", "a of b and the "),
        *("capital, ", "capital and ", "highest and ", "? when ", "; who ", "\n- ", "Ada and ", "Ada of "),
    ],
)
def test_the_longest_question_is_split_in_little_time(opening: str, repeated: str) -> None:
    question = f"{opening}{repeated * MAX_QUESTION}"[:MAX_QUESTION]
    start = time.process_time()
    for end in ("", "x", ", y"):
        parts_of(f"{question[: MAX_QUESTION - len(end)]}{end}")
    assert time.process_time() - start < 1
