"""Relations between tokens: the loss against arithmetic written out here, and learning by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from eval.training.distillation import Scores, distillation_loss, window_key
from eval.training.features import Feature
from eval.training.model import SpanModel
from eval.training.relations import Relations
from eval.training.trainer import span_loss

Window = Callable[..., Feature]
Tiny = Callable[[int], SpanModel]


def fixed(states: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A teacher with these states for any input."""
    return lambda _, mask: states[:, : mask.shape[1]]


def test_the_loss_is_over_the_cosines_of_text_tokens_alone(window: Window) -> None:
    # The student's text begins at token 2; the teacher has one more special token, so at token 3.
    mine, theirs = window([5, 6, 7, 8], first=2), window([1, 5, 6, 7, 8], first=3)
    student = torch.tensor([[[9.0, 9.0], [9.0, 9.0], [1.0, 0.0], [3.0, 4.0]]])
    teacher = torch.full((1, 32, 3), 7.0)
    teacher[0, 3:5] = torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 5.0]])
    # Cosines of 0.6 and 0 between the two tokens, and of 1 with themselves.
    expected = 3.0 * (0.0 + 0.6**2 + 0.6**2 + 0.0) / 4
    relations = Relations(fixed(teacher), {"x": theirs}, 0, 3.0)
    assert relations.loss(student, [mine], ["x"]).item() == pytest.approx(expected, rel=1e-6)


def test_every_window_weighs_the_same(window: Window) -> None:
    short, long = window([5, 6, 7, 8], first=2), window([5, 6, 7, 8, 9, 10, 11], first=2)
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 7, 4), torch.randn(2, 32, 6)
    windows = {"short": short, "long": long}
    alone = [
        Relations(fixed(teacher[row : row + 1]), windows, 0, 1.0).loss(student[row : row + 1], [one], [name])
        for row, (name, one) in enumerate(windows.items())
    ]
    both = Relations(fixed(teacher), windows, 0, 1.0).loss(student, [short, long], [*windows])
    assert both.item() == pytest.approx((alone[0].item() + alone[1].item()) / 2, rel=1e-5)


def test_a_student_learns_its_teachers_relations(window: Window, tiny_model: Tiny) -> None:
    groups = [[window([5, 6, 7, 8, 9, 10], {3: 1.0}, example=str(number))] for number in range(4)]
    windows = {window_key(group[0]): group[0] for group in groups}
    scores: Scores = {name: torch.zeros(2, 5).half().numpy() for name in windows}
    tutor, student = tiny_model(1).eval(), tiny_model(2)
    with torch.no_grad():
        for weight in tutor.parameters():
            weight.mul_(3)  # so that its tokens differ
    relations = Relations(tutor.hidden, windows, 0, 1.0)

    def distance() -> float:
        ids = torch.tensor([group[0].ids for group in groups])
        states = student.hidden(ids, torch.ones_like(ids))
        return relations.loss(states, [group[0] for group in groups], [*windows]).item()

    loss = distillation_loss(scores, 0, temperature=2.0, share=1.0, relations=relations)
    before = distance()
    optimiser = torch.optim.AdamW(student.parameters(), lr=1e-2)
    for _ in range(30):
        optimiser.zero_grad()
        loss(student, groups).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert distance() < 0.2 * before


def test_windows_without_scores_have_no_relational_loss(window: Window, tiny_model: Tiny) -> None:
    groups = [[window([5, 6, 7, 8], {3: 1.0})]]
    model = tiny_model(0)

    def nobody(*_: Tensor) -> Tensor:
        raise AssertionError("the teacher must not be called")

    loss = distillation_loss({}, 0, temperature=2.0, share=0.5, relations=Relations(nobody, {}, 0, 1.0))
    assert loss(model, groups).item() == pytest.approx(span_loss(0)(model, groups).item(), abs=1e-6)
