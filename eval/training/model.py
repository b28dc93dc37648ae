"""The span model: a pre-trained encoder, and a start and an end score for each of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig

from eval.training.features import Feature, Group, batches, padded

OUTSIDE = -1e4
"""The score of tokens that cannot start or end an answer: far below any other, and finite in bfloat16."""


Scorer = Callable[[Tensor, Tensor], Tensor]
"""Token ids and mask, `int64 (batch, length)` -> start and end scores, `float32 (2, batch, length)`."""


class SpanModel(nn.Module):
    """`(batch, length)` token ids and mask -> `(2, batch, length)` start and end scores, unnormalised."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, 2)  # type: ignore[union-attr,arg-type]

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Score every token; places outside the context are not masked here."""
        return self.scored(self.hidden(ids, mask))

    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the encoder's last hidden states, `(batch, length, width)`."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def scored(self, states: Tensor) -> Tensor:
        """Return the scores of tokens with these states, `(2, batch, length)`."""
        scores: Tensor = self.head(states)
        return scores.float().permute(2, 0, 1)


def from_backbone(folder: Path, seed: int) -> SpanModel:
    """Return a model with a pre-trained encoder and a new head. No dropout: on a CPU it halves the speed."""
    torch.manual_seed(seed)
    encoder = AutoModel.from_pretrained(folder, attn_implementation="eager", **_NO_DROPOUT)
    model = SpanModel(encoder)
    nn.init.normal_(model.head.weight, std=0.02)
    nn.init.zeros_(model.head.bias)
    return model


_NO_DROPOUT: dict[str, Any] = {
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "add_pooling_layer": False,
}


def untrained(config: PreTrainedConfig) -> SpanModel:
    """Return a model of this shape with chance weights; its configuration loses its dropout, as above."""
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        setattr(config, name, 0.0)
    encoder = AutoModel.from_config(config, attn_implementation="eager", add_pooling_layer=False)  # type: ignore[no-untyped-call]
    return SpanModel(encoder)


def save(model: SpanModel, folder: Path) -> None:
    """Write the weights and the encoder's configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    model.encoder.config.save_pretrained(folder)  # type: ignore[union-attr,operator]
    weights = {name: value.detach().float().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors")


def restore(folder: Path) -> SpanModel:
    """Read a model that `save` wrote."""
    model = untrained(AutoConfig.from_pretrained(folder))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model


def layers(model: SpanModel) -> list[nn.Module]:
    """Return the encoder's layers, from the first."""
    return list(model.encoder.encoder.layer)  # type: ignore[union-attr,arg-type]


def collate(features: Sequence[Feature], pad_id: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids and mask, `int64 (batch, length)`, and `bool (batch, length)`: where answers may be.

    Answers may be in the context, or at place 0, which stands for none.
    """
    length = padded(max(len(feature.ids) for feature in features))
    ids = torch.full((len(features), length), pad_id)
    mask = torch.zeros((len(features), length), dtype=torch.long)
    legal = torch.zeros((len(features), length), dtype=torch.bool)
    for row, feature in enumerate(features):
        ids[row, : len(feature.ids)] = torch.tensor(feature.ids)
        mask[row, : len(feature.ids)] = 1
        legal[row, feature.first : feature.last] = True
        legal[row, 0] = True
    return ids, mask, legal


def targets(features: Sequence[Feature], length: int) -> Tensor:
    """Return `float32 (2, batch, length)`: the references' share of each start and end; place 0 is none."""
    wanted = torch.zeros((2, len(features), length))
    for row, feature in enumerate(features):
        for side, shares in enumerate((feature.starts, feature.ends)):
            for place, share in shares.items():
                wanted[side, row, place] = share
    return wanted


def log_probabilities(scores: Tensor, legal: Tensor) -> Tensor:
    """Return log-softmax over the legal places of each window, `(2, batch, length)`."""
    return scores.masked_fill(~legal, OUTSIDE).log_softmax(dim=-1)


def group_loss(scores: Tensor, legal: Tensor, groups: Sequence[Group]) -> Tensor:
    """Return the cross-entropy of starts and ends, normalised over all windows of a group, averaged.

    A token's score counts as its distance to the no-answer score of its window, and no answer as 0: the
    softmax is over no answer and every token of every window. So the distances mean the same in each
    passage, which is what the search for the best span compares (shared normalisation, Clark and Gardner,
    2018, with SQuAD 2.0's no-answer token in each passage). With one window it is SQuAD 2.0's loss.
    """
    features = [feature for group in groups for feature in group]
    wanted = targets(features, scores.shape[-1])
    wanted[:, :, 0] = 0.0
    apart = (scores - scores[:, :, :1]).masked_fill(~legal, OUTSIDE)
    apart = torch.cat([torch.full_like(apart[:, :, :1], OUTSIDE), apart[:, :, 1:]], dim=-1)
    windows = apart.logsumexp(dim=-1)
    losses = []
    row = 0
    for group in groups:
        rows = slice(row, row + len(group))
        row += len(group)
        # Where several windows of a group hold the answer, each has its share.
        holding = max(1, sum(feature.answerable for feature in group))
        total = torch.logaddexp(windows[:, rows].logsumexp(dim=-1), torch.zeros(2))
        losses.append((total - (wanted[:, rows] * apart[:, rows]).sum(dim=(1, 2)) / holding).mean())
    return torch.stack(losses).mean()


@torch.no_grad()
def predict(
    model: Scorer, features: Sequence[Feature], pad_id: int, tokens: int = 8_192
) -> dict[int, npt.NDArray[np.float32]]:
    """Return each feature's raw scores, `float32 (2, tokens)`, by the feature's `id()`."""
    found: dict[int, npt.NDArray[np.float32]] = {}
    for batch in batches([[feature] for feature in features], tokens=tokens, seed=None):
        alone = [feature for group in batch for feature in group]
        ids, mask, _ = collate(alone, pad_id)
        scores = model(ids, mask).numpy()
        for row, feature in enumerate(alone):
            found[id(feature)] = scores[:, row, : len(feature.ids)].copy()
    return found
