"""Systems in this process: an answerer over an index, and a reader with one paragraph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from eval.baseline import SentenceReader, SentenceWeights
from eval.dataset import Example, GoldSpan
from eval.runs import Result, ask_all
from eval.systems import LocalSystem, Place, ReaderSystem
from indexer.encoders.encoder import Encoder
from indexer.records import Article, Metadata, ScoredPassage
from service.answering.answerer import Answerer
from service.answering.answers import Span
from service.answering.confidence.calibration import Calibration
from service.answering.settings import AnswererSettings

TEXTS = {
    "rain.txt": "The river rose by two metres. Nobody was hurt in the town of Bern.",
    "road.txt": "A road was built to the port. It cost nine million francs.",
}


@pytest.fixture(scope="module")
def answerer(
    tmp_path_factory: pytest.TempPathFactory, word_answerer: Callable[[Path, Path], Answerer]
) -> Answerer:
    folder = tmp_path_factory.mktemp("articles")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return word_answerer(folder, tmp_path_factory.mktemp("made") / "index")


def ask(question: str, *, context: str | None = None, answers: tuple[GoldSpan, ...] = ()) -> Example:
    return Example("1", question, "how", "test", answers, context)


def test_a_local_system_exposes_the_index_and_the_given_facts(answerer: Answerer) -> None:
    system = LocalSystem(answerer, {"mode": "open"})
    assert system.facts == {"mode": "open"}
    assert system.threshold == answerer.threshold == 0.0
    assert [article.id for article in system.articles] == ["rain.txt", "road.txt"]
    found = system.find_article("rain.txt")
    assert found is not None
    assert found.text == TEXTS["rain.txt"]
    assert system.find_article("none.txt") is None
    places = system.passages("rain.txt")
    assert places
    assert all(TEXTS["rain.txt"][place.start : place.end].strip() for place in places)


def test_a_local_systems_reply_is_that_of_its_answerer(answerer: Answerer) -> None:
    question = "How far did the river rise?"
    reply = LocalSystem(answerer, {}).ask(ask(question))
    answer = answerer.answer(question, min_confidence=0.0)
    assert answer.quotation is not None
    assert reply.candidate is not None
    citation = answer.quotation.citation
    assert reply.candidate.text == citation.exact
    assert reply.candidate.place == Place(citation.article_id, citation.start, citation.end)
    place, passage = reply.candidate.place, reply.candidate.passage
    assert TEXTS[place.article][place.start : place.end] == reply.candidate.text
    assert passage.start <= place.start < place.end <= passage.end
    assert reply.confidence == answer.confidence
    assert [(one.article, one.start) for one in reply.passages] == [
        (one.scored.passage.article_id, one.scored.passage.start) for one in answer.passages
    ]
    assert reply.milliseconds > 0


def test_top_k_passages_are_read(answerer: Answerer) -> None:
    one = Answerer(
        answerer.index,
        answerer._retriever,
        answerer._reader,
        answerer._calibration,
        AnswererSettings(top_k=1),
    )
    assert len(LocalSystem(one, {}).ask(ask("What did the road cost?")).passages) == 1


def test_a_withheld_candidate_is_recorded_and_not_given(answerer: Answerer) -> None:
    class Strict:
        """The same answerer with a threshold that withholds everything."""

        threshold = 1.0
        index = answerer.index
        answer = answerer.answer

    system = LocalSystem(Strict(), {})  # type: ignore[arg-type]
    found: list[Result] = []
    ask_all(system, [ask("How far did the river rise?")], found.append)
    assert found[0].candidate
    assert (found[0].answered, found[0].given) == (False, "")


class Recording:
    """A reader that offers given words of the passage and records what it reads."""

    name = "recording"
    fingerprint = "ab" * 32

    def __init__(self, *words: tuple[str, float]) -> None:
        self._words = words
        self.asked: list[str] = []
        self.read_passages: list[ScoredPassage] = []

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        (scored,) = passages
        self.asked.append(question)
        self.read_passages.append(scored)
        return [
            Span(scored, scored.text.index(words), scored.text.index(words) + len(words), score)
            for words, score in self._words
        ]


PARAGRAPHS = [Article.create(name, text, Metadata()) for name, text in TEXTS.items()]
CALIBRATION = Calibration({"score": 1.0, "margin": 0.5, "similarity": 2.0}, -0.25, 0.4)


def test_a_reader_system_reads_the_questions_own_paragraph_whole(word_encoder: Encoder) -> None:
    reader = Recording(("two metres", 1.5), ("Bern", 0.5))
    system = ReaderSystem(reader, CALIBRATION, word_encoder, PARAGRAPHS, {"mode": "reader-only"})
    question = "How far did the river rise?"
    reply = system.ask(ask(question, context="rain.txt"))
    (scored,) = reader.read_passages
    assert reader.asked == [question]
    assert scored.text == TEXTS["rain.txt"]
    assert [scored.text[start:end] for start, end in scored.sentences] == [
        "The river rose by two metres.",
        "Nobody was hurt in the town of Bern.",
    ]
    whole = Place("rain.txt", 0, len(TEXTS["rain.txt"]))
    assert reply.candidate is not None
    assert (reply.candidate.text, reply.candidate.passage) == ("two metres", whole)
    assert reply.candidate.place == Place("rain.txt", 18, 28)
    assert reply.passages == (whole,)
    similarity = float(
        np.dot(word_encoder.encode_query(question), word_encoder.encode_passages([scored.text])[0])
    )
    log_odds = -0.25 + 1.5 + 0.5 * (1.5 - 0.5) + 2.0 * similarity
    assert reply.confidence == pytest.approx(1 / (1 + np.exp(-log_odds)))
    assert (system.threshold, system.facts) == (0.4, {"mode": "reader-only"})


def test_a_reader_without_a_candidate_has_confidence_0(word_encoder: Encoder) -> None:
    reply = ReaderSystem(Recording(), CALIBRATION, word_encoder, PARAGRAPHS, {}).ask(
        ask("Why?", context="road.txt")
    )
    assert (reply.candidate, reply.confidence) == (None, 0.0)


def test_a_reader_systems_passages_are_its_paragraphs(word_encoder: Encoder) -> None:
    system = ReaderSystem(Recording(), CALIBRATION, word_encoder, PARAGRAPHS, {})
    assert [article.id for article in system.articles] == ["rain.txt", "road.txt"]
    assert system.find_article("road.txt") == PARAGRAPHS[1]
    assert system.find_article("none.txt") is None
    assert system.passages("road.txt") == [Place("road.txt", 0, len(TEXTS["road.txt"]))]


def test_a_real_reader_finds_its_answer_in_the_paragraph(word_encoder: Encoder) -> None:
    reader = SentenceReader(word_encoder, SentenceWeights((4.0, 2.0, 1.0), -3.0))
    calibration = Calibration({"score": 1.0}, 0.0, 0.0)
    system = ReaderSystem(reader, calibration, word_encoder, PARAGRAPHS, {})
    gold = (GoldSpan("road.txt", 38, 57, "nine million francs"),)
    found: list[Result] = []
    ask_all(system, [ask("What did it cost?", context="road.txt", answers=gold)], found.append)
    (one,) = found
    assert TEXTS["road.txt"][38:57] == gold[0].text
    assert (one.ranks, one.relevant, one.right, one.holds_answer) == ([1], 1, True, True)
    assert one.candidate == "It cost nine million francs."
