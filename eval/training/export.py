"""A trained span model -> the folder that the service reads: graph, packed weights, tokeniser, card.

OpenVINO converts the PyTorch model directly. Large matrices are stored in a few bits per weight
(`service.answering.reading.weights`), everything else as 16-bit floats.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor, nn

from eval.training.model import SpanModel
from service.answering.reading.network import CARD, FORMAT, GRAPH, TOKENIZER, WEIGHTS
from service.answering.reading.weights import Rounding, pack, quantised

import openvino  # isort: skip - after `service.answering.reading.network`, which keeps it from sending events

_MIN_VALUES = 4_096  # of a matrix that is worth packing


class _Logits(nn.Module):
    def __init__(self, model: SpanModel) -> None:
        super().__init__()
        self._model = model

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        scores: Tensor = self._model(ids, mask)
        return scores


def export(
    model: SpanModel,
    tokenizer: Path,
    folder: Path,
    *,
    bits: int,
    facts: dict[str, Any],
    rounding: Rounding = quantised,
) -> None:
    """Write a model's folder; its card holds `facts` and the files' hashes.

    `tokenizer`: a `tokenizer.json`. `bits`: bits per weight of the large matrices, 2 to 8.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.float().eval()
    example = (torch.randint(1_000, 2_000, (2, 48)), torch.ones(2, 48, dtype=torch.long))
    any_size = ([-1, -1], openvino.Type.i64)
    with torch.no_grad():
        graph = openvino.convert_model(_Logits(model), example_input=example, input=[any_size, any_size])
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.xml"
        openvino.save_model(graph, whole, compress_to_fp16=True)
        blob = np.fromfile(whole.with_suffix(".bin"), dtype=np.uint8)
        pack(folder / WEIGHTS, blob, _matrices(whole), bits, rounding)
        shutil.copyfile(whole, folder / GRAPH)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    write_card(folder, facts | {"bits": bits})


def _matrices(graph: Path) -> dict[int, tuple[int, int]]:
    """Return the byte offset, rows and columns of each large 16-bit matrix of a saved graph."""
    found = {}
    for data in ElementTree.parse(graph).iterfind(".//layer[@type='Const']/data"):  # noqa: S314 - our own
        shape = [int(size) for size in data.get("shape", "").split(",") if size.strip()]
        large = len(shape) == 2 and np.prod(shape) >= _MIN_VALUES  # noqa: PLR2004
        if large and data.get("element_type") == "f16":
            found[int(data.get("offset", "-1"))] = (shape[0], shape[1])
    return found


def write_card(folder: Path, facts: dict[str, Any]) -> None:
    """Write `reader.json`: the format, the files with sizes and hashes, and the facts."""
    files = {
        name: {
            "size": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in (GRAPH, WEIGHTS, TOKENIZER)
    }
    card = {"format": FORMAT, **facts, "files": files}
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
