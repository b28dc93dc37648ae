"""Readers' verdicts on answers: stored in SQLite, exported as questions for the evaluation."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.errors import FeedbackError

_TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY,
    created TEXT NOT NULL,
    request_id TEXT NOT NULL,
    question TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
    reason TEXT,
    article_id TEXT,
    start INTEGER,
    "end" INTEGER,
    text TEXT
) STRICT
"""
_COLUMNS = 'request_id, question, verdict, reason, article_id, start, "end", text'
_WAIT_S = 5.0  # for another writer


class Verdict(StrEnum):
    """Whether a reader found an answer, or an abstention, right."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Quoted:
    """The words that were quoted: `article.text[start:end] == text`."""

    article_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on the answer to a question; on an abstention if `quoted` is None."""

    request_id: str
    question: str
    verdict: Verdict
    reason: str | None = None
    quoted: Quoted | None = None


class FeedbackStore:
    """A SQLite file, created by the first verdict. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, feedback: Feedback) -> int:
        """Store a verdict and return its number, from 1.

        Raises:
            FeedbackError: the file cannot be written.
        """
        quoted = feedback.quoted
        place = (quoted.article_id, quoted.start, quoted.end, quoted.text) if quoted else (None,) * 4
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with self._connected() as database:
            cursor = database.execute(
                f"INSERT INTO feedback (created, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
                (created, feedback.request_id, feedback.question, feedback.verdict, feedback.reason, *place),
            )
            return int(cursor.lastrowid or 0)

    def __iter__(self) -> Iterator[Feedback]:
        """Yield every verdict, oldest first; nothing if the file does not exist."""
        if not self._path.is_file():
            return
        with self._connected() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM feedback ORDER BY id").fetchall()  # noqa: S608 - ours
        for request_id, question, verdict, reason, article_id, start, end, text in rows:
            quoted = Quoted(article_id, start, end, text) if article_id is not None else None
            yield Feedback(request_id, question, Verdict(verdict), reason, quoted)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as database, database:
                database.execute(_TABLE)
                yield database
        except (OSError, sqlite3.Error) as error:
            raise FeedbackError(
                f"feedback cannot be stored in {self._path} ({error}): set QUOTH_FEEDBACK to a file that can "
                "be written"
            ) from error


def as_questions(feedback: Iterator[Feedback] | FeedbackStore) -> Iterator[str]:
    """Yield lines of a question set for `quoth eval`, one per question, by the last verdict on it.

    If the answer was right, it is the question's answer; if an abstention was right, the articles do not
    answer the question. If the verdict was "down", the right answer is not known: the line has
    `"answers": null`, which `quoth eval` refuses until someone fills it in.
    """
    last = {one.question: one for one in feedback}
    for number, (question, one) in enumerate(last.items(), start=1):
        answers = None if one.verdict is Verdict.DOWN else [_answer(one.quoted)] if one.quoted else []
        record = {
            "id": f"feedback-{number:04d}",
            "question": question,
            "answers": answers,
            "note": one.reason or "",
        }
        yield json.dumps(record, ensure_ascii=False)


def _answer(quoted: Quoted) -> dict[str, str | int]:
    return {"article": quoted.article_id, "start": quoted.start, "end": quoted.end, "text": quoted.text}
