"""Whether larger or parallel batches would be faster: `python -m eval.benchmark.batching`.

A service may put passages of several questions into one batch of the span model (micro-batching), or run
several batches in parallel, each on its own core (streams). Either pays only where a single batch leaves
cores idle. Measured are the passages per second for each batch size, with one batch at a time on all cores
and with one batch on each core.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.benchmark.record import write_record
from eval.environment import hardware
from indexer.cli import run_commands
from indexer.mapped import Bytes
from indexer.runtime import native_precision, openvino
from service.answering.loading import reader_folder
from service.answering.reading.network import GRAPH, WEIGHTS
from service.answering.reading.weights import unpack

ROWS = (1, 2, 4, 8, 16, 32)


def main(
    *,
    reader: Annotated[str, typer.Option(help="A shipped reader, or an exported one's folder.")] = "default",
    length: Annotated[int, typer.Option(help="Tokens in a row.", min=16, max=512)] = 160,
    seconds: Annotated[float, typer.Option(help="Length of each measurement.", min=0.1, max=60)] = 4,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
) -> None:
    """Print rows per second for each batch size, and for batches in parallel."""
    folder = reader_folder(reader)
    weights = unpack(folder / WEIGHTS)
    cores = int(hardware()["cores"])
    found: dict[int, list[float]] = {}
    for streams in (1, cores):
        model = _compiled(folder, weights, streams)
        found[streams] = [rows_per_second(model, streams, rows, length, seconds) for rows in ROWS]
    table = Table(
        "batch size",
        *(f"{streams} in parallel, rows/s" for streams in found),
        title=f"{reader}, {length} tokens",
    )
    for place, rows in enumerate(ROWS):
        table.add_row(str(rows), *(f"{rates[place]:.0f}" for rates in found.values()))
    Console(highlight=False).print(table)
    write_record(
        json_,
        "python -m eval.benchmark.batching",
        reader=reader,
        length=length,
        rows=ROWS,
        rows_a_second=found,
    )


def _compiled(folder: Path, weights: Bytes, streams: int) -> openvino.CompiledModel:
    core = openvino.Core()
    model = core.read_model((folder / GRAPH).read_bytes(), openvino.Tensor(weights, shared_memory=True))
    options = {"INFERENCE_PRECISION_HINT": native_precision(), "NUM_STREAMS": streams}
    return core.compile_model(model, "CPU", options)


def rows_per_second(
    model: openvino.CompiledModel, threads: int, rows: int, length: int, seconds: float
) -> float:
    """Return the rows per second of `threads` threads, each running batches of `rows` rows in a loop."""
    inputs = (
        np.random.default_rng(0).integers(1_000, 20_000, (rows, length)),
        np.ones((rows, length), np.int64),
    )
    done = [0] * threads
    end = [0.0]

    def work(number: int) -> None:
        request = model.create_infer_request()
        for _ in range(2):  # warm up: OpenVINO compiles for each shape once
            request.infer([*inputs])
        barrier.wait()
        while time.perf_counter() < end[0]:
            request.infer([*inputs])
            done[number] += rows

    def begin() -> None:
        end[0] = time.perf_counter() + seconds

    barrier = threading.Barrier(threads, action=begin)
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    _run(workers)
    return sum(done) / seconds


def _run(workers: Sequence[threading.Thread]) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    run_commands(main)
