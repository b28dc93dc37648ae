"""Several answers, the parts of a question, yes/no questions: over a reader that offers scripted words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from indexer.records import ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Answer, Polarity, Reason, Span
from service.answering.confidence.calibration import Calibration

TEXT = (
    "The ferry Borealis was designed by Ada Brandt, Ole Vik and Per Lie. It was launched in Holm in 1931. "
    "The captain owns the Borealis."
)
Script = Mapping[str, Sequence[tuple[str, float]]]
"""By the words that a question begins with: the words that the reader offers, with their scores."""


class ScriptedReader:
    """Offers the words that the script has for the question, wherever a passage holds them."""

    name, fingerprint = "scripted", ""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[str] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        self.asked.append(question)
        offered = next((words for begin, words in self._script.items() if question.startswith(begin)), ())
        return sorted(
            (
                Span(scored, scored.passage.start + at, scored.passage.start + at + len(words), score)
                for scored in passages
                for words, score in offered
                if (at := scored.text.find(words)) >= 0
            ),
            key=lambda span: -span.score,
        )


@pytest.fixture
def made(
    tmp_path: Path, word_answerer: Callable[[Path, Path], Answerer]
) -> Callable[[Script], tuple[Answerer, ScriptedReader]]:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "ferry.txt").write_text(TEXT, "utf-8")
    answerer = word_answerer(folder, tmp_path / "index")

    def make(script: Script) -> tuple[Answerer, ScriptedReader]:
        reader = ScriptedReader(script)
        calibration = Calibration({"score": 1.0}, 0.0, 0.5)
        return Answerer(answerer.index, answerer._retriever, reader, calibration), reader

    return make


def texts(answer: Answer) -> list[str]:
    for one in answer.answers:
        assert TEXT[one.citation.start : one.citation.end] == one.text == one.citation.exact
    return [one.text for one in answer.answers]


Make = Callable[[Script], tuple[Answerer, ScriptedReader]]


def test_an_ordinary_answer_is_the_only_one(made: Make) -> None:
    answerer, _ = made({"When": [("1931", 3.0), ("Holm", 0.5)]})
    answer = answerer.answer("When was it launched at sea?")
    assert texts(answer) == ["1931"]
    assert answer.answers[0] == answer.quotation
    assert answer.unanswered == ()
    assert [one.text for one in answer.alternatives] == ["Holm"]


def test_an_enumeration_is_quoted_whole_and_its_items_one_by_one(made: Make) -> None:
    answerer, _ = made({"Who": [("Ada Brandt, Ole Vik and Per Lie", 3.0), ("Ole Vik", 1.0)]})
    answer = answerer.answer("Who designed the ferry Borealis?")
    assert answer.quotation is not None
    assert answer.quotation.text == "Ada Brandt, Ole Vik and Per Lie"
    assert texts(answer) == ["Ada Brandt", "Ole Vik", "Per Lie"]
    assert {one.confidence for one in answer.answers} == {answer.quotation.confidence}
    assert answer.alternatives == ()


def test_an_abstention_has_no_answers(made: Make) -> None:
    answerer, _ = made({"Who": [("Ada Brandt", -3.0)]})
    answer = answerer.answer("Who designed the ferry Borealis?")
    assert (answer.quotation, answer.answers, answer.unanswered) == (None, (), ())


def test_the_parts_of_a_question_are_asked_one_by_one(made: Make) -> None:
    answerer, reader = made({"Who": [("Ada Brandt", 3.0)], "When": [("1931", 2.0)]})
    answer = answerer.answer("Who designed the Borealis and when was the Borealis launched?")
    assert texts(answer) == ["Ada Brandt", "1931"]
    assert [one.part for one in answer.answers] == [
        "Who designed the Borealis",
        "when was the Borealis launched",
    ]
    assert answer.quotation == answer.answers[0]
    assert answer.unanswered == ()
    assert len(reader.asked) == 2
    # A passage that was read for both parts is listed once.
    ids = [read.scored.passage.id for read in answer.passages]
    assert len(ids) == len(set(ids))


def test_a_part_without_an_answer_is_named(made: Make) -> None:
    answerer, _ = made({"Who": [("Ada Brandt", -4.0)], "When": [("1931", 2.0)]})
    answer = answerer.answer("Who designed the Borealis and when was the Borealis launched?")
    assert texts(answer) == ["1931"]
    assert answer.quotation is not None
    assert answer.quotation.part == "when was the Borealis launched"
    assert answer.unanswered == ("Who designed the Borealis",)
    assert answer.reason is None


def test_a_dependent_part_follows_the_one_before(made: Make) -> None:
    answerer, reader = made({"Who": [("Ada Brandt", 3.0)], "When": [("1931", 2.0)]})
    answer = answerer.answer("Who designed the Borealis and when was it launched?")
    assert texts(answer) == ["Ada Brandt", "1931"]
    assert any("Borealis" in question for question in reader.asked[1:])


def test_a_question_whose_parts_have_no_answer_is_asked_whole(made: Make) -> None:
    question = "Who designed the Borealis and when was the Borealis launched?"
    answerer, reader = made({question: [("1931", 2.0)]})
    answer = answerer.answer(question)
    assert reader.asked[-1] == question
    assert texts(answer) == ["1931"]
    assert answer.answers[0].part is None
    nothing, _ = made({})
    assert nothing.answer(question).reason is Reason.LOW_CONFIDENCE


def test_small_talk_has_no_parts(made: Make) -> None:
    answerer, reader = made({})
    assert answerer.answer("Hello and thank you!").reason is Reason.SMALL_TALK
    assert reader.asked == []


def test_the_sentence_that_decides_a_yes_no_question_is_the_answer(made: Make) -> None:
    answerer, _ = made({"Does": [("Ole Vik", -2.0)]})
    answer = answerer.answer("Does the captain own the Borealis?")
    assert texts(answer) == ["The captain owns the Borealis."]
    assert answer.quotation == answer.answers[0]
    assert answer.answers[0].polarity is Polarity.SAYS_YES


def test_without_a_deciding_sentence_the_best_candidates_is_given_without_a_label(made: Make) -> None:
    answerer, _ = made({"Was": [("Holm", 2.0), ("1931", 1.0)]})
    answer = answerer.answer("Was the ferry popular with the people of Holm?")
    assert texts(answer) == ["It was launched in Holm in 1931."]
    assert answer.answers[0].polarity is None
    # What stands in the answer is no alternative to it.
    assert answer.alternatives == ()
