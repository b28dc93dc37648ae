"""A reader's name -> the reader, with the confidence that was fitted for it."""

from __future__ import annotations

from pathlib import Path

from service.answering.confidence.calibration import Calibration, calibration_from
from service.answering.reading.network import WEIGHTS, load_network, read_card
from service.answering.reading.reader import SpanReader
from service.answering.settings import ReaderSettings
from service.errors import ReaderError

MODELS = Path(__file__).resolve().parents[1] / "models"


def shipped_readers() -> list[str]:
    """Return the names of the readers that come with Quoth."""
    return sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir())


def reader_folder(name: str) -> Path:
    """Return the folder of a reader's files: a shipped one's by its name, an exported one's by its path.

    Raises:
        ReaderError: no reader has this name, and it is no folder.
    """
    folder = MODELS / name if name in shipped_readers() else Path(name)
    if not folder.is_dir():
        raise ReaderError(
            f"there is no reader {name!r}: set QUOTH_READER to {', '.join(shipped_readers())} or to the "
            "folder of an exported reader"
        )
    return folder


def load_reader(name: str) -> tuple[SpanReader, Calibration]:
    """Load a shipped reader by its name, or one that `eval.training` exported by its folder.

    Raises:
        ReaderError: no reader has this name, or its files cannot be used.
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
