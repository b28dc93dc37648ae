"""What a person sees of an answer: its quotations by part, and their sentences with the answers marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from service.answering.answers import Answer, Quotation, Reason
from service.presentation import present

Quote = Callable[..., Quotation]


def shown(answer: Answer) -> list[tuple[str | None, list[tuple[str, int]]]]:
    """The parts, and for each its quotations with the numbers of their sentences."""
    return [
        (section.part, [(entry.quotation.text, entry.number) for entry in section.entries])
        for section in present(answer).sections
    ]


def marked(answer: Answer) -> list[list[str]]:
    """The marked words of each sentence."""
    return [
        [words for words, is_marked in sentence.runs if is_marked] for sentence in present(answer).sentences
    ]


def test_one_answer_is_shown_with_its_sentence(sample_answers: Mapping[str, Answer]) -> None:
    assert shown(sample_answers["one"]) == [(None, [("Ines Okafor", 1)])]
    assert marked(sample_answers["one"]) == [["Ines Okafor"]]


def test_an_answer_without_a_list_of_answers_is_shown_alike(sample_answers: Mapping[str, Answer]) -> None:
    one = sample_answers["one"]
    assert present(replace(one, answers=())) == present(one)


def test_answers_of_one_sentence_share_it(sample_answers: Mapping[str, Answer]) -> None:
    answer = sample_answers["list"]
    assert shown(answer) == [(None, [("Mara Ellison", 1), ("Tomas Quill", 1), ("Ines Okafor", 2)])]
    assert marked(answer) == [["Mara Ellison", "Tomas Quill"], ["Ines Okafor"]]
    first, second = present(answer).sentences
    assert [place.exact for place in first.places] == ["Mara Ellison", "Tomas Quill"]
    assert second.citation.article_id == "survey.txt"


def test_an_enumeration_is_shown_once_with_its_items_marked(sample_answers: Mapping[str, Answer]) -> None:
    answer = sample_answers["enumeration"]
    assert shown(answer) == [(None, [("timber, wool and smoked fish", 1)])]
    assert marked(answer) == [["timber", "wool", "smoked fish"]]
    assert [place.exact for place in present(answer).sentences[0].places] == ["timber, wool and smoked fish"]


def test_a_single_answer_within_the_answer_narrows_no_mark(
    sample_answers: Mapping[str, Answer], quotation: Quote
) -> None:
    whole = quotation("survey.txt", "Ines Okafor, an engineer")
    answer = replace(sample_answers["one"], quotation=whole)
    assert shown(answer) == [(None, [("Ines Okafor, an engineer", 1)])]
    assert marked(answer) == [["Ines Okafor, an engineer"]]


def test_what_another_article_adds_to_an_enumeration_is_an_entry_of_its_own(
    sample_answers: Mapping[str, Answer], quotation: Quote
) -> None:
    goods = sample_answers["enumeration"]
    answer = replace(goods, answers=(*goods.answers, quotation("survey.txt", "stairs")))
    assert shown(answer) == [(None, [("timber, wool and smoked fish", 1), ("stairs", 2)])]
    assert marked(answer) == [["timber", "wool", "smoked fish"], ["stairs"]]


def test_each_part_is_a_section(sample_answers: Mapping[str, Answer]) -> None:
    assert shown(sample_answers["parts"]) == [
        ("who began the design", [("Mara Ellison", 1)]),
        ("who drew the stairs", [("Ines Okafor", 2)]),
        ("who finished it", [("Tomas Quill", 1)]),
    ]
    assert marked(sample_answers["parts"]) == [["Mara Ellison", "Tomas Quill"], ["Ines Okafor"]]


def test_the_items_of_a_part_that_is_an_enumeration_are_marked(
    sample_answers: Mapping[str, Answer], quotation: Quote
) -> None:
    part = "what is exported"
    whole = quotation("tower.txt", "timber, wool and smoked fish", part=part)
    items = [replace(one, part=part) for one in sample_answers["enumeration"].answers]
    other = quotation("survey.txt", "Ines Okafor", part="who drew the stairs")
    first = replace(sample_answers["enumeration"], quotation=whole, answers=(*items, other))
    assert shown(first) == [(part, [(whole.text, 1)]), (other.part, [("Ines Okafor", 2)])]
    second = replace(first, quotation=other, answers=(other, *items))
    assert shown(second) == [
        (other.part, [("Ines Okafor", 1)]),
        (part, [("timber", 2), ("wool", 2), ("smoked fish", 2)]),
    ]
    assert marked(second) == [["Ines Okafor"], ["timber", "wool", "smoked fish"]]


def test_the_same_words_may_answer_two_parts(sample_answers: Mapping[str, Answer], quotation: Quote) -> None:
    answers = tuple(
        quotation("tower.txt", "Mara Ellison", part=part) for part in ("who planned it", "who drew it")
    )
    answer = replace(sample_answers["parts"], quotation=answers[0], answers=answers)
    assert shown(answer) == [
        ("who planned it", [("Mara Ellison", 1)]),
        ("who drew it", [("Mara Ellison", 1)]),
    ]
    assert marked(answer) == [["Mara Ellison"]]


@pytest.mark.parametrize("name", ["one", "list", "enumeration", "missing part", "parts", "no", "yes"])
def test_the_runs_of_a_sentence_are_its_words(sample_answers: Mapping[str, Answer], name: str) -> None:
    for sentence in present(sample_answers[name]).sentences:
        assert "".join(words for words, _ in sentence.runs) == sentence.citation.quote


def test_the_same_words_elsewhere_are_listed_once(
    sample_answers: Mapping[str, Answer], quotation: Quote
) -> None:
    copy = quotation("survey.txt", "lighthouse").citation
    answers = [replace(one, other_citations=(copy,)) for one in sample_answers["list"].answers]
    answer = replace(sample_answers["list"], quotation=answers[0], answers=tuple(answers))
    assert present(answer).others == (copy,)


def test_an_abstention_has_nothing_to_show(sample_answers: Mapping[str, Answer]) -> None:
    abstention = replace(sample_answers["one"], quotation=None, answers=(), reason=Reason.LOW_CONFIDENCE)
    assert present(abstention) == present(replace(abstention, alternatives=sample_answers["one"].answers))
    assert present(abstention).entries == ()
