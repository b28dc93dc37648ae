"""Readers by their name, or by the folder of an exported one."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from indexer.records import Passage, ScoredPassage
from service.answering.confidence.calibration import Calibration
from service.answering.loading import MODELS, load_reader, reader_folder, shipped_readers
from service.answering.reading.network import CARD, GRAPH, WEIGHTS
from service.answering.reading.reader import SpanReader
from service.errors import ReaderError


@pytest.fixture
def folder(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "small"))


def change(folder: Path, **changes: object) -> None:
    card = json.loads((folder / CARD).read_text("utf-8")) | changes
    (folder / CARD).write_text(json.dumps(card), "utf-8")


def test_the_shipped_readers_are_folders_with_a_card() -> None:
    assert shipped_readers() == ["default", "fast"]
    for name in shipped_readers():
        assert reader_folder(name) == MODELS / name
        assert (MODELS / name / CARD).is_file()


def test_an_exported_reader_is_loaded_by_its_folder_and_reads(
    folder: Path, token_logits: Mapping[str, tuple[float, float]]
) -> None:
    reader, calibration = load_reader(str(folder))
    assert isinstance(reader, SpanReader)
    assert reader.name == "small"
    assert calibration == Calibration({"score": 1.0, "margin": 0.5}, -0.25, 0.125)
    text = "Ada went to Rome, in the end."
    passage = ScoredPassage(Passage(0, "a.txt", 100, 129), text, 0.75, 0.0, 0.0, ((100, 129),))
    (best, *_) = reader.read("Where did Ada go?", [passage])
    assert (best.text, best.start, best.end) == ("Rome", 112, 116)
    # Its logits' sum, less that of the no-answer token, plus half the passage's fused score.
    expected = sum(token_logits["rome"]) - sum(token_logits["[CLS]"]) + 0.5 * 0.75
    assert best.score == pytest.approx(expected, rel=2**-7)
    assert math.isclose(expected, 6.625)


def test_the_reader_uses_the_settings_in_its_card(folder: Path) -> None:
    change(folder, reading={"spans": 1})
    reader, _ = load_reader(str(folder))
    text = "Ada went to Rome, in the end."
    passage = ScoredPassage(Passage(0, "a.txt", 0, 29), text, 0.75, 0.0, 0.0, ((0, 29),))
    assert len(reader.read("Where did Ada go?", [passage])) == 1


@pytest.mark.parametrize("name", ["defalt", "sentence", "/nowhere/reader", "default/reader.json", "\x00"])
def test_an_unknown_name_is_an_error_that_lists_the_readers(name: str) -> None:
    with pytest.raises(ReaderError) as raised:
        load_reader(name)
    assert repr(name) in str(raised.value)
    assert "set QUOTH_READER to" in str(raised.value)
    assert all(known in str(raised.value) for known in shipped_readers())


def test_a_folder_without_a_reader_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"holds no reader .*: install Quoth again"):
        load_reader(str(tmp_path))


def test_a_file_in_place_of_a_folder_is_an_error(folder: Path) -> None:
    with pytest.raises(ReaderError, match="there is no reader"):
        load_reader(str(folder / CARD))


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS])
def test_a_damaged_file_is_an_error_before_anything_is_loaded(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    with pytest.raises(ReaderError, match=f"{name} is damaged"):
        load_reader(str(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"reading": None},
        {"reading": []},
        {"reading": {"window": 256}},
        {"reading": {"max_tokens": "256"}},
        {"reading": {"max_tokens": 256.5}},
        {"reading": {"stride": -1}},
        {"reading": {"max_tokens": 100}},
        {"reading": {"max_tokens": -1, "question_tokens": -300}},
        {"confidence": None},
        {"confidence": {"weights": {"score": 1.0}, "bias": 0.0}},
        {"confidence": {"weights": [1.0], "bias": 0.0, "threshold": 0.5}},
        {"confidence": {"weights": {"score": 1.0}, "bias": "low", "threshold": 0.5}},
    ],
)
def test_a_card_that_does_not_fit_is_an_error_with_a_remedy(folder: Path, changes: dict[str, Any]) -> None:
    change(folder, **changes)
    with pytest.raises(ReaderError, match=r"reader\.json does not fit this version .*: export it again"):
        load_reader(str(folder))


@pytest.mark.parametrize("missing", ["name", "reading", "confidence"])
def test_a_card_without_a_required_field_is_an_error(folder: Path, missing: str) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    del card[missing]
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(ReaderError, match=rf"'{missing}'.*: export it again"):
        load_reader(str(folder))


def test_a_card_with_unknown_features_is_an_error_that_names_them(folder: Path) -> None:
    weights = {"score": 1.0, "mood": 0.5, "length": 0.1}
    change(folder, confidence={"weights": weights, "bias": 0.0, "threshold": 0.5})
    with pytest.raises(ReaderError, match="unknown features length, mood"):
        load_reader(str(folder))
