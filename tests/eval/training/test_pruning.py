"""Sparing layers: which ones go, against models whose layers are known to do little, and what is left."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, MPNetConfig

from eval.training.examples import Example
from eval.training.features import Feature, Group
from eval.training.model import (
    SpanModel,
    collate,
    group_loss,
    keep_layers,
    layers,
    log_probabilities,
    restore,
    save,
)
from eval.training.pruning import sample, spared

Tiny = Callable[[int], SpanModel]
Window = Callable[..., Feature]


def examples(**counts: int) -> list[Example]:
    """So many examples of each source, the sources taking turns as long as they last."""
    found = [
        (number, Example(f"{source}-{number}", source, "Who?", "It rained.", ()))
        for source, count in counts.items()
        for number in range(count)
    ]
    return [example for _, example in sorted(found, key=lambda pair: pair[0])]


def test_a_sample_has_at_most_so_many_of_each_source() -> None:
    given = examples(wiki=20, qed=3, policy=5)
    drawn = sample(given, 5, seed=0)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(given)
    sources = [example.source for example in drawn]
    assert {name: sources.count(name) for name in sources} == {"wiki": 5, "qed": 3, "policy": 5}
    assert sample(given, 0, seed=0) == sample([], 5, seed=0) == []


def test_a_sample_follows_from_its_seed() -> None:
    given = examples(wiki=20, qed=9)
    before = list(given)
    assert sample(given, 5, seed=1) == sample(given, 5, seed=1)
    assert set(sample(given, 5, seed=1)) != set(sample(given, 5, seed=2))
    assert given == before


def test_every_example_is_drawn_as_often_as_another() -> None:
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
        intermediate_size=64,
        max_position_embeddings=66,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    encoder = AutoModel.from_config(config, attn_implementation="eager", add_pooling_layer=False)  # type: ignore[no-untyped-call]
    return SpanModel(encoder)


@pytest.fixture(params=["bert", "mpnet"])
def deep(request: pytest.FixtureRequest, tiny_model: Tiny) -> SpanModel:
    """A model of four layers that all do something."""
    model = tiny_model(0) if request.param == "bert" else mpnet()
    torch.manual_seed(1)
    keep_layers(model, [copy.deepcopy(layer) for layer in layers(model) * 2])
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.15 * torch.randn_like(weight))
    return model.eval()


@pytest.fixture
def bert(tiny_model: Tiny) -> SpanModel:
    """Four layers of a BERT. Their last linear layers are as strong as `strengthen` makes them."""
    model = tiny_model(0)
    keep_layers(model, layers(model) + layers(tiny_model(1)))
    return model.eval()


@torch.no_grad()
def strengthen(model: SpanModel, *strengths: float) -> None:
    """With 0 a layer puts out what it is given: both of its parts add nothing, and norms norm the normed."""
    for layer, strength in zip(layers(model), strengths, strict=True):
        for name, module in layer.named_modules():
            if name in {"attention.output.dense", "output.dense"}:
                assert isinstance(module, nn.Linear)
                module.weight.normal_(std=strength) if strength else module.weight.zero_()


def inputs() -> tuple[Tensor, Tensor]:
    ids = torch.arange(1_000, 1_040).reshape(2, 20)
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    return ids, mask


@torch.no_grad()
def scores(model: SpanModel) -> Tensor:
    found: Tensor = model.eval()(*inputs())
    return found


@torch.no_grad()
def own_words(
    model: SpanModel, window: Window, ids: Sequence[int], kept: Sequence[int] | None = None
) -> Group:
    """A window whose answers are what the model itself says with these of its layers, all of them if None.

    No other scores have a smaller loss, so that a layer less never helps.
    """
    whole = layers(model)
    keep_layers(model, whole if kept is None else [whole[place] for place in kept])
    one = [window(list(ids), {2: 1.0})]
    tokens, mask, legal = collate(one, 0)
    said = model.eval()(tokens, mask)
    shares = log_probabilities(said, legal)[:, 0].exp()
    keep_layers(model, whole)
    starts, ends = ({place: float(share[place]) for place in range(2, len(ids))} for share in shares)
    return [window(list(ids), starts, ends)]


def texts(count: int, length: int, seed: int = 0) -> list[list[int]]:
    drawn = torch.randint(5, 2_000, (count, length), generator=torch.Generator().manual_seed(seed))
    return [[int(token) for token in row] for row in drawn]


@pytest.mark.parametrize("place", range(4))
def test_the_layer_that_does_nothing_goes_first(bert: SpanModel, window: Window, place: int) -> None:
    strengthen(bert, *(0.0 if at == place else 1.0 for at in range(4)))
    groups = [own_words(bert, window, ids) for ids in texts(4, 10)]
    assert spared(bert, groups, 0, 1) == [place]
    assert spared(bert, groups, 0, 2)[0] == place


def test_layers_go_by_what_they_do_the_least_first(bert: SpanModel, window: Window) -> None:
    strengthen(bert, 0.05, 1.0, 0.0, 0.3)
    groups = [own_words(bert, window, ids) for ids in texts(4, 10)]
    assert [spared(bert, groups, 0, count) for count in range(4)] == [[], [2], [2, 0], [2, 0, 3]]


@torch.no_grad()
def loss_without(model: SpanModel, groups: Sequence[Group], dropped: Sequence[int]) -> float:
    """The mean loss of the groups, each read alone by a copy without some of the layers."""
    less = copy.deepcopy(model)
    stack = less.encoder.encoder
    assert isinstance(stack, nn.Module)
    assert isinstance(stack.layer, nn.ModuleList)
    for place in sorted(dropped, reverse=True):
        del stack.layer[place]
    losses = []
    for group in groups:
        ids, mask, legal = collate(group, 0)
        losses.append(float(group_loss(less(ids, mask), legal, [group])))
    return sum(losses) / len(losses)


def test_each_layer_is_the_one_least_missed_by_what_is_left(deep: SpanModel, window: Window) -> None:
    # Windows of several lengths, a group of two, and targets that have nothing to do with the model.
    groups = [
        [window(texts(1, length, length)[0], {length // 2: 1.0}, {length - 1: 1.0})]
        for length in (6, 9, 12, 35, 50)
    ]
    groups.append([window(texts(1, 9)[0], {3: 1.0}), window(texts(1, 20)[0])])
    found = spared(deep, groups, 0, 3)
    assert len(set(found)) == 3
    for number, place in enumerate(found):
        gone = found[:number]
        losses = {at: loss_without(deep, groups, [*gone, at]) for at in range(4) if at not in gone}
        assert min(losses, key=losses.__getitem__) == place


@pytest.mark.parametrize(("many", "few"), [(0, 1), (1, 0)])
def test_a_group_counts_as_much_as_another_whatever_is_batched_with_it(
    bert: SpanModel, window: Window, many: int, few: int
) -> None:
    strengthen(bert, 1.0, 1.0, 1.0, 1.0)
    without = {place: [at for at in range(4) if at != place] for place in (many, few)}
    groups = [own_words(bert, window, ids, without[many]) for ids in texts(12, 10)]
    # Longer than 32 tokens, it is a batch of its own.
    groups.append(own_words(bert, window, texts(1, 40)[0], without[few]))
    assert spared(bert, groups, 0, 1) == [many]


def assert_whole(model: SpanModel, before: list[nn.Module], said: Tensor) -> None:
    assert len(layers(model)) == len(before)
    assert all(now is then for now, then in zip(layers(model), before, strict=True))
    assert model.encoder.config.num_hidden_layers == len(before)  # type: ignore[union-attr]
    assert torch.equal(scores(model), said)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_model_is_whole_again(deep: SpanModel, window: Window, count: int) -> None:
    before, said = layers(deep), scores(deep)
    assert len(spared(deep, [[window(texts(1, 8)[0], {3: 1.0})]], 0, count)) == count
    assert_whole(deep, before, said)


def test_the_model_is_whole_again_after_an_error(deep: SpanModel, window: Window) -> None:
    before, said = layers(deep), scores(deep)
    # There is no such token.
    with pytest.raises(IndexError):
        spared(deep, [[window([5, 6, 99_999], {2: 1.0})]], 0, 2)
    assert_whole(deep, before, said)


@pytest.mark.parametrize("count", [-1, 4, 5])
def test_a_model_keeps_a_layer_at_least(deep: SpanModel, window: Window, count: int) -> None:
    before, said = layers(deep), scores(deep)
    with pytest.raises(ValueError, match=f"{count} of 4 layers"):
        spared(deep, [[window(texts(1, 8)[0], {3: 1.0})]], 0, count)
    assert_whole(deep, before, said)


def test_layers_are_in_the_order_in_which_they_are_passed(deep: SpanModel) -> None:
    ids, mask = inputs()
    with torch.no_grad():
        states = deep.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        assert len(states) == 5
        whole = layers(deep)
        for count in range(5):
            assert keep_layers(deep, whole[:count]) is deep
            assert deep.encoder.config.num_hidden_layers == count  # type: ignore[union-attr]
            assert layers(deep) == whole[:count]
            assert torch.equal(deep.hidden(ids, mask), states[count])


def test_layers_are_kept_in_the_order_given(deep: SpanModel) -> None:
    whole, said = layers(deep), scores(deep)
    assert not torch.allclose(scores(keep_layers(deep, whole[::-1])), said, atol=1e-2)
    assert torch.equal(scores(keep_layers(deep, whole)), said)


@pytest.mark.parametrize("kept", [[0], [0, 2], [1, 2, 3]])
def test_a_model_with_fewer_layers_comes_back_with_as_many(
    deep: SpanModel, tmp_path: Path, kept: list[int]
) -> None:
    whole, said = layers(deep), scores(deep)
    weights = len(deep.state_dict())
    keep_layers(deep, [whole[place] for place in kept])
    save(deep, tmp_path)
    again = restore(tmp_path)
    assert again.encoder.config.num_hidden_layers == len(layers(again)) == len(kept)  # type: ignore[union-attr]
    assert deep.state_dict().keys() == again.state_dict().keys()
    assert len(again.state_dict()) < weights
    assert torch.equal(scores(again), scores(deep))
    assert not torch.allclose(scores(again), said, atol=1e-2)
