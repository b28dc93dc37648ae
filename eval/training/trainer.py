"""Trains a span model on a CPU in bfloat16, with checkpoints to resume from and a log of its scores.

The model itself is in bfloat16, which the processor's matrix units multiply some six times faster than
float32; the optimiser keeps the weights in float32, since bfloat16 has too few bits for small steps to add
up. Eager attention, no dropout and few tensor shapes are each worth a large part of the speed.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eval.training.features import Group, batches
from eval.training.model import SpanModel, collate, group_loss

_REPORT = 50  # steps between two lines of the log

Loss = Callable[[SpanModel, Sequence[Group]], Tensor]
Evaluate = Callable[[SpanModel], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: its length, rates and seed.

    Rates are the optimiser's. `tokens`: padded tokens a batch; `batches`: how many make a step. `words`:
    whether the word embeddings learn too; they are a fifth of a large model's weights, and of the
    optimiser's time.
    """

    name: str
    epochs: float = 1.0
    rate: float = 5e-5
    warmup: float = 0.06
    final: float = 0.0
    decay: float = 0.01
    tokens: int = 4_096
    batches: int = 1
    words: bool = True
    seed: int = 0


class Master:
    """AdamW over float32 copies of a bfloat16 model's weights."""

    def __init__(self, model: SpanModel, plan: Plan) -> None:
        embeddings = model.encoder.get_input_embeddings().weight  # type: ignore[operator]
        embeddings.requires_grad_(plan.words)
        self._still = [
            (weight, weight.detach().clone()) for weight in model.parameters() if not weight.requires_grad
        ]
        self._live = [weight for weight in model.parameters() if weight.requires_grad]
        self._copies = [weight.detach().float().clone() for weight in self._live]
        plain = [copy for copy, weight in zip(self._copies, self._live, strict=True) if weight.ndim == 1]
        matrices = [copy for copy, weight in zip(self._copies, self._live, strict=True) if weight.ndim > 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": plan.decay}, {"params": plain, "weight_decay": 0.0}],
            lr=plan.rate, betas=(0.9, 0.98), eps=1e-6, fused=True,
        )  # fmt: skip
        model.to(torch.bfloat16)
        self._live = [weight for weight in model.parameters() if weight.requires_grad]

    def step(self, rate: float) -> None:
        """Take a step with the model's gradients, clipped to norm 1, and clear them."""
        for copy, weight in zip(self._copies, self._live, strict=True):
            copy.grad = weight.grad.float() if weight.grad is not None else None
            weight.grad = None
        torch.nn.utils.clip_grad_norm_([copy for copy in self._copies if copy.grad is not None], 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self._write()

    def state(self) -> dict[str, Any]:
        """Return what `resume` needs."""
        return {"copies": self._copies, "optimiser": self.optimiser.state_dict()}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        with torch.no_grad():
            for copy, stored in zip(self._copies, state["copies"], strict=True):
                copy.copy_(stored)
        self.optimiser.load_state_dict(state["optimiser"])
        self._write()

    def _write(self) -> None:
        with torch.no_grad():
            for copy, weight in zip(self._copies, self._live, strict=True):
                copy.grad = None
                weight.copy_(copy)

    def publish(self, model: SpanModel) -> SpanModel:
        """Return the model in float32, with the optimiser's exact weights."""
        model.float()
        with torch.no_grad():
            for weight, copy in self._still:
                weight.data = copy.clone()
                weight.requires_grad_()
            for copy, weight in zip(self._copies, self._live, strict=True):
                weight.data = copy.clone()
        return model


def span_loss(pad_id: int) -> Loss:
    """Return the loss against the references alone."""

    def loss(model: SpanModel, groups: Sequence[Group]) -> Tensor:
        ids, mask, legal = collate([feature for group in groups for feature in group], pad_id)
        return group_loss(model(ids, mask), legal, groups)

    return loss


def steps(groups: Sequence[Group], plan: Plan) -> list[list[list[Group]]]:
    """Return each step's batches, all epochs in order; a part of an epoch is its first batches."""
    found: list[list[Group]] = []
    for epoch in range(math.ceil(plan.epochs)):
        made = batches(groups, tokens=plan.tokens, seed=plan.seed + epoch)
        share = min(1.0, plan.epochs - epoch)
        found += made[: max(1, round(share * len(made)))]
    return [found[start : start + plan.batches] for start in range(0, len(found), plan.batches)]


def rates(count: int, plan: Plan) -> Iterator[float]:
    """Yield the rate of each step: linear up over the warm-up, then linear down to `final` of the peak."""
    warm = max(1, round(plan.warmup * count))
    for step in range(count):
        if step < warm:
            yield plan.rate * (step + 1) / warm
        else:
            left = (count - step) / max(1, count - warm)
            yield plan.rate * (plan.final + (1 - plan.final) * left)


def train(
    model: SpanModel,
    groups: Sequence[Group],
    plan: Plan,
    folder: Path,
    loss: Loss,
    *,
    evaluate: Evaluate | None = None,
    checkpoint_s: float = 420.0,
    say: Callable[[str], None] = print,
) -> SpanModel:
    """Run a plan to its end, resuming from `folder` if it holds a part of it; return it in float32.

    The log, one JSON object a line, is `folder/log.jsonl`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / "checkpoint.pt"
    todo = steps(groups, plan)
    pace = list(rates(len(todo), plan))
    master = Master(model, plan)
    done, spent = 0, 0.0
    if saved.is_file():
        state = torch.load(saved, weights_only=True, mmap=True)
        if state["plan"] == json.dumps(asdict(plan)) and state["steps"] == len(todo):
            master.resume(state["master"])
            done, spent = state["done"], state["spent"]
            say(f"{plan.name}: resumed at step {done} of {len(todo)}")
    began = last = time.monotonic()
    mean = 0.0
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        for step in range(done, len(todo)):
            model.train()
            latest = 0.0
            for batch in todo[step]:
                value = loss(model, batch) / len(todo[step])
                value.backward()  # type: ignore[no-untyped-call]
                latest += float(value.detach())
            master.step(pace[step])
            mean = latest if step == done else 0.98 * mean + 0.02 * latest
            if (step + 1) % _REPORT == 0:
                elapsed = spent + time.monotonic() - began
                record = {
                    "step": step + 1,
                    "of": len(todo),
                    "loss": round(mean, 4),
                    "seconds": round(elapsed),
                }
                log.write(json.dumps(record) + "\n")
                log.flush()
                say(f"{plan.name}: {record}")
            if time.monotonic() - last > checkpoint_s:
                last = time.monotonic()
                _checkpoint(saved, plan, master, done=step + 1, of=len(todo), spent=spent + last - began)
        elapsed = spent + time.monotonic() - began
        _checkpoint(saved, plan, master, done=len(todo), of=len(todo), spent=elapsed)
        master.publish(model)
        scores = evaluate(model) if evaluate is not None else {}
        final = {"plan": asdict(plan), "groups": len(groups), "seconds": round(elapsed), "scores": scores}
        log.write(json.dumps(final) + "\n")
        say(f"{plan.name}: {final}")
    return model


def _checkpoint(saved: Path, plan: Plan, master: Master, *, done: int, of: int, spent: float) -> None:
    state = {
        "plan": json.dumps(asdict(plan)), "steps": of, "done": done, "spent": spent, "master": master.state(),
    }  # fmt: skip
    part = saved.with_suffix(".part")
    torch.save(state, part)
    part.replace(saved)
