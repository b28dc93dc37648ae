"""How many passages to read: cached spans, questions without their paragraph, and the figures."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.dataset import Example, GoldSpan
from eval.metrics import auroc, expected_calibration_error
from eval.significance import draws, interval
from eval.studies.examples import held_out
from eval.studies.outcomes import FIGURES, Outcome, Outcomes, Question, paired
from eval.studies.passages import CachingReader, development, table
from eval.studies.retrieval import open_set
from indexer.encoders.encoder import Encoder
from indexer.engine import Filters
from indexer.records import Passage, ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.loading import load_reader, reader_folder, shipped_readers
from service.answering.reading.network import read_card
from service.answering.retrieval.retriever import Retriever


class CountingReader:
    """Finds each passage's first letter, and counts the passages that it reads."""

    name = fingerprint = "counting"

    def __init__(self) -> None:
        self.passages_read = 0

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        self.passages_read += len(passages)
        return [Span(one, 0, 1, len(question) - one.passage.id) for one in passages]


def scored(number: int, text: str, score: float = 0.0) -> ScoredPassage:
    return ScoredPassage(Passage(number, f"{number}", 0, len(text)), text, score, 0.0, 0.0, ((0, len(text)),))


def test_a_passage_is_read_once_for_a_question_at_every_depth() -> None:
    counting = CountingReader()
    reader = CachingReader(counting)
    passages = [scored(number, f"{number}..") for number in (2, 0, 1)]
    assert [span.text for span in reader.read("why", passages)] == ["0", "1", "2"]
    assert [span.text for span in reader.read("why", passages[:2])] == ["0", "2"]
    assert counting.passages_read == 3
    reader.read("when", passages[:1])
    assert counting.passages_read == 4


def test_a_cached_span_carries_the_passage_as_it_was_retrieved_this_time() -> None:
    reader = CachingReader(CountingReader())
    first = scored(0, "Rome.", score=0.9)
    reader.read("where", [first])
    again = replace(first, score=0.4)
    (span,) = reader.read("where", [again])
    assert span.scored is again


def test_cached_spans_are_those_of_reading_the_passages_together(small_model: Path) -> None:
    """The small reader's span scores include the fused score, which is the same at every depth."""
    reader, _ = load_reader(str(small_model))
    text = "ada went to rome. bo went to oslo. the"
    # The second passage shares a sentence with the first: what both find there counts once.
    passages = [
        ScoredPassage(Passage(0, "a", 0, 34), text[:34], 0.9, 0.0, 0.0, ((0, 17), (18, 34))),
        ScoredPassage(Passage(1, "a", 18, 38), text[18:], 0.5, 0.0, 0.0, ((18, 34), (35, 38))),
        scored(2, "why did ada go to bern?", 0.1),
    ]
    caching = CachingReader(reader)
    for count in (3, 2, 1, 3):
        together = reader.read("where did ada go", passages[:count])
        assert together
        assert caching.read("where did ada go", passages[:count]) == together


def test_the_shipped_readers_may_be_cached() -> None:
    """Their spans' scores do not depend on the fused score, which filters change."""
    for name in shipped_readers():
        assert read_card(reader_folder(name))["reading"]["retrieval_weight"] == 0.0


# A development set.

TOWNS = [f"Town{number}" for number in range(60)]


@pytest.fixture
def small_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a set named wiki: a paragraph and a question for each town, each a Wikipedia article."""
    data = [
        {
            "title": town,
            "paragraphs": [
                {
                    "context": f"The mayor of {town} is Mr {town}son. It rained there.",
                    "qas": [
                        {
                            "id": town,
                            "question": f"Who is the mayor of {town}?",
                            "answers": [
                                {"text": f"Mr {town}son", "answer_start": len(f"The mayor of {town} is ")}
                            ],
                        }
                    ],
                }
            ],
        }
        for town in TOWNS
    ]
    with gzip.open(tmp_path / "squadshifts_new_wiki.json.gz", "wt", encoding="utf-8") as file:
        json.dump({"data": data}, file)
    monkeypatch.setenv("QUOTH_DATA", str(tmp_path))
    return tmp_path


def test_only_held_out_questions_are_asked_each_with_and_without_its_paragraph(
    small_set: Path, word_encoder: Encoder
) -> None:
    index, asked = development("wiki", small_set / "indexes", 1_000, word_encoder)
    mine = [town for town in TOWNS if held_out(town)]
    assert mine
    assert [one.example.id for one in asked[::2]] == [one.example.id for one in asked[1::2]] == mine
    assert all(one.answerable and one.filters is None for one in asked[::2])
    everything = {article.id for article in index.articles}
    for one in asked[1::2]:
        assert not one.answerable
        assert one.filters is not None
        assert everything - set(one.filters.article_ids) == {one.example.context}
    index.close()
    again, sampled = development("wiki", small_set / "indexes", 2, word_encoder)
    assert len({one.example.id for one in sampled}) == 2
    assert len(sampled) == 4
    again.close()


def test_an_excluded_paragraph_is_never_found(small_set: Path, word_encoder: Encoder) -> None:
    index, asked = development("wiki", small_set / "indexes", 1_000, word_encoder)
    retriever = Retriever(index, word_encoder)
    for one in asked:
        found = retriever.retrieve(one.example.question, 50, one.filters)
        assert len(found) == 50
        articles = {scored.passage.article_id for scored in found}
        assert (one.example.context in articles) is one.answerable
    index.close()


# Outcomes and their figures.

EXAMPLE = Example("1", "Who?", "who", "dev", (GoldSpan("a.txt", 0, 7, "Bo Lund"),), context="a.txt")


def outcome(
    confidence: float, *, f1: float = 0.0, exact: float = 0.0, right: bool = False, answerable: bool = True
) -> Outcome:
    return Outcome(answerable, f1, exact, right, confidence)


OUTCOMES = [
    outcome(0.9, f1=1.0, exact=1.0, right=True),
    outcome(0.6, f1=0.5, right=True),
    outcome(0.7),
    outcome(0.3, f1=0.25),
    outcome(0.4, answerable=False),
    outcome(0.8, answerable=False),
]


def value(name: str, outcomes: Sequence[Outcome]) -> float:
    return float(FIGURES[name](Outcomes.of(outcomes)))


def test_figures_are_those_computed_by_hand() -> None:
    # Over the four answerable questions.
    assert value("F1", OUTCOMES) == pytest.approx(100 * (1 + 0.5 + 0 + 0.25) / 4)
    assert value("EM", OUTCOMES) == pytest.approx(100 / 4)
    assert value("right", OUTCOMES) == pytest.approx(100 * 2 / 4)
    # Right 0.9 and 0.6 against wrong 0.7, 0.3, 0.4, 0.8: 4 + 2 of 8 pairs.
    assert value("AUROC", OUTCOMES) == pytest.approx(6 / 8)
    # Each in a bin of its own: 0.1, 0.4, 0.7, 0.3, 0.4, 0.8 apart.
    assert value("ECE", OUTCOMES) == pytest.approx((0.1 + 0.4 + 0.7 + 0.3 + 0.4 + 0.8) / 6)


def test_a_figure_without_questions_is_nan() -> None:
    for name in ("F1", "EM", "right", "AUROC"):
        assert math.isnan(value(name, OUTCOMES[4:]))


def test_figures_of_draws_are_those_of_each_draw() -> None:
    generator = np.random.default_rng(4)
    some = [
        outcome(
            round(float(generator.random()), 1),  # ties among them
            f1=float(generator.random()),
            exact=float(generator.random() < 0.5),
            right=bool(generator.random() < 0.6),
            answerable=bool(generator.random() < 0.7),
        )
        for _ in range(30)
    ]
    drawn = draws(30, samples=20)
    for name, figure in FIGURES.items():
        expected = [value(name, [some[place] for place in draw]) for draw in drawn]
        assert figure(Outcomes.of(some).drawn(drawn)).tolist() == pytest.approx(expected, nan_ok=True), name
    columns = Outcomes.of(some)
    assert value("AUROC", some) == auroc(columns.confidence, columns.right.tolist())
    assert value("ECE", some) == expected_calibration_error(columns.confidence, columns.right.tolist())


def test_a_paired_difference_is_second_less_first_over_the_same_draws() -> None:
    better = [replace(one, f1=min(1.0, one.f1 + 0.5)) for one in OUTCOMES]
    found = paired(FIGURES["F1"], Outcomes.of(OUTCOMES), Outcomes.of(better), samples=300)
    # 0, 0.5, 0.5 and 0.5 more.
    assert found.value == pytest.approx(100 * 1.5 / 4)
    apart = []
    for draw in draws(6, samples=300):
        kept = [place for place in draw if OUTCOMES[place].answerable]
        if kept:
            apart.append(100 * sum(better[one].f1 - OUTCOMES[one].f1 for one in kept) / len(kept))
    assert (found.low, found.high) == pytest.approx(interval(np.array(apart)))
    # The same change of every question has an interval without width.
    shifted = [replace(one, f1=one.f1 - 0.25) for one in OUTCOMES]
    even = paired(FIGURES["F1"], Outcomes.of(OUTCOMES), Outcomes.of(shifted), samples=300)
    assert (even.value, even.low, even.high) == pytest.approx((-25, -25, -25))


def test_an_outcome_is_scored_against_the_references_of_an_answerable_question(
    word_answerer: Callable[[Path, Path], Answerer], tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("Bo Lund came.", "utf-8")
    (folder / "b.txt").write_text("Bo Lund came.", "utf-8")
    (folder / "c.txt").write_text("It rained in Lahore.", "utf-8")
    answerer = word_answerer(folder, tmp_path / "index")
    answer = answerer.answer("Bo Lund came", min_confidence=0.0)
    assert answer.quotation is not None
    assert answer.quotation.text == "Bo Lund came."
    found = Outcome.of(Question(EXAMPLE), answer)
    assert found.f1 == pytest.approx(4 / 5)
    assert replace(found, f1=0.0) == Outcome(True, 0.0, 0.0, True, answer.confidence)
    # The same words in another article are another citation; either may be the right one.
    elsewhere = replace(EXAMPLE, answers=(GoldSpan("b.txt", 0, 7, "Bo Lund"),))
    assert Outcome.of(Question(elsewhere), answer).right
    assert not Outcome.of(Question(replace(EXAMPLE, answers=(GoldSpan("c.txt", 0, 2, "It"),))), answer).right
    # Without its paragraph the question is unanswerable.
    excluded = Outcome.of(Question(EXAMPLE, Filters(article_ids=("b.txt",))), answer)
    assert excluded == Outcome(False, 0.0, 0.0, False, answer.confidence)
    nothing = answerer.answer("Bo Lund came", filters=Filters(article_ids=("none.txt",)), min_confidence=0.0)
    assert Outcome.of(Question(EXAMPLE), nothing) == Outcome(True, 0.0, 0.0, False, 0.0)


def test_the_table_has_a_row_for_each_depth_and_differences_to_the_first() -> None:
    worse = [replace(one, f1=0.0, right=False) for one in OUTCOMES]
    made = table("made", {8: OUTCOMES, 4: worse}, threshold=0.5)
    assert made.title == "made: 4 answerable questions, 2 unanswerable"
    rows = [[*column.cells] for column in made.columns]
    cells = {str(column.header): found for column, found in zip(made.columns, rows, strict=True)}
    assert cells["passages"] == ["8", "4"]
    assert cells["F1"] == ["43.8", "0.0"]
    assert cells["AUROC"] == ["0.750", "nan"]
    # One of four answerable questions is below 0.5, and one of two unanswerable ones.
    assert cells["refused"] == ["25.0", "25.0"]
    assert cells["abstained"] == ["50.0", "50.0"]
    assert cells["F1, difference"][0] == ""
    assert str(cells["F1, difference"][1]).startswith("-43.75 (")
    assert cells["AUROC, difference"][1] == ""


def test_a_set_and_its_index_are_opened_together(small_set: Path, word_encoder: Encoder) -> None:
    paragraphs, index = open_set("wiki", small_set / "indexes", word_encoder)
    assert len(paragraphs) == len(index.articles) == len(TOWNS)
    index.close()
