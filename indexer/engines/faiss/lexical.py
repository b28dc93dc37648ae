"""Words -> passages: BM25 over stemmed terms.

Scores and files equal those of the library bm25s, which `postings` replaces. Measured beside tantivy (`python
-m eval.benchmark.lexical`, table in indexer/README.md), it finds as much and answers faster, and it can score
any passage, which the fusion needs. The files are plain arrays, which are mapped, and JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from indexer.analyzer import question_terms, terms
from indexer.arrays import Ids, Mask, Scores
from indexer.engines.faiss import postings
from indexer.engines.faiss.npy_file import map_array
from indexer.engines.faiss.postings import Postings
from indexer.errors import DamagedGenerationError

FILES = {
    "data_name": "lexical.scores.npy",
    "indices_name": "lexical.passages.npy",
    "indptr_name": "lexical.terms.npy",
    "vocab_name": "lexical.vocabulary.json",
    "params_name": "lexical.parameters.json",
}
"""The files of a saved lexical index, by the names that bm25s gives to its parameters."""

# bm25s's parameters of such an index, so that it can read the files; it adds `num_docs`.
_PARAMETERS = {
    "k1": postings.K1,
    "b": postings.B,
    "delta": 0.5,
    "method": "lucene",
    "idf_method": "lucene",
    "dtype": "float32",
    "int_dtype": "int32",
    "backend": "numpy",
}
_BLOCK = 1 << 20  # postings that are checked together


class LexicalIndex:
    """BM25 over the terms of each passage. The position of a passage is its id."""

    def __init__(self, found: Postings, numbers: dict[str, int]) -> None:
        self._postings = found
        self._numbers = numbers

    def __len__(self) -> int:
        return self._postings.count

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index the texts of all passages, in the order of their ids."""
        numbers: dict[str, int] = {}
        found = postings.build(
            [numbers.setdefault(term, len(numbers)) for term in terms(text)] for text in texts
        )
        return cls(found, numbers)

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, as the files that `FILES` names."""
        np.save(folder / FILES["data_name"], self._postings.scores, allow_pickle=False)
        np.save(folder / FILES["indices_name"], self._postings.passages, allow_pickle=False)
        np.save(folder / FILES["indptr_name"], self._postings.starts, allow_pickle=False)
        _write(folder / FILES["vocab_name"], self._numbers)
        _write(folder / FILES["params_name"], {**_PARAMETERS, "num_docs": len(self)})

    @classmethod
    def load(cls, folder: Path, count: int) -> LexicalIndex:
        """Open what `save` or bm25s wrote; `count` is the number of passages.

        Raises:
            DamagedGenerationError: a file is missing or not what was written.
        """
        numbers = _read(folder / FILES["vocab_name"])
        parameters = _read(folder / FILES["params_name"])
        parameters.pop("version", None)  # bm25s adds its own
        sound = parameters == {**_PARAMETERS, "num_docs": count} and type(parameters["num_docs"]) is int
        # Checked through separate mappings, so that the memory they take is free again afterwards.
        if not (sound and _is_consistent(_mapped(folder, count), numbers)):
            raise DamagedGenerationError(
                f"the lexical index in {folder} is inconsistent: run `quoth index` again"
            )
        return cls(_mapped(folder, count), numbers)

    def search(self, question: str, count: int, allowed: Mask | None = None) -> tuple[Ids, Scores]:
        """Return ids and BM25 scores of the `count` best passages that share a term, best first.

        The question counts by its `question_terms`. `allowed`, if given, is `bool (n,)`: which passages may
        be returned. Equal scores rank by id.
        """
        return self._postings.best(self._numbers_of(question), count, allowed)

    def scores(self, question: str, ids: Ids) -> Scores:
        """Return the BM25 scores of these passages, `float32 (len(ids),)`, 0 where no term is shared."""
        return self._postings.look_up(self._numbers_of(question), ids)

    def _numbers_of(self, question: str) -> list[int]:
        return [self._numbers[term] for term in question_terms(question) if term in self._numbers]


def _mapped(folder: Path, count: int) -> Postings:
    return Postings(
        np.asarray(map_array(folder / FILES["data_name"], np.float32, 1)),
        np.asarray(map_array(folder / FILES["indices_name"], np.int32, 1)),
        np.asarray(map_array(folder / FILES["indptr_name"], np.int64, 1)),
        count,
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedGenerationError(f"{path} cannot be read ({error}): run `quoth index` again") from error
    if not isinstance(content, dict):
        raise DamagedGenerationError(f"{path} is not what was written: run `quoth index` again")
    return content


def _is_consistent(found: Postings, numbers: dict[str, Any]) -> bool:
    """Whether each term has a range of the postings, and the postings of each term are valid and ascend."""
    starts = found.starts
    if len(starts) == 0 or starts[0] != 0 or (np.diff(starts) < 0).any():
        return False
    # bm25s adds an empty term, which no text holds and whose number may be out of range.
    return (
        len(found.scores) == len(found.passages) == starts[-1]
        and all(
            type(number) is int and (0 <= number < len(starts) - 1 or term == "")
            for term, number in numbers.items()
        )
        and all(_is_sound(found, first) for first in range(0, len(found.passages), _BLOCK))
    )


def _is_sound(found: Postings, first: int) -> bool:
    """Whether passages are valid and ascend until a term ends, in a block of postings and one beyond."""
    passages, scores = found.passages[first : first + _BLOCK + 1], found.scores[first : first + _BLOCK]
    if passages.min() < 0 or passages.max() >= found.count or not (scores > 0).all():
        return False
    descents = first + 1 + np.flatnonzero(passages[1:] <= passages[:-1])
    return bool((found.starts[np.searchsorted(found.starts, descents)] == descents).all())
