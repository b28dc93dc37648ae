"""Two models of one shape -> the one between them."""

from __future__ import annotations

import copy

import torch

from eval.training.model import SpanModel


def blended(before: SpanModel, after: SpanModel, share: float) -> SpanModel:
    """Return a model whose weights are `share` of `after`'s and the rest of `before`'s, in float32.

    `after` began its training as `before`. Between the two, what training added on the data that it saw and
    what was known of other data can be had together (Wortsman et al., 2022, "Robust fine-tuning of zero-shot
    models").

    Raises:
        ValueError: the models are not of one shape, or the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share is {share}: give one in [0, 1]")
    first, second = before.state_dict(), after.state_dict()
    if {name: weight.shape for name, weight in first.items()} != {
        name: weight.shape for name, weight in second.items()
    }:
        raise ValueError("the models are not of one shape")
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
