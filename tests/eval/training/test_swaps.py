"""How a name takes another's place: articles, and what is too near to be another thing."""

from __future__ import annotations

import random

import pytest

from eval.training import kinds
from eval.training.kinds import Item
from eval.training.names import asked
from eval.training.siblings import siblings
from eval.training.swaps import fitting, other_name, other_number, other_word, pools
from eval.training.wording import abbreviates, put, quoted, same_name


def item(words: str) -> Item:
    (found,) = (one for items in kinds.names().values() for one in items if one.words == words)
    return found


@pytest.mark.parametrize(
    ("question", "other", "expected"),
    [
        ("Who left France?", "Spain", "Who left Spain?"),
        ("Who left France?", "the Netherlands", "Who left the Netherlands?"),
        ("Who left the Netherlands?", "Spain", "Who left Spain?"),
        ("Who left the USSR?", "Spain", "Who left Spain?"),
        ("Who saw the Boston harbour?", "Dublin", "Who saw the Dublin harbour?"),
        ("What did the Andes hold?", "the Alps", "What did the Alps hold?"),
        ("What was France's flag?", "Spain", "What was Spain's flag?"),
        ("who left france", "the Netherlands", "who left the netherlands"),
        ("Who led the European Union agency?", "NATO", "Who led the NATO agency?"),
        ("Who was a Yuan emperor?", "the Ming dynasty", "Who was a Ming dynasty emperor?"),
        ("What is a Mediterranean diet?", "the Baltic Sea", None),
        ("What is the Mediterranean diet?", "the Baltic Sea", None),
    ],
)
def test_articles_agree(question: str, other: str, expected: str | None) -> None:
    (name,) = asked(question, "")
    change = fitting(question, name, item(other) if other != "the Baltic Sea" else kinds.names()["ocean"][0])
    assert (change and put(question, *change)) == expected


def test_a_person_is_replaced_by_one_of_the_same_sex_where_the_question_tells_it() -> None:
    pool = pools([("Who met Jane Lund?", ""), ("Who met Peter Hart?", ""), ("Who met Dr Moor?", "")])
    question, text = "Where did Anna Voss sell her boat?", "Anna Voss came."
    made = {other_name(question, text, pool, random.Random(seed)) for seed in range(20)}
    assert made == {((10, 19), "Jane Lund")}


def test_a_name_in_the_title_is_replaced_though_the_text_lacks_it() -> None:
    question, text = "When did Warsaw fall?", "The city fell in 1939."
    pool = pools([])
    assert other_name(question, text, pool, random.Random(0)) is None
    change = other_name(question, text, pool, random.Random(0), title="Warsaw")
    assert change is not None
    assert change[0] == (9, 15)
    # Part of a work's title is no name.
    question = "who sings letters from berlin"
    assert (
        other_name(question, "It is a song.", pool, random.Random(0), title="Letters from Berlin (song)")
        is None
    )


def numbers_of(question: str, text: str) -> set[str]:
    made = (other_number(question, text, random.Random(seed)) for seed in range(80))
    return {put(question, *change) for change in made if change is not None}


def test_a_year_is_another_one_outside_the_spans_of_the_text() -> None:
    made = numbers_of("Who ruled in 1933?", "She ruled in 1933. He ruled from 1934 to 1999; they in 1900-31.")
    assert made <= {"Who ruled in 1932?"}
    made = numbers_of("Who ruled in 1933?", "She ruled in 1933.")
    assert len(made) > 5
    assert all(abs(int(one[-5:-1]) - 1933) in range(3, 21) for one in made)


def test_elections_stay_four_years_apart() -> None:
    made = numbers_of("Who won the 2004 election?", "She won in 2004.")
    assert made <= {f"Who won the {2004 + 4 * step} election?" for step in (-3, -2, -1, 1, 2, 3, 4)}
    assert made


@pytest.mark.parametrize(
    "question",
    [
        "Who made Windows 1995?",
        "Who won the 1994-1995 season?",
        "Who ruled in 1994 and 1995?",
        'Who wrote "Nineteen 1995"?',
        "What is the largest ship since 1995?",  # also the largest since 1997
        "What lived 1995 years ago?",
    ],
)
def test_numbers_of_names_and_ranges_are_left_alone(question: str) -> None:
    assert numbers_of(question, "There was 1995 and 1994.") == set()


def test_a_count_keeps_its_length_and_an_ordinal_its_ending() -> None:
    made = numbers_of("Who sold 20,000 ships?", "They sold 20,000 ships.")
    assert made == {f"Who sold {digit}0,000 ships?" for digit in (1, 3, 4, 5, 6, 7, 8, 9)}
    made = numbers_of("What fell in the 19th century?", "It fell in the 19th century.")
    assert made == {f"What fell in the {number}th century?" for number in (15, 16, 17, 18, 20)}
    made = numbers_of("What fell in the 1st century?", "It fell in the 1st century.")
    assert made == set()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who was the editor of it?", {"author", "publisher", "translator", "illustrator"}),
        ("How many teachers are there?", {"students", "professors", "librarians"}),
        ("Who wrote it?", {"edited", "translated", "published", "illustrated"}),
        ("When was it built?", {"demolished", "sold", "rebuilt", "repaired"}),
        ("What is the population of it?", {"budget", "elevation", "income", "debt"}),
        ("What stone built houses?", set()),
        ("Which editor came?", set()),  # the word says what the answer is
        ("What is a population?", set()),
        ("Who was the Editor of it?", set()),
        ("Who saw the local population?", set()),
        ("When was the high school?", set()),
    ],
)
def test_a_word_is_replaced_by_one_that_is_used_alike(question: str, expected: set[str]) -> None:
    assert {other for word in siblings(question) for other in word.others} == expected
    made = {change[1] for seed in range(60) if (change := other_word(question, "", random.Random(seed)))}
    assert made == expected


def test_the_article_before_a_replacement_agrees() -> None:
    assert put("Is it a big one?", (8, 11), "old") == "Is it an old one?"
    assert put("Is it an old one?", (9, 12), "unique") == "Is it a unique one?"
    assert put("Is it a DVD?", (8, 11), "MP3") == "Is it an MP3?"
    assert put("Tin is what?", (0, 3), "lead") == "Lead is what?"


def test_names_of_one_thing_are_told() -> None:
    for one, other in [
        ("Gallup", "Gallop"),
        ("George Bush", "Bush"),
        ("NHL", "National Hockey League"),
        ("Portugal", "the Portuguese"),
        ("President Lund", "Mr Lund"),
    ]:
        assert same_name(one, other)
        assert same_name(other, one)
    assert not same_name("President Lund", "President Moor")
    assert not abbreviates("NHL", "American Football League")


def test_a_quotation_is_told_by_its_marks() -> None:
    question = 'Who said "go to Rome" in Pisa?'
    assert quoted(question, question.index("Rome"))
    assert not quoted(question, question.index("Pisa"))
