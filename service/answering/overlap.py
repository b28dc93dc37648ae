"""Which terms of a question a text holds."""

from __future__ import annotations

import functools
import re

from indexer.analyzer import question_terms, terms

_PART = re.compile(r"(?<=[.!?:;])\s")  # between a title, a publisher, headings
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


def added_parts(question: str, context: str, text: str) -> str:
    """Return the parts of a passage's context words that hold a term of the question that `text` lacks."""
    lacking = asked_terms(question) - terms_of(text)
    if not lacking & terms_of(context):
        return ""
    return " ".join(part for part in _PART.split(context) if lacking & terms_of(part))
