"""The span model: its loss against arithmetic written out here, and saving and loading."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from eval.training.features import Feature, Group
from eval.training.model import (
    SpanModel,
    collate,
    from_backbone,
    group_loss,
    log_probabilities,
    predict,
    restore,
    save,
    targets,
)

Window = Callable[..., Feature]
Tiny = Callable[[int], SpanModel]

# Two windows of four tokens. Token 0 means no answer; token 1 of the first window is the question's.
STARTS = [[1.0, 9.0, 3.0, 0.0], [0.5, 1.0, -0.5, 2.5]]
ENDS = [[0.0, -7.0, 1.0, 2.0], [2.0, 1.0, 3.0, 0.0]]
LEGAL = torch.tensor([[True, False, True, True], [True, True, True, True]])
# The margins: a token's score less its window's no-answer score.
START_MARGINS = [2.0, -1.0, 0.5, -1.0, 2.0]
END_MARGINS = [1.0, 2.0, -1.0, 1.0, -2.0]


def scores() -> Tensor:
    return torch.tensor([STARTS, ENDS])


def total(margins: list[float]) -> float:
    """The log of the softmax's denominator: e**0 for no answer, and every token."""
    return math.log(1 + sum(math.exp(value) for value in margins))


@pytest.fixture
def pair(window: Window) -> Callable[..., Group]:
    """The targets of two windows -> a group of them."""

    def make(*sides: tuple[dict[int, float], dict[int, float]] | None) -> Group:
        return [window([0, 1, 2, 3], *(side or ()), number=row) for row, side in enumerate(sides)]

    return make


def test_an_answer_in_one_window_is_normalised_over_both(pair: Callable[..., Group]) -> None:
    loss = group_loss(scores(), LEGAL, [pair(({2: 1.0}, {3: 1.0}), None)])
    expected = ((total(START_MARGINS) - 2.0) + (total(END_MARGINS) - 2.0)) / 2
    assert float(loss) == pytest.approx(expected, abs=1e-6)


def test_the_loss_of_a_group_without_an_answer_is_over_every_token(pair: Callable[..., Group]) -> None:
    loss = group_loss(scores(), LEGAL, [pair(None, None)])
    assert float(loss) == pytest.approx((total(START_MARGINS) + total(END_MARGINS)) / 2, abs=1e-6)


def test_an_answer_in_both_windows_gives_each_half_the_weight(pair: Callable[..., Group]) -> None:
    loss = group_loss(scores(), LEGAL, [pair(({2: 1.0}, {2: 1.0}), ({3: 1.0}, {3: 1.0}))])
    expected = (
        total(START_MARGINS) - (0.5 * 2.0 + 0.5 * 2.0) + total(END_MARGINS) - (0.5 * 1.0 + 0.5 * -2.0)
    ) / 2
    assert float(loss) == pytest.approx(expected, abs=1e-6)


def test_several_references_are_weighted_by_their_shares(pair: Callable[..., Group]) -> None:
    loss = group_loss(scores(), LEGAL, [pair(({2: 0.75, 3: 0.25}, {3: 1.0}), None)])
    expected = ((total(START_MARGINS) - 0.75 * 2.0 - 0.25 * -1.0) + (total(END_MARGINS) - 2.0)) / 2
    assert float(loss) == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_the_mean_over_groups(pair: Callable[..., Group]) -> None:
    one, two = pair(({2: 1.0}, {3: 1.0}), None), pair(None, None)
    both = group_loss(scores().repeat(1, 2, 1), LEGAL.repeat(2, 1), [one, two])
    alone = [float(group_loss(scores(), LEGAL, [group])) for group in (one, two)]
    assert float(both) == pytest.approx(sum(alone) / 2, abs=1e-6)


def test_the_loss_of_groups_of_one_window_is_plain_cross_entropy(window: Window) -> None:
    torch.manual_seed(0)
    drawn = torch.randn(2, 3, 6) * 4
    legal = torch.tensor([[True, False, True, True, True, True]] * 3)
    groups = [
        [window([0] * 6, {3: 1.0}, {5: 1.0})],
        [window([0] * 6)],
        [window([0] * 6, {2: 1.0}, {2: 1.0})],
    ]
    wanted = torch.tensor([[3, 0, 2], [5, 0, 2]])
    plain = torch.nn.functional.cross_entropy(
        drawn.masked_fill(~legal, -math.inf).reshape(6, 6), wanted.reshape(6)
    )
    assert float(group_loss(drawn, legal, groups)) == pytest.approx(float(plain), abs=1e-5)


def test_masked_positions_have_no_influence(pair: Callable[..., Group]) -> None:
    groups = [pair(({2: 1.0}, {3: 1.0}), None)]
    before = float(group_loss(scores(), LEGAL, groups))
    changed = scores()
    changed[:, ~LEGAL] = torch.tensor([40.0])
    assert float(group_loss(changed, LEGAL, groups)) == before
    changed[:, 1, 1] += 1.0
    assert float(group_loss(changed, LEGAL, groups)) != before


def test_a_constant_added_to_a_window_changes_nothing(pair: Callable[..., Group]) -> None:
    groups = [pair(({2: 1.0}, {3: 1.0}), None)]
    moved = scores()
    moved[:, 1] += 5.0
    assert float(group_loss(moved, LEGAL, groups)) == pytest.approx(
        float(group_loss(scores(), LEGAL, groups)), abs=1e-5
    )


def test_the_gradient_raises_the_answer_and_the_other_windows_no_answer_score(
    pair: Callable[..., Group],
) -> None:
    drawn = scores().requires_grad_()
    group_loss(drawn, LEGAL, [pair(({2: 1.0}, {3: 1.0}), None)]).backward()  # type: ignore[no-untyped-call]
    gradient = drawn.grad
    assert gradient is not None
    assert [row.argmin().item() for row in gradient[:, 0]] == [2, 3]
    assert (gradient[:, 1, 1:] > 0).all()
    assert (gradient[:, 0, 1] == 0).all()
    assert (gradient[:, 1, 0] < 0).all()


def test_log_probabilities_are_over_the_legal_positions_alone() -> None:
    found = log_probabilities(scores(), LEGAL)
    first = [math.exp(value) for value in (1.0, 3.0, 0.0)]
    assert found[0, 0, [0, 2, 3]].exp().tolist() == pytest.approx([value / sum(first) for value in first])
    assert found[0, 0, 1].exp() == 0.0
    assert found.exp().sum(dim=-1).flatten().tolist() == pytest.approx([1.0] * 4)


def test_windows_of_a_batch_are_padded_to_one_length(window: Window) -> None:
    features = [window([5, 6, 7, 8, 9], first=3), window([*range(100, 133)], first=2)]
    ids, mask, legal = collate(features, pad_id=1)
    assert ids.shape == mask.shape == legal.shape == (2, 64)
    assert ids[0].tolist() == [5, 6, 7, 8, 9] + [1] * 59
    assert mask[0].tolist() == [1] * 5 + [0] * 59
    assert legal[0].nonzero().flatten().tolist() == [0, 3, 4]
    assert ids[1].tolist() == [*range(100, 133)] + [1] * 31
    assert mask.sum(dim=1).tolist() == [5, 33]
    assert legal[1].nonzero().flatten().tolist() == [0, *range(2, 33)]


def test_the_closing_separator_is_masked(window: Window) -> None:
    whole = window([0, 1, 2, 3], {2: 1.0})
    with_separator = Feature(
        whole.example, 0, whole.ids, whole.first, whole.last - 1, whole.offsets[:-1], whole.starts, whole.ends
    )
    assert collate([with_separator], pad_id=0)[2][0].nonzero().flatten().tolist() == [0, 2]


def test_targets_hold_the_shares_at_their_positions(window: Window) -> None:
    features = [window([0] * 5, {2: 0.25, 3: 0.75}, {4: 1.0}), window([0] * 5)]
    assert targets(features, 5).tolist() == [
        [[0, 0, 0.25, 0.75, 0], [1, 0, 0, 0, 0]],
        [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]],
    ]


def ids_and_mask() -> tuple[Tensor, Tensor]:
    ids = torch.arange(1_000, 1_032).repeat(2, 1)
    mask = torch.ones_like(ids)
    mask[1, 20:] = 0
    return ids, mask


def test_a_saved_model_is_restored_unchanged(tiny_model: Tiny, tmp_path: Path) -> None:
    model = tiny_model(0)
    save(model, tmp_path / "saved")
    again = restore(tmp_path / "saved")
    assert model.state_dict().keys() == again.state_dict().keys()
    with torch.no_grad():
        assert torch.equal(model.eval()(*ids_and_mask()), again.eval()(*ids_and_mask()))
        assert not torch.equal(model(*ids_and_mask()), tiny_model(1).eval()(*ids_and_mask()))


def test_a_saved_bfloat16_model_is_restored_in_float32(tiny_model: Tiny, tmp_path: Path) -> None:
    model = tiny_model(0).to(torch.bfloat16)
    save(model, tmp_path)
    again = restore(tmp_path)
    for mine, theirs in zip(model.parameters(), again.parameters(), strict=True):
        assert theirs.dtype == torch.float32
        assert torch.equal(mine.float(), theirs)


def test_a_restored_model_has_no_dropout(tiny_model: Tiny, tmp_path: Path) -> None:
    model = tiny_model(0)
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        setattr(model.encoder.config, name, 0.5)
    save(model, tmp_path)
    again = restore(tmp_path).train()
    assert torch.equal(again(*ids_and_mask()), again(*ids_and_mask()))


def test_a_backbone_gets_a_new_head_that_depends_on_the_seed(tiny_model: Tiny, tmp_path: Path) -> None:
    backbone = tiny_model(0).encoder
    backbone.save_pretrained(tmp_path)  # type: ignore[operator]
    one, same, other = (from_backbone(tmp_path, seed) for seed in (1, 1, 2))
    for name, weight in backbone.state_dict().items():
        assert torch.equal(weight, one.encoder.state_dict()[name]), name
    assert torch.equal(one.head.weight, same.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)
    assert one.head.bias.tolist() == [0.0, 0.0]
    assert torch.equal(one.train()(*ids_and_mask()), one(*ids_and_mask()))


def test_predictions_do_not_depend_on_the_batch(tiny_model: Tiny, window: Window) -> None:
    model = tiny_model(0)
    features = [window([*range(10, 10 + length)]) for length in (5, 33, 8, 40, 31)]
    found = predict(model, features, pad_id=0, tokens=64)
    assert len(found) == len(features)
    for feature in features:
        ids = torch.tensor([feature.ids])
        with torch.no_grad():
            alone = model(ids, torch.ones_like(ids))[:, 0].numpy()
        assert found[id(feature)].shape == (2, len(feature.ids))
        np.testing.assert_allclose(found[id(feature)], alone, atol=1e-5)
