"""Articles and passages of one generation, in SQLite: `corpus.sqlite`."""

from __future__ import annotations

import contextlib
import datetime
import errno
import functools
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import DamagedGenerationError
from indexer.records import Article, CharRange, Metadata, Passage, Segment, SegmentKind

_SCHEMA = """
CREATE TABLE article (
    number INTEGER PRIMARY KEY,       -- from 0, in the order of the ids
    id TEXT NOT NULL UNIQUE,
    title TEXT, publisher TEXT, author TEXT, published TEXT, modified TEXT, url TEXT,
    sha256 TEXT NOT NULL,
    text BLOB NOT NULL,               -- UTF-8; a blob, so that SQLite never interprets it
    sentences BLOB NOT NULL,          -- int32, little-endian: start and end of one after the other
    segments BLOB NOT NULL            -- JSON in UTF-8: [start, end, kind, label] of one after the other
);
CREATE TABLE passage (
    id INTEGER PRIMARY KEY,           -- from 0: the FAISS id
    article INTEGER NOT NULL REFERENCES article (number),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    context TEXT NOT NULL             -- what it is searched and read with besides its own words
);
CREATE INDEX passage_article ON passage (article);
"""

# Rows that Quoth never writes: SQLite allows any value in any column.
_INVALID = """
SELECT (
    SELECT count(*) FROM article
    WHERE NOT (
        typeof(id) = 'text' AND typeof(sha256) = 'text' AND typeof(text) = 'blob'
        AND typeof(sentences) = 'blob' AND length(sentences) % 8 = 0 AND typeof(segments) = 'blob'
        AND typeof(title) IN ('text', 'null') AND typeof(publisher) IN ('text', 'null')
        AND typeof(author) IN ('text', 'null') AND typeof(published) IN ('text', 'null')
        AND typeof(modified) IN ('text', 'null') AND typeof(url) IN ('text', 'null')
    )
) + (
    SELECT count(*) FROM passage
    WHERE NOT (typeof(start) = 'integer' AND typeof("end") = 'integer' AND 0 <= start AND start < "end"
        AND typeof(context) = 'text')
)
"""
_COLUMNS = "id, title, publisher, author, published, modified, url, sha256"
_CACHED = 64  # articles whose text and sentences stay decoded
_OFFSETS = np.dtype("<i4")

ArticleParts = tuple[Article, Sequence[CharRange], Sequence[CharRange], Sequence[str]]
"""An article with the offsets of its sentences and of its passages, in order, and each passage's context."""

_Offsets = npt.NDArray[np.int32]


def write_store(path: Path, articles: Iterable[ArticleParts]) -> None:
    """Write articles with their sentences and passages, and number the passages from 0 in that order.

    Raises:
        OSError: the disk is full or failed.
    """
    try:
        _write(path, articles)
    except sqlite3.OperationalError as error:
        # The error that writing the other files raises.
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error


def _write(path: Path, articles: Iterable[ArticleParts]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        # The folder is private until it is published, so a half-written file harms nobody.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(_SCHEMA)
        passage_id = 0
        for number, (article, sentences, offsets, contexts) in enumerate(articles):
            metadata = article.metadata
            connection.execute(
                "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    article.id,
                    metadata.title,
                    metadata.publisher,
                    metadata.author,
                    metadata.published.isoformat() if metadata.published else None,
                    metadata.modified.isoformat() if metadata.modified else None,
                    metadata.url,
                    article.sha256,
                    article.text.encode("utf-8"),
                    np.array(sentences, dtype=_OFFSETS).tobytes(),
                    _encoded(article.segments),
                ),
            )
            connection.executemany(
                "INSERT INTO passage VALUES (?, ?, ?, ?, ?)",
                [
                    (passage_id + place, number, start, end, context)
                    for place, ((start, end), context) in enumerate(zip(offsets, contexts, strict=True))
                ],
            )
            passage_id += len(offsets)


class Store:
    """Read access, safe to share between threads.

    `articles` holds every article in the order of its number, with an empty text: metadata is small and
    filters need all of it, texts are read on demand. `numbers` maps an article's id to its number, and
    `article_numbers`, `intp (passages,)`, holds the number of each passage's article. Whatever cannot be
    read, on opening or later, raises a DamagedGenerationError.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        # immutable: a published generation never changes, so SQLite needs no locks and writes nothing.
        with self._reading():
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        try:
            with self._reading():
                self._open()
        except DamagedGenerationError:
            self._connection.close()
            raise
        self.numbers = {article.id: number for number, article in enumerate(self.articles)}
        self._text = functools.lru_cache(maxsize=_CACHED)(self._read_text)
        self._sentences = functools.lru_cache(maxsize=_CACHED)(self._read_sentences)
        self._segments = functools.lru_cache(maxsize=_CACHED)(self._read_segments)
        self._segment_bounds = functools.lru_cache(maxsize=_CACHED)(self._bounds)

    def _open(self) -> None:
        rows = self._connection.execute(f"SELECT {_COLUMNS}, number FROM article ORDER BY number").fetchall()  # noqa: S608
        self.articles = [_article(row[:-1]) for row in rows]
        # Straight into the array: as Python numbers a million passages would take ten times the memory.
        passages = np.fromiter(
            self._connection.execute("SELECT id, article FROM passage ORDER BY id"),
            dtype=[("id", np.int64), ("article", np.int64)],
        )
        ids, numbers = passages["id"], passages["article"]
        ((invalid,),) = self._connection.execute(_INVALID)
        if (
            invalid
            or [row[-1] for row in rows] != list(range(len(rows)))
            or not np.array_equal(ids, np.arange(len(ids)))
            or not ((numbers >= 0) & (numbers < len(rows))).all()
        ):
            raise ValueError("it has invalid rows")
        # Of the type that NumPy indexes with: filters gather by it, and would convert another type each time.
        self.article_numbers: npt.NDArray[np.intp] = numbers.astype(np.intp)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn SQLite and decoding errors into DamagedGenerationError."""
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            raise DamagedGenerationError(
                f"{self._path} cannot be read ({error}): run `quoth index` again"
            ) from error

    def close(self) -> None:
        """Close the file; nothing may be read afterwards."""
        with self._lock:
            self._connection.close()

    def find(self, article_id: str) -> Article | None:
        """Return an article with its text, or None where no article has this id."""
        number = self.numbers.get(article_id)
        if number is None:
            return None
        return replace(self.articles[number], text=self._text(number), segments=self._segments(number))

    def passage(self, passage_id: int) -> Passage:
        """Return a passage by its id.

        Raises:
            KeyError: no passage has this id.
        """
        rows = self._query('SELECT article, start, "end" FROM passage WHERE id = ?', passage_id)
        if not rows:
            raise KeyError(passage_id)
        number, start, end = rows[0]
        return Passage(passage_id, self.articles[number].id, start, end)

    def passages(self, article_id: str) -> list[Passage]:
        """Return an article's passages in their order; none for an unknown id."""
        number = self.numbers.get(article_id, -1)
        rows = self._query('SELECT id, start, "end" FROM passage WHERE article = ? ORDER BY id', number)
        return [Passage(passage_id, article_id, start, end) for passage_id, start, end in rows]

    def passage_text(self, passage: Passage) -> str:
        """Return the words of a passage."""
        return self._text(self.numbers[passage.article_id])[passage.start : passage.end]

    def sentences(self, passage: Passage) -> list[CharRange]:
        """Return the sentences in a passage, as ranges of its article's text.

        They were found in the whole article, since a passage alone may be segmented otherwise. Of a
        "sentence" too long for any model, a passage has its part.
        """
        starts, ends = self._sentences(self.numbers[passage.article_id])
        first = int(np.searchsorted(ends, passage.start, side="right"))
        last = int(np.searchsorted(starts, passage.end, side="left"))
        return [
            (max(start, passage.start), min(end, passage.end))
            for start, end in zip(starts[first:last].tolist(), ends[first:last].tolist(), strict=True)
        ]

    def context(self, passage: Passage) -> str:
        """Return what a passage is searched and read with besides its own words."""
        ((context,),) = self._query("SELECT context FROM passage WHERE id = ?", passage.id)
        return str(context)

    def segments(self, passage: Passage) -> tuple[Segment, ...]:
        """Return the segments of the article that overlap a passage, in the order of their starts."""
        number = self.numbers[passage.article_id]
        starts, ends = self._segment_bounds(number)
        segments = self._segments(number)
        overlapping = np.flatnonzero((starts < passage.end) & (ends > passage.start))
        return tuple(segments[place] for place in overlapping.tolist())

    def article_sentences(self, article_id: str) -> list[CharRange]:
        """Return the offsets of all of an article's sentences, in order; none for an unknown id."""
        number = self.numbers.get(article_id)
        if number is None:
            return []
        starts, ends = self._sentences(number)
        return [*zip(starts.tolist(), ends.tolist(), strict=True)]

    def _read_sentences(self, number: int) -> tuple[_Offsets, _Offsets]:
        """Return where the sentences of an article start and where they end."""
        rows = self._query("SELECT sentences FROM article WHERE number = ?", number)
        with self._reading():
            ((data,),) = rows
            starts, ends = np.frombuffer(data, dtype=_OFFSETS).reshape(-1, 2).T
            if (starts >= ends).any() or (starts[1:] < ends[:-1]).any() or (starts[:1] < 0).any():
                raise ValueError("the sentences of an article are not one after the other")
            return starts, ends

    def _read_segments(self, number: int) -> tuple[Segment, ...]:
        rows = self._query("SELECT segments FROM article WHERE number = ?", number)
        with self._reading():
            ((data,),) = rows
            return _decoded(data)

    def _bounds(self, number: int) -> tuple[_Offsets, _Offsets]:
        """Return the starts and the ends of an article's segments, each `int32 (n,)`."""
        bounds = np.array([(one.start, one.end) for one in self._segments(number)], dtype=np.int32)
        starts, ends = bounds.reshape(-1, 2).T
        return starts, ends

    def _read_text(self, number: int) -> str:
        rows = self._query("SELECT text FROM article WHERE number = ?", number)
        with self._reading():
            ((data,),) = rows
            return str(data, encoding="utf-8")

    def _query(self, sql: str, parameter: int) -> list[tuple[Any, ...]]:
        with self._lock, self._reading():
            return self._connection.execute(sql, (parameter,)).fetchall()


def _article(row: tuple[str | None, ...]) -> Article:
    article_id, title, publisher, author, published, modified, url, sha256 = row
    first, last = (datetime.date.fromisoformat(day) if day else None for day in (published, modified))
    metadata = Metadata(title, publisher, author, first, url, last)
    return Article(article_id or "", metadata, text="", sha256=sha256 or "")


def _encoded(segments: Sequence[Segment]) -> bytes:
    rows = [[one.start, one.end, one.kind, one.label] for one in segments]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _decoded(data: bytes) -> tuple[Segment, ...]:
    """Return the segments in a row.

    Raises:
        ValueError, TypeError: the bytes are not what `_encoded` returns.
    """
    segments = tuple(
        Segment(start, end, SegmentKind(kind), label) for start, end, kind, label in json.loads(data)
    )
    for one in segments:
        sound = type(one.start) is int and type(one.end) is int and isinstance(one.label, str)
        if not sound or not 0 <= one.start < one.end:
            raise ValueError("a segment of an article is invalid")
    return segments
