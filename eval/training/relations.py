"""A loss that teaches a small model its teacher's relations between a window's tokens.

Relational knowledge distillation (Park et al., 2019, https://arxiv.org/abs/1904.05068): the cosine between
the last hidden states of any two text tokens should equal the teacher's. Unlike the states themselves,
cosines can be compared between models of different widths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eval.training.features import Feature
from eval.training.model import Scorer, collate


@dataclass(frozen=True, slots=True)
class Relations:
    """The teacher's side of the loss: `states` returns its hidden states, `float32 (batch, length, width)`.

    `windows`: the teacher's windows by `distillation.window_key`, as its tokeniser adds other special tokens.
    `weight`: the factor of this loss.
    """

    states: Scorer
    windows: Mapping[str, Feature]
    pad_id: int
    weight: float

    def loss(self, states: Tensor, features: Sequence[Feature], keys: Sequence[str]) -> Tensor:
        """Return `weight` times the mean squared difference between the student's cosines and the teacher's.

        `states`: the student's, `(rows, length, width)`, a row for each of `features`; `keys`: their keys.
        """
        windows = [self.windows[key] for key in keys]
        ids, mask, _ = collate(windows, self.pad_id)
        wanted = self.states(ids, mask)
        squares = [
            (_cosines(states[row], mine) - _cosines(wanted[row], other)).square().mean()
            for row, (mine, other) in enumerate(zip(features, windows, strict=True))
        ]
        return self.weight * torch.stack(squares).mean()


def _cosines(states: Tensor, feature: Feature) -> Tensor:
    """Return the cosine between any two text tokens, `float32 (tokens, tokens)`."""
    kept = torch.nn.functional.normalize(states[feature.first : feature.last].float(), dim=-1)
    return kept @ kept.T
