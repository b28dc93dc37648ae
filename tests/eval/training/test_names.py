"""The kinds of names, by lists, last words, titles and what is around them."""

from __future__ import annotations

import pytest

from eval.training import kinds
from eval.training.names import asked, named

TEXT = (
    "Frédéric Chopin was born near Warsaw. Ann Moor met President Lund. The historian Thornton taught at "
    "Istanbul University. In Holm, Norway, the Spengler Cup is held."
)


def found(question: str, text: str = TEXT) -> dict[str, str]:
    return {name.words: name.kind for name in asked(question, text)}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When did Warsaw fall?", {"Warsaw": "city"}),
        ("What fell in March of that year?", {"March": "month"}),
        ("Who are the German settlers?", {"German": "nationality"}),
        ("What is written in German?", {"German": "language"}),
        ("What did the Dutch sell?", {"Dutch": "plural_people"}),
        ("Which US troops came?", {"US": "nationality"}),
        ("When did the US join?", {"US": "country"}),
        ("What is ice hockey?", {"ice hockey": "sport"}),
        ("Where is Istanbul University?", {"Istanbul University": "school name"}),
        ("Where is the Spengler Cup held?", {"Spengler Cup": "prize name"}),
        ("Who was Jane Lund?", {"Jane Lund": "woman"}),
        ("Who met President Lund?", {"President Lund": "person"}),
        ("Where was Chopin when he died?", {"Chopin": "person"}),  # the text has the full name
        ("What did Thornton say?", {"Thornton": "person"}),  # and this one's occupation
        ("Which ship reached Holm?", {"Holm": "city"}),  # and what country that is in
        ("What is the NHL draft?", {"NHL": "league"}),
        ("Who did the WHO help?", {"WHO": "organisation"}),
        ("What is an OSHA rule?", {"OSHA": kinds.ACRONYM}),
    ],
)
def test_a_name_has_a_kind(question: str, expected: dict[str, str]) -> None:
    assert found(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Who led the Ottoman Navy Board?",  # "Ottoman" is a part of a longer name
        'Who wrote "Warsaw"?',
        "How far is Warsaw from the Warsaw Gate?",  # repeated
        "What does OSHA stand for?",  # asked about itself
        "Who won in Warsaw, Indiana?",  # a part of an address
        "Who won Warsaw v. Holm?",
        "What is the Hodgkin-Huxley model?",
        "How was Zorg?",
    ],
)
def test_part_of_a_longer_name_or_an_unknown_one_is_left_alone(question: str) -> None:
    assert found(question) == {}


def test_in_a_question_without_capitals_names_are_listed_or_the_texts() -> None:
    assert found("where did frédéric chopin meet the dutch") == {
        "frédéric chopin": "person",
        "dutch": "plural_people",
    }
    # "march" and "us" are ordinary words; a name of the text that is longer is not taken apart.
    assert found("who let us march to it") == {}
    assert found("where is the paris gate", "The Paris Gate is here.") == {}
    assert found("when did russia reach berlin", "Nothing.") == {"russia": "country", "berlin": "city"}


def test_a_sentences_first_word_is_capitalised_anyway() -> None:
    text = "The Alps are high. In Warsaw it rained. Although France fell, Paris stood."
    assert [(name.words, name.kind) for name in named(text)] == [
        ("Alps", "range"),
        ("Warsaw", "city"),
        ("France", "country"),
        ("Paris", "city"),
    ]


def test_a_name_does_not_go_on_in_the_next_sentence() -> None:
    assert [name.words for name in named("He met Samuel Moor. Moor was old.")] == ["Samuel Moor", "Moor"]


def test_every_listed_name_and_word_is_of_one_kind_and_has_others() -> None:
    for listed in (kinds.names(), kinds.words()):
        for items in listed.values():
            spellings = [kinds.fold(one) for item in items for one in item.spellings]
            assert len(items) > 2
            assert len(set(spellings)) == len(spellings)
            assert all(one == one.strip() != "" for one in spellings)
