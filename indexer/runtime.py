"""OpenVINO, as the encoder and the reader both use it: imported quietly, compiled for this processor."""

from __future__ import annotations

import sys
import threading
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

# Imported with this package at hand, OpenVINO sends its makers an event over the network each time.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

__all__ = ["Model", "Precision", "native_precision", "openvino"]

Precision = Literal["bf16", "f32"]


def native_precision() -> Precision:
    """Return the arithmetic that this processor is fastest in: 16-bit floats where it multiplies them."""
    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in able else "f32"


class Model:
    """A model on the processor, in the fastest precision or in the one that is asked for.

    Safe to share between threads: each has a request of its own. One stream: a request has all cores. Two
    streams of a core each answer as many requests a second with eight passages, and one alone in twice the
    time (`python -m eval.benchmark.batching`).
    """

    def __init__(self, graph: openvino.Model, precision: Precision | None = None) -> None:
        options = {"INFERENCE_PRECISION_HINT": precision or native_precision(), "NUM_STREAMS": 1}
        self._compiled = openvino.Core().compile_model(graph, "CPU", options)
        self._local = threading.local()

    def __call__(self, *inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the model's only output."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        request = self._local.request
        request.infer([*inputs])
        # The request reuses its output's memory.
        output: npt.NDArray[np.float32] = request.get_output_tensor(0).data.copy()
        return output
