"""Readers' verdicts: stored whole and in order by several writers, and exported as a question set."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from service.errors import FeedbackError
from service.feedback import Feedback, FeedbackStore, Quoted, Verdict, as_questions

ROME = Quoted("a.txt", 11, 15, "Rome")


def said(
    question: str, verdict: Verdict, quoted: Quoted | None = ROME, reason: str | None = None
) -> Feedback:
    return Feedback("request-1", question, verdict, reason, quoted)


def test_verdicts_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "deep" / "feedback.sqlite")
    given = [
        said("Where?", Verdict.UP, reason="'); DROP TABLE feedback; --"),
        said("Who? \N{SLICE OF PIZZA}", Verdict.DOWN, None, "漢字"),
    ]
    assert [store.add(one) for one in given] == [1, 2]
    assert [*FeedbackStore(tmp_path / "deep" / "feedback.sqlite")] == given


def test_reading_without_a_file_gives_nothing_and_creates_none(tmp_path: Path) -> None:
    assert [*FeedbackStore(tmp_path / "none.sqlite")] == []
    assert not (tmp_path / "none.sqlite").exists()


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"

    def write(writer: int) -> None:
        store = FeedbackStore(path)
        for turn in range(10):
            store.add(said(f"{writer}-{turn}", Verdict.UP))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert {one.question for one in FeedbackStore(path)} == {f"{w}-{t}" for w in range(4) for t in range(10)}


@pytest.mark.parametrize("damage", ["folder", "other"])
def test_a_file_that_cannot_be_used_is_an_error_that_names_the_setting(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "feedback.sqlite"
    if damage == "folder":
        path.mkdir()
    else:
        path.write_text("not a database, but long enough to be taken for none " * 20)
    with pytest.raises(FeedbackError, match="set QUOTH_FEEDBACK"):
        FeedbackStore(path).add(said("Where?", Verdict.UP))


def test_the_table_refuses_an_unknown_verdict(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    FeedbackStore(path).add(said("Where?", Verdict.UP))
    with sqlite3.connect(path) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE feedback SET verdict = 'maybe'")
    database.close()


def test_the_last_verdict_on_a_question_is_exported() -> None:
    lines = [
        json.loads(line)
        for line in as_questions(
            iter(
                [
                    said("Where?", Verdict.DOWN, reason="wrong town"),
                    said("Who?", Verdict.UP, None, "indeed none"),
                    said("When?", Verdict.DOWN, None, "it says so in the first line"),
                    said("Where?", Verdict.UP),
                ]
            )
        )
    ]
    assert lines == [
        {
            "id": "feedback-0001",
            "question": "Where?",
            "answers": [{"article": "a.txt", "start": 11, "end": 15, "text": "Rome"}],
            "note": "",
        },
        {"id": "feedback-0002", "question": "Who?", "answers": [], "note": "indeed none"},
        {"id": "feedback-0003", "question": "When?", "answers": None, "note": "it says so in the first line"},
    ]
