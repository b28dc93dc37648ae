"""Self-attention as it is shipped: queries, keys and values in one matrix product instead of three.

Nothing else changes. Small matrices keep a processor's matrix units waiting: over eight passages the
teacher's three products of 768 x 768 take longer than the one of 768 x 2304.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from transformers.models.bert.modeling_bert import BertSelfAttention
from transformers.models.mpnet.modeling_mpnet import MPNetSelfAttention

from eval.training.model import SpanModel


def fused(model: SpanModel) -> SpanModel:
    """Return a copy of a model in float32 that computes the same with fewer products.

    Attention of other kinds than BERT's and MPNet's is left as it is.
    """
    found = copy.deepcopy(model).float()
    for module in list(found.modules()):
        for name, child in module.named_children():
            if isinstance(child, MPNetSelfAttention):
                setattr(module, name, _MPNet(child))
            elif isinstance(child, BertSelfAttention):
                setattr(module, name, _Bert(child))
    return found.eval()


class _Fused(nn.Module):
    def __init__(self, query: nn.Linear, key: nn.Linear, value: nn.Linear, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self._wide = query.out_features // heads
        # The scale of the scores is the queries'.
        scale = 1 / math.sqrt(self._wide)
        self.product = nn.Linear(query.in_features, 3 * query.out_features)
        with torch.no_grad():
            self.product.weight.copy_(torch.cat([query.weight * scale, key.weight, value.weight]))
            self.product.bias.copy_(torch.cat([query.bias * scale, key.bias, value.bias]))

    def attended(self, states: Tensor, added: Tensor | None) -> Tensor:
        """Return `(batch, length, width)`; `added` goes onto the scores, `(batch or 1, heads or 1, ...)`."""
        batch, length, _ = states.shape
        parts = self.product(states).view(batch, length, 3, self._heads, self._wide).permute(2, 0, 3, 1, 4)
        scores = parts[0] @ parts[1].transpose(-1, -2)
        if added is not None:
            scores = scores + added
        found: Tensor = scores.softmax(dim=-1) @ parts[2]
        return found.transpose(1, 2).reshape(batch, length, -1)


class _MPNet(_Fused):
    def __init__(self, given: MPNetSelfAttention) -> None:
        super().__init__(given.q, given.k, given.v, given.num_attention_heads)
        self.out = given.o

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_bias: Tensor | None = None,
        **_: object,
    ) -> tuple[Tensor]:
        added = position_bias
        if attention_mask is not None:
            added = attention_mask if added is None else added + attention_mask
        return (self.out(self.attended(hidden_states, added)),)


class _Bert(_Fused):
    def __init__(self, given: BertSelfAttention) -> None:
        super().__init__(given.query, given.key, given.value, given.num_attention_heads)

    def forward(
        self, hidden_states: Tensor, *_: object, attention_mask: Tensor | None = None, **__: object
    ) -> tuple[Tensor, None]:
        return self.attended(hidden_states, attention_mask), None
