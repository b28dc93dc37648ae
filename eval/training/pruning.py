"""Prunes feed-forward neurons, and adapts the weights of the remaining ones to compensate.

The feed-forward half of a layer holds most of its weights, and most of its neurons can be predicted from the
others. When one is removed, the output weights of the rest are refitted by least squares over real inputs, so
that the layer's output changes as little as possible (optimal brain surgeon; Hassibi and Stork, 1993; for
whole neurons Kurtic, Frantar and Alistarh, 2023).

Measured on the teacher (loss on 260 development groups, without further training): 1.636 unpruned; 1.648,
1.670 and 1.684 with 2,304, 2,048 and 1,792 of 3,072 neurons; 1.79 without the least important one of twelve
layers, and 2.47 without three. (The neurons of a step were then all chosen at once.)
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from eval.studies.examples import ContextExample
from eval.training.model import SpanModel, layers
from eval.training.rounding import damped_inverse

_STEP = 32  # neurons removed in one step
_CANDIDATES = 4  # neurons considered for each one removed


def sample(examples: Sequence[ContextExample], each: int, seed: int) -> list[ContextExample]:
    """Draw at most `each` examples of each source."""
    drawn = random.Random(seed).sample(list(examples), len(examples))
    by_source: dict[str, list[ContextExample]] = {}
    for example in drawn:
        by_source.setdefault(example.source, []).append(example)
    return [example for group in by_source.values() for example in group[:each]]


def narrowed(model: SpanModel, width: int, grams: Mapping[str, Tensor]) -> SpanModel:
    """Return a copy whose layers have `width` feed-forward neurons each.

    `grams`: the model's, from `eval.training.rounding.gram_matrices`.

    Raises:
        ValueError: a layer has fewer neurons, or `width` is not positive.
    """
    found = copy.deepcopy(model).float()
    names = {module: name for name, module in found.named_modules()}
    for layer in layers(found):
        inner: nn.Linear = layer.intermediate.dense  # type: ignore[union-attr,assignment]
        outer: nn.Linear = layer.output.dense  # type: ignore[union-attr,assignment]
        if not 0 < width <= outer.in_features:
            raise ValueError(f"a layer of {outer.in_features} neurons cannot be pruned to {width}")
        kept, weights = _prune(outer.weight.detach(), grams[names[outer]], width)
        outer.weight, outer.in_features = nn.Parameter(weights), width
        inner.weight, inner.out_features = nn.Parameter(inner.weight.detach()[kept].clone()), width
        inner.bias = nn.Parameter(inner.bias.detach()[kept].clone())
    found.encoder.config.intermediate_size = width  # type: ignore[union-attr]
    return found


def _prune(weights: Tensor, gram: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return which inputs are kept, `bool (in,)`, and the weights from them, `float32 (out, width)`."""
    inverse = damped_inverse(gram)
    left = weights.double()
    kept = torch.ones(len(inverse), dtype=torch.bool)
    while (over := int(kept.sum()) - width) > 0:
        removed = _cheapest(left, inverse, kept, min(_STEP, over))
        rows = inverse[removed]
        step = torch.linalg.solve(rows[:, removed], rows)
        left = left - left[:, removed] @ step
        inverse = inverse - rows.T @ step
        kept[removed] = False
        # Rows and columns of removed inputs are 0 but for rounding errors: never divide by them.
        left[:, removed] = 0.0
        inverse[removed], inverse[:, removed] = 0.0, 0.0
        inverse[removed, removed] = 1.0
    return kept, left[:, kept].float()


def _cheapest(weights: Tensor, inverse: Tensor, kept: Tensor, count: int) -> Tensor:
    """Return `count` inputs to remove, `int64`, chosen greedily one by one.

    The cost of removing an input, with the others refitted, grows as inputs that predict it are removed: of
    two that are alike, one is kept. Only the inputs that are cheapest at first are considered.
    """
    cost = ((weights**2).sum(dim=0) / inverse.diagonal()).masked_fill(~kept, torch.inf)
    near = cost.topk(min(_CANDIDATES * count, int(kept.sum())), largest=False).indices
    mine, among = weights[:, near], inverse[near][:, near]
    chosen: list[int] = []
    for _ in range(count):
        cost = (mine**2).sum(dim=0) / among.diagonal()
        cost[chosen] = torch.inf
        least = int(cost.argmin())
        row = among[least] / among[least, least]
        mine = mine - mine[:, least : least + 1] * row
        among = among - among[:, least : least + 1] * row
        among[least, least] = 1.0
        chosen.append(least)
    return near[chosen]
