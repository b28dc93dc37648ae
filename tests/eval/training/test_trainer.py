"""The trainer: its schedule, that it learns, that it resumes where it stopped, and its exact weights."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from eval.training.features import Feature, Group
from eval.training.model import SpanModel
from eval.training.trainer import Loss, MasterWeights, Plan, rates, span_loss, steps, train

Window = Callable[..., Feature]
Tiny = Callable[[int], SpanModel]


def silent(_: str) -> None:
    """Print nothing."""


@pytest.mark.parametrize("final", [0.0, 0.25])
def test_the_rate_rises_linearly_over_the_warm_up_and_then_falls_to_its_final_share(final: float) -> None:
    schedule = list(rates(100, Plan("x", rate=2.0, warmup=0.1, final=final)))
    assert len(schedule) == 100
    assert schedule[:10] == pytest.approx([0.2 * step for step in range(1, 11)])
    assert schedule[10] == pytest.approx(2.0)
    falls = [one - two for one, two in pairwise(schedule[10:])]
    assert falls == pytest.approx([2.0 * (1 - final) / 90] * 89)
    # The step after the last would have exactly the final rate, so that no step has rate 0.
    assert schedule[-1] - falls[0] == pytest.approx(2.0 * final)


def test_a_run_of_one_step_has_the_peak_rate_and_one_of_no_steps_has_no_rates() -> None:
    assert list(rates(1, Plan("x", rate=2.0))) == [2.0]
    assert list(rates(0, Plan("x"))) == []


@pytest.fixture
def singles(window: Window) -> list[Group]:
    """Ten groups, each a batch of its own at 32 tokens a batch."""
    return [[window([0] * 5, example=str(number))] for number in range(10)]


def order(groups: Sequence[Group], epochs: float, seed: int = 3) -> list[str]:
    made = steps(groups, Plan("x", epochs=epochs, tokens=32, seed=seed))
    assert all(len(step) == 1 and len(step[0]) == 1 for step in made)
    return [step[0][0][0].example for step in made]


def test_an_epoch_takes_every_group_once_and_a_fraction_of_it_its_first_batches(singles: list[Group]) -> None:
    everything = sorted(str(number) for number in range(10))
    whole = order(singles, 1)
    assert sorted(whole) == everything
    assert order(singles, 0.5) == whole[:5]
    more = order(singles, 1.5)
    assert len(more) == 15
    assert more[:10] == whole
    two = order(singles, 2)
    assert more == two[:15]
    assert sorted(two[10:]) == everything
    assert two[10:] != whole
    assert order(singles, 1, seed=4) == two[10:]


def test_a_step_takes_several_batches_and_the_last_step_the_rest(singles: list[Group]) -> None:
    made = steps(singles, Plan("x", tokens=32, batches=4))
    assert [len(step) for step in made] == [4, 4, 2]


def toy(window: Window, count: int = 64) -> list[Group]:
    """Windows of random tokens; the answer is the token 7, which a quarter of them lack."""
    draw = random.Random(0)
    groups: list[Group] = []
    for number in range(count):
        ids = [1, 2] + [draw.randrange(10, 30) for _ in range(10)]
        starts = None
        if number % 4:
            position = draw.randrange(2, 12)
            ids[position] = 7
            starts = {position: 1.0}
        groups.append([window(ids, starts, example=str(number))])
    return groups


def mean_loss(model: SpanModel, groups: Sequence[Group]) -> float:
    with torch.no_grad():
        return float(span_loss(0)(model, groups))


def test_training_learns_a_toy_task(tiny_model: Tiny, window: Window, tmp_path: Path) -> None:
    groups = toy(window)
    before = mean_loss(tiny_model(0), groups)
    said: list[str] = []
    plan = Plan("toy", epochs=15, rate=5e-3, tokens=512)
    model = train(
        tiny_model(0),
        groups,
        plan,
        tmp_path,
        span_loss(0),
        evaluate=lambda trained: {"loss": mean_loss(trained, groups)},
        say=said.append,
    )
    assert all(weight.dtype == torch.float32 for weight in model.parameters())
    after = mean_loss(model, groups)
    assert after < 0.2 * before
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [record["step"] for record in records[:-1]] == [50]
    assert records[0]["of"] == 15 * 64 // 16
    assert records[-1]["plan"]["name"] == "toy"
    assert records[-1]["scores"]["loss"] == pytest.approx(after)
    assert len(said) == len(records)


class StopError(Exception):
    """Raised to stop a run."""


def stopping(at: int) -> Loss:
    """A loss that raises StopError at call number `at`, from 0."""
    calls = iter(range(1_000))

    def loss(model: SpanModel, groups: Sequence[Group]) -> Tensor:
        if next(calls) == at:
            raise StopError
        return span_loss(0)(model, groups)

    return loss


PLAN = Plan("run", epochs=2, rate=1e-3, tokens=512)  # 2 epochs of 4 steps


def weights_equal(one: SpanModel, other: SpanModel) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("stopped", [[5], [1, 3, 2]])
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    tiny_model: Tiny, window: Window, tmp_path: Path, stopped: list[int]
) -> None:
    groups = toy(window)
    whole = train(tiny_model(0), groups, PLAN, tmp_path / "whole", span_loss(0), say=silent)
    folder = tmp_path / "stopped"
    for at in stopped:
        with pytest.raises(StopError):
            train(tiny_model(0), groups, PLAN, folder, stopping(at), checkpoint_s=0.0, say=silent)
    said: list[str] = []
    # The weights that a resumed run starts with do not matter.
    resumed = train(tiny_model(9), groups, PLAN, folder, span_loss(0), say=said.append)
    assert said[0] == f"run: resumed at step {sum(stopped)} of 8"
    assert weights_equal(resumed, whole)
    assert not weights_equal(resumed, tiny_model(0))


def test_a_finished_run_is_not_run_again(tiny_model: Tiny, window: Window, tmp_path: Path) -> None:
    groups = toy(window)
    once = train(tiny_model(0), groups, PLAN, tmp_path, span_loss(0), say=silent)
    again = train(tiny_model(9), groups, PLAN, tmp_path, stopping(0), say=silent)
    assert weights_equal(once, again)


@pytest.mark.parametrize(
    "other", [Plan("run", epochs=2, rate=2e-3, tokens=512), Plan("run", epochs=1, rate=1e-3)]
)
def test_a_checkpoint_of_another_plan_is_not_resumed(
    tiny_model: Tiny, window: Window, tmp_path: Path, other: Plan
) -> None:
    groups = toy(window)
    fresh = train(tiny_model(0), groups, other, tmp_path / "fresh", span_loss(0), say=silent)
    train(tiny_model(0), groups, PLAN, tmp_path / "used", span_loss(0), say=silent)
    said: list[str] = []
    model = train(tiny_model(0), groups, other, tmp_path / "used", span_loss(0), say=said.append)
    assert not any("resumed" in line for line in said)
    assert weights_equal(model, fresh)


def test_a_checkpoint_with_another_number_of_steps_is_not_resumed(
    tiny_model: Tiny, window: Window, tmp_path: Path
) -> None:
    train(tiny_model(0), toy(window), PLAN, tmp_path, span_loss(0), say=silent)
    with pytest.raises(StopError):
        train(tiny_model(0), toy(window, 32), PLAN, tmp_path, stopping(0), say=silent)


def test_steps_too_small_for_bfloat16_add_up(tiny_model: Tiny) -> None:
    model = tiny_model(0)
    with torch.no_grad():
        model.head.weight.fill_(1.0)
    master = MasterWeights(model, Plan("x", decay=0.0), torch.bfloat16)
    for _ in range(100):
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        model.head.weight.grad = torch.full_like(model.head.weight, 0.01)
        master.step(1e-5)
    # 1 - 0.001 lies nearer to 1 than to the bfloat16 below it, which is 1 - 1/256.
    assert model.head.weight.dtype == torch.bfloat16
    assert (model.head.weight == 1.0).all()
    finished = master.finish(model)
    # Under a constant gradient each of Adam's steps is as long as the rate.
    assert finished.head.weight.flatten().tolist() == pytest.approx([1.0 - 100 * 1e-5] * 64, abs=2e-6)


def test_the_finished_weights_are_those_of_a_float32_optimiser(tiny_model: Tiny) -> None:
    model, reference = tiny_model(0), tiny_model(0)
    plan = Plan("x", decay=0.1)
    master = MasterWeights(model, plan, torch.bfloat16)
    matrices = [weight for weight in reference.parameters() if weight.ndim > 1]
    others = [weight for weight in reference.parameters() if weight.ndim == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.98), eps=1e-6,
    )  # fmt: skip
    torch.manual_seed(0)
    for step in range(5):
        for mine, theirs in zip(model.parameters(), reference.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape).to(torch.bfloat16)
            theirs.grad = mine.grad.float()
        length = torch.stack(
            [weight.grad.norm() for weight in reference.parameters() if weight.grad is not None]
        )
        for weight in reference.parameters():
            assert weight.grad is not None
            weight.grad /= length.norm()  # far above 1, so all of it is clipped away
        for group in optimiser.param_groups:
            group["lr"] = 1e-4 * (step + 1)
        optimiser.step()
        master.step(1e-4 * (step + 1))
        assert all(weight.grad is None for weight in model.parameters())
    for mine, theirs in zip(master.finish(model).parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)


def test_weight_decay_does_not_apply_to_biases_and_norms(tiny_model: Tiny) -> None:
    model, before = tiny_model(0), tiny_model(0)
    master = MasterWeights(model, Plan("x", decay=0.5), torch.bfloat16)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    master.step(0.1)
    for mine, theirs in zip(master.finish(model).parameters(), before.parameters(), strict=True):
        kept = 1.0 if theirs.ndim == 1 else 1 - 0.1 * 0.5
        torch.testing.assert_close(mine, theirs * kept)


def test_frozen_word_embeddings_do_not_change(tiny_model: Tiny, window: Window, tmp_path: Path) -> None:
    model = tiny_model(0)
    words = model.encoder.get_input_embeddings().weight  # type: ignore[operator]
    before = words.detach().clone()
    head = model.head.weight.detach().clone()

    trained = train(
        model, toy(window), Plan("x", tokens=256, embeddings=False), tmp_path, span_loss(0), say=silent
    )

    after = trained.encoder.get_input_embeddings().weight  # type: ignore[operator]
    assert torch.equal(after, before)
    assert after.dtype == torch.float32
    assert not torch.equal(trained.head.weight, head)


def test_two_batches_a_step_train_like_one_batch_of_both(
    tiny_model: Tiny, window: Window, tmp_path: Path
) -> None:
    groups = [[window([0] * 5, example=str(number))] for number in range(8)]
    once = train(
        tiny_model(0),
        groups,
        Plan("x", tokens=8 * 32, warmup=0.0),
        tmp_path / "once",
        span_loss(0),
        say=silent,
    )
    twice = train(
        tiny_model(0),
        groups,
        Plan("x", tokens=4 * 32, batches=2, warmup=0.0),
        tmp_path / "twice",
        span_loss(0),
        say=silent,
    )
    for one, other in zip(once.parameters(), twice.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=0)


def test_frozen_layers_and_embeddings_stay_as_they_are(
    tiny_model: Tiny, window: Callable[..., Feature]
) -> None:
    model, before = tiny_model(0), tiny_model(0).state_dict()
    groups = [[window([1, 2, 3, 4 + number], {2: 1.0}, {3: 1.0}, example=f"{number}")] for number in range(8)]
    plan = Plan("x", rate=1e-2, frozen=1)
    master = MasterWeights(model, plan, torch.float32)
    loss = span_loss(0)
    loss(model, groups).backward()  # type: ignore[no-untyped-call]
    master.step(1e-2)
    after = master.finish(model).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all("layer.1." in name or "head" in name for name in changed)
    assert all(weight.requires_grad for weight in model.parameters())
