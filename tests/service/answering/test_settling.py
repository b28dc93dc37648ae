"""How much is read for a question, and what is not read again: counted at the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.engine import Filters
from indexer.records import ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.confidence import Calibration
from service.answering.followups import Turn
from service.answering.settings import AnswererSettings

ALL = 6


class Finder:
    """Takes the word "cable" in each passage for an answer; its score is what the article's name says."""

    name = "finder"
    fingerprint = "f"

    def __init__(self) -> None:
        self.read_at_a_time: list[int] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:  # noqa: ARG002
        self.read_at_a_time.append(len(passages))
        found = []
        for scored in passages:
            at = scored.text.find("cable")
            score = float(scored.passage.article_id.removesuffix(".txt"))
            start = scored.passage.start + at
            if at >= 0:
                found.append(Span(scored.passage, start, start + 5, "cable", score))
        return sorted(found, key=lambda span: -span.score)


@pytest.fixture
def finder() -> Finder:
    return Finder()


Make = Callable[..., Answerer]


@pytest.fixture
def make(tmp_path: Path, word_answerer: Callable[[Path, Path], Answerer], finder: Finder) -> Make:
    """Six articles that the retriever ranks 5, 4, 3, 2, 1, 0, by how often they name what is asked about."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(ALL):
        words = "harbour " * (2 * number + 1) + "filler " * (2 * (ALL - number))
        (folder / f"{number}.txt").write_text(f"{words}cable.", "utf-8")
    base = word_answerer(folder, tmp_path / "index")

    def made(calibration: Calibration | None = None, **settings: float) -> Answerer:
        return Answerer(
            base.index,
            base._retriever,
            finder,
            calibration or Calibration({"score": 1.0}, 0.0, 0.0),
            AnswererSettings(top_k=ALL, **settings),  # type: ignore[arg-type]
        )

    return made


def _ids(answerer: Answerer, **given: float) -> list[str]:
    answer = answerer.answer("harbour", **given)  # type: ignore[arg-type]
    return [read.article.id for read in answer.passages]


def test_all_passages_are_read_at_once_unless_told_otherwise(make: Make, finder: Finder) -> None:
    assert len(_ids(make())) == ALL
    assert finder.read_at_a_time == [ALL]


def test_a_confident_answer_among_the_first_spares_the_others(make: Make, finder: Finder) -> None:
    # The first two are the articles 5 and 4: a score of 5, and a confidence of 1 / (1 + e^-5) = 0.9933.
    answerer = make(first=2, settled=0.99)
    assert _ids(answerer) == ["5.txt", "4.txt"]
    assert finder.read_at_a_time == [2]


def test_without_it_the_others_are_read_too_and_nothing_is_read_twice(make: Make, finder: Finder) -> None:
    answerer = make(first=2, settled=0.995)
    assert sorted(_ids(answerer)) == [f"{number}.txt" for number in range(ALL)]
    assert finder.read_at_a_time == [2, ALL - 2]


def test_the_best_of_both_readings_is_the_answer(make: Make) -> None:
    # Against their ranks: the confident one is the last to be retrieved.
    answerer = make(Calibration({"score": -1.0}, 0.0, 0.0), first=2, settled=0.9)
    whole = make(Calibration({"score": -1.0}, 0.0, 0.0))
    assert answerer.answer("harbour").quotation == whole.answer("harbour").quotation


def test_a_threshold_above_what_settles_counts_instead(make: Make, finder: Finder) -> None:
    answerer = make(first=2, settled=0.5)
    assert len(_ids(answerer, min_confidence=0.999)) == ALL
    assert finder.read_at_a_time == [2, ALL - 2]


def test_fewer_passages_than_the_first_are_all_there_is(make: Make, finder: Finder) -> None:
    assert len(_ids(make(first=4, settled=0.999), top_k=3)) == 3
    assert finder.read_at_a_time == [3]


def test_nothing_found_among_the_first_does_not_settle(make: Make, finder: Finder) -> None:
    answerer = make(first=2, settled=0.0)
    nothing = answerer.answer("harbour", filters=Filters(article_ids=("none",)))
    assert nothing.quotation is None
    assert finder.read_at_a_time == [0]


def test_a_question_that_was_asked_lately_is_not_read_again(make: Make, finder: Finder) -> None:
    answerer = make(cache=2)
    first = answerer.answer("harbour")
    second = answerer.answer("  harbour ")
    assert finder.read_at_a_time == [ALL]
    assert (second.quotation, second.passages) == (first.quotation, first.passages)
    assert set(first.timings_ms) == {"retrieve", "read", "total"}
    assert set(second.timings_ms) == {"total"}


@pytest.mark.parametrize(
    "other",
    [
        {"top_k": 2},
        {"filters": Filters(article_ids=("5.txt",))},
        {"previous": Turn("What of the filler?")},
    ],
)
def test_what_else_decides_an_answer_is_read_anew(
    make: Make, finder: Finder, other: dict[str, object]
) -> None:
    answerer = make(cache=10)
    answerer.answer("harbour")
    answerer.answer("and the harbour of it?", **other)  # type: ignore[arg-type]
    before = len(finder.read_at_a_time)
    assert before > 1
    answerer.answer("and the harbour of it?", **other)  # type: ignore[arg-type]
    assert len(finder.read_at_a_time) == before


def test_a_threshold_is_not_part_of_what_is_kept(make: Make, finder: Finder) -> None:
    answerer = make(Calibration({"score": 1.0}, -5.0, 0.5), cache=10)  # a confidence of 0.5
    assert answerer.answer("harbour", min_confidence=0.4).quotation is not None
    assert answerer.answer("harbour", min_confidence=0.6).quotation is None
    assert finder.read_at_a_time == [ALL]


def test_the_question_asked_longest_ago_is_forgotten_first(make: Make, finder: Finder) -> None:
    answerer = make(cache=2)
    for question in ("harbour", "filler", "harbour", "harbour filler", "harbour"):
        answerer.answer(question)
    assert len(finder.read_at_a_time) == 3
    answerer.answer("filler")
    assert len(finder.read_at_a_time) == 4


def test_nothing_is_kept_where_none_may_be(make: Make, finder: Finder) -> None:
    answerer = make(cache=0)
    answerer.answer("harbour")
    answerer.answer("harbour")
    assert finder.read_at_a_time == [ALL, ALL]


def test_threads_that_ask_at_once_get_the_same_answers(make: Make) -> None:
    answerer = make(cache=3)
    questions = ["harbour", "filler", "harbour filler", "filler harbour", "cable"] * 20
    expected = {question: make().answer(question).quotation for question in questions}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answerer.answer, questions))
    assert [answer.quotation for answer in answers] == [expected[question] for question in questions]
