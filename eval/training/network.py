"""Adapters between training and the service.

A PyTorch span model behind the service's own reader, so that training measures what the service does; and a
shipped model with the interface that training expects.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from eval.training.model import Scorer, SpanModel
from indexer.runtime import Model, Precision, openvino
from service.answering.reading.network import GRAPH, WEIGHTS
from service.answering.reading.reader import Network, SpanReader
from service.answering.reading.weights import unpack
from service.answering.settings import ReaderSettings


class TorchNetwork:
    """Runs a span model in its own precision, float32 or bfloat16."""

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
    """Return a service network wrapped to take and return tensors."""
    return lambda ids, mask: torch.from_numpy(network(ids.numpy(), mask.numpy()))


def hidden_states(folder: Path, precision: Precision | None = None) -> Scorer:
    """Return a function for a shipped model's last hidden states, `float32 (batch, length, width)`.

    The folder's files are not checked here: `service.answering.reading.network.read_card` does that.
    """
    weights = unpack(folder / WEIGHTS)
    whole = openvino.Core().read_model(
        (folder / GRAPH).read_bytes(), openvino.Tensor(weights, shared_memory=True)
    )
    head = [node for node in whole.get_ordered_ops() if node.get_type_name() == "MatMul"][-1]
    states = openvino.opset15.result(head.input_value(0))
    model = Model(openvino.Model([states], whole.get_parameters(), "hidden states"), precision)

    def run(ids: torch.Tensor, mask: torch.Tensor, _: object = weights) -> torch.Tensor:
        # `weights` is a parameter to keep it alive: OpenVINO uses its memory without owning it.
        return torch.from_numpy(model(ids.numpy(), mask.numpy()))

    return run
