"""Shared by the training's tests: windows made by hand, and a span model small enough to train."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import BertConfig

from eval.training.features import Feature
from eval.training.model import SpanModel, untrained


@pytest.fixture(autouse=True, scope="module")
def _alone(one_thread: None) -> None:
    """Every module here runs its models in one thread."""


@pytest.fixture(scope="session")
def tiny_model() -> Callable[[int], SpanModel]:
    """A seed -> a randomly initialised BERT of two layers, 32 wide, over 2,000 token ids."""

    def make(seed: int) -> SpanModel:
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=2_000,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=128,
            max_position_embeddings=64,
        )
        return untrained(config)

    return make


@pytest.fixture(scope="session")
def window() -> Callable[..., Feature]:
    """Token ids and the answers' positions -> a window; all but the first `first` tokens are its text."""

    def make(
        ids: list[int],
        starts: dict[int, float] | None = None,
        ends: dict[int, float] | None = None,
        *,
        example: str = "x",
        number: int = 0,
        first: int = 2,
    ) -> Feature:
        offsets = np.array([[2 * token, 2 * token + 1] for token in range(len(ids) - first)], dtype=np.int32)
        starts = starts or {0: 1.0}
        return Feature(example, number, ids, first, len(ids), offsets, starts, ends or starts)

    return make
