"""Asking questions, and the record of a run: written and read again."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.dataset import Example, GoldSpan
from eval.runs import (
    Excerpt,
    Outcome,
    Result,
    Run,
    RunError,
    as_record,
    ask_all,
    check_writable,
    describe,
    load,
    save,
    write,
)
from eval.systems import Candidate, Place, Reply
from indexer.errors import QuothError
from indexer.records import Article, Metadata

MakeResult = Callable[..., Result]
MakeRun = Callable[..., Run]

TEXT = "Ada went to Bern. Bo went to Rome. Cy stayed."
PASSAGES = [Place("a.txt", 0, 17), Place("a.txt", 18, 34), Place("a.txt", 18, 45)]


class Answering:
    """Answers from a table; an error in the table is raised."""

    threshold = 0.5
    facts: dict[str, Any] = {}  # noqa: RUF012 - never changed
    articles = (Article.create("a.txt", "", Metadata()),)

    def __init__(self, table: dict[str, Reply | BaseException]) -> None:
        self._table = table

    def find_article(self, article_id: str) -> Article | None:
        return Article.create("a.txt", TEXT, Metadata()) if article_id == "a.txt" else None

    def passages(self, article_id: str) -> list[Place]:
        return PASSAGES if article_id == "a.txt" else []

    def ask(self, example: Example) -> Reply:
        reply = self._table[example.id]
        if isinstance(reply, BaseException):
            raise reply
        return reply


def example(key: str, *answers: str) -> Example:
    spans = (GoldSpan("a.txt", TEXT.index(words), TEXT.index(words) + len(words), words) for words in answers)
    return Example(key, "Who went where?", "who", "test", (*spans,))


def reply(words: str | None, confidence: float, read: list[Place], within: int = 0) -> Reply:
    if words is None:
        return Reply(None, 0.0, (*read,), 5.0)
    start = TEXT.index(words)
    place = Place("a.txt", start, start + len(words))
    return Reply(Candidate(words, place, PASSAGES[within]), confidence, (*read,), 5.0)


def ask(table: dict[str, Reply | BaseException], *examples: Example) -> list[Result]:
    found: list[Result] = []
    ask_all(Answering(table), examples, found.append)
    return found


def test_every_question_is_asked_once_and_judged_by_the_threshold() -> None:
    found = ask(
        {
            "right": reply("Bern", 0.5, PASSAGES),
            "wrong": reply("Cy", 0.9, PASSAGES, 2),
            "refused": reply("Rome", 0.49, PASSAGES, 1),
            "nothing": reply(None, 0.0, []),
            "invented": reply("Ada", 0.6, PASSAGES),
            "abstained": reply("Ada", 0.1, PASSAGES),
        },
        *[example("right", "Bern"), example("wrong", "Rome"), example("refused", "Rome")],
        *[example("nothing", "Bern"), example("invented"), example("abstained")],
    )
    assert [(one.example.id, one.outcome, one.outcome.failed) for one in found] == [
        ("right", Outcome.RIGHT, False),
        ("wrong", Outcome.WRONG, True),
        ("refused", Outcome.REFUSED, True),
        ("nothing", Outcome.REFUSED, True),
        ("invented", Outcome.INVENTED, True),
        ("abstained", Outcome.ABSTAINED, False),
    ]
    assert [one.given for one in found] == ["Bern", "Cy", "", "", "Ada", ""]
    assert [one.candidate for one in found] == ["Bern", "Cy", "Rome", "", "Ada", "Ada"]
    assert [one.relevant for one in found] == [1, 2, 2, 1, 0, 0]


def test_a_reply_without_a_candidate_is_no_answer_even_at_threshold_0() -> None:
    system = Answering({"1": reply(None, 0.0, [])})
    system.threshold = 0.0
    found: list[Result] = []
    ask_all(system, [example("1")], found.append)
    assert found[0].outcome is Outcome.ABSTAINED


def test_a_failure_keeps_the_cited_passage_and_one_that_answers() -> None:
    def excerpts(answer: Reply, *gold: str) -> list[Place]:
        (one,) = ask({"1": answer}, example("1", *gold))
        assert all(kept.text == TEXT[kept.place.start : kept.place.end] for kept in one.excerpts)
        return [kept.place for kept in one.excerpts]

    first, second, third = PASSAGES
    assert excerpts(reply("Ada", 0.9, PASSAGES), "Rome") == [first, second]
    # Of the passages with an answer, the best that was read.
    assert excerpts(reply("Ada", 0.9, [first, third, second]), "Rome") == [first, third]
    assert excerpts(reply("Ada", 0.9, [first]), "Rome") == [first, second]
    assert excerpts(reply("Bo", 0.9, PASSAGES, 1), "Rome") == [second]
    assert excerpts(reply("Ada", 0.9, PASSAGES)) == [first]
    assert excerpts(reply(None, 0.0, []), "Bern") == [first]
    assert excerpts(reply("Bern", 0.9, PASSAGES), "Bern") == []


def test_results_are_handed_on_before_an_error_stops_the_run() -> None:
    for stop in (QuothError("gone"), KeyboardInterrupt(), RuntimeError()):
        found: list[Result] = []
        table: dict[str, Reply | BaseException] = {"1": reply("Ada", 0.9, PASSAGES), "2": stop}
        with pytest.raises(type(stop)):
            ask_all(Answering(table), [example("1", "Ada"), example("2"), example("3")], found.append)
        assert [one.example.id for one in found] == ["1"]


def test_ranks_and_spans_count_only_whole_answers() -> None:
    gold = (GoldSpan("a.txt", 10, 20, "x" * 10),)
    read = (
        *[Place("a.txt", 0, 19), Place("a.txt", 10, 20), Place("b.txt", 10, 20)],
        *[Place("a.txt", 11, 30), Place("a.txt", 0, 99)],
    )
    candidate = Candidate("y", Place("a.txt", 15, 25), read[0])
    one = Result(Example("1", "?", "who", "test", gold), Reply(candidate, 0.9, read, 1.0), True, 2)
    assert one.ranks == [2, 5]
    assert one.overlap == pytest.approx(2 * 5 / 20)
    assert (one.holds_answer, one.right_article) == (False, True)
    whole = replace(one, reply=replace(one.reply, candidate=replace(candidate, place=Place("a.txt", 9, 20))))
    assert whole.holds_answer
    elsewhere = replace(one, reply=replace(one.reply, candidate=replace(candidate, place=read[2])))
    assert (elsewhere.overlap, elsewhere.holds_answer, elsewhere.right_article) == (0.0, False, False)


def test_the_overlap_is_that_of_the_nearest_acceptable_answer(make_result: MakeResult) -> None:
    assert make_result(gold=["Bern", "Oslo"], said="Oslo").overlap == 1.0
    assert make_result(gold=[], said="Oslo").overlap == 0.0


def test_a_record_survives_writing_and_reading(
    tmp_path: Path, make_result: MakeResult, make_run: MakeRun
) -> None:
    failed = replace(
        make_result("2", gold=["Bern"], said=None), excerpts=(Excerpt(Place("a.txt", 0, 4), "a\u2028b"),)
    )
    run = make_run(make_result("1"), failed, complete=False, seed=7, settings={"top_k": 8}, threshold=0.25)
    path = tmp_path / "new" / "run.json"
    save(run, path, [{"name": "x", "value": None}])
    assert load(path) == run
    record = json.loads(path.read_text("utf-8"))
    assert record == as_record(run, [{"name": "x", "value": None}])
    assert {name: record[name] for name in ("format", "n", "seed", "complete")} == {
        "format": 1, "n": 2, "seed": 7, "complete": False,
    }  # fmt: skip
    assert [(one["outcome"], one["exact"], one["f1"]) for one in record["results"]] == [
        ("right", 1.0, 1.0),
        ("refused", 0.0, 0.0),
    ]


def test_a_record_has_a_question_on_each_line(
    tmp_path: Path, make_result: MakeResult, make_run: MakeRun
) -> None:
    save(make_run(*[make_result(str(number)) for number in range(5)]), tmp_path / "run.json", [])
    lines = (tmp_path / "run.json").read_text("utf-8").split("\n")
    assert [json.loads(line.rstrip(","))["example"]["id"] for line in lines if '"example"' in line] == [
        "0", "1", "2", "3", "4",
    ]  # fmt: skip


def test_an_empty_record_survives_writing_and_reading(tmp_path: Path, make_run: MakeRun) -> None:
    save(make_run(), tmp_path / "run.json", [])
    assert load(tmp_path / "run.json") == make_run()


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from('\u2028\x85\r\n"\\\U0001f600\u0301'), max_size=8
)
OFFSETS = st.integers(0, 10**6)
PLACES = st.builds(Place, TEXTS, OFFSETS, OFFSETS)
SHARES = st.floats(0, 1)
RESULTS = st.builds(
    Result,
    st.builds(
        Example,
        *[TEXTS, TEXTS, TEXTS, st.sampled_from(["dev", "test"])],
        st.lists(st.builds(GoldSpan, TEXTS, OFFSETS, OFFSETS, TEXTS), max_size=2).map(tuple),
        st.none() | TEXTS,
    ),
    st.builds(
        Reply,
        st.none() | st.builds(Candidate, TEXTS, PLACES, PLACES),
        SHARES,
        st.lists(PLACES, max_size=2).map(tuple),
        st.floats(0, 1e6),
    ),
    st.booleans(),
    st.integers(0, 9),
    st.lists(st.builds(Excerpt, PLACES, TEXTS), max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.lists(RESULTS, max_size=3), st.booleans(), st.integers(0, 2**31))
def test_any_run_survives_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory,
    make_run: MakeRun,
    results: list[Result],
    complete: bool,
    seed: int,
) -> None:
    run = make_run(*results, complete=complete, seed=seed)
    path = tmp_path_factory.mktemp("runs") / "run.json"
    save(run, path, [])
    assert load(path) == run
    json.dumps(json.loads(path.read_bytes()), allow_nan=False)  # raises if there is any


@pytest.fixture
def record(make_result: MakeResult, make_run: MakeRun) -> dict[str, Any]:
    return as_record(make_run(make_result()), [])


def change(record: dict[str, Any], path: str, value: object) -> str:
    *folders, last = path.split(".")
    inner: Any = record
    for name in folders:
        inner = inner[int(name)] if name.isdigit() else inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seed", "zero", "seed: Input should be a valid integer"),
        ("complete", None, "complete: Field required"),
        ("results", {}, "results: Input should be a valid tuple"),
        ("results.0.example.question", None, r"results\.0\.example\.question: Field required"),
        (
            "results.0.reply.confidence",
            "sure",
            r"results\.0\.reply\.confidence: Input should be a valid number",
        ),
        ("results.0.reply.passages", 7, r"results\.0\.reply\.passages: Input should be"),
        ("dataset", "seeds", "dataset: Input should be a valid dict"),
        ("dataset.sha256", None, r"dataset\.sha256: Field required"),
        ("dataset.of", None, r"dataset\.of: Field required"),
        ("system.mode", None, r"system\.mode: Field required"),
        ("system.threshold", None, r"system\.threshold: Field required"),
        ("format", 2, "is not a run's record of format 1: make one with `quoth eval --out`"),
        ("format", None, "is not a run's record of format 1"),
    ],
)
def test_an_invalid_record_is_refused_with_the_field_named(
    tmp_path: Path, record: dict[str, Any], field: str, value: object, message: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(change(record, field, value), "utf-8")
    with pytest.raises(RunError, match=message):
        load(path)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b'{"format": 1, "seed": NaN}'])
def test_invalid_json_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(data)
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        load(path)


def test_a_missing_file_or_another_one_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(RunError, match="cannot be read"):
            load(path)
    (tmp_path / "run.json").write_text("[1]", "utf-8")
    with pytest.raises(RunError, match="is not a run's record"):
        load(tmp_path / "run.json")


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    for path in (tmp_path, tmp_path / "file" / "run.json"):
        with pytest.raises(RunError, match="cannot be written"):
            write(path, "x")
        with pytest.raises(RunError, match="cannot be written: name a file"):
            check_writable(path)
    with pytest.raises(RunError, match="cannot be written"):
        write(tmp_path / "run.json", "\ud800")


@pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(RunError, match="cannot be written: name a file"):
        check_writable(tmp_path / "new" / "run.json")


def test_checking_a_writable_path_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(None)
    check_writable(tmp_path / "a" / "b" / "run.json")
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "run.json").write_text("before", "utf-8")
    monkeypatch.chdir(tmp_path)
    check_writable(Path("run.json"))
    check_writable(Path("new/run.json"))
    assert (tmp_path / "run.json").read_text("utf-8") == "before"


def test_a_run_records_commit_libraries_hardware_and_time() -> None:
    found = describe()
    assert set(found) == {"created", "commit", "libraries", "hardware"}
    assert found["created"].endswith("+00:00")
    json.dumps(found, allow_nan=False)
