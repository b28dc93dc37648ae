"""A shipped reader becomes a span model again that scores the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from eval.training.backbones import small_backbone
from eval.training.shipped import RestoreError, restored
from service.answering.loading import reader_folder
from service.answering.reading.network import CARD, load_network
from service.errors import ReaderError


@pytest.mark.models
def test_a_restored_model_scores_as_the_shipped_reader_does() -> None:
    folder = reader_folder("fast")
    network, tokenizer = load_network(folder)
    encoded = tokenizer.encode("Who opened the port?", "The port of Holm was opened by Ada Brandt in 1931.")
    ids, mask = np.array([encoded.ids]), np.ones((1, len(encoded.ids)), dtype=np.int64)
    with torch.no_grad():
        scores = restored(folder, small_backbone())(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    np.testing.assert_allclose(scores, network(ids, mask), atol=2e-2)
    # Not by chance: the scores differ between tokens.
    assert np.ptp(scores[0]) > 1


@pytest.mark.models
def test_every_weight_of_the_model_is_restored() -> None:
    before = torch.get_rng_state()
    try:
        first, second = (_weights(seed) for seed in (1, 2))
    finally:
        torch.set_rng_state(before)
    # A weight that was left at its random start would differ.
    assert all(torch.equal(first[name], second[name]) for name in first)


def _weights(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return restored(reader_folder("fast"), small_backbone()).state_dict()


@pytest.mark.models
def test_another_shape_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(reader_folder("fast"), folder)
    card = json.loads((folder / CARD).read_text("utf-8"))
    card["shape"]["inner"] = 64
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(RestoreError, match="size mismatch"):
        restored(folder, small_backbone())


def test_a_folder_without_a_reader_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReaderError):
        restored(tmp_path, small_backbone())
