"""Which terms of a question a text holds."""

from __future__ import annotations

import functools

from indexer.analyzer import question_terms, terms

_CACHED = 4_000  # texts whose terms are kept: different questions often read the same passages


@functools.lru_cache(maxsize=_CACHED)
def terms_of(text: str) -> frozenset[str]:
    """Return the index terms of a text."""
    return frozenset(terms(text))


@functools.lru_cache(maxsize=_CACHED)
def asked_terms(question: str) -> frozenset[str]:
    """Return the index terms of a question without its function words, or all if nothing else is left."""
    return frozenset(question_terms(question))


def coverage(question: str, *texts: str) -> float:
    """Return the share of the question's terms that the texts hold together; 1 if it has none."""
    asked = asked_terms(question)
    if not asked:
        return 1.0
    return len(asked & frozenset().union(*map(terms_of, texts))) / len(asked)


def adds_terms(question: str, context: str, text: str) -> bool:
    """Whether `context` holds a term of the question that `text` lacks."""
    return bool((asked_terms(question) - terms_of(text)) & terms_of(context))
