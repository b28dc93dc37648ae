"""Self-attention as it is shipped: queries, keys and values in one matrix product instead of three.

Nothing else changes. Small products use a processor's matrix units badly: over eight passages the teacher's
three of 768 x 768 take longer than one of 768 x 2304.
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

    Only BERT's and MPNet's attention is fused; any other kind is left unchanged.
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
        self._head_size = query.out_features // heads
        # The scores' scale is folded into the queries.
        scale = 1 / math.sqrt(self._head_size)
        self.product = nn.Linear(query.in_features, 3 * query.out_features)
        with torch.no_grad():
            self.product.weight.copy_(torch.cat([query.weight * scale, key.weight, value.weight]))
            self.product.bias.copy_(torch.cat([query.bias * scale, key.bias, value.bias]))

    def attend(self, states: Tensor, bias: Tensor | None) -> Tensor:
        """Return `(batch, length, width)`; the scores get `bias` added, `(batch or 1, heads or 1, ...)`."""
        batch, length, _ = states.shape
        shape = batch, length, 3, self._heads, self._head_size
        parts = self.product(states).view(shape).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts[0], parts[1], parts[2]  # tracing cannot unpack a tensor
        scores = queries @ keys.transpose(-1, -2)
        if bias is not None:
            scores = scores + bias
        found: Tensor = scores.softmax(dim=-1) @ values
        return found.transpose(1, 2).reshape(batch, length, -1)


class _MPNet(_Fused):
    def __init__(self, original: MPNetSelfAttention) -> None:
        super().__init__(original.q, original.k, original.v, original.num_attention_heads)
        self.out = original.o

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_bias: Tensor | None = None,
        **_: object,
    ) -> tuple[Tensor]:
        bias = position_bias
        if attention_mask is not None:
            bias = attention_mask if bias is None else bias + attention_mask
        return (self.out(self.attend(hidden_states, bias)),)


class _Bert(_Fused):
    def __init__(self, original: BertSelfAttention) -> None:
        super().__init__(original.query, original.key, original.value, original.num_attention_heads)

    def forward(
        self, hidden_states: Tensor, *_: object, attention_mask: Tensor | None = None, **__: object
    ) -> tuple[Tensor, None]:
        return self.attend(hidden_states, attention_mask), None
