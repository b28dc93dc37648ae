"""Trains a span model on a CPU, with checkpoints to resume from and a log.

Where the processor has units for it the model is in bfloat16, which they multiply some six times faster than
float32; the optimiser keeps float32 master weights, since small steps would be lost in bfloat16's rounding.
Eager attention, no dropout and few tensor shapes each make training much faster.
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
from eval.training.model import SpanModel, collate, group_loss, layers

_LOG_STEPS = 50  # steps between two lines of the log

Loss = Callable[[SpanModel, Sequence[Group]], Tensor]
Evaluate = Callable[[SpanModel], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: its length, learning rate and seed.

    `rate`: the peak learning rate; `warmup`: share of the steps in which it rises; `final`: the share of the
    peak that it falls to. `decay`: weight decay. `tokens`: padded tokens per batch; `batches`: batches per
    step. `embeddings`: whether the word embeddings are trained; they are a fifth of a large model's weights,
    and of the optimiser's time. `frozen`: how many of the first layers, with all embeddings, are left as they
    are: no gradient has to go back through them.
    """

    name: str
    epochs: float = 1.0
    rate: float = 5e-5
    warmup: float = 0.06
    final: float = 0.0
    decay: float = 0.01
    tokens: int = 4_096
    batches: int = 1
    embeddings: bool = True
    frozen: int = 0
    seed: int = 0


def precision() -> torch.dtype:
    """Return bfloat16 if this processor multiplies it natively, else float32."""
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


class MasterWeights:
    """AdamW over float32 copies of a model's weights; the model is in `dtype`, `precision()` by default."""

    def __init__(self, model: SpanModel, plan: Plan, dtype: torch.dtype | None = None) -> None:
        embeddings = model.encoder.get_input_embeddings().weight  # type: ignore[operator]
        embeddings.requires_grad_(plan.embeddings)
        if plan.frozen:
            for module in [model.encoder.embeddings, *layers(model)[: plan.frozen]]:
                module.requires_grad_(False)
            # MPNet's layers share one table of relative positions: gradients for it would reach all of them.
            shared = getattr(model.encoder.encoder, "relative_attention_bias", None)
            if shared is not None:
                shared.requires_grad_(False)
        self._frozen = [
            (weight, weight.detach().clone()) for weight in model.parameters() if not weight.requires_grad
        ]
        self._trained = [weight for weight in model.parameters() if weight.requires_grad]
        self._copies = [weight.detach().float().clone() for weight in self._trained]
        vectors = [copy for copy, weight in zip(self._copies, self._trained, strict=True) if weight.ndim == 1]
        matrices = [copy for copy, weight in zip(self._copies, self._trained, strict=True) if weight.ndim > 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": plan.decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=plan.rate, betas=(0.9, 0.98), eps=1e-6, fused=True,
        )  # fmt: skip
        model.to(dtype or precision())
        self._trained = [weight for weight in model.parameters() if weight.requires_grad]

    def step(self, rate: float) -> None:
        """Make a step with the model's gradients, clipped to norm 1, and clear them."""
        for copy, weight in zip(self._copies, self._trained, strict=True):
            copy.grad = weight.grad.float() if weight.grad is not None else None
            weight.grad = None
        torch.nn.utils.clip_grad_norm_([copy for copy in self._copies if copy.grad is not None], 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self._write()

    def state(self) -> dict[str, Any]:
        """Return the state that `resume` takes."""
        return {"copies": self._copies, "optimiser": self.optimiser.state_dict()}

    def resume(self, state: dict[str, Any]) -> None:
        """Continue from a state."""
        with torch.no_grad():
            for copy, stored in zip(self._copies, state["copies"], strict=True):
                copy.copy_(stored)
        self.optimiser.load_state_dict(state["optimiser"])
        self._write()

    def _write(self) -> None:
        with torch.no_grad():
            for copy, weight in zip(self._copies, self._trained, strict=True):
                copy.grad = None
                weight.copy_(copy)

    def finish(self, model: SpanModel) -> SpanModel:
        """Return the model in float32, with the master weights."""
        model.float()
        with torch.no_grad():
            for weight, copy in self._frozen:
                weight.data = copy.clone()
                weight.requires_grad_()
            for copy, weight in zip(self._copies, self._trained, strict=True):
                weight.data = copy.clone()
        return model


def span_loss(pad_id: int) -> Loss:
    """Return the loss of the references, without a teacher."""

    def loss(model: SpanModel, groups: Sequence[Group]) -> Tensor:
        ids, mask, legal = collate([feature for group in groups for feature in group], pad_id)
        return group_loss(model(ids, mask), legal, groups)

    return loss


def steps(groups: Sequence[Group], plan: Plan) -> list[list[list[Group]]]:
    """Return each step's batches, over all epochs in order; a fraction of an epoch is its first batches."""
    found: list[list[Group]] = []
    for epoch in range(math.ceil(plan.epochs)):
        made = batches(groups, tokens=plan.tokens, seed=plan.seed + epoch)
        share = min(1.0, plan.epochs - epoch)
        found += made[: max(1, round(share * len(made)))]
    return [found[start : start + plan.batches] for start in range(0, len(found), plan.batches)]


def rates(count: int, plan: Plan) -> Iterator[float]:
    """Yield each step's learning rate: linear warm-up, then linear decay to `final` times the peak."""
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
    """Run a plan to its end, resuming from a checkpoint in `folder` if there is one.

    The model is returned in float32. The log is `folder/log.jsonl`, JSON lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / "checkpoint.pt"
    todo = steps(groups, plan)
    schedule = list(rates(len(todo), plan))
    master = MasterWeights(model, plan)
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
            master.step(schedule[step])
            mean = latest if step == done else 0.98 * mean + 0.02 * latest
            if (step + 1) % _LOG_STEPS == 0:
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
        master.finish(model)
        scores = evaluate(model) if evaluate is not None else {}
        final = {"plan": asdict(plan), "groups": len(groups), "seconds": round(elapsed), "scores": scores}
        log.write(json.dumps(final) + "\n")
        say(f"{plan.name}: {final}")
    return model


def _checkpoint(saved: Path, plan: Plan, master: MasterWeights, *, done: int, of: int, spent: float) -> None:
    state = {
        "plan": json.dumps(asdict(plan)), "steps": of, "done": done, "spent": spent, "master": master.state(),
    }  # fmt: skip
    part = saved.with_suffix(".part")
    torch.save(state, part)
    part.replace(saved)
