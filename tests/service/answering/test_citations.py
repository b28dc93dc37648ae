from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Article, CharRange, Metadata, Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.citations import CONTEXT, cite
from service.errors import CitationError

# Any text in UTF-8, with many emoji, combining marks, right-to-left words and line ends of two characters.
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


def article(text: str) -> Article:
    return Article.create("folder/a.txt", text, Metadata(title="A title"))


def span(text: str, start: int, end: int, sentences: list[CharRange] | None = None) -> Span:
    """A span of a passage that is the whole text."""
    found = tuple(sentence_offsets(text) if sentences is None else sentences)
    passage = Passage(0, "folder/a.txt", 0, len(text))
    return Span(ScoredPassage(passage, text, 0.0, 0.0, 0.0, found), start, end, 0.0)


@given(st.data())
def test_a_citation_resolves_to_the_answer_and_its_quote_holds_it(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    citation = cite(article(text), span(text, start, end))
    assert text[citation.start : citation.end] == text[start:end] == citation.exact
    assert text[citation.quote_start : citation.quote_end] == citation.quote
    assert citation.quote_start <= start
    assert end <= citation.quote_end
    assert citation.prefix + citation.exact + citation.suffix == text[max(0, start - CONTEXT) : end + CONTEXT]
    assert "".join(citation.quote_parts) == citation.quote
    assert citation.quote_parts[1] == citation.exact


def test_the_quote_is_the_whole_sentence() -> None:
    text = "It rained. Wang Linghong, the CEO of BUCIC, spoke. He left."
    start = text.index("Wang")
    citation = cite(article(text), span(text, start, start + 13))
    assert citation.exact == "Wang Linghong"
    assert citation.quote == "Wang Linghong, the CEO of BUCIC, spoke."
    assert citation.quote_parts == ("", "Wang Linghong", ", the CEO of BUCIC, spoke.")
    assert citation.location == f"folder/a.txt:{start}-{start + 13}"


def test_a_span_over_two_sentences_quotes_both() -> None:
    text = "One came. Two went. Three stayed."
    start, end = text.index("came"), text.index("went") + 4
    citation = cite(article(text), span(text, start, end))
    assert citation.quote == "One came. Two went."
    assert citation.quote_parts == ("One ", "came. Two went", ".")


def test_a_span_outside_every_sentence_quotes_itself() -> None:
    citation = cite(article("One. Two."), span("One. Two.", 5, 9, sentences=[(0, 4)]))
    assert citation.quote == "Two."
    assert citation.quote_parts == ("", "Two.", "")


def test_a_citation_carries_the_articles_metadata_and_the_spans_passage() -> None:
    source, found = article("It rained. It stopped."), span("It rained. It stopped.", 3, 9)
    citation = cite(source, found)
    assert (citation.article_id, citation.sha256) == (source.id, source.sha256)
    assert citation.metadata is source.metadata
    assert citation.passage is found.passage


@pytest.mark.parametrize(
    ("start", "end", "passage_text"),
    [
        (0, 4, "Rainy days"),
        (3, 3, "It rained."),
        (5, 2, "It rained."),
        (-4, -1, "It rained."),
        (0, 99, "It rained."),
    ],
)
def test_a_span_that_does_not_resolve_is_an_error_and_never_a_citation(
    start: int, end: int, passage_text: str
) -> None:
    with pytest.raises(CitationError, match=rf"the answer is not in folder/a\.txt at {start}-{end}"):
        cite(article("It rained."), span(passage_text, start, end))


def test_a_span_that_starts_before_its_passage_is_an_error() -> None:
    scored = ScoredPassage(Passage(0, "folder/a.txt", 3, 10), "rained.", 0.0, 0.0, 0.0, ((3, 10),))
    with pytest.raises(CitationError):
        cite(article("It rained."), Span(scored, 0, 9, 0.0))
