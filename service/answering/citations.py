"""A span in its article -> a Citation that resolves, or an error: never a citation that does not."""

from __future__ import annotations

from dataclasses import replace

from indexer.records import Article
from service.answering.answers import Citation, Span
from service.errors import CitationError

CONTEXT = 48
"""The most characters of `prefix` and of `suffix`: usually enough to tell one occurrence from another."""


def cite(article: Article, span: Span) -> Citation:
    """Return the citation of a span, with the whole sentence or sentences that hold it.

    Raises:
        CitationError: the article does not hold the span's words at its offsets.
    """
    # A slice silently stops at the end of the text, so the range needs its own check.
    within = 0 <= span.start < span.end <= len(article.text)
    if not within or article.text[span.start : span.end] != span.text:
        raise CitationError(f"the answer is not in {article.id} at {span.start}-{span.end}")
    quote_start, quote_end = span.quote_range
    return Citation(
        article_id=article.id,
        metadata=article.metadata,
        start=span.start,
        end=span.end,
        quote=article.text[quote_start:quote_end],
        quote_start=quote_start,
        quote_end=quote_end,
        passage=span.passage,
        sha256=article.sha256,
        prefix=article.text[max(0, span.start - CONTEXT) : span.start],
        exact=span.text,
        suffix=article.text[span.end : span.end + CONTEXT],
    )


def widened(citation: Citation, article: Article) -> Citation:
    """Return the citation of the whole sentence or sentences around an answer in its article."""
    start, end = citation.quote_start, citation.quote_end
    return replace(
        citation,
        start=start,
        end=end,
        prefix=article.text[max(0, start - CONTEXT) : start],
        exact=citation.quote,
        suffix=article.text[end : end + CONTEXT],
    )
