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

MASKED = -1e4
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
        """Score every token; those outside the text are not masked here."""
        return self.score(self.hidden(ids, mask))

    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the encoder's last hidden states, `(batch, length, width)`."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def score(self, states: Tensor) -> Tensor:
        """Return the start and end scores for hidden states, `(2, batch, length)`."""
        scores: Tensor = self.head(states)
        return scores.float().permute(2, 0, 1)


def from_backbone(folder: Path, seed: int) -> SpanModel:
    """Return a model with a pre-trained encoder and a new head. No dropout: it halves the speed on a CPU."""
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
    """Return a model of this configuration with random weights; dropout is set to 0 in it."""
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
    """Load a model that `save` wrote."""
    model = untrained(AutoConfig.from_pretrained(folder))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model


def layers(model: SpanModel) -> list[nn.Module]:
    """Return the encoder's layers, first to last."""
    return list(model.encoder.encoder.layer)  # type: ignore[union-attr,arg-type]


def collate(features: Sequence[Feature], pad_id: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids and mask, `int64 (batch, length)`, and where answers may be, `bool (batch, length)`.

    They may be at the text's tokens, and at position 0, which means no answer.
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
    """Return each position's share of the starts and ends, `float32 (2, batch, length)`; 0 is no answer."""
    found = torch.zeros((2, len(features), length))
    for row, feature in enumerate(features):
        for side, shares in enumerate((feature.starts, feature.ends)):
            for position, share in shares.items():
                found[side, row, position] = share
    return found


def log_probabilities(scores: Tensor, legal: Tensor) -> Tensor:
    """Return the log-softmax over each window's legal positions, `(2, batch, length)`."""
    return scores.masked_fill(~legal, MASKED).log_softmax(dim=-1)


def group_loss(scores: Tensor, legal: Tensor, groups: Sequence[Group]) -> Tensor:
    """Return the mean cross-entropy of starts and ends, normalised over all windows of a group.

    A token counts by its margin, its score less its window's no-answer score; no answer has margin 0. The
    softmax is over no answer and every token of every window, so that margins are comparable between
    passages, as the search for the best span requires (shared normalisation, Clark and Gardner, 2018, with
    SQuAD 2.0's no-answer token in each passage). With one window it is SQuAD 2.0's loss.
    """
    features = [feature for group in groups for feature in group]
    wanted = targets(features, scores.shape[-1])
    wanted[:, :, 0] = 0.0
    margins = (scores - scores[:, :, :1]).masked_fill(~legal, MASKED)
    margins = torch.cat([torch.full_like(margins[:, :, :1], MASKED), margins[:, :, 1:]], dim=-1)
    windows = margins.logsumexp(dim=-1)
    losses = []
    row = 0
    for group in groups:
        rows = slice(row, row + len(group))
        row += len(group)
        # If several windows of a group hold the answer, each gets an equal share.
        holding = max(1, sum(feature.answerable for feature in group))
        total = torch.logaddexp(windows[:, rows].logsumexp(dim=-1), torch.zeros(2))
        losses.append((total - (wanted[:, rows] * margins[:, rows]).sum(dim=(1, 2)) / holding).mean())
    return torch.stack(losses).mean()


@torch.no_grad()
def predict(
    model: Scorer, features: Sequence[Feature], pad_id: int, tokens: int = 8_192
) -> dict[int, npt.NDArray[np.float32]]:
    """Return each feature's raw scores, `float32 (2, tokens)`, by the feature's `id()`."""
    found: dict[int, npt.NDArray[np.float32]] = {}
    for batch in batches([[feature] for feature in features], tokens=tokens, seed=None):
        members = [feature for group in batch for feature in group]
        ids, mask, _ = collate(members, pad_id)
        scores = model(ids, mask).numpy()
        for row, feature in enumerate(members):
            found[id(feature)] = scores[:, row, : len(feature.ids)].copy()
    return found
