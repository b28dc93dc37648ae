"""Settings -> an Answerer with its index open and its models loaded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from indexer.encoder import Encoder, load_encoder
from indexer.errors import EncoderMismatchError
from indexer.index import FaissPassageIndex, canary, open_index
from indexer.storage import Layout
from service.answerer import Answerer, AnswererSettings
from service.catalogue import SENTENCE, load_sentence_reader, load_span_reader
from service.confidence import Calibration
from service.reader import Reader
from service.retriever import Retriever, RetrieverSettings
from service.settings import Settings


class Engine:
    """The models, and the generations of one index folder that they read. Loads a model once.

    It is a `service.operation.generations.Source`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout = Layout(settings.index)
        self._models: _Models | None = None

    def current(self) -> str | None:
        """Return the manifest's checksum as `CURRENT` has it, None where that cannot be read now."""
        try:
            _, checksum = self._layout.current.read_text("ascii").split()
        except (OSError, ValueError):
            return None
        return checksum

    def open(self) -> Answerer:
        """Open and verify the current generation, or the newest sound one, and try it.

        Raises:
            StorageError: the index is missing or damaged.
            EncoderError: the encoder is not on this machine, or not the one that made the index.
            ReaderError: the reader's files cannot be read.
        """
        index = open_index(self._settings.index)
        try:
            canary(index)
            if self._models is None or self._models.encoder.fingerprint != index.manifest.encoder["sha256"]:
                self._models = _load_models(lambda: open_encoder(index, self._settings), self._settings)
            answerer = _assemble(index, self._models, self._settings)
            # The first search of an index takes longer than those after it.
            answerer.search(index.passage_text(index.passage(0))[:200])
        except BaseException:
            index.close()
            raise
        return answerer


def load_answerer(settings: Settings) -> Answerer:
    """Open the index, load the encoder that made it, and the reader.

    Raises:
        StorageError: the index is missing or damaged.
        EncoderError: the encoder is not on this machine, or not the one that made the index.
        ReaderError: the reader's files cannot be read.
    """
    return Engine(settings).open()


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
    return _assemble(index, _load_models(lambda: encoder, settings), settings)


@dataclass(frozen=True, slots=True)
class _Models:
    encoder: Encoder
    reader: Reader
    calibration: Calibration


def _load_models(load: Callable[[], Encoder], settings: Settings) -> _Models:
    # Side by side: both spend most of their time outside of Python's lock.
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load)
        reader: Reader
        if settings.reader == SENTENCE:
            reader, calibration = load_sentence_reader(loading.result())
        else:
            reader, calibration = load_span_reader(settings.reader)
        encoder = loading.result()
    if settings.min_confidence is not None:
        calibration = replace(calibration, threshold=settings.min_confidence)
    return _Models(encoder, reader, calibration)


def _assemble(index: FaissPassageIndex, models: _Models, settings: Settings) -> Answerer:
    retriever = Retriever(
        index,
        models.encoder,
        RetrieverSettings(
            fusion=settings.fusion, dense_weight=settings.dense_weight, candidates=settings.candidates
        ),
    )
    return Answerer(
        index,
        retriever,
        models.reader,
        models.calibration,
        AnswererSettings(
            top_k=settings.top_k,
            first=settings.first,
            settled=settings.settled,
            alternatives=settings.alternatives,
            cache=settings.cache,
        ),
    )
