"""Fixtures that every package's tests share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.build import BuildSettings, build
from indexer.corpus import Corpus
from indexer.encoder import SentenceTransformerEncoder, Vectors, load_encoder
from indexer.index import open_index
from indexer.splitter import SplitterSettings
from service.answerer import Answerer
from service.confidence import Calibration
from service.retriever import Retriever, RetrieverSettings
from service.sentences import SentenceReader, SentenceWeights


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The real encoder, loaded once."""
    return load_encoder()


class WordEncoder:
    """A bag of hashed words as a unit vector: deterministic, quick, and like texts are near."""

    name = "words"
    fingerprint = hashlib.sha256(b"words").hexdigest()
    dimension = 64
    max_tokens = 254

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_query(self, question: str) -> Vectors:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in question.lower().split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if on_progress is not None:
            on_progress(len(texts))
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(
            len(texts), self.dimension
        )


@pytest.fixture(scope="session")
def word_encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def word_answerer(word_encoder: WordEncoder) -> Callable[[Path, Path], Answerer]:
    """A folder of articles and an empty folder -> an Answerer over them that never abstains."""

    def make(folder: Path, out: Path) -> Answerer:
        build(
            Corpus(folder),
            out,
            word_encoder,
            BuildSettings(SplitterSettings(max_tokens=30, overlap_tokens=10)),
        )
        index = open_index(out)
        retriever = Retriever(index, word_encoder, RetrieverSettings())
        reader = SentenceReader(word_encoder, SentenceWeights((4.0, 2.0, 1.0), -3.0))
        return Answerer(index, retriever, reader, Calibration({"score": 1.0, "margin": 0.5}, 0.0, 0.0))

    return make
