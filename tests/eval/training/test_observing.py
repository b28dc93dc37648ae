"""What a reader is asked, and what is noted of its candidates, over a small collection made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from eval.dataset import Example, GoldSpan
from eval.studies import examples
from eval.studies.paragraphs import Paragraphs
from eval.training import observing
from eval.training.observing import Asked, Observation, _variants, from_example, observed
from indexer.build import build
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import open_index
from indexer.records import Article, Metadata, ScoredPassage
from service.answering.answers import Span
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import RetrieverSettings

TEXTS = {
    "ferry": "The ferry Borealis was launched at Holm in 1931. It sank in a storm off Lund in 1940.",
    "mill": "The mill of Lund was built by Ada Brandt in 1880. It burned down in the spring of 1902.",
}


def example(key: str, question: str, answer: str | None, article: str) -> Example:
    if answer is None:
        return Example(key, question, "unanswerable", "dev", (), context=article)
    start = TEXTS[article].index(answer)
    gold = GoldSpan(article, start, start + len(answer), answer)
    return Example(key, question, "when", "dev", (gold,), context=article)


def paragraphs(*examples: Example, name: str = "made") -> Paragraphs:
    articles = [Article.create(key, text, Metadata(title=key)) for key, text in TEXTS.items()]
    return Paragraphs(name, articles, [*examples])


class EveryYear:
    """Offers every year of the passages, the last of each passage with the best score."""

    name, fingerprint = "years", ""

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:  # noqa: ARG002
        found = [
            Span(scored, scored.passage.start + at, scored.passage.start + at + 4, float(at))
            for scored in passages
            for at in range(len(scored.text) - 3)
            if scored.text[at : at + 4].isdigit()
        ]
        return sorted(found, key=lambda span: -span.score)


Look = Callable[[Asked], Observation]


@pytest.fixture
def look(tmp_path: Path, word_encoder: Encoder) -> Look:
    build(paragraphs(), tmp_path / "index", word_encoder)
    retriever = Retriever(open_index(tmp_path / "index"), word_encoder, RetrieverSettings())
    return lambda asked: observed(EveryYear(), retriever, "made", asked)


def test_every_candidate_is_noted_with_its_features_and_whether_it_is_right(look: Look) -> None:
    found = look(from_example(example("a", "When was the Borealis launched?", "1931", "ferry"), "made"))
    assert (found.corpus, found.source, found.answerable) == ("made", "made", True)
    assert {one.text for one in found.candidates} == {"1931", "1940", "1880", "1902"}
    assert [one.text for one in found.candidates if one.right] == ["1931"]
    assert {one.text for one in found.candidates if one.right_article} == {"1931", "1940"}
    assert [one.f1 for one in found.candidates if one.text == "1931"] == [1.0]
    scores = [one.features["score"] for one in found.candidates]
    assert scores == sorted(scores, reverse=True)


def test_nothing_is_right_for_a_question_without_an_answer(look: Look) -> None:
    found = look(from_example(example("a", "When was the ferry sold?", None, "ferry"), "made"))
    assert not found.answerable
    assert found.candidates
    assert not any(one.right or one.right_article or one.f1 for one in found.candidates)


def test_right_words_from_another_article_are_not_right() -> None:
    asked = from_example(example("a", "When?", "1931", "ferry"), "made")
    assert asked.accepts("1931", "ferry")
    assert not asked.accepts("1931", "mill")
    assert not asked.accepts("1940", "ferry")


def test_unanswerable_questions_are_made_only_where_people_wrote_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examples, "held_out", lambda *_: True)
    answered = example("a", "When was the Borealis launched at Holm?", "1931", "ferry")
    other = example("c", "When was the mill of Lund built?", "1880", "mill")
    written = example("b", "When was it sold?", None, "ferry")
    assert [(one.source, one.answerable) for one in _variants(paragraphs(answered, written), None)] == [
        ("made", True),
        ("made, unanswerable", False),
    ]
    made = [*_variants(paragraphs(answered, other), None)]
    assert [one.source for one in made if one.answerable] == ["made", "made"]
    barred = [one for one in made if one.source == "made, barred"]
    assert [one.filters.article_ids for one in barred if one.filters] == [("mill",), ("ferry",)]
    assert not any(one.answerable for one in barred)


def test_a_limit_takes_questions_from_the_whole_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "held_out", lambda *_: True)
    many = [example(f"{number}", "When was it?", "1931", "ferry") for number in range(100)]
    chosen = observing._held_out(paragraphs(*many), 10)
    assert [one.id for one in chosen] == [f"{number}" for number in range(0, 100, 10)]
