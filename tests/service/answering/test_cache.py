"""Which questions the reader is called for and which the cache answers, counted at the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.engine import Filters
from indexer.records import ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.confidence.calibration import Calibration
from service.answering.questions.followups import Turn
from service.answering.settings import AnswererSettings

ALL = 6


class Finder:
    """Offers the word "cable" in each passage; the score is the number in the article's name."""

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
                found.append(Span(scored, start, start + 5, score))
        return sorted(found, key=lambda span: -span.score)


@pytest.fixture
def finder() -> Finder:
    return Finder()


Make = Callable[..., Answerer]


@pytest.fixture
def make(tmp_path: Path, word_answerer: Callable[[Path, Path], Answerer], finder: Finder) -> Make:
    """Six articles that the retriever ranks 5, 4, 3, 2, 1, 0: by counts of the question's word."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(ALL):
        words = "harbour " * (2 * number + 1) + f"filler{number} " * (2 * (ALL - number))
        (folder / f"{number}.txt").write_text(f"{words}cable.", "utf-8")
    base = word_answerer(folder, tmp_path / "index")

    def made(calibration: Calibration | None = None, *, cache_size: int = 0) -> Answerer:
        return Answerer(
            base.index,
            base._retriever,
            finder,
            calibration or Calibration({"score": 1.0}, 0.0, 0.0),
            AnswererSettings(top_k=ALL, cache_size=cache_size),
        )

    return made


def test_all_passages_are_read_in_one_call(make: Make, finder: Finder) -> None:
    answer = make().answer("harbour")
    assert len(answer.passages) == ALL
    assert finder.read_at_a_time == [ALL]


def test_a_repeated_question_is_answered_from_the_cache(make: Make, finder: Finder) -> None:
    answerer = make(cache_size=2)
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
def test_everything_that_an_answer_depends_on_is_part_of_the_cache_key(
    make: Make, finder: Finder, other: dict[str, object]
) -> None:
    answerer = make(cache_size=10)
    answerer.answer("and the harbour of it?")
    assert len(finder.read_at_a_time) == 1
    answerer.answer("and the harbour of it?", **other)  # type: ignore[arg-type]
    before = len(finder.read_at_a_time)
    assert before > 1
    answerer.answer("and the harbour of it?", **other)  # type: ignore[arg-type]
    assert len(finder.read_at_a_time) == before


def test_the_threshold_is_not_part_of_the_cache_key(make: Make, finder: Finder) -> None:
    answerer = make(Calibration({"score": 1.0}, -5.0, 0.5), cache_size=10)  # a confidence of 0.5
    assert answerer.answer("harbour", min_confidence=0.4).quotation is not None
    assert answerer.answer("harbour", min_confidence=0.6).quotation is None
    assert finder.read_at_a_time == [ALL]


def test_the_least_recently_asked_question_is_evicted_first(make: Make, finder: Finder) -> None:
    answerer = make(cache_size=2)
    for question in ("harbour", "filler", "harbour", "harbour filler", "harbour"):
        answerer.answer(question)
    assert len(finder.read_at_a_time) == 3
    answerer.answer("filler")
    assert len(finder.read_at_a_time) == 4


def test_a_cache_of_size_zero_keeps_nothing(make: Make, finder: Finder) -> None:
    answerer = make(cache_size=0)
    answerer.answer("harbour")
    answerer.answer("harbour")
    assert finder.read_at_a_time == [ALL, ALL]


def test_threads_that_share_a_cache_get_the_same_answers(make: Make) -> None:
    answerer = make(cache_size=3)
    questions = ["harbour", "filler", "harbour filler", "filler harbour", "cable"] * 20
    expected = {question: make().answer(question).quotation for question in questions}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answerer.answer, questions))
    assert [answer.quotation for answer in answers] == [expected[question] for question in questions]
