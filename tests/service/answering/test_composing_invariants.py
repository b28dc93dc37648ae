"""Whatever a reader offers, the answers are an article's words, apart from each other, and hold the first."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.records import Article, Metadata, Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Quotation, Span
from service.answering.citations import cite
from service.answering.composing import Outcome, answers_to
from service.answering.questions.parts import Part
from service.answering.reading.spans import distinct

PIECES = [
    *[
        "the",
        "of",
        "(",
        ")",
        "“",
        "”",
        "'",
        ",",
        ";",
        ".",
        "and",
        "or",
        "&",
        "is",
        "who",
        "between",
        "?",
        "rope",
        "tar",
        "1,000",
        "🙂",
    ],
    *("Ada Brandt", "אב", "عدد", "e\u0301", "\n", "\r\n", "\n- ", "\n1. ", " • ", "\t", " ", " "),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=40).map(" ".join)
QUESTIONS = st.sampled_from(
    ["Who is it?", "List the goods.", "Is tar sold?", "Which three?", "🙂?", "Was it 1,000 or 2?", ""]
)


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[Outcome, Article]:
    text = draw(TEXTS)
    article = Article("a.txt", Metadata(), text, "")
    scored = ScoredPassage(
        Passage(0, "a.txt", 0, len(text)), text, 1.0, 0.0, 0.0, tuple(sentence_offsets(text))
    )
    places = st.integers(0, len(text) - 1)
    drawn = draw(st.lists(st.tuples(places, places, st.floats(-9, 9)), min_size=1, max_size=12))
    spans = [Span(scored, min(one, other), max(one, other) + 1, score) for one, other, score in drawn]
    spans.sort(key=lambda span: -span.score)
    quotations = [
        Quotation(group[0].text, draw(st.floats(0, 1)), cite(article, group[0])) for group in distinct(spans)
    ]
    quotations.sort(key=lambda one: -one.confidence)
    question = draw(QUESTIONS)
    threshold = draw(st.sampled_from([0.0, quotations[0].confidence]))
    part = Part(question, question, dependent=False)
    return Outcome(part, question, [scored], spans, quotations, threshold, None), article


@settings(max_examples=300, deadline=None)
@given(outcomes())
def test_answers_are_the_articles_words_and_apart_from_each_other(case: tuple[Outcome, Article]) -> None:
    outcome, article = case
    found = answers_to(outcome, lambda _: article)
    best = outcome.quotations[0].citation
    places = sorted((one.citation.start, one.citation.end) for one in found)
    assert all(first[1] <= second[0] for first, second in pairwise(places))
    for one in found:
        assert one.text == one.citation.exact == article.text[one.citation.start : one.citation.end] != ""
        assert 0 <= one.confidence <= 1
    first = found[0].citation
    assert (best.start <= first.start and first.end <= best.end) or (
        first.start <= best.start and best.end <= first.end and first.exact == first.quote
    )
