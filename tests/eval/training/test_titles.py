"""Titles before texts: shown as the reader shows context words, and asked about under another name."""

from __future__ import annotations

from dataclasses import replace

from eval.studies.examples import ContextExample
from eval.training.titles import titled, wrong_titles

TEXT = "Its mayor is Ada Brandt, and it has two ports."


def example(question: str, title: str, name: str = "q", text: str = TEXT) -> ContextExample:
    start = text.index("Ada Brandt")
    made = ContextExample.of(name, "made", question, text, [(start, start + 10)])
    return replace(made, title=title)


def test_a_title_with_a_word_that_the_text_lacks_is_shown() -> None:
    named, other, none = (
        example("Who is the mayor of Holm?", "Holm"),
        example("Who is the mayor?", "Holm"),
        example("Who is the mayor of Holm?", ""),
    )
    shown = titled([named, other, none], 0, needed=1.0, anyway=0.0)
    assert [one.context for one in shown] == ["Holm.", "", ""]
    assert [one.spans for one in shown] == [one.spans for one in (named, other, none)]
    assert [one.context for one in titled([named, other, none], 0, needed=0.0, anyway=1.0)] == [
        "",
        "Holm.",
        "",
    ]


def test_a_question_about_another_title_has_no_answer_under_the_true_one() -> None:
    holm, lund = (
        example("Who is the mayor of Holm?", "Holm"),
        example("Who rules Lund?", "Lund", "r", "Ada Brandt."),
    )
    found = wrong_titles([holm, lund], 1.0, 0)
    assert [(one.question, one.context, one.spans) for one in found] == [
        ("Who is the mayor of Lund?", "Holm.", ()),
        ("Who rules Holm?", "Lund.", ()),
    ]


def test_a_title_that_the_text_names_is_not_put_in() -> None:
    holm = example("Who is the mayor of Holm?", "Holm", text="Ada Brandt, once of Lund.")
    lund = example("Who came?", "Lund", "r")
    assert wrong_titles([holm, lund], 1.0, 0) == []


def test_a_set_with_one_title_has_no_other() -> None:
    assert wrong_titles([example("Who is the mayor of Holm?", "Holm")], 1.0, 0) == []
