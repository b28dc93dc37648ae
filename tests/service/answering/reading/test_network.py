"""A shipped span model: files checked, loaded, and run by many threads at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from service.answering.reading.network import CARD, GRAPH, TOKENIZER, WEIGHTS, load_network, read_card
from service.errors import ReaderError

ROOT = Path(__file__).resolve().parents[4]
Logits = dict[str, tuple[float, float]]


@pytest.fixture
def folder(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "small"))


def expected_logits(rows: list[list[str]], length: int, token_logits: Logits) -> npt.NDArray[np.float32]:
    """The logits that the graph should return, looked up by hand."""
    found = np.zeros((2, len(rows), length), dtype=np.float32)
    for row, tokens in enumerate(rows):
        for place, token in enumerate(tokens):
            found[:, row, place] = token_logits.get(token, (0.0, 0.0))
    return found


def batch_of(
    tokenizer: Any, pairs: list[tuple[str, str]], length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[list[str]]]:
    encodings = [tokenizer.encode(*pair) for pair in pairs]
    ids = np.zeros((len(pairs), length), dtype=np.int64)
    mask = np.zeros((len(pairs), length), dtype=np.int64)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return ids, mask, [encoding.tokens for encoding in encodings]


def test_a_loaded_model_gives_its_logits_for_batches_of_any_shape(
    small_model: Path, token_logits: Logits
) -> None:
    network, tokenizer = load_network(small_model, precision="f32")
    for pairs, length in [
        ([("Where did Ada go?", "Ada went to Rome.")], 16),
        ([("Who?", "Bo in Oslo, Ada in Bern"), ("Why?", "Rome")], 32),
        ([("Who?", "rome " * number) for number in range(1, 9)], 48),
    ]:
        ids, mask, tokens = batch_of(tokenizer, pairs, length)
        found = network(ids, mask)
        assert found.dtype == np.float32
        assert found == pytest.approx(expected_logits(tokens, length, token_logits), abs=1e-6)


def test_this_processors_precision_agrees_to_within_rounding(small_model: Path, token_logits: Logits) -> None:
    network, tokenizer = load_network(small_model)
    ids, mask, tokens = batch_of(tokenizer, [("Where?", "Ada went to Rome, Bo to Oslo")], 16)
    assert network(ids, mask) == pytest.approx(expected_logits(tokens, 16, token_logits), rel=2**-8)


def test_returned_logits_do_not_change_with_the_next_call(small_model: Path) -> None:
    network, _ = load_network(small_model)
    ones = np.ones((1, 8), dtype=np.int64)
    first = network(np.full((1, 8), 14), ones)
    before = first.copy()
    network(np.zeros((1, 8), dtype=np.int64), ones)
    assert before.any()
    assert np.array_equal(first, before)


def test_threads_get_the_same_logits_as_one(small_model: Path) -> None:
    network, tokenizer = load_network(small_model)
    texts = ["Ada went to Rome", "Oslo", "Bo went to Bern in the end", "Rome, Oslo, Bern " * 6]
    inputs = [batch_of(tokenizer, [("Who?", text)] * copies, 48)[:2] for text in texts for copies in (1, 3)]
    alone = [network(*one) for one in inputs]
    with ThreadPoolExecutor(2) as pool:
        for number, found in enumerate(pool.map(lambda one: network(*one), inputs * 20)):
            assert np.array_equal(found, alone[number % len(inputs)])


def test_an_intact_folder_gives_its_card(small_model: Path) -> None:
    card = read_card(small_model)
    assert card["name"] == "small"
    assert set(card["files"]) == {"graph.xml", "weights.zst", "tokenizer.json"}


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_file_is_an_error_with_its_name_and_a_remedy(folder: Path, name: str, place: int) -> None:
    damaged = bytearray((folder / name).read_bytes())
    damaged[place] ^= 1
    (folder / name).write_bytes(damaged)
    with pytest.raises(ReaderError, match=rf"{name} is damaged .*: install Quoth again"):
        read_card(folder)


@pytest.mark.parametrize("name", [CARD, GRAPH, WEIGHTS, TOKENIZER])
def test_a_missing_file_is_an_error_with_its_name_and_a_remedy(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ReaderError, match=rf"{name}.*: install Quoth again"):
        read_card(folder)


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
def test_a_file_without_a_recorded_hash_is_an_error(folder: Path, name: str) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    del card["files"][name]
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(ReaderError, match="install Quoth again"):
        read_card(folder)


@pytest.mark.parametrize("format_", [0, 1, 3, "2", None])
def test_another_format_is_an_error_with_both_numbers_and_a_remedy(folder: Path, format_: object) -> None:
    card = json.loads((folder / CARD).read_text("utf-8")) | {"format": format_}
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(ReaderError, match=rf"format {format_!r}, this version reads 2: export it again"):
        read_card(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"{}", b'{"format": 2}', b'{"format": 2, "files": []}',
     b'{"format": 2, "files": {"graph.xml": "0"}}'],
)  # fmt: skip
def test_a_damaged_card_is_an_error_with_a_remedy(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    with pytest.raises(ReaderError, match="install Quoth again"):
        read_card(folder)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
@pytest.mark.parametrize("damage", [cut_in_half, empty, Path.unlink])
def test_a_file_that_cannot_be_loaded_is_an_error_with_a_remedy(
    folder: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(folder / name)
    with pytest.raises(ReaderError, match=r"small cannot be loaded \((.|\n)+\): install Quoth again"):
        load_network(folder)


@pytest.mark.slow
def test_reading_imports_no_training_framework_and_no_telemetry() -> None:
    program = """
import json, sys
import service.answering.reading.reader, service.answering.reading.network, service.answering.reading.spans
print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT
    )
    imported = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert {"openvino", "tokenizers", "numpy"} <= imported
    # With openvino_telemetry, OpenVINO sends an event over the network on every import.
    assert not imported & {"torch", "transformers", "sentence_transformers", "openvino_telemetry"}
