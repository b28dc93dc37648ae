from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Article, Metadata, Passage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Citation, Span
from service.answering.citations import CONTEXT
from service.answering.citations import cite as cite_in
from service.errors import CitationError

# Everything UTF-8 can hold, and often what trips offsets: emoji, combining marks, right to left, CRLF.
TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
        st.sampled_from(
            ["e\u0301", "👩‍👩‍👧", "مرحبا. ", "שלום", "One. Two! ", "\r\n", "\n\n", "\u2028", "。", "Mr. X "]
        ),
    ),
    min_size=1,
    max_size=20,
).map("".join)


def cite(article: Article, span: Span) -> Citation:
    return cite_in(article, span, sentence_offsets(article.text))


def article(text: str) -> Article:
    return Article.create("folder/a.txt", text, Metadata(title="A title"))


@given(st.data())
def test_a_citation_resolves_to_the_answer_and_its_quote_holds_it(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    passage = Passage(0, "folder/a.txt", 0, len(text))
    citation = cite(article(text), Span(passage, start, end, text[start:end], 0.0))
    assert text[citation.start : citation.end] == text[start:end] == citation.exact
    assert text[citation.quote_start : citation.quote_end] == citation.quote
    assert citation.quote_start <= start
    assert end <= citation.quote_end
    assert citation.prefix + citation.exact + citation.suffix == text[max(0, start - CONTEXT) : end + CONTEXT]


def test_the_quote_is_the_whole_sentence() -> None:
    text = "It rained. Wang Linghong, the CEO of BUCIC, spoke. He left."
    start = text.index("Wang")
    citation = cite(
        article(text), Span(Passage(0, "folder/a.txt", 0, len(text)), start, start + 13, "Wang Linghong", 0)
    )
    assert citation.quote == "Wang Linghong, the CEO of BUCIC, spoke."
    assert citation.location == f"folder/a.txt:{start}-{start + 13}"


def test_a_span_over_two_sentences_quotes_both() -> None:
    text = "One came. Two went. Three stayed."
    start, end = text.index("came"), text.index("went") + 4
    citation = cite(
        article(text), Span(Passage(0, "folder/a.txt", 0, len(text)), start, end, text[start:end], 0)
    )
    assert citation.quote == "One came. Two went."


def test_a_span_outside_every_sentence_quotes_itself() -> None:
    citation = cite_in(
        article("One. Two."), Span(Passage(0, "folder/a.txt", 0, 9), 5, 9, "Two.", 0), [(0, 4)]
    )
    assert citation.quote == "Two."


@pytest.mark.parametrize(
    ("start", "end", "text"), [(0, 4, "Rain"), (3, 3, ""), (5, 2, ""), (-4, -1, "ned"), (0, 99, "It rained.")]
)
def test_a_span_that_does_not_resolve_is_an_error_and_never_a_citation(
    start: int, end: int, text: str
) -> None:
    with pytest.raises(CitationError, match=r"does not stand in folder/a\.txt"):
        cite(article("It rained."), Span(Passage(0, "folder/a.txt", 0, 10), start, end, text, 0))
