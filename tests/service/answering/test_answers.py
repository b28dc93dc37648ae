"""The records of answering: their fields and derived properties."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SettingsError
from indexer.records import Article, Metadata, Passage, ScoredPassage
from service.answering.answers import Answer, Citation, Quotation, ReadPassage, Reason, Span
from service.answering.citations import cite
from service.answering.settings import AnswererSettings, ReaderSettings, RetrieverSettings

TEXT = "Été 👩‍👩‍👧. It rained in Rome, and it stopped. Cafe\u0301."
ARTICLE = Article.create("a.txt", TEXT, Metadata(title="Rain", published=datetime.date(2024, 5, 1)))
START = TEXT.index("It rained")
SCORED = ScoredPassage(
    Passage(3, "a.txt", START, len(TEXT)),
    TEXT[START:],
    score=0.75,
    dense=0.5,
    lexical=2.0,
    sentences=((START, TEXT.index(" Cafe")), (TEXT.index("Cafe"), len(TEXT))),
)


def rome() -> Span:
    start = TEXT.index("Rome")
    return Span(SCORED, start, start + 4, 1.5)


def test_a_span_carries_its_passage_and_its_words() -> None:
    span = rome()
    assert span.passage is SCORED.passage
    assert span.scored is SCORED
    # Offsets count in the article, not in the passage.
    assert span.text == "Rome" == TEXT[span.start : span.end]


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(
        lambda text: f"{text}👩‍👩‍👧e\u0301مرحبا"
    ),
    st.data(),
)
def test_a_spans_text_is_the_articles_at_its_offsets(article: str, data: st.DataObject) -> None:
    places = [data.draw(st.integers(0, len(article))) for _ in range(4)]
    first, start, end, last = sorted(places)
    scored = ScoredPassage(Passage(0, "a.txt", first, last), article[first:last], 0.0, 0.0, 0.0, ())
    assert Span(scored, start, end, 0.0).text == article[start:end]


def test_a_citation_gives_its_location_and_splits_its_quote_at_the_answer() -> None:
    span = rome()
    citation = cite(ARTICLE, span)
    assert citation.location == f"a.txt:{span.start}-{span.end}"
    assert citation.quote == "It rained in Rome, and it stopped."
    assert citation.quote_parts == ("It rained in ", "Rome", ", and it stopped.")


@given(st.text(max_size=20), st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(0, 10**6))
def test_quote_parts_are_the_text_before_the_answer_the_answer_and_the_text_after_it(
    before: str, words: str, after: str, quote_start: int
) -> None:
    start = quote_start + len(before)
    citation = Citation(
        article_id="a.txt",
        metadata=Metadata(),
        start=start,
        end=start + len(words),
        quote=before + words + after,
        quote_start=quote_start,
        quote_end=start + len(words) + len(after),
        passage=Passage(0, "a.txt", 0, 10**7),
        sha256="",
        prefix="",
        exact=words,
        suffix="",
    )
    assert citation.quote_parts == (before, words, after)


def test_an_answer_is_made_of_whole_records() -> None:
    citation = cite(ARTICLE, rome())
    assert citation.metadata is ARTICLE.metadata
    answer = Answer(
        question="Where did it rain?",
        quotation=Quotation("Rome", 0.875, citation),
        reason=None,
        confidence=0.875,
        threshold=0.5,
        alternatives=(),
        passages=(ReadPassage(1, SCORED, ARTICLE),),
        generation="gen-000001",
        encoder="words",
        reader="small",
    )
    assert not answer.abstained
    assert (answer.read_as, dict(answer.timings_ms)) == (None, {})
    assert answer.quotation is not None
    assert answer.quotation.citation.passage is answer.passages[0].scored.passage
    assert answer.quotation.other_citations == ()
    abstention = dataclasses.replace(answer, quotation=None, reason=Reason.LOW_CONFIDENCE)
    assert abstention.abstained


@pytest.mark.parametrize(
    "record",
    [
        rome(),
        cite(ARTICLE, rome()),
        Quotation("Rome", 0.5, cite(ARTICLE, rome())),
        ReadPassage(1, SCORED, ARTICLE),
        ReaderSettings(),
        AnswererSettings(),
        RetrieverSettings(),
    ],
)
def test_records_are_immutable_and_compare_by_value(record: Any) -> None:
    same = dataclasses.replace(record)
    assert same == record
    assert hash(same) == hash(record)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(record)[0].name, None)


def test_reader_settings_missing_from_a_card_have_their_defaults() -> None:
    card = {"max_tokens": 160, "question_tokens": 32, "retrieval_weight": 0.5}
    assert ReaderSettings(**card) == ReaderSettings(  # type: ignore[arg-type]
        max_tokens=160, stride=96, question_tokens=32, retrieval_weight=0.5, spans=20
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AnswererSettings(top_k=0), "top_k is 0; choose 1 to 50"),
        (lambda: AnswererSettings(min_confidence=1.5), "min_confidence is 1.5; choose 0 to 1"),
        (lambda: AnswererSettings(cache_size=-1), "cache_size is -1; choose 0 to 1,000,000"),
        (lambda: RetrieverSettings(dense_weight=float("nan")), "dense_weight is nan; choose 0 to 1"),
        (lambda: RetrieverSettings(candidates=0), "candidates is 0; choose 1 to 10,000"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(make: Any, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        make()
    assert str(raised.value) == message
