"""Several answers, the parts of a question, yes/no questions: over a reader that offers scripted words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.records import Article, Metadata, Passage, ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Answer, Polarity, Quotation, Reason, Span
from service.answering.citations import cite
from service.answering.composing import Outcome, answers_to
from service.answering.confidence.calibration import Calibration
from service.answering.questions.followups import Turn
from service.answering.questions.parts import Part
from service.answering.yes_no.deciding import whole_sentence

TEXT = (
    "The ferry Borealis was designed by Ada Brandt, Ole Vik and Per Lie. It was launched in Holm in 1931. "
    "The captain owns the Borealis. The pilot steers the tug. The pilot does not steer the tug. "
    "The cook was born in Holm."
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


def test_an_alternative_has_no_words_of_an_answer(made: Make) -> None:
    offered = [("Ada Brandt", 3.0), ("Ada Brandt, Ole Vik and Per Lie", 2.8), ("Vik and", 1.0), ("1931", 0.9)]
    answerer, _ = made({"Who": offered})
    answer = answerer.answer("Who designed the ferry Borealis?")
    assert texts(answer) == ["Ada Brandt", "Ole Vik", "Per Lie"]
    assert [one.text for one in answer.alternatives] == ["1931"]


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


def test_a_follow_up_is_a_yes_no_question_if_what_it_stands_for_is(made: Make) -> None:
    answerer, _ = made({})
    answer = answerer.answer("And in Holm?", previous=Turn("Was the cook born in Lund?"))
    assert answer.read_as == "Was the cook born in Holm?"
    assert texts(answer) == ["The cook was born in Holm."]
    assert answer.quotation == answer.answers[0]
    assert answer.answers[0].polarity is Polarity.SAYS_YES


def test_sentences_that_contradict_each_other_carry_no_label(made: Make) -> None:
    answerer, _ = made({"Does": [("The pilot steers the tug.", 4.0)]})
    answer = answerer.answer("Does the pilot steer the tug?")
    assert texts(answer) == ["The pilot steers the tug."]
    assert answer.answers[0].polarity is None


def test_the_most_confident_candidate_comes_first_though_a_better_scored_one_touches_it() -> None:
    scored = ScoredPassage(Passage(0, "ferry.txt", 0, len(TEXT)), TEXT, 1.0, 0.0, 0.0, ())

    def span(words: str, score: float) -> Span:
        start = TEXT.index(words)
        return Span(scored, start, start + len(words), score)

    article = Article("ferry.txt", Metadata(), TEXT, "")
    best, wider = span("1931", 2.0), span("Holm in 1931", 3.0)
    question = "When was it launched?"
    quotations = [Quotation(best.text, 0.9, cite(article, best))]
    part = Part(question, question, dependent=False)
    outcome = Outcome(part, question, [scored], [wider, best], quotations, 0.5, None)
    assert [one.text for one in answers_to(outcome, lambda _: article)] == ["1931"]


def test_other_places_of_a_deciding_sentence_are_the_whole_sentence(made: Make) -> None:
    answerer, _ = made({})
    citation = answerer.answer("Does the captain own the Borealis?").answers[0].citation
    words = replace(citation, start=citation.start + 4, end=citation.start + 11, exact="captain")
    best = Quotation("captain", 0.9, words, (words, replace(words, quote="A captain owned it.")))
    whole = whole_sentence(best, [], answerer.article)
    assert whole.text == "The captain owns the Borealis."
    assert whole.citation == citation
    assert whole.other_citations == (citation,)
