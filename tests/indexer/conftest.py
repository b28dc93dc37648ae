"""Fakes and helpers for the indexer's tests, handed out as fixtures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.arrays import Vector, Vectors


class FakeEncoder:
    """A bag of hashed words as a unit vector; counts words as tokens and remembers what it embedded."""

    def __init__(self, fingerprint: str = "ab" * 32, dimension: int = 32) -> None:
        self.name = "fake"
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.max_tokens = 200
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_query(self, question: str) -> Vector:
        vector = np.zeros(self.dimension, dtype=np.float32)
        vector[0] = 0.01
        for word in question.lower().split():
            digest = hashlib.sha256(f"{self.fingerprint}{word}".encode()).digest()
            vector[int.from_bytes(digest[:4], "little") % self.dimension] += 1 if digest[4] % 2 else -1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.embedded.extend(texts)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for number, text in enumerate(texts):
            vectors[number] = self.encode_query(text)
            if on_progress is not None:
                on_progress(1)
        return vectors


def prose(topic: str, sentences: int = 24) -> str:
    """Return sentences that differ from each other and from those of other topics."""
    return " ".join(
        f"The {topic} report number {number} says that {topic}{number} reached place{number * 7} in time."
        for number in range(sentences)
    )


@pytest.fixture
def fake_encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture(scope="session")
def make_encoder() -> type[FakeEncoder]:
    return FakeEncoder


@pytest.fixture
def make_prose() -> Callable[..., str]:
    return prose


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder of three articles, each of several passages at the small splitter's settings."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for topic in ("harbour", "railway", "satellite"):
        (folder / f"{topic}.txt").write_text(prose(topic), "utf-8")
    return folder
