"""Fixtures that every package's tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.reliability import specimen
from indexer.build import BuildSettings, build
from indexer.corpus import Corpus
from indexer.encoder import Encoder, load_encoder
from indexer.index import open_index
from indexer.splitter import SplitterSettings
from service.answerer import Answerer
from service.confidence import Calibration
from service.retriever import Retriever, RetrieverSettings
from service.sentences import SentenceReader, SentenceWeights


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
