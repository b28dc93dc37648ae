"""A span in its article -> a Citation that resolves, or an error: never a citation that does not."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.records import Article
from service.answers import Citation, Span
from service.errors import CitationError

CONTEXT = 48
"""Characters of `prefix` and `suffix`: as a rule enough to tell one occurrence from another."""


def cite(article: Article, span: Span, sentences: Sequence[tuple[int, int]]) -> Citation:
    """Return the citation of a span, with the whole sentence or sentences that hold it.

    `sentences` are the offsets of those in the span's passage.

    Raises:
        CitationError: the article does not hold the span's words at its offsets.
    """
    # Slicing forgives an end beyond the text, so that is asked for by itself.
    within = 0 <= span.start < span.end <= len(article.text)
    if not within or article.text[span.start : span.end] != span.text:
        raise CitationError(f"the answer does not stand in {article.id} at {span.start}-{span.end}")
    quote_start, quote_end = _quote(span, sentences)
    return Citation(
        article_id=article.id,
        title=article.title,
        publisher=article.publisher,
        author=article.author,
        published=article.published,
        url=article.url,
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


def _quote(span: Span, sentences: Sequence[tuple[int, int]]) -> tuple[int, int]:
    touched = [place for place in sentences if place[0] < span.end and span.start < place[1]]
    return (
        min([span.start, *(start for start, _ in touched)]),
        max([span.end, *(end for _, end in touched)]),
    )
