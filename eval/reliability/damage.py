"""Flipped bits and truncated files: `python -m eval.reliability damage`.

An index of two generations is made of each kind. In each file of the newer one single bits are flipped and
the file is truncated to lengths from 0 up, both spread evenly over the file with random exact positions; in
the manifest and in `CURRENT` eight times as often, which at the defaults is every bit and every length. Each
time the generation must be refused with a named error, and opening must serve the previous one; with a
damaged `CURRENT` the newest generation must still be served. Opening detects damage before it loads anything,
so the chosen generation is loaded and read completely only every fiftieth time.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from indexer.engines.faiss.storage import Layout, open_newest, verify
from indexer.errors import DamagedGenerationError, FormatVersionError
from indexer.settings import FaissKind

REFUSED = (DamagedGenerationError, FormatVersionError)
"""The errors on which opening falls back to another generation."""

_READ_EVERY = 50
_MORE_OFTEN = 8
_SENTENCES = 120  # enough passages for two cells of ivf-sq8


def campaign(flips: int, cuts: int, seed: int, folder: Path | None = None) -> Outcome:
    """Damage each file in at most `flips` and `cuts` ways and return the outcome."""
    began = time.perf_counter()
    generator = random.Random(seed)
    figures: dict[str, Any] = {}
    failures: list[str] = []
    with specimen.workplace(folder) as work:
        for kind in get_args(FaissKind):
            damaging = _Damaging(work / kind, kind, generator)
            damaging.run(flips, cuts)
            failures += damaging.failures
            figures[kind] = dict(damaging.tried)
    trials = sum(sum(tried.values()) for tried in figures.values())
    seconds = time.perf_counter() - began
    return Outcome("damage", trials, tuple(failures), figures | {"seed": seed}, seconds)


class _Damaging:
    """An index of two generations whose files are damaged and restored; `tried` counts the damage by file."""

    def __init__(self, root: Path, kind: FaissKind, generator: random.Random) -> None:
        for version in (1, 2):
            specimen.publish(root, version, kind, _SENTENCES)
        self._layout = Layout(root)
        self._newer = self._layout.generation(2)
        self._kind = kind
        self._generator = generator
        self.tried: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self, flips: int, cuts: int) -> None:
        """Damage every file in turn."""
        for path in (*sorted(self._newer.iterdir()), self._layout.current):
            data = path.read_bytes()
            factor = _MORE_OFTEN if path.name in {Layout.MANIFEST, self._layout.current.name} else 1
            for bit in spread(8 * len(data), factor * flips, self._generator):
                with _replaced(path, flipped(data, bit), data):
                    self._check(path, f"bit {bit} flipped")
            for length in spread(len(data), factor * cuts, self._generator):
                with _replaced(path, data[:length], data):
                    self._check(path, f"truncated to {length} bytes")
        version = specimen.read(self._layout.root, _SENTENCES)
        if version != 2:  # noqa: PLR2004 - the newer one
            self.failures.append(f"{self._kind}: after restoring all files version {version} serves")

    def _check(self, path: Path, how: str) -> None:
        self.tried[path.name] += 1
        for failure in self._faults(path):
            self.failures.append(f"{self._kind}, {path.name}, {how}: {failure}")

    def _faults(self, path: Path) -> Iterator[str]:
        pointer = path == self._layout.current
        if not pointer:
            try:
                verify(self._newer)
            except REFUSED:
                pass
            except Exception as error:
                yield f"refused with {error!r}"
            else:
                yield "not refused"
        expected = 2 if pointer else 1
        try:
            served = open_newest(self._layout, lambda _, manifest: manifest.generation)
            if served == expected and sum(self.tried.values()) % _READ_EVERY == 0:
                served = specimen.read(self._layout.root, _SENTENCES)
        except Exception as error:
            yield f"nothing serves: {error!r}"
        else:
            if served != expected:
                yield f"generation {served} serves"


def spread(size: int, count: int, generator: random.Random) -> list[int]:
    """Return `count` numbers below `size`, a random one from each of `count` equal parts; all if fewer."""
    if count >= size:
        return list(range(size))
    edges = [part * size // max(1, count) for part in range(count + 1)]
    return [generator.randrange(low, high) for low, high in pairwise(edges)]


def flipped(data: bytes, bit: int) -> bytes:
    """Return the data with one bit flipped; bits are numbered from the lowest of the first byte."""
    byte, within = divmod(bit, 8)
    return data[:byte] + bytes([data[byte] ^ (1 << within)]) + data[byte + 1 :]


@contextlib.contextmanager
def _replaced(path: Path, damaged: bytes, sound: bytes) -> Iterator[None]:
    path.write_bytes(damaged)
    try:
        yield
    finally:
        path.write_bytes(sound)
