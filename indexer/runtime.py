"""OpenVINO for the encoder and the reader: imported without telemetry, compiled for this processor."""

from __future__ import annotations

import collections
import sys
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

# If it can import this package, OpenVINO reports every start to its makers over the network.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

__all__ = ["Model", "Precision", "native_precision", "openvino"]

Precision = Literal["bf16", "f32"]


def native_precision() -> Precision:
    """Return this processor's fastest arithmetic: 16-bit floats if it multiplies them natively."""
    supported = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in supported else "f32"


class Model:
    """A model compiled for the CPU, in its fastest precision unless another is given.

    Safe to share between threads: each call has an inference request of its own, which is kept for later
    calls and not bound to a thread, as threads come and go. One stream: a request uses all cores. Two streams
    of one core each answer as many requests a second with eight passages, but a single one takes twice as
    long (`python -m eval.benchmark.batching`).
    """

    def __init__(self, graph: openvino.Model, precision: Precision | None = None) -> None:
        options = {"INFERENCE_PRECISION_HINT": precision or native_precision(), "NUM_STREAMS": 1}
        self._compiled = openvino.Core().compile_model(graph, "CPU", options)
        self._idle: collections.deque[openvino.InferRequest] = collections.deque()

    def __call__(self, *inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Run the model and return its only output."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer([*inputs])
        # The request reuses its output's memory.
        output: npt.NDArray[np.float32] = request.get_output_tensor(0).data.copy()
        self._idle.append(request)
        return output
