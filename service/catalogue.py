"""A reader's name -> the reader, with the confidence that was fitted for it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from indexer.encoder import Encoder
from service.confidence import Calibration, calibration_from
from service.errors import ReaderError
from service.network import WEIGHTS, load_network, read_card
from service.reader import Reader, ReaderSettings, SpanReader
from service.sentences import SENTENCE_FEATURES, SentenceReader, SentenceWeights

MODELS = Path(__file__).parent / "models"
SENTENCE = "sentence"
"""The baseline, which offers whole sentences."""


def shipped_readers() -> list[str]:
    """Return the names of the readers that come with Quoth."""
    return [*sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir()), SENTENCE]


def reader_folder(name: str) -> Path:
    """Return where a span reader's files are: a shipped one's by its name, an exported one's by its folder.

    Raises:
        ReaderError: there is no reader by this name, nor a folder; or it is the baseline, which has none.
    """
    if name == SENTENCE:
        raise ReaderError(f"the reader {name!r} is no span model: name another one")
    folder = MODELS / name if name in shipped_readers() else Path(name)
    if not folder.is_dir():
        raise ReaderError(
            f"there is no reader {name!r}: set QUOTH_READER to {', '.join(shipped_readers())} or to the "
            "folder of an exported one"
        )
    return folder


def load_reader(name: str, encoder: Encoder) -> tuple[Reader, Calibration]:
    """Load a shipped reader by its name, or one that `eval.training` exported by its folder.

    Raises:
        ReaderError: there is none by this name, or its files cannot be used.
    """
    return load_sentence_reader(encoder) if name == SENTENCE else load_span_reader(name)


def load_span_reader(name: str) -> tuple[SpanReader, Calibration]:
    """Load a shipped span reader by its name, or an exported one by its folder; it needs no encoder.

    Raises:
        ReaderError: there is none by this name, or its files cannot be used.
    """
    folder = reader_folder(name)
    card = read_card(folder)
    network, tokenizer = load_network(folder)
    try:
        settings = ReaderSettings(**card["reading"])
        reader = SpanReader(
            str(card["name"]), tokenizer, network, settings, str(card["files"][WEIGHTS]["sha256"])
        )
        return reader, calibration_from(card["confidence"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ReaderError(
            f"{folder}/reader.json does not fit this version ({error}): export it again"
        ) from error


def load_sentence_reader(
    encoder: Encoder, path: Path = MODELS / "sentence.json"
) -> tuple[SentenceReader, Calibration]:
    """Load the baseline's weights and its calibration.

    Raises:
        ReaderError: the file is missing or does not fit this version.
    """
    try:
        data = path.read_bytes()
        stored = json.loads(data)
        reader = stored["reader"]
        fits = reader["features"] == [*SENTENCE_FEATURES]
        weights = SentenceWeights(tuple(reader["weights"]), float(reader["bias"]))
        calibration = calibration_from(stored["confidence"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReaderError(
            f"{path} cannot be read: install Quoth again, or run `python -m eval.calibrate`"
        ) from error
    if not fits:
        raise ReaderError(f"{path} was fitted to other features: run `python -m eval.calibrate`")
    return SentenceReader(encoder, weights, hashlib.sha256(data).hexdigest()), calibration
