"""A small model learns how a window's tokens are related, as its teacher has it.

Relational knowledge distillation (Park et al., 2019, https://arxiv.org/abs/1904.05068): the cosine of each
two context tokens' last hidden states should be what it is between the teacher's. That needs no layer
between states of two widths.
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
    """The teacher's side: `states` gives its hidden states, `float32 (batch, length, width)`.

    `windows`: its own windows by `distillation.key`, as its tokeniser has other special tokens. `weight`: of
    what this adds to a loss.
    """

    states: Scorer
    windows: Mapping[str, Feature]
    pad_id: int
    weight: float

    def apart(self, states: Tensor, features: Sequence[Feature], names: Sequence[str]) -> Tensor:
        """Return `weight` times the mean square between a student's cosines and the teacher's.

        `states`: the student's, `(rows, length, width)`, a row for each of `features`, which `names` names.
        """
        theirs = [self.windows[name] for name in names]
        ids, mask, _ = collate(theirs, self.pad_id)
        wanted = self.states(ids, mask)
        squares = [
            (_cosines(states[row], mine) - _cosines(wanted[row], other)).square().mean()
            for row, (mine, other) in enumerate(zip(features, theirs, strict=True))
        ]
        return self.weight * torch.stack(squares).mean()


def _cosines(states: Tensor, feature: Feature) -> Tensor:
    """Return the cosine between each two context tokens, `float32 (tokens, tokens)`."""
    kept = torch.nn.functional.normalize(states[feature.first : feature.last].float(), dim=-1)
    return kept @ kept.T
