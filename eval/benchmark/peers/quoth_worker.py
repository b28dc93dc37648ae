"""Quoth for `worker.py`: the service's own answerer over an index, with its default settings but for two.

`top_k` is that of all systems, and answers to questions that were asked before are not kept, as the
warm-up's come again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.answering.answers import Answer
from service.loading import load_answerer
from service.settings import load_settings


class Quoth:
    """A `worker.System`. Its index was made before, from which the others have their passages."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        settings = load_settings(
            index=Path(configuration["index"]),
            reader=configuration["reader"],
            top_k=configuration["top_k"],
            cache_size=0,  # the one place where the cache of answers is turned off
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

    def told(self, question: str, given: Answer) -> dict[str, Any]:  # noqa: ARG002 - a System's
        """Return the answer that was given."""
        if given.quotation is None:
            return {"text": None, "passage": None, "score": given.confidence, "raised": 0}
        citation = given.quotation.citation
        return {
            "text": citation.exact,
            "passage": str(citation.passage.id),
            "score": given.confidence,
            "raised": 0,
        }


def load(configuration: dict[str, Any]) -> Quoth:
    """Open the index and load the models."""
    return Quoth(configuration)
