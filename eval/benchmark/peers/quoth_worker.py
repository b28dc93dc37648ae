"""Quoth for `worker.py`: the service's answerer over an index, with two settings changed.

`top_k` is that of all systems, and the cache is off, because the questions of the warm-up are asked again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.answering.answers import Answer
from service.loading import load_answerer
from service.settings import load_settings


class Quoth:
    """A `worker.System` over an existing index, whose passages the other systems get."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        settings = load_settings(
            index=Path(configuration["index"]),
            reader=configuration["reader"],
            top_k=configuration["top_k"],
            cache_size=0,
        )
        self._answerer = load_answerer(settings)
        self.facts: dict[str, Any] = {
            "indexing_s": None,
            "settings": f"the service's answerer; withholds answers below "
            f"{self._answerer.threshold:.4f}; no cache",
        }

    def ask(self, question: str) -> Answer:
        """Answer, or abstain."""
        return self._answerer.answer(question)

    def reply(self, question: str, answer: Answer) -> dict[str, Any]:  # noqa: ARG002 - System has it
        """Return the quotation, or no answer on abstention."""
        if answer.quotation is None:
            return {"text": None, "passage": None, "score": answer.confidence, "raised": 0}
        citation = answer.quotation.citation
        return {
            "text": citation.exact,
            "passage": str(citation.passage.id),
            "score": answer.confidence,
            "raised": 0,
        }


def load(configuration: dict[str, Any]) -> Quoth:
    """Open the index and load the models."""
    return Quoth(configuration)
