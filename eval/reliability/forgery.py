"""Files that are not what Quoth wrote, under checksums that fit: `python -m eval.reliability forgery`.

Checksums tell damage, not malice, nor another version's mistakes. So in each file of a generation bits are
flipped, words are replaced by numbers that lie about sizes and places, and ends are cut off; then the
manifest and `CURRENT` are made to fit, and the index is opened and used as a service and the next build
use it, in a process of its own with little memory and time. It may be refused with a named error, at once
or in use, or it may answer, wrongly even; it must not crash, hang, ask for more memory than `_MEGABYTES`,
or raise what nobody expects.
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
from eval.reliability.children import Child, Send, ask, limit
from eval.reliability.damage import REFUSED, flipped, spread
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex, open_index, self_check
from indexer.engines.faiss.storage import Layout
from indexer.settings import FaissKind

_SENTENCES = 120
_MEGABYTES = 256
_SECONDS = 10  # of processor time
_HEAD = 192  # bytes in which most files say how large and of what kind they are

# Where a size or a place is expected: none, one, the most that 31, 32 and 63 bits hold, one more, and -1.
_LIES = (0, 1, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)

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
    "unheard_of": (1,),
}
"""What a manifest may say in the place of a field's value, or in a field that there is not."""


def campaign(changes: int, seed: int, folder: Path | None = None) -> Outcome:
    """Forge each file of each kind of index in `changes` ways, a manifest in a few; return what broke."""
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
            # The manifest is the same thing in each kind.
            for what in chain(forged, forger.forge_manifest()) if kind == "flat" else forged:
                told = ask(forger.use)
                ended[told.get("ended", "failed")] += 1
                if "raised" in told:
                    failures.append(f"{kind}, {what}: {told['raised']}")
    figures = {**ended, "seed": seed}
    return Outcome("forgery", ended.total(), tuple(failures), figures, time.perf_counter() - began)


class _Forger:
    """An index of one generation, of which one file at a time is not what it was."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.generation(1)
        self._manifest: dict[str, Any] = json.loads((self._folder / Layout.MANIFEST).read_bytes())
        del self._manifest["checksum"]

    def forge(self, changes: int, generator: random.Random) -> Iterator[str]:
        """Forge in one way after another, and say in which."""
        for name in self._manifest["files"]:
            path = self._folder / name
            data = path.read_bytes()
            for forged, how in _changes(data, changes, generator):
                path.write_bytes(forged)
                stated = {"size": len(forged), "sha256": hashlib.sha256(forged).hexdigest()}
                self._seal({**self._manifest, "files": {**self._manifest["files"], name: stated}})
                yield f"{name}, {how}"
            path.write_bytes(data)

    def forge_manifest(self) -> Iterator[str]:
        """Forge the manifest in one way after another, and say in which."""
        for field, values in _MANIFESTS.items():
            for value in values:
                self._seal({**self._manifest, field: value})
                yield f"{Layout.MANIFEST}, {field} is {value!r}"
            self._seal({name: value for name, value in self._manifest.items() if name != field})
            yield f"{Layout.MANIFEST}, without {field}"

    def _seal(self, fields: dict[str, Any]) -> None:
        """Write a manifest that says this, and make its checksum and `CURRENT` fit."""
        checksum = hashlib.sha256(_serialised(fields)).hexdigest()
        (self._folder / Layout.MANIFEST).write_bytes(_serialised({**fields, "checksum": checksum}))
        self._layout.current.write_text(f"{self._folder.name} {checksum}\n", "ascii")

    def use(self, send: Send) -> None:
        """In a child: open the index and do with it what a service and the next build do."""
        limit(_MEGABYTES, _SECONDS)
        np.seterr(all="ignore")  # numbers may be anything
        try:
            index = open_index(self._layout.root)
        except REFUSED:
            send({"ended": "refused"})
            return
        refused = False
        for use in (_search, _read, _take_over, self_check):
            try:
                use(index)
            except REFUSED:
                refused = True
        send({"ended": "refused in use" if refused else "answered"})


def _changes(data: bytes, count: int, generator: random.Random) -> Iterator[tuple[bytes, str]]:
    """Yield `count` changed copies, and what was changed: bits, words that lie, and ends that are missing."""
    head = min(_HEAD, len(data))
    for number, bit in enumerate(spread(8 * len(data), count // 4, generator)):
        yield flipped(data, bit), f"bit {bit} flipped"
        early = generator.randrange(8 * head)
        yield flipped(data, early), f"bit {early} flipped"
        form = ("<I", "<Q")[number % 2]
        place = generator.randrange((len(data), head)[number % 3 > 0] - struct.calcsize(form) + 1)
        lie = generator.choice(_LIES) % 2 ** (8 * struct.calcsize(form))
        word = struct.pack(form, lie)
        yield data[:place] + word + data[place + len(word) :], f"{lie} in the place of byte {place}"
        length = generator.randrange(len(data))
        yield data[:length], f"cut to {length} bytes"


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


def _take_over(index: FaissPassageIndex) -> None:
    index.dense.vectors(0, index.manifest.passages)
