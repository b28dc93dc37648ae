"""Fixtures that every package's tests share."""

from __future__ import annotations

import pytest

from indexer.encoder import SentenceTransformerEncoder, load_encoder


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The real encoder, loaded once."""
    return load_encoder()
