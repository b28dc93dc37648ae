"""Runs and comparisons as they are printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from eval.comparison import compare
from eval.console import number, print_comparison, print_figures, title, verdict
from eval.figures import Compared, Figure, compared, figures
from eval.runs import Result, Run
from eval.significance import Difference

MakeResult = Callable[..., Result]
MakeRun = Callable[..., Run]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


def row(printed: str, name: str) -> list[str]:
    """The cells of a table's row."""
    (line,) = [line for line in printed.splitlines() if line.strip("│ ").startswith(f"{name} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


@pytest.mark.parametrize(
    ("name", "value", "signed", "printed"),
    [
        ("exact match", 0.75, False, "0.750"),
        ("exact match", 0.75, True, "+0.750"),
        ("exact match", -0.0004, True, "-0.000"),
        ("latency p50, ms", 12.34, False, "12.3"),
        ("latency p50, ms", -12.34, True, "-12.3"),
    ],
)
def test_milliseconds_have_one_decimal_and_shares_three(
    name: str, value: float, signed: bool, printed: str
) -> None:
    assert number(name, value, signed=signed) == printed


def test_the_title_names_set_questions_mode_and_reader(make_result: MakeResult, make_run: MakeRun) -> None:
    run = make_run(make_result("1"), make_result("2"))
    assert title(run) == "set.jsonl (all), 2 questions, open, reader made up"
    part = replace(run, results=run.results[:1])
    assert title(part) == "set.jsonl (all), 1 of 2 questions, open, reader made up"
    assert title(replace(run, system={"mode": "http"})).endswith("http, reader unknown")


def test_figures_are_printed_with_interval_count_and_denominator(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(make_result("1"), make_result("2", said="Bern"), make_result("3", gold=[], given=False))
    print_figures(run, figures(run.results, samples=200))
    printed = capsys.readouterr()
    assert printed.err == ""
    assert row(printed.out, "exact match") == ["exact match", "0.667", "0.000 – 1.000", "3", "all"]
    assert row(printed.out, "refused")[3:] == ["2", "answerable"]
    assert row(printed.out, "latency p50, ms")[1:3] == ["10.0", "10.0 – 10.0"]


def test_a_figure_without_an_interval_leaves_it_out(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    nan = float("nan")
    print_figures(make_run(), [Figure("exact match", 0.5, nan, nan, 12_345, "all", up=True)])
    assert row(capsys.readouterr().out, "exact match") == ["exact match", "0.500", "", "12,345", "all"]


def test_a_reference_is_printed_beside_the_figures_with_what_changed(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    before = make_run(*[make_result(str(key), said="Bern", milliseconds=5.0) for key in range(9)])
    after = make_run(*[make_result(str(key)) for key in range(9)])
    against = compared(before.results, after.results, samples=100)
    print_figures(after, figures(after.results, samples=100), against)
    printed = capsys.readouterr().out
    assert row(printed, "exact match")[-2:] == ["0.000", "better"]
    assert row(printed, "latency p50, ms")[-2:] == ["5.0", ""]  # depends on the machine
    assert row(printed, "refused")[-2:] == ["0.000", ""]


def test_a_stopped_run_says_so_beside_the_results(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(make_result(), complete=False)
    print_figures(run, figures(run.results, samples=10))
    printed = capsys.readouterr()
    assert "Stopped before the last question." in printed.err
    assert "Stopped" not in printed.out


@pytest.mark.slow
def test_a_comparison_lists_figures_and_questions(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_run(
        make_result("1"),
        make_result("2", said="Bern", confidence=0.61),
        make_result("3"),
        make_result("4", said="in Oslo"),
        make_result("only here"),
    )
    second = make_run(
        make_result("1", given=False, confidence=0.125),
        make_result("2", question="Which town?"),
        make_result("3"),
        make_result("4", said="Oslo now"),
    )
    print_comparison(compare(first, second), ("a.json", "b.json"))
    printed = capsys.readouterr().out
    assert "A a.json, B b.json: 4 questions" in printed
    assert "1 questions are in only one of the runs and left out." in printed
    assert "3 questions have another result: 1 worse, 1 better, 1 neither." in printed
    lines = [line.strip() for line in printed.splitlines()]
    assert lines[lines.index("− 1  Which town?") :] == [
        "− 1  Which town?",
        "A  right, 0.90: “Oslo”",
        "B  refused, 0.12: no answer (withheld: “Oslo”)",
        "=  Oslo",
        "",
        "+ 2  Which town?",
        "A  wrong, 0.61: “Bern”",
        "B  right, 0.90: “Oslo”",
        "=  Oslo",
        "",
        "· 4  Which town?",
        "A  right, 0.90: “in Oslo”",
        "B  right, 0.90: “Oslo now”",
        "=  Oslo",
    ]
    assert row(printed, "refused")[1:4] == ["0.000", "0.250", "+0.250"]
    assert row(printed, "refused")[-1] == ""


@pytest.mark.slow
def test_equal_runs_are_reported_as_such(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(make_result())
    print_comparison(compare(run, run), ("a.json", "a.json"))
    printed = capsys.readouterr().out
    assert "No question has another result." in printed
    assert row(printed, "exact match")[3:6] == ["+0.000", "+0.000 to +0.000", "1.000"]


@pytest.mark.slow
def test_a_small_p_is_not_printed_as_zero(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    found = compare(make_run(make_result()), make_run(make_result()))
    rows = (Compared("exact match", 0.0, 1.0, Difference(1.0, 0.5, 1.0, 0.0009), up=True),)
    print_comparison(replace(found, rows=rows), ("a", "b"))
    assert row(capsys.readouterr().out, "exact match")[-2:] == ["<0.001", "better"]


@pytest.mark.slow
def test_words_that_look_like_markup_are_printed_as_they_are(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "[/b] [red]x[/red] [link=y]"
    first = make_run(make_result(words, gold=[words], said=words, question=f"Which {words}?"))
    second = make_run(make_result(words, gold=[words], said="[bold]no", question=f"Which {words}?"))
    print_comparison(compare(first, second), ("[/a].json", "run[old].json"))
    printed = capsys.readouterr().out
    assert "A [/a].json, B run[old].json" in printed
    assert f"− {words}  Which {words}?" in printed
    assert f"A  right, 0.90: “{words}”" in printed
    assert "“[bold]no”" in printed
    named = replace(first, dataset={**first.dataset, "name": "[/set].jsonl"})
    print_figures(named, figures(named.results, samples=10))
    assert "[/set].jsonl (all)" in capsys.readouterr().out


def test_a_change_has_a_verdict_only_beyond_chance() -> None:
    assert [verdict(better) for better in (True, False, None)] == ["better", "worse", ""]


@pytest.mark.slow
def test_text_from_articles_and_files_is_printed_without_control_characters(
    make_result: MakeResult, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "O\x1b[2Jslo\u202e"
    first = make_run(make_result("\x1b1", gold=[words], said=words, question="Which\x9b town?"))
    second = make_run(make_result("\x1b1", gold=[words], said="Bern\r", question="Which\x9b town?"))
    print_comparison(compare(first, second), ("a\x1b.json", "b.json"))
    named = replace(first, dataset={**first.dataset, "name": "set\x1b[31m.jsonl"})
    print_figures(named, figures(named.results, samples=10))
    printed = capsys.readouterr().out
    assert not set(printed) & set("\x1b\x9b\r\u202e")
    for shown in (
        "A a\\x1b.json",
        "\\x1b1  Which\\x9b town?",
        "“O\\x1b[2Jslo\\u202e”",
        "“Bern\\x0d”",
        "set\\x1b[31m.jsonl",
    ):
        assert shown in printed
