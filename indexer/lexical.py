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

from indexer.arrays import map_array
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

_ARRAYS = {"data_name": np.float32, "indices_name": np.int32, "indptr_name": np.int64}

_WORD = re.compile(r"\w+")


def terms(text: str) -> list[str]:
    """Return the index terms of a text: words in lower case, without accents, stemmed.

    Compatibility forms are made alike first (full-width letters, ligatures). Function words stay, so that
    a question of nothing else still finds something.
    """
    return cast("list[str]", _stemmer().stemWords(_WORD.findall(_fold(text))))


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if not unicodedata.combining(char))


# PyStemmer's objects may not be shared between threads.
_local = threading.local()


def _stemmer() -> Any:  # noqa: ANN401 - PyStemmer has no types
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer(STEMMER)
    return _local.stemmer


# The closed classes of English words that questions are built of. Next to what is asked about they say
# nothing of where it stands, and the rarer ones ("who", "whom") would weigh as much as a name: without
# them BM25 alone gains 0.7 to 3 points of MRR on the development sets.
_FUNCTION_WORDS = frozenset(
    """
    a an the this that these those there here
    who whom whose what which when where why how
    i you he she it we they me him her us them my your his its our their
    am is are was were be been being do does did done has have had having
    can could may might must shall should will would
    and or but nor if than then so as of in on at by for from to with into about over under between
    many much not no any some
    """.split()  # noqa: SIM905 - a list of a hundred strings would be harder to read
)


def is_function_word(word: str) -> bool:
    """Whether a lower-case word says nothing of what is asked about."""
    return word in _FUNCTION_WORDS


def question_terms(question: str) -> list[str]:
    """Return the terms that a question asks about, without its function words; all if nothing is left."""
    asked = " ".join(word for word in _WORD.findall(_fold(question)) if word not in _FUNCTION_WORDS)
    return terms(asked) or terms(question)


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
        if not any(documents):
            # bm25s divides by the average length. No question holds the empty term.
            documents = [[""] for _ in documents]
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
        # bm25s reads them itself; this only sees to it that they hold what they promise.
        for name, kind in _ARRAYS.items():
            map_array(folder / FILES[name], kind, 1)
        try:
            index = bm25s.BM25.load(folder, show_progress=False, **FILES)
            sound = _is_sound(index, count)
        # bm25s takes the parameters as they stand: what it makes of those that nothing wrote is anything.
        except Exception as error:
            raise DamagedGenerationError(
                f"the lexical index in {folder} cannot be read ({error}): run `quoth index` again"
            ) from error
        if not sound:
            raise DamagedGenerationError(
                f"the lexical index in {folder} does not hold together: run `quoth index` again"
            )
        return cls(index, count)

    def scores(self, question: str) -> Vectors:
        """Return the BM25 score of every passage, `float32 (n,)`, 0 where no term is shared.

        The question counts by its `question_terms`.
        """
        known = [term for term in question_terms(question) if term in self._index.vocab_dict]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)


def _is_sound(index: Any, count: int) -> bool:  # noqa: ANN401 - bm25s has no types
    """Whether every term has its place among the scores, and every score a passage."""
    scores, passages, starts = (index.scores[name] for name in ("data", "indices", "indptr"))
    return bool(
        (index.method, index.backend, index.dtype, index.int_dtype) == ("lucene", "numpy", "float32", "int32")
        and index.scores["num_docs"] == count
        and len(scores) == len(passages) == starts[-1]
        and starts[0] == 0
        and (np.diff(starts) >= 0).all()
        and ((passages >= 0) & (passages < count)).all()
        # bm25s adds an empty term, which no text holds: where it stands for nothing, it has no place.
        and all(
            type(place) is int and (0 <= place < len(starts) - 1 or term == "")
            for term, place in index.vocab_dict.items()
        )
    )


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
