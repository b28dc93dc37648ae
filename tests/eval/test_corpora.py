"""Questions over public collections: the set is well made, fits its documents, and is judged by words."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval.corpora import __main__ as program
from eval.corpora import questions as questions_module
from eval.corpora import sources
from eval.corpora.measuring import Asked, CorporaRun, Miss, as_json, compare, figures, load, misses
from eval.corpora.questions import Question, faults, holds, load_questions, words
from eval.corpora.sources import CORPORA, Corpus, Source, documents, fetch_commands
from eval.dataset import DatasetError
from eval.runs import RunError
from indexer.cli import run_commands
from service.answering.answerer import Answerer

QUESTION = Question(
    "tiny-01",
    "tiny",
    "amount",
    "How much was the fine?",
    ("a fine of $50", "$50"),
    ("court.md",),
    "A fine of $50",
)


def record(**changed: Any) -> str:
    known = {name: getattr(QUESTION, name) for name in Question.__slots__}
    return json.dumps(known | changed) + "\n"


def asked(question: Question = QUESTION, **changed: Any) -> Asked:
    result = Asked(question, "a fine of $50", "court.md", "He paid a fine of $50.", 0.9, True, 1, 1, 20.0)
    return replace(result, **changed)


def a_run(*results: Asked) -> CorporaRun:
    return CorporaRun(1, 0, {"threshold": 0.5}, {"commit": None}, {}, results)


# The question set


def test_the_set_has_enough_questions_of_every_corpus_a_third_of_them_without_an_answer() -> None:
    found = load_questions()
    answerable = Counter(one.corpus for one in found if one.answerable)
    without = Counter(one.corpus for one in found if not one.answerable)
    assert set(answerable) == set(without) == {corpus.name for corpus in CORPORA}
    assert min(answerable.values()) >= 25
    assert sum(without.values()) >= 35
    assert len({one.question for one in found}) == len(found)


def test_no_question_of_the_set_gives_its_answer_away() -> None:
    told = [
        one.id for one in load_questions() for answer in one.answers if holds(words(one.question), answer)
    ]
    assert told == []


def test_accepted_answers_of_the_set_are_short_and_include_the_shortest() -> None:
    """A right span is one that holds an answer: the longer ones only name the span that is best."""
    for one in load_questions():
        assert all(len(answer.split()) <= 14 for answer in one.answers), one.id
        if one.answers:
            shortest = min(one.answers, key=len)
            assert len(shortest.split()) <= 10, one.id


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"id": "other-01"}, "does not begin with the name of a corpus"),
        ({"kind": "unanswerable"}, "kind: does not agree with answers"),
        ({"answers": []}, "kind: does not agree with answers"),
        ({"answers": [" "]}, "answers: not a list of words"),
        ({"documents": []}, "without a quote or a document"),
        ({"quote": " "}, "without a quote or a document"),
        ({"question": ""}, "question: empty"),
        ({"documents": "court.md"}, "documents: not list"),
    ],
)
def test_a_malformed_question_is_refused_with_its_line_and_field(
    changed: dict[str, Any], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions_module, "CORPORA", (Corpus("tiny", "", 1, ()),))
    path = tmp_path / "set.jsonl"
    path.write_text(record() + record(**{"id": "tiny-02"} | changed), "utf-8")
    with pytest.raises(DatasetError, match=rf"set.jsonl, line 2.*{complaint}"):
        load_questions(path)


def test_an_id_that_is_used_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions_module, "CORPORA", (Corpus("tiny", "", 1, ()),))
    path = tmp_path / "set.jsonl"
    path.write_text(record() + record(), "utf-8")
    with pytest.raises(DatasetError, match="'tiny-01' is used twice"):
        load_questions(path)


# Answers by their words


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("a fine of $50", True),
        ("A Fine of $50!", True),
        ("He had to pay $50 to the court", True),
        ("a fine of $60", False),
        ("$500", False),
        ("HK$50", False),
        ("50", False),
        ("", False),
    ],
)
def test_an_answer_is_right_if_it_holds_an_accepted_one_with_its_currency(said: str, right: bool) -> None:
    assert QUESTION.accepts(said, "court.md") is right


def test_the_right_words_of_another_document_are_wrong() -> None:
    assert not QUESTION.accepts("a fine of $50", "other.md")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("court.md", "A **fine** of [$50](https://example.org/a) was paid"),
        ("court.txt", "a fine\nof $50"),
        ("court.html", "<p>A fine <b>of</b>&nbsp;$50</p>"),
        ("court.html", "<li>A fine</li><li>of $50</li>"),
    ],
)
def test_quotes_and_answers_are_found_beneath_the_markup(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / name).write_text(text, "utf-8")
    assert [*faults([replace(QUESTION, documents=(name,))], tmp_path)] == []


def test_what_the_documents_do_not_hold_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "court.md").write_text("A fine of $60, not $500", "utf-8")
    found = [*faults([QUESTION, replace(QUESTION, id="tiny-02", documents=("gone.md",))], tmp_path)]
    assert [fault.split(":")[0] for fault in found] == ["tiny-01"] * 4 + ["tiny-02"]
    assert "the quote 'A fine of $50'" in found[0]
    assert "gone.md is missing" in found[-1]


# What became of a question


@pytest.mark.parametrize(
    ("changed", "miss"),
    [
        ({}, None),
        ({"answered": False}, Miss.REFUSED),
        ({"candidate": "$60", "held": 0, "read": 0}, Miss.LOST),
        ({"candidate": "$60", "read": 0}, Miss.UNREAD),
        ({"candidate": "$60"}, Miss.WORDS),
        ({"document": "other.md"}, Miss.DOCUMENT),
        ({"candidate": "", "document": "", "answered": False}, Miss.DOCUMENT),
    ],
)
def test_a_miss_is_named_by_the_first_thing_that_went_wrong(
    changed: dict[str, Any], miss: Miss | None
) -> None:
    assert asked(**changed).miss is miss


def test_a_question_without_an_answer_fails_only_if_it_is_answered() -> None:
    nothing = replace(QUESTION, id="tiny-u01", kind="unanswerable", answers=())
    assert asked(nothing).miss is Miss.INVENTED
    assert asked(nothing, answered=False).miss is None
    assert misses([asked(nothing), asked(), asked(nothing)]) == {Miss.INVENTED: 2}


def test_figures_name_their_denominator_and_leave_no_question_out() -> None:
    nothing = replace(QUESTION, id="tiny-u01", kind="unanswerable", answers=())
    results = [asked(), asked(candidate="$60"), asked(answered=False, confidence=0.2)]
    results += [asked(nothing, answered=False, confidence=0.1, milliseconds=80.0)]
    found = {one.name: (round(one.value, 3), one.n) for one in figures(results)}
    assert found["right"] == (0.333, 3)
    assert found["refused"] == (0.333, 3)
    assert found["best candidate is right"] == (0.667, 3)
    assert found["abstained"] == (1.0, 1)
    assert found["AUROC answerable"] == (1.0, 4)
    assert found["median time, ms"] == (20.0, 4)


def test_figures_without_a_value_are_left_out() -> None:
    assert {"abstained", "AUROC answerable"}.isdisjoint(one.name for one in figures([asked()]))


def test_a_record_is_read_back_as_it_was_and_two_are_compared_question_by_question(tmp_path: Path) -> None:
    second = replace(QUESTION, id="tiny-02")
    before = a_run(asked(), asked(second, candidate="$60"))
    after = a_run(asked(second), asked(), asked(replace(QUESTION, id="tiny-03")))
    (tmp_path / "a.json").write_text(as_json(before), "utf-8")
    assert load(tmp_path / "a.json") == before
    written = json.loads(as_json(before))
    assert written["n"] == 2
    assert [one["miss"] for one in written["results"]] == [None, Miss.WORDS]
    pairs, rows = compare(before, after)
    assert [pair[1].question.id for pair in pairs] == ["tiny-02", "tiny-01"]
    assert rows["right"].value == 0.5


def test_runs_over_other_questions_are_not_compared() -> None:
    with pytest.raises(RunError, match="no question in common"):
        compare(a_run(asked()), a_run(asked(replace(QUESTION, question="How little?"))))


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", "utf-8")
    with pytest.raises(RunError, match="is not a record"):
        load(tmp_path / "a.json")


# Fetching and asking


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a document that answers and another; the only corpus, and its two questions."""
    repository = tmp_path / "public"
    (repository / "docs").mkdir(parents=True)
    (repository / "docs" / "court.md").write_text("# Court\n\nBo paid a fine of $50.\n", "utf-8")
    (repository / "docs" / "other.md").write_text("# Town\n\nThe mayor went to Oslo.\n", "utf-8")
    (repository / "left-out.md").write_text("No part of the corpus.", "utf-8")
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    source = Source(str(repository), head.stdout.strip(), ("docs/*.md",), "deep")
    corpora = (Corpus("tiny", "two documents", 2, (source,)),)
    for module in (sources, program, questions_module):
        monkeypatch.setattr(module, "CORPORA", corpora)
    path = tmp_path / "set.jsonl"
    where = ["deep/docs/court.md"]
    nothing = {"id": "tiny-u01", "kind": "unanswerable", "question": "Who was the judge?", "answers": []}
    path.write_text(record(documents=where) + record(documents=where, **nothing), "utf-8")
    monkeypatch.setattr(program, "load_questions", lambda: load_questions(path))
    for name, value in {"COLUMNS": "150", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def fetch(folder: Path) -> None:
    subprocess.run(["sh", "-c", "\n".join(fetch_commands(folder))], check=True)


def test_the_printed_commands_fetch_the_named_files_of_the_named_commit(tiny: Path) -> None:
    fetch(tiny / "a folder")
    corpus = sources.CORPORA[0]
    assert documents(tiny / "a folder", corpus) == ["deep/docs/court.md", "deep/docs/other.md"]


def test_a_corpus_that_is_not_whole_is_refused(tiny: Path) -> None:
    fetch(tiny / "fetched")
    (tiny / "fetched" / "tiny" / "deep" / "docs" / "other.md").unlink()
    with pytest.raises(DatasetError, match="holds 1 files, the corpus 2: fetch it"):
        documents(tiny / "fetched", sources.CORPORA[0])


def status(arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["corpora", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_commands(program.main)
    return ended.value.code


def test_the_command_asks_writes_a_record_and_shows_it(
    tiny: Path,
    word_answerer: Callable[[Path, Path], Answerer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answerers: dict[Path, Answerer] = {}

    def build(folder: Path, out: Path, encoder: str) -> SimpleNamespace:  # noqa: ARG001
        answerers[out] = word_answerer(folder, out)
        return SimpleNamespace(failures=(), seconds=0.1)

    monkeypatch.setattr(program, "build_index", build)
    monkeypatch.setattr(program, "load_answerer", lambda settings: answerers[settings.index])
    fetch(tiny / "fetched")
    out = tiny / "run.json"
    assert status([str(tiny / "fetched"), "--check"], monkeypatch) == 0
    assert "2 questions fit their documents." in capsys.readouterr().out
    assert status([str(tiny / "fetched"), "--out", str(out)], monkeypatch) == 0
    assert "tiny (2)" in capsys.readouterr().out
    answered, invented = load(out).results
    assert (answered.document, answered.right, answered.held, answered.miss) == (
        "deep/docs/court.md",
        True,
        1,
        None,
    )
    assert invented.miss is Miss.INVENTED
    assert status(["--run", str(out)], monkeypatch) == 0
    assert "Who was the judge?" in capsys.readouterr().out
    assert status(["--compare", str(out), str(out)], monkeypatch) == 0
    assert "0 questions are worse" in capsys.readouterr().out


def test_the_command_refuses_questions_that_do_not_fit(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(tiny / "fetched")
    (tiny / "fetched" / "tiny" / "deep" / "docs" / "court.md").write_text("Another text.", "utf-8")
    assert status([str(tiny / "fetched"), "--check"], monkeypatch) == 1
    assert "does not fit" in capsys.readouterr().err


def test_an_unknown_corpus_is_a_usage_error(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status([str(tiny), "--only", "songs"], monkeypatch) == 2
