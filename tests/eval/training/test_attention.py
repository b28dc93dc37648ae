"""Attention with one product instead of three: its scores equal the original's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, MPNetConfig, RobertaConfig

from eval.training.attention import fused
from eval.training.model import SpanModel, untrained
from eval.training.pruning import narrowed

LAYERS = 3
KINDS = {"bert": BertConfig, "mpnet": MPNetConfig, "roberta": RobertaConfig}


def build(kind: str, heads: int = 4) -> SpanModel:
    """A model of three layers, 32 wide, with random weights everywhere, biases and norms included."""
    torch.manual_seed(0)
    config = KINDS[kind](
        vocab_size=500,
        hidden_size=32,
        num_hidden_layers=LAYERS,
        num_attention_heads=heads,
        intermediate_size=48,
        max_position_embeddings=60,
    )
    model = untrained(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return model


def inputs(*lengths: int) -> tuple[Tensor, Tensor]:
    """Random tokens, and a mask for texts of these lengths."""
    ids = torch.randint(5, 500, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    mask = torch.tensor([[int(position < length) for position in range(max(lengths))] for length in lengths])
    return ids, mask


def linear(model: nn.Module) -> int:
    return sum(isinstance(module, nn.Linear) for module in model.modules())


@torch.no_grad()
def scores(model: SpanModel, *lengths: int) -> Tensor:
    found: Tensor = model(*inputs(*lengths))
    return found


@pytest.mark.parametrize("lengths", [(1,), (40, 40), (7, 25, 1, 18)])
@pytest.mark.parametrize("heads", [1, 2, 8])
@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_fused_attention_gives_the_original_scores(kind: str, heads: int, lengths: tuple[int, ...]) -> None:
    model = build(kind, heads).eval()
    wanted = scores(model, *lengths)
    assert wanted.std() > 0.1
    torch.testing.assert_close(scores(fused(model), *lengths), wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_padding_has_no_influence(kind: str) -> None:
    faster = fused(build(kind))
    ids, mask = inputs(7, 20)
    other = torch.where(mask == 1, ids, ids.flip(1))
    with torch.no_grad():
        one, two = faster(ids, mask), faster(other, mask)
        unmasked = faster(ids, torch.ones_like(mask))
    torch.testing.assert_close(one[:, 0, :7], two[:, 0, :7], rtol=0, atol=1e-6)
    assert not torch.allclose(one[:, 0, :7], unmasked[:, 0, :7], atol=1e-2)


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_each_layer_has_two_linear_layers_fewer_and_the_same_number_of_weights(kind: str) -> None:
    model = build(kind)
    faster = fused(model)
    assert linear(model) == LAYERS * 6 + 1
    assert linear(faster) == LAYERS * 4 + 1
    sizes = [sum(weight.numel() for weight in one.parameters()) for one in (model, faster)]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_the_original_is_not_changed(kind: str, training: bool) -> None:
    model = build(kind).train(training)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    kinds = [type(module) for module in model.modules()]
    faster = fused(model)
    with torch.no_grad():
        for weight in faster.parameters():
            weight.zero_()
    assert [type(module) for module in model.modules()] == kinds
    assert all(module.training == training for module in model.modules())
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_a_model_fused_in_training_mode_has_no_dropout(kind: str) -> None:
    model = build(kind).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5
    faster = fused(model)
    assert not faster.training
    torch.testing.assert_close(scores(faster, 20, 9), scores(model.eval(), 20, 9), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_a_bfloat16_model_is_fused_in_float32(kind: str) -> None:
    model = build(kind).to(torch.bfloat16)
    whole = copy.deepcopy(model).float().eval()
    faster = fused(model)
    assert {weight.dtype for weight in faster.parameters()} == {torch.float32}
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    torch.testing.assert_close(scores(faster, 20, 9), scores(whole, 20, 9), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_a_pruned_model_is_fused(kind: str) -> None:
    whole = build(kind).eval()
    grams = {name: torch.eye(48) for name, _ in whole.named_modules() if name.endswith(".output.dense")}
    model = narrowed(whole, 16, grams)
    torch.testing.assert_close(scores(fused(model), 20, 9), scores(model, 20, 9), rtol=0, atol=2e-5)
    assert not torch.allclose(scores(model, 20, 9), scores(whole, 20, 9), rtol=0, atol=1e-3)


def test_other_kinds_of_attention_are_not_changed() -> None:
    model = build("roberta").eval()
    faster = fused(model)
    assert faster is not model
    assert linear(faster) == linear(model) == LAYERS * 6 + 1
    assert torch.equal(scores(faster, 20, 9), scores(model, 20, 9))
