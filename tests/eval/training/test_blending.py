from __future__ import annotations

import pytest
import torch
from transformers import BertConfig

from eval.training.blending import blended
from eval.training.model import SpanModel, untrained


def _model(seed: int, width: int = 12) -> SpanModel:
    torch.manual_seed(seed)
    return untrained(
        BertConfig(
            vocab_size=30, hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
        )
    )


def test_every_weight_lies_between_the_two_models() -> None:
    before, after = _model(1), _model(2)
    mixed = dict(blended(before, after, 0.25).named_parameters())
    for (name, one), (_, other) in zip(before.named_parameters(), after.named_parameters(), strict=True):
        torch.testing.assert_close(mixed[name], 0.75 * one + 0.25 * other)


def test_shares_0_and_1_give_the_models_themselves_and_neither_changes() -> None:
    before, after = _model(1), _model(2)
    ids = torch.arange(10).reshape(2, 5)
    mask = torch.ones_like(ids)
    with torch.no_grad():
        expected = before(ids, mask), after(ids, mask)
        torch.testing.assert_close(blended(before, after, 0.0)(ids, mask), expected[0])
        torch.testing.assert_close(blended(before, after, 1.0)(ids, mask), expected[1])
        blended(before, after, 0.5)
        torch.testing.assert_close((before(ids, mask), after(ids, mask)), expected)


def test_different_shapes_and_an_impossible_share_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        blended(_model(1), _model(1, width=16), 0.5)
    with pytest.raises(ValueError, match="must be in"):
        blended(_model(1), _model(2), 1.5)
