"""The index that the campaigns publish: a few made-up articles whose sentences all name their version.

So the content of an index shows its version, and whether all of it is of that version.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from indexer.arrays import Vector, Vectors
from indexer.build import build
from indexer.corpus import Failure, FileWarning, ignore_warning
from indexer.engines.faiss.index import FaissPassageIndex, open_index, self_check
from indexer.errors import QuothError
from indexer.left_out import LeftOut
from indexer.records import Article, Metadata
from indexer.settings import BuildSettings, FaissKind, SplitterSettings

_NAMES = ("harbour.txt", "railway.txt", "satellite.txt")
_SPLITTER = SplitterSettings(max_tokens=40, overlap_tokens=8)


class NotWholeError(QuothError):
    """An index does not hold exactly one version; the message says what is wrong."""


class Library:
    """The three articles of a version as an ArticleSource; `sentences`: in each article."""

    ignored = 0

    def __init__(self, version: int, sentences: int = 6) -> None:
        self.version = version
        self._sentences = sentences

    @property
    def name(self) -> str:
        """The name of the version."""
        return f"version {self.version}"

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Nothing is left out."""
        return ()

    def __len__(self) -> int:
        return len(_NAMES)

    def articles(
        self,
        on_failure: Callable[[Failure], None],  # noqa: ARG002 - none fails
        on_warning: Callable[[FileWarning], None] = ignore_warning,  # noqa: ARG002
    ) -> Iterator[Article]:
        """Yield the articles; a title is the version."""
        for name in _NAMES:
            text = " ".join(
                f"In {name} report {number} is of version {self.version}. "
                f"It reached place{self.version * number} on day{number} of the {name} plan."
                for number in range(self._sentences // 2)
            )
            yield Article.create(name, text, Metadata(title=str(self.version)))


class WordEncoder:
    """Encodes a text as a unit vector of hashed word counts: without weights, the same on every machine."""

    name = "words"
    fingerprint = hashlib.sha256(b"words").hexdigest()
    dimension = 32
    max_tokens = 200

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words in each text."""
        return [len(text.split()) for text in texts]

    def encode_query(self, question: str) -> Vector:
        """Return the question's unit vector, `float32 (dimension,)`."""
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in question.lower().split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return a unit vector for each text, `float32 (len(texts), dimension)`."""
        if on_progress is not None:
            on_progress(len(texts))
        vectors = [self.encode_query(text) for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(len(texts), self.dimension)


def publish(root: Path, version: int, kind: FaissKind = "flat", sentences: int = 6) -> None:
    """Publish a version of the articles as the index folder's next generation."""
    build(Library(version, sentences), root, WordEncoder(), BuildSettings(_SPLITTER, kind))


def read(root: Path, sentences: int = 6) -> int:
    """Open an index and return the version it serves.

    Raises:
        NotWholeError: part of it is missing or of another version.
        IndexerError: it cannot be opened, or does not find its own passages.
    """
    index = open_index(root)
    try:
        self_check(index)
        return _version(index, sentences)
    finally:
        index.close()


def _version(index: FaissPassageIndex, sentences: int) -> int:
    titles = {article.metadata.title for article in index.articles}
    if len(titles) != 1:
        raise NotWholeError(f"{index.manifest.name} serves versions {sorted(map(str, titles))}")
    version = int(str(titles.pop()))
    expected = {article.id: article.text for article in Library(version, sentences).articles(lambda _: None)}
    if [article.id for article in index.articles] != list(expected):
        raise NotWholeError(f"{index.manifest.name} does not have the articles of version {version}")
    for name, text in expected.items():
        found = index.find_article(name)
        if found is None or found.text != text:
            raise NotWholeError(f"{index.manifest.name} has another {name} than version {version}")
        covered = {offset for passage in index.passages(name) for offset in range(passage.start, passage.end)}
        if any(offset not in covered for offset, char in enumerate(text) if not char.isspace()):
            raise NotWholeError(f"{index.manifest.name} has lost passages of {name}")
    return version


def leftovers(root: Path) -> list[str]:
    """Return the names in an index folder that a finished publish must not leave there."""
    names = {path.name for path in root.iterdir()} - {"CURRENT", "LOCK"}
    return sorted(name for name in names if not name.startswith("gen-"))


@contextlib.contextmanager
def workplace(folder: Path | None) -> Iterator[Path]:
    """Create a temporary folder for a campaign, by default in memory if possible; remove it afterwards.

    A real disk would only be slower: unsynced data is the subject of `disk`. Warnings are not logged
    meanwhile, because a campaign causes damage itself.
    """
    memory = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory
    parent = folder or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(dir=parent, prefix="quoth-") as work:
        logging.disable(logging.WARNING)
        try:
            yield Path(work)
        finally:
            logging.disable(logging.NOTSET)
