"""Two models of the same shape -> a weighted mean of their weights."""

from __future__ import annotations

import copy

import torch

from eval.training.model import SpanModel


def blended(before: SpanModel, after: SpanModel, share: float) -> SpanModel:
    """Return a model with the weights `share * after + (1 - share) * before`, in float32.

    `after` is `before` trained further. A model between the two can keep both what training added on its data
    and what was known of other data (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models").

    Raises:
        ValueError: the models differ in shape, or the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share is {share}: it must be in [0, 1]")
    first, second = before.state_dict(), after.state_dict()
    if {name: weight.shape for name, weight in first.items()} != {
        name: weight.shape for name, weight in second.items()
    }:
        raise ValueError("the models differ in shape")
    found = copy.deepcopy(after).float()
    found.load_state_dict(
        {
            name: torch.lerp(first[name].float(), weight.float(), share)
            if weight.is_floating_point()
            else weight
            for name, weight in second.items()
        }
    )
    return found
