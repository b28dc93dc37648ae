"""Words -> passages: BM25 over stemmed terms, by bm25s.

tantivy was measured beside it (`python -m eval.benchmark.lexical`): see the table in the README. bm25s
finds as much, answers faster at these sizes, and its scores for any passage can be read off, which the
fusion needs; its files are plain arrays and JSON.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import bm25s
import numpy as np
import Stemmer

from indexer.dense import Ids, Mask
from indexer.encoder import Vectors
from indexer.errors import DamagedGenerationError

STEMMER = "english"  # Snowball's English stemmer (Porter 2)
# Robertson and Zaragoza (2009) give k1 of 1.2 to 2 and b of 0.5 to 0.8 as the usual good values.
_K1 = 1.5
_B = 0.75

FILES = {
    "data_name": "lexical.scores.npy",
    "indices_name": "lexical.passages.npy",
    "indptr_name": "lexical.terms.npy",
    "vocab_name": "lexical.vocabulary.json",
    "params_name": "lexical.parameters.json",
}
"""The files of a saved lexical index, by the names that bm25s gives to its parameters."""

_WORD = re.compile(r"\w+")


def terms(text: str) -> list[str]:
    """Return the index terms of a text: words in lower case, without accents, stemmed.

    Compatibility forms are made alike first (full-width letters, ligatures). Function words stay: BM25
    gives them next to no weight, and a question of function words alone still finds something.
    """
    folded = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return cast("list[str]", _stemmer().stemWords(_WORD.findall(plain)))


# PyStemmer's objects may not be shared between threads.
_local = threading.local()


def _stemmer() -> Any:  # noqa: ANN401 - PyStemmer has no types
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer(STEMMER)
    return _local.stemmer


class LexicalIndex:
    """BM25 over the terms of each passage. The position of a passage is its id."""

    def __init__(self, index: Any, count: int) -> None:  # noqa: ANN401 - bm25s has no types
        self._index = index
        self._count = count

    def __len__(self) -> int:
        return self._count

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index the texts of all passages, in the order of their ids."""
        documents = [terms(text) for text in texts]
        index = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        index.index(documents, create_empty_token=True, show_progress=False)
        return cls(index, len(documents))

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, as the files that `FILES` names."""
        self._index.save(folder, show_progress=False, **FILES)

    @classmethod
    def load(cls, folder: Path, count: int) -> LexicalIndex:
        """Read what `save` wrote; `count` is the number of passages.

        Raises:
            DamagedGenerationError: a file is missing or not what bm25s wrote.
        """
        try:
            return cls(bm25s.BM25.load(folder, show_progress=False, **FILES), count)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedGenerationError(
                f"the lexical index in {folder} cannot be read ({error}): run `quoth index` again"
            ) from error

    def scores(self, question: str) -> Vectors:
        """Return the BM25 score of every passage, `float32 (n,)`, 0 where no term is shared."""
        known = [term for term in terms(question) if term in self._index.vocab_dict]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)


def best(scores: Vectors, count: int, allowed: Mask | None = None) -> Ids:
    """Return the ids of the `count` highest scores above 0, highest first; equal scores rank by id.

    `allowed`, if given, is `bool (n,)`: which passages may be returned.
    """
    candidates = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(candidates) > count:
        # Ties at the edge are settled by id as well, so everything at the edge stays in until the sort.
        edge = -np.partition(-scores[candidates], count - 1)[count - 1]
        candidates = candidates[scores[candidates] >= edge]
    order = np.lexsort((candidates, -scores[candidates]))
    return candidates[order][:count].astype(np.int64)
