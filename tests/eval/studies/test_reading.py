"""Reading comprehension: figures over predictions made by hand, and what a reader is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from eval.studies.examples import ContextExample
from eval.studies.reading import Prediction, abstention, read_examples, scored, summary, whole_passage
from indexer.records import ScoredPassage
from service.answering.answers import Span

CONTEXT = "It rained in Lahore. Bo Lund came by boat."
WHO = ContextExample.of("who", "made", "Who came?", CONTEXT, ((21, 28), (21, 23)))
WHERE = ContextExample.of("where", "made", "Where did it rain?", CONTEXT, ((13, 19),))
HOW = ContextExample.of("how", "made", "How did he come?", CONTEXT, ((34, 41),))


def test_a_prediction_is_judged_against_every_reference() -> None:
    assert WHO.references == ["Bo Lund", "Bo"]
    for text, f1, exact in (
        ("Bo", 1.0, 1.0),
        ("lund", 2 / 3, 0.0),
        ("Bo Lund came", 4 / 5, 0.0),
        ("", 0.0, 0.0),
    ):
        prediction = Prediction(WHO, text, 0.0)
        assert prediction.f1 == pytest.approx(f1)
        assert prediction.exact == exact


def test_the_summary_is_of_means_in_percent_with_their_intervals() -> None:
    found = [
        Prediction(WHO, "Bo Lund", 1.0),  # F1 1, exact
        Prediction(WHERE, "rained in Lahore", 1.0),  # F1 2 / 4
        Prediction(HOW, "boat", 1.0),  # F1 2 / 3
        Prediction(HOW, "", -math.inf),  # nothing
    ]
    table = summary(found)
    assert table["questions"] == 4
    assert table["f1"] == pytest.approx(100 * (1 + 1 / 2 + 2 / 3) / 4, abs=0.005)
    assert table["em"] == 25.0
    for name in ("f1", "em"):
        assert 0 <= table[f"{name}_low"] < table[name] < table[f"{name}_high"] <= 100


def test_the_interval_of_questions_that_are_all_alike_is_a_point() -> None:
    table = summary([Prediction(WHERE, "rained in Lahore", 1.0)] * 10)
    assert table == {
        "questions": 10,
        "f1": 50.0, "f1_low": 50.0, "f1_high": 50.0,
        "em": 0.0, "em_low": 0.0, "em_high": 0.0,
    }  # fmt: skip


NONE = ContextExample.of("none", "made", "Who fell?", CONTEXT)


def test_abstention_is_measured_by_the_score_alone() -> None:
    found = [
        Prediction(WHO, "Bo Lund", 3.0),
        Prediction(NONE, "Lahore", 2.0),
        Prediction(WHERE, "Lahore", 1.0),
        Prediction(HOW, "Lund", 0.5),  # wrong
        Prediction(NONE, "boat", 0.0),
        Prediction(NONE, "", -math.inf),
    ]
    table = abstention(found, refused=0.0)
    # Of nine pairs of a question with and one without an answer, two are out of order.
    assert table["auroc"] == pytest.approx(7 / 9, abs=1e-4)
    # Answering the first alone scores 1 and all three abstentions: 4 of 6; the third would cost one of them.
    assert table["f1_all"] == pytest.approx(100 * 4 / 6, abs=0.01)
    assert table["abstained"] == pytest.approx(100 * 2 / 3, abs=0.01)
    assert abstention(found, refused=0.5)["abstained"] == pytest.approx(100 * 2 / 3, abs=0.01)


def test_always_abstaining_is_the_least_that_the_best_threshold_gains() -> None:
    wrong = [Prediction(NONE, "boat", 3.0), Prediction(WHO, "boat", 1.0)]
    assert abstention(wrong)["f1_all"] == 50.0


def test_the_answerable_questions_alone_make_the_summary() -> None:
    found = [Prediction(WHO, "Bo Lund", 3.0), Prediction(NONE, "Lahore", 2.0)]
    assert scored(found) == summary(found[:1]) | abstention(found)
    assert scored(found[:1]) == summary(found[:1])


class FakeReader:
    """Offers for each question the words of a table, best first, and records what it is asked."""

    name = "fake"
    fingerprint = "00"

    def __init__(self, table: dict[str, list[tuple[str, float]]]) -> None:
        self._table = table
        self.asked: list[tuple[str, list[ScoredPassage]]] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        self.asked.append((question, [*passages]))
        return [
            Span(passages[0], CONTEXT.index(words), CONTEXT.index(words) + len(words), score)
            for words, score in self._table[question]
        ]


def test_each_example_is_read_alone_and_its_best_span_taken() -> None:
    reader = FakeReader({
        WHO.question: [("Bo Lund", 3.0), ("Lahore", 1.0)], WHERE.question: [], HOW.question: [("boat", -2.0)],
    })  # fmt: skip
    ticks: list[int] = []
    found = read_examples(reader, [WHO, WHERE, HOW], lambda: ticks.append(1))
    assert found == [
        Prediction(WHO, "Bo Lund", 3.0),
        Prediction(WHERE, "", -math.inf),
        Prediction(HOW, "boat", -2.0),
    ]
    assert len(ticks) == 3
    assert [question for question, _ in reader.asked] == [WHO.question, WHERE.question, HOW.question]
    assert all([scored.text for scored in passages] == [CONTEXT] for _, passages in reader.asked)


def test_a_whole_passage_is_the_context_with_its_sentences_and_no_retrieval() -> None:
    scored = whole_passage(WHO)
    assert scored.text == CONTEXT
    assert (scored.passage.start, scored.passage.end) == (0, len(CONTEXT))
    assert [CONTEXT[start:end] for start, end in scored.sentences] == [
        "It rained in Lahore.",
        "Bo Lund came by boat.",
    ]
    assert (scored.score, scored.dense, scored.lexical) == (0.0, 0.0, 0.0)
