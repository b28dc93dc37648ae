"""OpenVINO, as the encoder and the reader both use it: imported quietly, compiled for this processor."""

from __future__ import annotations

import sys
from typing import Literal

# Imported with this package at hand, OpenVINO sends its makers an event over the network each time.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

__all__ = ["Precision", "compiled", "native_precision", "openvino"]

Precision = Literal["bf16", "f32"]


def native_precision() -> Precision:
    """Return the arithmetic that this processor is fastest in: 16-bit floats where it multiplies them."""
    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in able else "f32"


def compiled(model: openvino.Model, precision: Precision | None = None) -> openvino.CompiledModel:
    """Compile a model for the processor, in the fastest precision or in the one that is asked for.

    One stream: a request has all cores. Two streams of a core each answer as many requests a second with
    passages, and one alone in twice the time (`python -m eval.benchmark.batching`).
    """
    options = {"INFERENCE_PRECISION_HINT": precision or native_precision(), "NUM_STREAMS": 1}
    return openvino.Core().compile_model(model, "CPU", options)
