"""Fixtures that every package's tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.baseline import SentenceReader, SentenceWeights
from eval.reliability import specimen
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import open_index
from indexer.settings import BuildSettings, SplitterSettings
from service.answering.answerer import Answerer
from service.answering.confidence import Calibration
from service.answering.retriever import Retriever
from service.answering.settings import RetrieverSettings


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The real encoder, loaded once."""
    return load_encoder()


class WordEncoder(specimen.WordEncoder):
    """As of the campaigns, in more dimensions."""

    dimension = 64
    max_tokens = 254


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
