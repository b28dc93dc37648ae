"""Changed files with correct checksums: `python -m eval.reliability forgery`.

Checksums detect damage, but neither malice nor the bugs of another version. So in each file of a generation
bits are flipped, words are replaced by false sizes and offsets, and the file is truncated; then the manifest
and `CURRENT` are corrected, and the index is opened and used as by a service and by the next build, in a
separate process with limited memory and time. It may be refused with a named error, at once or in use, or it
may answer, even wrongly; it must not crash, hang, need more than `_MEGABYTES` of memory, or raise any other
error.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import numpy as np

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.children import Child, Send, call, limit_resources
from eval.reliability.damage import REFUSED, flipped, spread
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex, open_index, self_check
from indexer.engines.faiss.storage import Layout
from indexer.settings import FaissKind

_SENTENCES = 120
_MEGABYTES = 256
_SECONDS = 10  # of CPU time
_HEAD = 192  # bytes of the header that holds the format and sizes in most files

# False sizes and offsets: 0, 1, large numbers, the limits of signed and unsigned 32 and 64 bits and beyond.
_FALSE_NUMBERS = (0, 1, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)

_MANIFESTS: dict[str, Any] = {
    "generation": ("1", None, -1, 10**30, 1.5, [1]),
    "files": (None, [], {"x": None}, {"x": {}}, {"corpus.sqlite": {"size": "1", "sha256": 1}}, {}),
    "dense": ("pq", None, 1, []),
    "articles": (None, "3", -1, 10**30),
    "passages": (None, "3", -1, 0, 10**30),
    "encoder": (None, {}, []),
    "splitter": (None, {}, []),
    "created": (None, 1),
    "source": (None, 1),
    "format": (1, 2.0, 3, None, "2", True),
    "unknown_field": (1,),
}
"""False values of a manifest's fields, and an unknown field."""


def campaign(changes: int, seed: int, folder: Path | None = None) -> Outcome:
    """Forge each file of each kind of index in `changes` ways, and its manifest; return the outcome."""
    began = time.perf_counter()
    generator = random.Random(seed)
    ended: Counter[str] = Counter()
    failures: list[str] = []
    with specimen.workplace(folder) as work:
        for kind in get_args(FaissKind):
            root = work / kind
            Child(lambda _, root=root, kind=kind: specimen.publish(root, 1, kind, _SENTENCES)).wait()  # type: ignore[misc]
            forger = _Forger(Layout(root))
            forged = forger.forge(changes, generator)
            # The manifest is the same for each kind.
            for forgery in chain(forged, forger.forge_manifest()) if kind == "flat" else forged:
                result = call(forger.use)
                ended[result.get("ended", "failed")] += 1
                if "raised" in result:
                    failures.append(f"{kind}, {forgery}: {result['raised']}")
    figures = {**ended, "seed": seed}
    return Outcome("forgery", ended.total(), tuple(failures), figures, time.perf_counter() - began)


class _Forger:
    """An index of one generation, of which one file at a time is forged."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.generation(1)
        self._manifest: dict[str, Any] = json.loads((self._folder / Layout.MANIFEST).read_bytes())
        del self._manifest["checksum"]

    def forge(self, changes: int, generator: random.Random) -> Iterator[str]:
        """Forge the files, one change at a time, and yield its description."""
        for name in self._manifest["files"]:
            path = self._folder / name
            data = path.read_bytes()
            for forged, how in _changes(data, changes, generator):
                path.write_bytes(forged)
                entry = {"size": len(forged), "sha256": hashlib.sha256(forged).hexdigest()}
                self._seal({**self._manifest, "files": {**self._manifest["files"], name: entry}})
                yield f"{name}, {how}"
            path.write_bytes(data)

    def forge_manifest(self) -> Iterator[str]:
        """Forge the manifest, one change at a time, and yield its description."""
        for field, values in _MANIFESTS.items():
            for value in values:
                self._seal({**self._manifest, field: value})
                yield f"{Layout.MANIFEST}, {field} is {value!r}"
            self._seal({name: value for name, value in self._manifest.items() if name != field})
            yield f"{Layout.MANIFEST}, without {field}"

    def _seal(self, fields: dict[str, Any]) -> None:
        """Write a manifest with these fields, with correct checksums in it and in `CURRENT`."""
        checksum = hashlib.sha256(_serialised(fields)).hexdigest()
        (self._folder / Layout.MANIFEST).write_bytes(_serialised({**fields, "checksum": checksum}))
        self._layout.current.write_text(f"{self._folder.name} {checksum}\n", "ascii")

    def use(self, send: Send) -> None:
        """In a child: open the index and use it as a service and the next build do."""
        limit_resources(_MEGABYTES, _SECONDS)
        np.seterr(all="ignore")  # forged numbers may overflow
        try:
            index = open_index(self._layout.root)
        except REFUSED:
            send({"ended": "refused"})
            return
        refused = False
        for use in (_search, _read, _copy_vectors, self_check):
            try:
                use(index)
            except REFUSED:
                refused = True
        send({"ended": "refused in use" if refused else "answered"})


def _changes(data: bytes, count: int, generator: random.Random) -> Iterator[tuple[bytes, str]]:
    """Yield changed copies with descriptions: flipped bits, false numbers, and truncations."""
    head = min(_HEAD, len(data))
    for number, bit in enumerate(spread(8 * len(data), count // 4, generator)):
        yield flipped(data, bit), f"bit {bit} flipped"
        early = generator.randrange(8 * head)
        yield flipped(data, early), f"bit {early} flipped"
        form = ("<I", "<Q")[number % 2]
        offset = generator.randrange((len(data), head)[number % 3 > 0] - struct.calcsize(form) + 1)
        false = generator.choice(_FALSE_NUMBERS) % 2 ** (8 * struct.calcsize(form))
        word = struct.pack(form, false)
        yield data[:offset] + word + data[offset + len(word) :], f"{false} at byte {offset}"
        length = generator.randrange(len(data))
        yield data[:length], f"truncated to {length} bytes"


def _serialised(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, indent=2, sort_keys=True).encode("ascii") + b"\n"


def _search(index: FaissPassageIndex) -> None:
    encoder = specimen.WordEncoder()
    for question in ("Which report is of the harbour plan?", "place7 on day3", "x"):
        vector = encoder.encode_query(question)
        for filters in (Filters(), Filters(article_ids=("harbour.txt",))):
            allowed = index.mask(filters)
            found = [
                *index.search_dense(vector, 5, allowed)[0],
                *index.search_lexical(question, 5, allowed)[0],
            ]
            ids = np.array(found, dtype=np.int64)
            index.dense_scores(vector, ids)
            index.lexical_scores(question, ids)
            for passage_id in found:
                index.sentences(index.passage(int(passage_id)))


def _read(index: FaissPassageIndex) -> None:
    for article in index.articles:
        index.find_article(article.id)
        for passage in index.passages(article.id):
            index.passage_text(passage)


def _copy_vectors(index: FaissPassageIndex) -> None:
    index.dense.vectors(0, index.manifest.passages)
