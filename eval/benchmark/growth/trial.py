"""One trial in a separate process: `python -m eval.benchmark.growth.trial ORDER`.

ORDER is a JSON object: `do` names the function to call, and the other fields are its arguments. Its return
value is printed as JSON. In separate processes trials do not share memory, and one that takes too long can be
stopped. The store and the builder are bypassed (see `eval.benchmark.growth.commands`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from eval.benchmark.lexical import grown_texts
from eval.significance import bootstrap_interval
from indexer.arrays import Ids, Vectors
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.dense import DenseIndex
from indexer.engines.faiss.index import FaissPassageIndex
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.storage import Layout, Manifest
from indexer.engines.faiss.store import Store
from indexer.records import Passage, Segment
from indexer.settings import FaissKind
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import RetrieverSettings

RANKS = (1, 2, 10)
"""The ranks whose similarities are reported, to show how closely a grown set resembles real text."""
_TOLERANCE = 1e-5  # of similarities: the order of summation changes the last digits
_READ = 8  # passages read for a question


def build_dense(kind: FaissKind, vectors: str, folder: str) -> dict[str, Any]:
    """Build and save a dense index of the vectors in a file."""
    began = time.perf_counter()
    index = DenseIndex.build(np.load(vectors, mmap_mode="r"), kind)
    index.save(Path(folder) / Layout.DENSE, Path(folder) / Layout.VECTORS)
    return {"build_s": time.perf_counter() - began, "bytes": _bytes(folder), **_peak()}


def build_lexical(real: str, size: int, folder: str) -> dict[str, Any]:
    """Build and save a lexical index of `size` texts; the time includes generating them."""
    texts = json.loads(Path(real).read_text("utf-8"))["texts"]
    began = time.perf_counter()
    LexicalIndex.build(grown_texts(texts, size)).save(Path(folder))
    return {"build_s": time.perf_counter() - began, "bytes": _bytes(folder), **_peak()}


def search_lexical(real: str, size: int, folder: str, rounds: int) -> dict[str, Any]:
    """Open a lexical index and search it for every real question, as retrieval does."""
    questions = json.loads(Path(real).read_text("utf-8"))["questions"]
    before = _resident()
    began = time.perf_counter()
    index = LexicalIndex.load(Path(folder), size)
    opened = time.perf_counter() - began
    count = RetrieverSettings().candidates
    times = _times(questions, rounds, lambda question: index.search(question, count))
    return {"open_s": opened, **_held(before), **_latency("search", times)}


def search(
    *, kind: FaissKind, size: int, folder: str, lexical: str | None, material: dict[str, str], rounds: int
) -> dict[str, Any]:
    """Open a dense index and search it for every real question, alone and as part of retrieval.

    `material` holds the paths of the grown `vectors`, of the questions' vectors (`asked`), of their exact
    similarities to the nearest passages (`nearest`), and of the real texts and questions (`real`). Without a
    `lexical` index retrieval is not measured.
    """
    asked: Vectors = np.load(material["asked"])
    before = _resident()
    began = time.perf_counter()
    index = DenseIndex.load(Path(folder) / Layout.DENSE, Path(folder) / Layout.VECTORS, kind)
    opened = time.perf_counter() - began
    count = RetrieverSettings().candidates
    times = _times(list(asked), rounds, lambda vector: index.search(vector, count))
    held = _held(before)
    found = [index.search(vector, count)[0] for vector in asked]
    figures = {"open_s": opened, **held, **_latency("search", times), **_recall(found, asked, material)}
    if lexical is None:
        return figures
    questions = json.loads(Path(material["real"]).read_text("utf-8"))["questions"]
    retriever = _retriever(index, LexicalIndex.load(Path(lexical), size), questions, asked)
    times = _times(questions, rounds, lambda question: retriever.retrieve(question, _READ))
    return {**figures, **_latency("retrieve", times)}


def _recall(found: list[Ids], asked: Vectors, material: dict[str, str]) -> dict[str, Any]:
    """Return recall of the 10 and the 100 nearest; a passage as near as the last of them counts as one."""
    vectors = np.load(material["vectors"], mmap_mode="r")
    nearest: Vectors = np.load(material["nearest"])
    means = nearest.mean(axis=0).tolist()
    figures: dict[str, Any] = {"similarity": {str(rank): means[rank - 1] for rank in RANKS}}
    for count in (10, 100):
        limit = min(count, nearest.shape[1])
        shares = [
            float((vectors[ids[:limit]] @ vector >= last - _TOLERANCE).sum()) / limit
            for ids, vector, last in zip(found, asked, nearest[:, limit - 1], strict=True)
        ]
        figures[f"recall@{count}"] = float(np.mean(shares))
        figures[f"recall@{count}_interval"] = bootstrap_interval(shares)
    return figures


class _NoTexts:
    """A stand-in for the store: every passage is one character, because no reader reads it."""

    articles = ()
    numbers: ClassVar[dict[str, int]] = {}

    def __init__(self, count: int) -> None:
        self.article_numbers = np.zeros(count, np.intp)

    def passage(self, passage_id: int) -> Passage:
        return Passage(passage_id, "", 0, 1)

    def passage_text(self, _: Passage) -> str:
        return "."

    def sentences(self, *_: object) -> list[tuple[int, int]]:
        return [(0, 1)]

    def context(self, _: Passage) -> str:
        return ""

    def segments(self, _: Passage) -> tuple[Segment, ...]:
        return ()


class _Recorded:
    """An encoder that looks up the vectors of known questions."""

    def __init__(self, questions: list[str], vectors: Vectors) -> None:
        self._vectors: dict[str, Vectors] = dict(zip(questions, vectors, strict=True))

    def encode_query(self, question: str) -> Vectors:
        return self._vectors[question]


def _retriever(dense: DenseIndex, lexical: LexicalIndex, questions: list[str], asked: Vectors) -> Retriever:
    """Return the service's retriever, with known question vectors and without passages' texts."""
    encoder = {"name": "recorded", "sha256": "", "dimension": dense.dimension}
    manifest = Manifest(1, "", "", encoder, {"language": "en"}, dense.kind, 0, len(dense), {})
    index = FaissPassageIndex(manifest, dense, lexical, cast("Store", _NoTexts(len(dense))))
    return Retriever(index, cast("Encoder", _Recorded(questions, asked)), RetrieverSettings())


def _times(asked: list[Any], rounds: int, ask: Callable[[Any], object]) -> list[list[float]]:
    """Return the milliseconds of each question in each round, after a warm-up round."""
    times: list[list[float]] = []
    for _ in range(rounds + 1):
        times.append([])
        for one in asked:
            began = time.perf_counter()
            ask(one)
            times[-1].append(1_000 * (time.perf_counter() - began))
    return times[1:]


def _latency(name: str, times: list[list[float]]) -> dict[str, Any]:
    """Return percentiles over questions and rounds, and the lowest and highest of the rounds' medians."""
    medians = [float(np.median(one)) for one in times]
    return {
        f"{name}_p50_ms": float(np.median(times)),
        f"{name}_p95_ms": float(np.quantile(times, 0.95)),
        f"{name}_p50_ms_rounds": (min(medians), max(medians)),
    }


def _bytes(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).iterdir())


def _peak() -> dict[str, int]:
    """Return this process's peak memory in bytes; empty where the system does not report it."""
    status = dict(_status())
    return {"peak": status["VmHWM"]} if "VmHWM" in status else {}


def _resident() -> dict[str, int]:
    """Return this process's resident bytes, anonymous and mapped; empty where no system reports them."""
    return {name: size for name, size in _status() if name in {"RssAnon", "RssFile"}}


def _status() -> Iterator[tuple[str, int]]:
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return
    for line in lines:
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            yield name, 1_024 * int(value.split()[0])


def _held(before: dict[str, int]) -> dict[str, int]:
    """Return the bytes gained since `before`: `own` memory, and `mapped`, which the system can reclaim."""
    now = _resident()
    names = {"own": "RssAnon", "mapped": "RssFile"}
    return {name: now[key] - before[key] for name, key in names.items() if key in now}


_DO: dict[str, Callable[..., dict[str, Any]]] = {
    do.__name__: do for do in (build_dense, build_lexical, search_lexical, search)
}


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    print(json.dumps(_DO[order.pop("do")](**order)))  # noqa: T201 - read by run_trial
