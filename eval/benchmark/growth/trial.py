"""What one size of one kind costs, in a process of its own: `python -m eval.benchmark.growth.trial ORDER`.

ORDER is a JSON object, `do` and the arguments of the function by this name; what it returns is printed as
JSON. Sizes and kinds so do not share memory, and one that takes too long can be ended.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

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
from indexer.records import Passage
from indexer.settings import FaissKind
from service.answering.retriever import Retriever
from service.answering.settings import RetrieverSettings

REAL = "real.json"
"""The file of real `texts` and `questions`."""
RANKS = (1, 2, 10)
"""Whose similarities are told, to see how like real text a grown set is."""
_TOLERANCE = 1e-5  # of similarities, by the order in which they are added up
_READ = 8  # passages that a question is answered from


def build_dense(kind: FaissKind, vectors: str, folder: str) -> dict[str, Any]:
    """Build and save an index of a file of vectors."""
    began = time.perf_counter()
    index = DenseIndex.build(np.load(vectors, mmap_mode="r"), kind)
    index.save(Path(folder) / Layout.DENSE, Path(folder) / Layout.VECTORS)
    return {"build_s": time.perf_counter() - began, "bytes": _bytes(folder), **_peak()}


def build_lexical(real: str, size: int, folder: str) -> dict[str, Any]:
    """Build and save a lexical index of so many texts; making them up counts as well."""
    texts = json.loads(Path(real).read_text("utf-8"))["texts"]
    began = time.perf_counter()
    LexicalIndex.build(grown_texts(texts, size)).save(Path(folder))
    return {"build_s": time.perf_counter() - began, "bytes": _bytes(folder), **_peak()}


def search_lexical(real: str, size: int, folder: str, rounds: int) -> dict[str, Any]:
    """Open a lexical index and search it, as retrieval does, for every real question."""
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
    """Open an index and search it for every real question, alone and as a part of retrieval.

    `material` names the files of the grown `vectors`, of the questions' vectors, `asked`, of their `nearest`
    exact similarities and of what is `real`. Without a `lexical` index retrieval is left out.
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
    told = {"open_s": opened, **held, **_latency("search", times), **_recall(found, asked, material)}
    if lexical is None:
        return told
    questions = json.loads(Path(material["real"]).read_text("utf-8"))["questions"]
    retriever = _retriever(index, LexicalIndex.load(Path(lexical), size), questions, asked)
    times = _times(questions, rounds, lambda question: retriever.retrieve(question, _READ))
    return {**told, **_latency("retrieve", times)}


def _recall(found: list[Ids], asked: Vectors, material: dict[str, str]) -> dict[str, Any]:
    """How many of the 10 and of the 100 nearest are found; whatever is as near as the last of them counts."""
    vectors = np.load(material["vectors"], mmap_mode="r")
    nearest: Vectors = np.load(material["nearest"])
    means = nearest.mean(axis=0).tolist()
    told: dict[str, Any] = {"similarity": {str(rank): means[rank - 1] for rank in RANKS}}
    for count in (10, 100):
        wanted = min(count, nearest.shape[1])
        shares = [
            float((vectors[ids[:wanted]] @ vector >= last - _TOLERANCE).sum()) / wanted
            for ids, vector, last in zip(found, asked, nearest[:, wanted - 1], strict=True)
        ]
        told[f"recall@{count}"] = float(np.mean(shares))
        told[f"recall@{count}_interval"] = bootstrap_interval(shares)
    return told


class _NoTexts:
    """A store of grown passages, whose texts nobody reads: every passage is an article's first character."""

    articles = ()

    def __init__(self, count: int) -> None:
        self.article_numbers = np.zeros(count, np.int32)

    def passage(self, passage_id: int) -> Passage:
        return Passage(passage_id, "", 0, 1)

    def passage_text(self, _: Passage) -> str:
        return "."

    def sentences(self, *_: object) -> list[tuple[int, int]]:
        return [(0, 1)]


class _Recorded:
    """An encoder of questions whose vectors are known."""

    def __init__(self, questions: list[str], vectors: Vectors) -> None:
        self._vectors: dict[str, Vectors] = dict(zip(questions, vectors, strict=True))

    def encode_query(self, question: str) -> Vectors:
        return self._vectors[question]


def _retriever(dense: DenseIndex, lexical: LexicalIndex, questions: list[str], asked: Vectors) -> Retriever:
    """The service's own retrieval, but for the question's vector and the passages' texts."""
    encoder = {"name": "recorded", "sha256": "", "dimension": dense.dimension}
    manifest = Manifest(1, "", "", encoder, {"language": "en"}, dense.kind, 0, len(dense), {})
    index = FaissPassageIndex(manifest, dense, lexical, cast("Store", _NoTexts(len(dense))))
    return Retriever(index, cast("Encoder", _Recorded(questions, asked)), RetrieverSettings())


def _times(asked: list[Any], rounds: int, ask: Callable[[Any], object]) -> list[list[float]]:
    """Milliseconds of each question in each round, after one that only brings everything into memory."""
    taken: list[list[float]] = []
    for _ in range(rounds + 1):
        taken.append([])
        for one in asked:
            began = time.perf_counter()
            ask(one)
            taken[-1].append(1_000 * (time.perf_counter() - began))
    return taken[1:]


def _latency(name: str, times: list[list[float]]) -> dict[str, Any]:
    """Percentiles over questions and rounds, and the least and the most of the rounds' medians."""
    medians = [float(np.median(one)) for one in times]
    return {
        f"{name}_p50_ms": float(np.median(times)),
        f"{name}_p95_ms": float(np.quantile(times, 0.95)),
        f"{name}_p50_ms_rounds": (min(medians), max(medians)),
    }


def _bytes(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).iterdir())


def _peak() -> dict[str, int]:
    """The most memory that this process has held, in bytes; nothing where no system tells."""
    told = dict(_status())
    return {"peak": told["VmHWM"]} if "VmHWM" in told else {}


def _resident() -> dict[str, int]:
    """Bytes that this process holds: its own, and files' that are mapped; nothing where no system tells."""
    return {name: size for name, size in _status() if name in {"RssAnon", "RssFile"}}


def _status() -> Iterator[tuple[str, int]]:
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return
    for line in lines:
        name, _, told = line.partition(":")
        if told.endswith(" kB"):
            yield name, 1_024 * int(told.split()[0])


def _held(before: dict[str, int]) -> dict[str, int]:
    """What was taken since: `own` memory, and `mapped`, which the system takes back when it needs it."""
    now = _resident()
    names = {"own": "RssAnon", "mapped": "RssFile"}
    return {name: now[key] - before[key] for name, key in names.items() if key in now}


_DO: dict[str, Callable[..., dict[str, Any]]] = {
    do.__name__: do for do in (build_dense, build_lexical, search_lexical, search)
}


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    print(json.dumps(_DO[order.pop("do")](**order)))  # noqa: T201 - to the campaign
