"""Settings -> an Answerer with its index open and its models loaded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index, self_check
from indexer.engines.faiss.storage import Layout
from indexer.errors import EncoderMismatchError
from service.answering.answerer import Answerer
from service.answering.confidence.calibration import Calibration
from service.answering.loading import load_reader
from service.answering.reading.reader import Reader
from service.answering.retrieval.retriever import Retriever
from service.settings import Settings


class AnswererSource:
    """Opens an Answerer for each generation of one index folder; the models are loaded once.

    It is a `service.web.operation.generations.Source`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout = Layout(settings.index)
        self._models: _Models | None = None

    def current(self) -> str | None:
        """Return the version that `CURRENT` names, None if it cannot be read now."""
        try:
            _, checksum = self._layout.current.read_text("ascii").split()
        except (OSError, ValueError):
            return None
        return checksum

    def open(self) -> Answerer:
        """Open, verify and self-check the current generation, or the newest valid one.

        Raises:
            StorageError: the index is missing or damaged.
            EncoderError: the encoder is not on this machine, or not the one that made the index.
            ReaderError: the reader's files cannot be read.
        """
        index = open_index(self._settings.index)
        try:
            self_check(index)
            if self._models is None or self._models.encoder.fingerprint != index.info.encoder.sha256:
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
    return AnswererSource(settings).open()


def open_encoder(index: FaissPassageIndex, settings: Settings) -> Encoder:
    """Load the encoder that made the index, or the one in the settings if its weights are the same.

    Raises:
        EncoderError: the encoder is not on this machine.
        EncoderMismatchError: it is not the one that made the index.
    """
    made_by = index.info.encoder
    encoder = load_encoder(settings.encoder or made_by.name)
    if encoder.fingerprint != made_by.sha256:
        raise EncoderMismatchError(
            f"{settings.index} was made by the encoder {made_by.name} (weights {made_by.sha256[:12]}), "
            f"and {encoder.name} has weights {encoder.fingerprint[:12]}: unset QUOTH_ENCODER, or index the "
            f"articles again with --encoder {encoder.name}"
        )
    return encoder


def build_answerer(index: FaissPassageIndex, encoder: Encoder, settings: Settings) -> Answerer:
    """Return an Answerer of an open index, an encoder and the reader in the settings.

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
    # In parallel: both release Python's global lock most of the time.
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load)
        reader, calibration = load_reader(settings.reader)
        return _Models(loading.result(), reader, calibration)


def _assemble(index: FaissPassageIndex, models: _Models, settings: Settings) -> Answerer:
    retriever = Retriever(index, models.encoder, settings.retrieval)
    return Answerer(index, retriever, models.reader, models.calibration, settings.answering)
