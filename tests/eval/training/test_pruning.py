"""Pruning: the cheapest neurons are removed, and the rest have the weights of a least-squares fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import MPNetConfig

from eval.studies.examples import ContextExample
from eval.training import pruning
from eval.training.features import Feature
from eval.training.model import SpanModel, layers, restore, save, untrained
from eval.training.pruning import narrowed, sample
from eval.training.rounding import gram_matrices

Tiny = Callable[[int], SpanModel]
Window = Callable[..., Feature]


def examples(**counts: int) -> list[ContextExample]:
    """Given numbers of examples per source, interleaved."""
    found = [
        (number, ContextExample.of(f"{source}-{number}", source, "Who?", "It rained."))
        for source, count in counts.items()
        for number in range(count)
    ]
    return [example for _, example in sorted(found, key=lambda pair: pair[0])]


def test_a_sample_is_limited_per_source() -> None:
    given = examples(wiki=20, qed=3, policy=5)
    drawn = sample(given, 5, seed=0)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(given)
    sources = [example.source for example in drawn]
    assert {name: sources.count(name) for name in sources} == {"wiki": 5, "qed": 3, "policy": 5}
    assert sample(given, 0, seed=0) == sample([], 5, seed=0) == []


def test_a_sample_depends_only_on_its_seed() -> None:
    given = examples(wiki=20, qed=9)
    before = list(given)
    assert sample(given, 5, seed=1) == sample(given, 5, seed=1)
    assert set(sample(given, 5, seed=1)) != set(sample(given, 5, seed=2))
    assert given == before


def test_every_example_of_a_source_is_equally_likely() -> None:
    given = examples(wiki=10, qed=4)
    drawn = [example for seed in range(400) for example in sample(given, 3, seed)]
    for example in given:
        share = 3 / (10 if example.source == "wiki" else 4)
        # Four standard deviations of a binomial share.
        assert abs(drawn.count(example) / 400 - share) < 4 * math.sqrt(share * (1 - share) / 400)


def mpnet() -> SpanModel:
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=2_000,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=66,
    )
    return untrained(config)


@pytest.fixture(params=["bert", "mpnet"])
def model(request: pytest.FixtureRequest, tiny_model: Tiny) -> SpanModel:
    """Two layers of 128 neurons each, with weights large enough for each neuron to matter."""
    made = tiny_model(0) if request.param == "bert" else mpnet()
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.15 * torch.randn_like(weight))
    return made.eval()


@pytest.fixture
def windows(window: Window) -> list[Feature]:
    """The inputs for pruning: more tokens than the model has neurons."""
    drawn = torch.randint(5, 2_000, (16, 24), generator=torch.Generator().manual_seed(0))
    return [window([int(token) for token in row]) for row in drawn]


@torch.no_grad()
def scores(model: SpanModel, windows: list[Feature]) -> Tensor:
    ids = torch.tensor([feature.ids for feature in windows])
    found: Tensor = model.eval()(ids, torch.ones_like(ids))
    return found


def halves(layer: nn.Module) -> tuple[nn.Linear, nn.Linear]:
    """The linear layers into and out of a layer's neurons."""
    return layer.intermediate.dense, layer.output.dense  # type: ignore[union-attr,return-value]


def test_removing_duplicate_neurons_changes_nothing(model: SpanModel, windows: list[Feature]) -> None:
    with torch.no_grad():
        for layer in layers(model):
            inner, _ = halves(layer)
            inner.weight[64:] = inner.weight[:64]
            inner.bias[64:] = inner.bias[:64]
    whole = scores(model, windows)
    grams = gram_matrices(model, windows, 0)
    half = scores(narrowed(model, 64, grams), windows)
    assert (half - whole).norm() < 0.04 * whole.norm()
    # Fewer neurons than that lose something.
    less = scores(narrowed(model, 32, grams), windows)
    assert (less - whole).norm() > 0.1 * whole.norm()


def test_the_remaining_neurons_compensate(model: SpanModel, windows: list[Feature]) -> None:
    whole = scores(model, windows)
    found = narrowed(model, 96, gram_matrices(model, windows, 0))
    compensated = (scores(found, windows) - whole).norm()
    # The same neurons, with their original weights.
    for layer, narrow in zip(layers(model), layers(found), strict=True):
        (inner, outer), (left, right) = halves(layer), halves(narrow)
        kept = [int((inner.weight == row).all(dim=1).nonzero()) for row in left.weight]
        assert kept == sorted(set(kept))
        assert torch.equal(left.bias, inner.bias[kept])
        with torch.no_grad():
            right.weight.copy_(outer.weight[:, kept])
    assert compensated < 0.7 * (scores(found, windows) - whole).norm()


@pytest.mark.parametrize("width", [128, 100, 33, 1])
def test_a_pruned_model_is_a_copy_of_the_given_width(
    model: SpanModel, windows: list[Feature], tmp_path: Path, width: int
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = narrowed(model, width, gram_matrices(model, windows, 0))
    for layer in layers(found):
        inner, outer = halves(layer)
        assert inner.weight.shape == (width, 32)
        assert (inner.out_features, outer.in_features) == (width, width)
        assert inner.bias.shape == (width,)
        assert outer.weight.shape == (32, width)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.encoder.config.intermediate_size == 128  # type: ignore[union-attr]
    if width == 128:
        assert torch.equal(scores(found, windows), scores(model, windows))
    save(found, tmp_path)
    assert torch.equal(scores(restore(tmp_path), windows), scores(found, windows))


@pytest.mark.parametrize("width", [-1, 0, 129])
def test_an_impossible_width_is_refused(model: SpanModel, windows: list[Feature], width: int) -> None:
    with pytest.raises(ValueError, match=f"128 neurons cannot be pruned to {width}"):
        narrowed(model, width, gram_matrices(model, windows, 0))


def problem(inputs: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, the Gram matrix of correlated inputs, and that matrix damped."""
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(5, inputs, generator=draw)
    rows = torch.randn(3 * inputs, inputs, generator=draw) @ torch.randn(inputs, inputs, generator=draw)
    gram = rows.T @ rows
    damped = gram.double() + 0.01 * gram.double().diagonal().mean() * torch.eye(inputs)
    return weights, gram, damped


def fitted(weights: Tensor, damped: Tensor, kept: list[int]) -> tuple[Tensor, float]:
    """The least-squares weights from some inputs, and their squared error against those from all."""
    best = torch.linalg.solve(damped[kept][:, kept], damped[kept] @ weights.double().T).T
    off = weights.double().clone()
    off[:, kept] -= best
    return best, float((off @ damped @ off.T).trace())


@pytest.mark.parametrize(("inputs", "width"), [(8, 7), (8, 3), (70, 60), (100, 12)])
def test_the_kept_inputs_have_the_weights_of_a_least_squares_fit(inputs: int, width: int) -> None:
    for seed in range(5):
        weights, gram, damped = problem(inputs, seed)
        kept, found = pruning._prune(weights, gram, width)
        assert int(kept.sum()) == width
        best, _ = fitted(weights, damped, kept.nonzero()[:, 0].tolist())
        assert torch.allclose(found.double(), best, rtol=1e-3, atol=1e-3)


def test_the_removed_input_is_the_cheapest() -> None:
    for seed in range(10):
        weights, gram, damped = problem(8, seed)
        kept, _ = pruning._prune(weights, gram, 7)
        costs = {left: fitted(weights, damped, [*left])[1] for left in combinations(range(8), 7)}
        assert tuple(kept.nonzero()[:, 0].tolist()) == min(costs, key=costs.__getitem__)
