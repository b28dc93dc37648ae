"""Titles before texts: shown as the reader shows context words, and asked about under another name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.studies.examples import ContextExample
from eval.training.kinds import names
from eval.training.titles import kind_of_work, titled, wrong_titles

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


def test_a_name_in_the_title_gives_way_to_another_of_its_kind() -> None:
    warsaw = example("Who is the mayor of Warsaw?", "Warsaw")
    for seed in range(9):
        (one,) = wrong_titles([warsaw], 1.0, seed)
        assert (one.context, one.spans, one.id) == ("Warsaw.", (), "q/title")
        place = one.question.removeprefix("Who is the mayor of ").removesuffix("?")
        assert place in {item.words for item in names()["city"]} - {"Warsaw"}


def test_a_name_that_the_text_mentions_is_not_put_in() -> None:
    text = "Its mayor is Ada Brandt. " + " ".join(
        item.words for item in names()["borough"] if item.words != "Manhattan"
    )
    assert wrong_titles([example("Who is the mayor of Manhattan?", "Manhattan", text=text)], 1.0, 0) == []


def film(title: str, question: str, text: str) -> ContextExample:
    return example(question, title, title, f"{text} Ada Brandt came.")


def test_a_works_title_gives_way_to_another_of_its_kind() -> None:
    first = film("Grey Mill (film)", "where was grey mill made", "It was long.")
    second = film("Dark Wood", "Who saw Dark Wood?", "Dark Wood is a 1931 drama film.")
    song = film("Red Hill", "Who sang Red Hill?", "Red Hill is a song.")
    person = film("Bo Lund", "Who saw Bo Lund?", "Bo Lund was an English film actor.")
    assert [(one.question, one.context) for one in wrong_titles([first, second, song, person], 1.0, 0)] == [
        ("where was dark wood made", "Grey Mill (film)."),
        ("Who saw Grey Mill?", "Dark Wood."),
    ]


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Grey Mill (2011 film)", "It is long.", "film"),
        ("Grey Mill (Bo Lund song)", "It is long.", "song"),
        ("Grey Mill", "Grey Mill is an American television sitcom.", "series"),
        ("Grey Mill", "Grey Mill was a writer of novels.", None),
        ("Grey Mill", "The house is a novel.", None),
        ("Grey Mill (surname)", "Grey Mill is a film.", None),
    ],
)
def test_the_kind_of_a_work_is_in_its_title_or_its_first_sentence(
    title: str, text: str, kind: str | None
) -> None:
    assert kind_of_work(title, text) == kind


def test_a_share_is_drawn_and_a_title_without_a_name_is_left_out() -> None:
    warsaw = example("Who is the mayor of Warsaw?", "Warsaw")
    assert wrong_titles([warsaw], 0.0, 0) == []
    assert wrong_titles([example("Who is the mayor?", "Warsaw")], 1.0, 0) == []
