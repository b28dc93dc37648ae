"""Settings -> an Answerer with its index open and its models loaded."""

from __future__ import annotations

from dataclasses import replace

from indexer.encoder import Encoder, load_encoder
from indexer.errors import EncoderMismatchError
from indexer.index import FaissPassageIndex, open_index
from service.answerer import Answerer, AnswererSettings
from service.catalogue import load_reader
from service.retriever import Retriever, RetrieverSettings
from service.settings import Settings


def load_answerer(settings: Settings) -> Answerer:
    """Open the index, load the encoder that made it, and the reader.

    Raises:
        StorageError: the index is missing or damaged.
        EncoderError: the encoder is not on this machine, or not the one that made the index.
        ReaderError: the reader's files cannot be read.
    """
    index = open_index(settings.index)
    return build_answerer(index, open_encoder(index, settings), settings)


def open_encoder(index: FaissPassageIndex, settings: Settings) -> Encoder:
    """Load the encoder that made the index, or the one in the settings if its weights are the same.

    Raises:
        EncoderError: the encoder is not on this machine.
        EncoderMismatchError: it is not the one that made the index.
    """
    made_by = index.manifest.encoder
    encoder = load_encoder(settings.encoder or made_by["name"])
    if encoder.fingerprint != made_by["sha256"]:
        raise EncoderMismatchError(
            f"{settings.index} was made by the encoder {made_by['name']} (weights {made_by['sha256'][:12]}), "
            f"and {encoder.name} has weights {encoder.fingerprint[:12]}: unset QUOTH_ENCODER, or index the "
            f"articles again with --encoder {encoder.name}"
        )
    return encoder


def build_answerer(index: FaissPassageIndex, encoder: Encoder, settings: Settings) -> Answerer:
    """Put an index, an encoder and the reader together.

    Raises:
        ReaderError: the reader's files cannot be read.
    """
    reader, calibration = load_reader(settings.reader, encoder)
    if settings.min_confidence is not None:
        calibration = replace(calibration, threshold=settings.min_confidence)
    retriever = Retriever(
        index,
        encoder,
        RetrieverSettings(
            fusion=settings.fusion, dense_weight=settings.dense_weight, candidates=settings.candidates
        ),
    )
    return Answerer(
        index,
        retriever,
        reader,
        calibration,
        AnswererSettings(top_k=settings.top_k, alternatives=settings.alternatives),
    )
