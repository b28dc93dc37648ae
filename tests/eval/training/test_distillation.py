"""Distillation: its loss against arithmetic written out here, and the cache of the teacher's scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eval.training.distillation import Scores, distillation_loss, teacher_scores, window_key
from eval.training.features import Feature
from eval.training.model import SpanModel, collate, group_loss

Window = Callable[..., Feature]
Tiny = Callable[[int], SpanModel]


class Fixed(SpanModel):
    """Returns fixed scores, `(2, batch, tokens)`, for any input; padding scores 50."""

    def __init__(self, scores: Tensor) -> None:
        nn.Module.__init__(self)
        self.scores = nn.Parameter(scores)

    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        return mask

    def score(self, states: Tensor) -> Tensor:
        filled = torch.full((2, *states.shape), 50.0)
        filled[:, :, : self.scores.shape[-1]] = self.scores
        return filled


class Counting(SpanModel):
    """Scores a token by its id, and counts its windows; raises KeyboardInterrupt after `most` of them."""

    def __init__(self, most: int = 1_000) -> None:
        nn.Module.__init__(self)
        self.count = 0
        self._most = most

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        self.count += len(ids)
        if self.count > self._most:
            raise KeyboardInterrupt
        return torch.stack([ids.float(), -ids.float()])


# One window: no answer, a token of the question, two of the text.
MINE = [[0.0, 30.0, 2.0, -1.0], [1.0, -30.0, 0.0, 3.0]]
THEIRS = [[1.0, 4.0, 0.0], [-1.0, 2.0, 2.0]]  # no answer, then the text's tokens


def scores_of(feature: Feature, rows: list[list[float]]) -> Scores:
    return {window_key(feature): np.array(rows, dtype=np.float16)}


def softmax(values: list[float], temperature: float) -> list[float]:
    shares = [math.exp(value / temperature) for value in values]
    return [share / sum(shares) for share in shares]


@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.5])
def test_the_divergence_is_between_softened_distributions_times_the_squared_temperature(
    window: Window, temperature: float
) -> None:
    feature = window([5, 6, 7, 8], {3: 1.0})
    expected = 0.0
    for mine, theirs in zip(MINE, THEIRS, strict=True):
        student = softmax([mine[0], mine[2], mine[3]], temperature)
        teacher = softmax(theirs, temperature)
        expected += sum(q * math.log(q / p) for q, p in zip(teacher, student, strict=True))
    expected *= temperature**2 / 2
    loss = distillation_loss(scores_of(feature, THEIRS), 0, temperature=temperature, share=1.0)
    model = Fixed(torch.tensor(MINE)[:, None])
    assert loss(model, [[feature]]).item() == pytest.approx(expected, rel=1e-5)


def test_with_share_0_the_loss_is_that_of_the_references(window: Window, tiny_model: Tiny) -> None:
    groups = [
        [window([5, 6, 7, 8], {3: 1.0}, example="a"), window([5, 6, 9], example="a", number=1)],
        [window([5, 6, 7, 8, 9, 10], example="b")],
    ]
    features = [feature for group in groups for feature in group]
    model = tiny_model(0)
    scores: Scores = {
        window_key(feature): np.ones((2, 1 + feature.last - feature.first), np.float16)
        for feature in features
    }
    ids, mask, legal = collate(features, 0)
    plain = group_loss(model(ids, mask), legal, groups)
    loss = distillation_loss(scores, 0, temperature=2.0, share=0.0)(model, groups)
    assert loss.item() == pytest.approx(plain.item(), abs=1e-7)
    mixed = distillation_loss(scores, 0, temperature=2.0, share=0.25)(model, groups)
    apart = distillation_loss(scores, 0, temperature=2.0, share=1.0)(model, groups)
    assert apart.item() > 1e-3
    assert mixed.item() == pytest.approx(0.25 * apart.item() + 0.75 * plain.item(), abs=1e-6)


def test_a_student_with_the_teachers_scores_has_no_loss_and_no_gradient(window: Window) -> None:
    # Multiples of 1/64, which 16 bits hold exactly.
    one, two = window([5, 6, 7, 8, 9], example="a"), window([5, 6, 7], {2: 1.0}, example="b")
    drawn = torch.randint(-512, 512, (2, 2, 5), generator=torch.Generator().manual_seed(0)) / 64
    scores: Scores = {}
    for row, feature in enumerate((one, two)):
        kept = torch.cat([drawn[:, row, :1], drawn[:, row, feature.first : feature.last]], dim=1)
        scores |= scores_of(feature, kept.tolist())
    model = Fixed(drawn)
    loss = distillation_loss(scores, 0, temperature=2.0, share=1.0)(model, [[one], [two]])
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    loss.backward()  # type: ignore[no-untyped-call]
    assert model.scores.grad is not None
    assert model.scores.grad.abs().max() < 1e-6


def test_a_windows_key_depends_on_its_example_and_number_but_not_on_the_backbone(window: Window) -> None:
    keys = [
        window_key(window([1, 2, 3], example=example, number=number))
        for example in ("a", "a/other", "b")
        for number in (0, 1, 10)
    ]
    assert len(set(keys)) == 9
    # Another backbone's tokens for the same window have the same key.
    assert window_key(window([9, 9, 9, 9], example="a", first=3)) == keys[0]


def test_the_teachers_scores_are_those_of_no_answer_and_the_text(window: Window, tmp_path: Path) -> None:
    feature = window([5, 6, 7, 8], first=2)
    found = teacher_scores(Counting(), [feature], 0, tmp_path / "scores.npz", say=lambda _: None)
    assert found[window_key(feature)].dtype == np.float16
    assert found[window_key(feature)].tolist() == [[5, 7, 8], [-5, -7, -8]]


def test_cached_scores_are_reused_and_only_missing_ones_computed(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    features = [window([5, 6, number], example=f"wiki-{number}/cut") for number in range(7, 12)]
    first = Counting()
    once = teacher_scores(first, features[:3], 0, path, say=lambda _: None)
    assert first.count == 3
    second = Counting()
    again = teacher_scores(second, features[:3], 0, path, say=lambda _: None)
    assert second.count == 0
    assert {name: row.tolist() for name, row in once.items()} == {
        name: row.tolist() for name, row in again.items()
    }
    third = Counting()
    more = teacher_scores(third, features, 0, path, say=lambda _: None)
    assert third.count == 2
    assert {name: row[0, 1] for name, row in more.items()} == {
        window_key(one): one.ids[2] for one in features
    }


def test_scores_computed_before_an_interruption_are_kept(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    features = [window([5, 6, number], example=str(number)) for number in range(7, 12)]
    with pytest.raises(KeyboardInterrupt):
        teacher_scores(Counting(most=4), features, 0, path, chunk=2, say=lambda _: None)
    rest = Counting()
    assert len(teacher_scores(rest, features, 0, path, chunk=2, say=lambda _: None)) == 5
    assert rest.count == 1
    assert [file.name for file in tmp_path.iterdir()] == ["scores.npz"]


def test_examples_without_teacher_scores_are_learnt_from_the_references_alone(
    window: Window, tiny_model: Tiny
) -> None:
    known = [window([5, 6, 7, 8], {3: 1.0}, example="known")]
    unknown = [window([5, 6, 9, 10, 11], example="unknown"), window([5, 6, 7], example="unknown", number=1)]
    # A question needs scores for all of its windows.
    scores = scores_of(known[0], THEIRS) | scores_of(unknown[1], [[0.0, 1.0], [0.0, 1.0]])
    model = tiny_model(0)
    loss = distillation_loss(scores, 0, temperature=2.0, share=0.5)
    ids, mask, legal = collate(unknown, 0)
    references = group_loss(model(ids, mask), legal, [unknown]).item()
    assert loss(model, [unknown]).item() == pytest.approx(references, abs=1e-6)
    taught = loss(model, [known]).item()
    assert loss(model, [unknown, known]).item() == pytest.approx((taught + references) / 2, abs=1e-5)
    ids, mask, legal = collate(known, 0)
    assert abs(taught - group_loss(model(ids, mask), legal, [known]).item()) > 1e-3
