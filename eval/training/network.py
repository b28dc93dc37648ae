"""A PyTorch span model behind the service's own reader, so that training measures what the service does.

And the other way round: what the service runs, as training calls a model.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from eval.training.model import Scorer, SpanModel
from service.reader import Network, ReaderSettings, SpanReader


class TorchNetwork:
    """Runs a span model as it is, in float32 or in bfloat16."""

    def __init__(self, model: SpanModel) -> None:
        self._model = model.eval()

    @torch.no_grad()
    def __call__(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return start and end scores, `float32 (2, batch, length)`."""
        scores: npt.NDArray[np.float32] = self._model(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        return scores


def torch_reader(
    name: str, model: SpanModel, tokenizer: Path, settings: ReaderSettings | None = None
) -> SpanReader:
    """Return a reader over a model in training; `tokenizer` is a `tokenizer.json`."""
    return SpanReader(name, Tokenizer.from_file(str(tokenizer)), TorchNetwork(model), settings)


def scorer(network: Network) -> Scorer:
    """Return a network that is called as a model in training is, with tensors."""
    return lambda ids, mask: torch.from_numpy(network(ids.numpy(), mask.numpy()))
