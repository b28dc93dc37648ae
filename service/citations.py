"""A span in its article -> a Citation that resolves, or an error: never a citation that does not."""

from __future__ import annotations

import functools

from indexer.records import Article
from indexer.segmenter import Offsets, sentence_offsets
from service.answers import Citation, Span
from service.errors import CitationError

CONTEXT = 48
"""Characters of `prefix` and `suffix`: as a rule enough to tell one occurrence from another."""


def cite(article: Article, span: Span, *, language: str = "en") -> Citation:
    """Return the citation of a span, with the whole sentence or sentences that hold it.

    Raises:
        CitationError: the article does not hold the span's words at its offsets.
    """
    # Slicing forgives an end beyond the text, so that is asked for by itself.
    within = 0 <= span.start < span.end <= len(article.text)
    if not within or article.text[span.start : span.end] != span.text:
        raise CitationError(f"the answer does not stand in {article.id} at {span.start}-{span.end}")
    quote_start, quote_end = _quote(article, span, language)
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


def _quote(article: Article, span: Span, language: str) -> Offsets:
    """The sentences that the span touches, as far as its passage goes.

    A passage is whole sentences, but for a "sentence" too long for any model, which is quoted in part.
    """
    touched = [
        (start, end)
        for start, end in _sentences(article.text, language)
        if start < span.end and span.start < end
    ]
    start = min((start for start, _ in touched), default=span.start)
    end = max((end for _, end in touched), default=span.end)
    return (
        min(span.start, max(start, span.passage.start)),
        max(span.end, min(end, span.passage.end)),
    )


@functools.lru_cache(maxsize=64)
def _sentences(text: str, language: str) -> tuple[Offsets, ...]:
    return tuple(sentence_offsets(text, language=language))
