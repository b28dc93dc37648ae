"""Haystack for `worker.py`: embedder, in-memory store and extractive reader in one pipeline.

Extractive question answering as in Haystack's documentation, with its defaults except for the retriever's
`top_k`, the folders of the models, and progress bars, which are off to its advantage. So the reader takes 384
tokens with a stride of 128, all passages in one batch, and returns 20 answers and the no-answer option.
"""

from __future__ import annotations

import time
from typing import Any

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.readers.transformers import TransformersExtractiveReader


class Haystack:
    """A `worker.System`."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        encoder, checkpoint = configuration["encoder"], configuration["checkpoint"]
        store = InMemoryDocumentStore()
        self._pipeline = Pipeline()
        self._pipeline.add_component(
            "embedder", SentenceTransformersTextEmbedder(model=encoder, progress_bar=False)
        )
        self._pipeline.add_component(
            "retriever", InMemoryEmbeddingRetriever(store, top_k=configuration["top_k"])
        )
        self._pipeline.add_component("reader", TransformersExtractiveReader(model=checkpoint))
        self._pipeline.connect("embedder.embedding", "retriever.query_embedding")
        self._pipeline.connect("retriever.documents", "reader.documents")
        self._pipeline.warm_up()
        embedder = SentenceTransformersDocumentEmbedder(model=encoder, progress_bar=False)
        embedder.warm_up()
        began = time.perf_counter()
        documents = [Document(id=one["id"], content=one["text"]) for one in configuration["passages"]]
        store.write_documents(embedder.run(documents)["documents"])
        self.facts: dict[str, Any] = {
            "indexing_s": time.perf_counter() - began,
            "settings": "Pipeline: SentenceTransformersTextEmbedder, InMemoryEmbeddingRetriever, "
            "TransformersExtractiveReader (384 tokens, stride 128, 20 answers); progress bars off, "
            "otherwise defaults",
        }

    def ask(self, question: str) -> Any:  # noqa: ANN401 - Haystack's own
        """Run the pipeline."""
        return self._pipeline.run({"embedder": {"text": question}, "reader": {"query": question}})

    def reply(self, question: str, output: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002 - Haystack's own
        """Return the first answer; one without text means no answer."""
        best = next(iter(output["reader"]["answers"]), None)
        if best is None or best.data is None:
            return {"text": None, "passage": None, "score": best and best.score, "raised": 0}
        return {"text": best.data, "passage": best.document.id, "score": best.score, "raised": 0}


def load(configuration: dict[str, Any]) -> Haystack:
    """Load the models and embed the passages."""
    return Haystack(configuration)
