"""`quoth eval` as a person runs it, over a subject made by hand: what it writes, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from eval.commands import evaluate
from eval.dataset import SPLITS, Example
from eval.runs import Result, Run, load, save
from eval.subjects import Request, Subject
from eval.systems import Place, Reply, UnreachableError
from indexer.cli import run
from indexer.errors import IndexMissingError, QuothError
from indexer.exit_codes import ExitCode
from indexer.records import Article

pytestmark = pytest.mark.slow

MakeResult = Callable[..., Result]
MakeRun = Callable[..., Run]


@dataclass
class Told:
    """A system whose replies are told beforehand; it fails, or goes away, at a question."""

    replies: dict[str, Reply]
    fails_at: dict[str, BaseException] = field(default_factory=dict)
    threshold: float = 0.5
    articles: Sequence[Article] = ()
    gone: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        if self.gone:
            raise UnreachableError("the service went away")
        return {"mode": "open", "threshold": self.threshold, "reader": {"name": "told", "sha256": "ab"}}

    def find_article(self, article_id: str) -> Article | None:  # noqa: ARG002
        return None

    def passages(self, article_id: str) -> list[Place]:
        return [Place(article_id, 0, 1_000)]

    def ask(self, example: Example) -> Reply:
        if example.id in self.fails_at:
            self.gone = True
            raise self.fails_at[example.id]
        return self.replies[example.id]


@dataclass
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Eval = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wide and without colour; no reference run unless a test brings one, and a report that is marked."""
    for name, value in {"COLUMNS": "150", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("eval.comparison.REFERENCE", tmp_path / "reference.json")
    monkeypatch.setattr(
        "eval.report.render", lambda run, before: f"{len(run.results)} beside {before is not None}"
    )


@pytest.fixture
def results(make_result: MakeResult) -> list[Result]:
    return [
        make_result("first"),
        make_result("second", said="Bern"),
        make_result("third", gold=[], confidence=0.25, given=False),
        make_result("fourth \u00e9", gold=["Rome"], said="Rome"),
    ]


@pytest.fixture
def quoth_eval(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: list[Result]
) -> Eval:
    """Run `quoth eval` over `results`; `fails_at` maps a question to what it raises."""

    def call(*arguments: object, fails_at: dict[str, BaseException] | None = None) -> Ended:
        system = Told({one.example.id: one.reply for one in results}, fails_at or {})
        dataset = {"name": "set.jsonl", "sha256": "ab" * 32, "split": "all", "of": len(results)}
        subject = Subject(system, [one.example for one in results], dataset)
        monkeypatch.setattr("eval.subjects.open_subject", lambda _: subject)
        return ended(capsys, *arguments)

    return call


def ended(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    program = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    program.command()(evaluate)
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        run(program, [str(argument) for argument in arguments])
    printed = capsys.readouterr()
    status = stopped.value.code
    return Ended(status if isinstance(status, int) else 0, printed.out, printed.err)


def test_a_run_prints_its_figures(quoth_eval: Eval) -> None:
    done = quoth_eval()
    assert done.status == 0
    assert "set.jsonl (all), 4 questions, open, reader told" in done.out
    assert "exact match" in done.out
    assert "0.750" in done.out
    assert "error" not in done.err


def test_a_run_is_kept_with_all_that_it_got(quoth_eval: Eval, tmp_path: Path, results: list[Result]) -> None:
    done = quoth_eval("--out", tmp_path / "new" / "run.json", "--seed", 7)
    assert done.status == 0
    kept = load(tmp_path / "new" / "run.json")
    assert [one.reply for one in kept.results] == [one.reply for one in results]
    assert [one.answered for one in kept.results] == [one.answered for one in results]
    assert (kept.seed, kept.complete, kept.system["reader"]["name"]) == (7, True, "told")
    assert {"created", "commit", "libraries", "hardware"} == kept.environment.keys()
    record = json.loads((tmp_path / "new" / "run.json").read_text("utf-8"))
    by_name = {figure["name"]: figure for figure in record["figures"]}
    assert by_name["exact match"]["value"] == 0.75
    assert by_name["exact match"]["low"] <= 0.75 <= by_name["exact match"]["high"]


def test_predictions_are_squads_with_nothing_for_an_abstention(quoth_eval: Eval, tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    assert quoth_eval("--predictions", path).status == 0
    assert json.loads(path.read_text("utf-8")) == {
        "first": "Oslo", "second": "Bern", "third": "", "fourth \u00e9": "Rome",
    }  # fmt: skip


def test_the_record_may_be_printed_as_json(quoth_eval: Eval, tmp_path: Path) -> None:
    done = quoth_eval("--json", "--out", tmp_path / "run.json")
    printed = json.loads(done.out)
    kept = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert printed == kept
    assert printed["n"] == len(printed["results"]) == 4


def test_a_report_is_written(quoth_eval: Eval, tmp_path: Path) -> None:
    assert quoth_eval("--report", tmp_path / "report.html").status == 0
    assert (tmp_path / "report.html").read_text("utf-8") == "4 beside False"


def test_the_request_is_what_the_options_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    seen: list[Request] = []

    def refuse(request: Request) -> Subject:
        seen.append(request)
        raise IndexMissingError("nothing is there: make one with `quoth index`")

    monkeypatch.setattr("eval.subjects.open_subject", refuse)
    done = ended(
        capsys,
        *["--dataset", "set.json", "--reader-only", "--split", "dev", "--questions", 9, "--seed", 3],
        *["--top-k", 4, "--min-confidence", 0, "--index", tmp_path, "--out", tmp_path / "run.json"],
    )
    assert (done.status, done.out) == (1, "")
    assert done.err.endswith("error: nothing is there: make one with `quoth index`\n")
    assert not (tmp_path / "run.json").exists()
    (request,) = seen
    assert (request.dataset, request.articles, request.url) == (Path("set.json"), None, None)
    assert (request.reader_only, request.split, request.questions, request.seed) == (True, "dev", 9, 3)
    assert (request.settings.answering.top_k, request.settings.answering.min_confidence) == (4, 0.0)
    assert request.settings.index == tmp_path
    assert ended(capsys, "--url", "http://x", "--articles", "folder").status == 1
    assert (seen[1].url, seen[1].articles, seen[1].dataset.name) == (
        "http://x", Path("folder"), "seeds.jsonl",
    )  # fmt: skip
    assert (seen[1].settings.answering.min_confidence, seen[1].split) == (None, "all")


def test_progress_is_lines_on_stderr_and_nothing_on_stdout(quoth_eval: Eval) -> None:
    done = quoth_eval("--json")
    assert done.err.splitlines() == [
        "Loading the questions and the models",
        "Asking questions: 0 of 4",
        "Measuring",
    ]
    assert json.loads(done.out)["n"] == 4


def test_the_splits_that_can_be_chosen_are_those_of_question_sets() -> None:
    choices = get_args(get_args(get_type_hints(evaluate, include_extras=True)["split"])[0])
    assert choices == (*SPLITS, "all")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--questions", "0"],
        ["--seed", "-1"],
        ["--split", "train"],
        ["--top-k", "51"],
        ["--min-confidence", "1.1"],
        ["--compare", "a.json"],
        ["--nothing"],
    ],
)
def test_an_option_out_of_range_is_refused(quoth_eval: Eval, arguments: list[str]) -> None:
    assert quoth_eval(*arguments).status == 2


def check_part(tmp_path: Path, ended: Ended) -> None:
    """A run that stopped at the third question wrote what it had, and said so."""
    kept = load(tmp_path / "run.json")
    assert [one.example.id for one in kept.results] == ["first", "second"]
    assert not kept.complete
    assert kept.system["reader"]["name"] == "told"
    predictions = json.loads((tmp_path / "predictions.json").read_text("utf-8"))
    assert predictions == {"first": "Oslo", "second": "Bern"}
    assert "2 of 4 questions" in ended.out
    assert "Stopped before the last question." in ended.err
    record = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert (record["n"], record["complete"]) == (2, False)
    assert {figure["name"]: figure["value"] for figure in record["figures"]}["exact match"] == 0.5


def test_ctrl_c_writes_what_there_is_and_ends_with_130(quoth_eval: Eval, tmp_path: Path) -> None:
    done = quoth_eval(
        *["--out", tmp_path / "run.json", "--predictions", tmp_path / "predictions.json", "--gate"],
        *["--report", tmp_path / "report.html"],
        fails_at={"third": KeyboardInterrupt()},
    )
    assert done.status == 130
    assert "error" not in done.err
    check_part(tmp_path, done)
    assert (tmp_path / "report.html").read_text("utf-8") == "2 beside False"


def test_an_error_of_ours_on_the_way_writes_what_there_is(quoth_eval: Eval, tmp_path: Path) -> None:
    done = quoth_eval(
        *["--out", tmp_path / "run.json", "--predictions", tmp_path / "predictions.json"],
        fails_at={"third": QuothError("the service [went] away")},
    )
    assert done.status == 1
    assert done.err.endswith("error: the service [went] away\n")
    check_part(tmp_path, done)


def test_a_defect_on_the_way_writes_what_there_is_and_is_shown(
    quoth_eval: Eval, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError, match="a defect"):
        quoth_eval(
            *["--out", tmp_path / "run.json", "--predictions", tmp_path / "predictions.json"],
            fails_at={"third": RuntimeError("a defect")},
        )
    printed = capsys.readouterr()
    check_part(tmp_path, Ended(1, printed.out, printed.err))


@pytest.mark.parametrize(("fault", "status"), [(KeyboardInterrupt(), 130), (QuothError("no"), 1)])
def test_a_run_stopped_before_its_first_answer_writes_nothing(
    quoth_eval: Eval, tmp_path: Path, fault: BaseException, status: int
) -> None:
    done = quoth_eval("--out", tmp_path / "run.json", fails_at={"first": fault})
    assert (done.status, done.out) == (status, "")
    assert not (tmp_path / "run.json").exists()


def test_what_cannot_be_written_or_read_is_told_before_the_first_question(
    quoth_eval: Eval, tmp_path: Path
) -> None:
    never = {"first": AssertionError("a question was put")}
    for option in ("--out", "--predictions", "--report"):
        done = quoth_eval(option, tmp_path, fails_at=never)
        assert (done.status, done.out) == (1, "")
        assert "cannot be written: name a file" in done.err
    done = quoth_eval("--reference", tmp_path / "none.json", fails_at=never)
    assert done.status == 1
    assert "none.json cannot be read" in done.err


def test_a_record_is_shown_again_without_asking(
    quoth_eval: Eval, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = quoth_eval("--out", tmp_path / "run.json")
    again = ended(
        capsys,
        *["--run", tmp_path / "run.json", "--out", tmp_path / "again.json"],
        *["--predictions", tmp_path / "predictions.json", "--report", tmp_path / "report.html"],
    )
    assert (again.status, again.out) == (0, first.out)
    assert load(tmp_path / "again.json") == load(tmp_path / "run.json")
    assert (tmp_path / "predictions.json").is_file()
    assert (tmp_path / "report.html").is_file()


def test_a_stopped_record_is_shown_and_passes_no_gate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_result: MakeResult, make_run: MakeRun
) -> None:
    save(make_run(make_result(), complete=False), tmp_path / "run.json", [])
    shown = ended(capsys, "--run", tmp_path / "run.json")
    assert shown.status == 0
    assert "Stopped before the last question." in shown.err
    gated = ended(capsys, "--run", tmp_path / "run.json", "--gate", "--reference", tmp_path / "run.json")
    assert gated.status == 2
    assert "stopped before its last question" in gated.err


def test_two_records_are_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_result: MakeResult, make_run: MakeRun
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    save(make_run(make_result("1"), make_result("2")), first, [])
    save(make_run(make_result("1"), make_result("2", said="Bern")), second, [])
    done = ended(capsys, "--compare", first, second)
    assert done.status == 0
    assert "A a.json, B b.json: 2 questions" in done.out
    assert "1 questions have another result: 1 worse, 0 better, 0 neither." in done.out
    assert "− 2  Which town?" in done.out
    as_json = json.loads(ended(capsys, "--compare", first, second, "--json").out)
    assert [(one["id"], one["better"]) for one in as_json["changes"]] == [("2", False)]
    other = tmp_path / "c.json"
    save(make_run(make_result("9")), other, [])
    refused = ended(capsys, "--compare", first, other)
    assert refused.status == 1
    assert "no question in common" in refused.err
    assert ended(capsys, "--compare", first, tmp_path / "none.json").status == 1


@pytest.fixture
def better(results: list[Result], make_result: MakeResult, make_run: MakeRun) -> Run:
    """A run in which eight more questions were right, and thirty more that are not asked again."""
    results += [make_result(f"lost {number}", said="Bern") for number in range(8)]
    return make_run(
        make_result("first"),
        make_result("second"),
        results[2],
        results[3],
        *[make_result(f"lost {number}") for number in range(8)],
        *[make_result(f"more {number}") for number in range(30)],
    )


def test_a_run_that_holds_the_reference_passes_the_gate(
    quoth_eval: Eval, tmp_path: Path, results: list[Result], make_run: MakeRun
) -> None:
    save(make_run(*results), tmp_path / "before.json", [])
    done = quoth_eval("--gate", "--reference", tmp_path / "before.json")
    assert done.status == 0
    assert "reference" in done.out
    assert "fell:" not in done.err


def test_a_run_that_falls_out_of_the_references_interval_fails_the_gate(
    quoth_eval: Eval, tmp_path: Path, better: Run
) -> None:
    save(better, tmp_path / "before.json", [])
    done = quoth_eval("--gate", "--reference", tmp_path / "before.json", "--out", tmp_path / "run.json")
    assert done.status == ExitCode.GATE_FELL
    assert "fell: exact match is 0.250: the reference has 1.000, 95% 1.000 to 1.000" in done.err
    assert (tmp_path / "run.json").is_file()
    # Without the gate the fall is shown and no failure.
    assert quoth_eval("--reference", tmp_path / "before.json").status == 0


def test_the_reference_of_the_set_counts_without_being_named(
    quoth_eval: Eval, tmp_path: Path, better: Run
) -> None:
    save(better, tmp_path / "reference.json", [])
    assert quoth_eval("--gate").status == ExitCode.GATE_FELL
    assert quoth_eval("--report", tmp_path / "report.html").status == 0
    assert (tmp_path / "report.html").read_text("utf-8") == "12 beside True"


@pytest.mark.parametrize("changed", ["dataset", "mode", None])
def test_a_gate_without_a_reference_for_this_set_is_an_error(
    quoth_eval: Eval, tmp_path: Path, better: Run, changed: str | None
) -> None:
    if changed == "dataset":
        better.dataset["sha256"] = "cd" * 32
    elif changed == "mode":
        better.system["mode"] = "reader-only"
    if changed is not None:
        save(better, tmp_path / "reference.json", [])
    done = quoth_eval("--gate", "--out", tmp_path / "run.json")
    assert done.status == 2
    assert "there is no reference run for this set" in done.err
    assert (tmp_path / "run.json").is_file()
    assert quoth_eval().status == 0


def test_a_reference_of_other_questions_is_an_error_only_for_the_gate(
    quoth_eval: Eval, tmp_path: Path, make_result: MakeResult, make_run: MakeRun
) -> None:
    save(make_run(make_result("x")), tmp_path / "before.json", [])
    assert quoth_eval("--reference", tmp_path / "before.json").status == 0
    done = quoth_eval("--gate", "--reference", tmp_path / "before.json")
    assert done.status == 1
    assert "the reference run has none of these questions" in done.err
