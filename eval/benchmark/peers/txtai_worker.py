"""txtai for `worker.py`: an `Embeddings` database and the extractive reader, used in one of two ways.

With `way` "passages", the pipeline `Questions` reads each passage; it returns no score, so the answer is that
of the best passage in which it finds one. With "joined", `RAG` is used as in txtai's documentation: the
passages become one context, which the reader truncates at its 512 tokens. Otherwise defaults: content in
SQLite, a FAISS index, answers below a probability of 0.05 dropped.

`Questions` takes the best start and the best end independently. If one is the first token, which means no
answer, or another token outside the passage, it may raise TypeError; this is treated as no answer, and
counted.
"""

from __future__ import annotations

import time
from typing import Any

from txtai import RAG, Embeddings
from txtai.pipeline import Questions


class _Txtai:
    _WAY = ""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._top_k = configuration["top_k"]
        self._embeddings = Embeddings(path=configuration["encoder"], content=True)
        self._read(configuration["checkpoint"])
        began = time.perf_counter()
        self._embeddings.index([(one["id"], one["text"], None) for one in configuration["passages"]])
        self.facts: dict[str, Any] = {"indexing_s": time.perf_counter() - began, "settings": self._WAY}

    def _read(self, checkpoint: str) -> None:
        raise NotImplementedError


class Passages(_Txtai):
    """A `worker.System` that reads each passage separately."""

    _WAY = "Embeddings(content=True); Questions over each passage, the first answer counts"

    def _read(self, checkpoint: str) -> None:
        self._questions = Questions(checkpoint)

    def ask(self, question: str) -> Any:  # noqa: ANN401 - txtai's own
        """Return pairs of answer (None for none) and passage, and the number of passages that failed."""
        answers, raised = [], 0
        for row in self._embeddings.search(question, self._top_k):
            try:
                (answer,) = self._questions([question], [row["text"]])
            except TypeError:
                answer, raised = None, raised + 1
            answers.append((answer, row))
        return answers, raised

    def reply(self, question: str, output: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002 - txtai's own
        """Return the answer of the best passage that has one, with the passage's score."""
        answers, raised = output
        for answer, row in answers:
            if answer:
                return {"text": answer, "passage": row["id"], "score": row["score"], "raised": raised}
        return {"text": None, "passage": None, "score": None, "raised": raised}


class Joined(_Txtai):
    """A `worker.System` that reads the passages as one context."""

    _WAY = "RAG(Embeddings(content=True), reader): the passages joined, truncated at the reader's 512 tokens"

    def _read(self, checkpoint: str) -> None:
        self._rag = RAG(self._embeddings, checkpoint, context=self._top_k)

    def ask(self, question: str) -> Any:  # noqa: ANN401 - txtai's own
        """Return the answer, and 1 if reading failed."""
        try:
            return self._rag(question)["answer"], 0
        except TypeError:
            return None, 1

    def reply(self, question: str, output: Any) -> dict[str, Any]:  # noqa: ANN401 - txtai's own
        """Return the answer with the best passage that contains it; txtai does not return its passage."""
        text, raised = output
        found = self._embeddings.search(question, self._top_k) if text else []
        passage = next((row["id"] for row in found if text in row["text"]), None)
        return {"text": text or None, "passage": passage, "score": None, "raised": raised}


def load(configuration: dict[str, Any]) -> _Txtai:
    """Load the models and embed the passages."""
    return (Joined if configuration["way"] == "joined" else Passages)(configuration)
