"""Two runs compared: changes, regressions, and the questions left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from eval import comparison
from eval.comparison import Change, compare, failures, in_common, regressions
from eval.figures import figures
from eval.runs import Outcome, Result, Run, RunError

pytestmark = pytest.mark.slow

MakeResult = Callable[..., Result]
MakeRun = Callable[..., Run]


@pytest.fixture
def before(make_result: MakeResult, make_run: MakeRun) -> Run:
    """Twenty questions: one in four gets a wrong answer, one in four is unanswerable and gets none."""
    return make_run(
        *[
            make_result(
                str(number),
                gold=[] if number % 4 == 3 else ["Oslo"],
                said="Bern" if number % 4 == 2 else "Oslo",
                given=number % 4 != 3,
                confidence=0.2 if number % 4 == 3 else 0.9,
            )
            for number in range(20)
        ]
    )


def altered(run: Run, make_result: MakeResult, **changes: dict[str, Any]) -> Run:
    """The run with some of its results replaced."""
    return replace(
        run,
        results=tuple(
            make_result(one.example.id, **changes[f"q{one.example.id}"])
            if f"q{one.example.id}" in changes
            else one
            for one in run.results
        ),
    )


def test_a_run_compared_with_itself_has_not_changed(before: Run) -> None:
    found = compare(before, before)
    assert (found.changes, found.questions, found.left_out) == ((), 20, 0)
    assert all(row.difference.value == 0 and row.difference.p == 1 for row in found.rows)
    assert all(row.better is None for row in found.rows)


def test_changes_are_listed_worse_first_then_better_then_neither(
    before: Run, make_result: MakeResult
) -> None:
    after = altered(
        before,
        make_result,
        q0={"said": "in Oslo"},  # still right, with other words
        q2={"said": "Oslo"},  # was wrong
        q4={"said": "Bern"},  # now wrong
        q6={"said": "Rome"},  # still wrong
        q7={"gold": [], "said": "Rome"},  # now answered without an answer
        q8={"given": False},  # now refused
        q10={"said": "Bern", "given": False},  # was wrong, now refused
    )
    found = compare(before, after)
    assert [(one.second.example.id, one.better) for one in found.changes] == [
        ("4", False), ("7", False), ("8", False), ("2", True), ("0", None), ("6", None), ("10", None),
    ]  # fmt: skip
    assert found.changes[0].first.outcome is Outcome.RIGHT
    assert found.changes[0].second.outcome is Outcome.WRONG
    rows = {row.name: row for row in found.rows}
    # Of fifteen answerable, 10 were exact; three no longer are ("in Oslo" among them), one is now.
    assert rows["best candidate, exact match"].first == pytest.approx(10 / 15)
    assert rows["best candidate, exact match"].second == pytest.approx(9 / 15)


def test_another_withheld_candidate_is_no_change(make_result: MakeResult, make_run: MakeRun) -> None:
    first = make_run(make_result(said="Bern", given=False))
    second = make_run(make_result(said="Rome", given=False, confidence=0.1))
    assert compare(first, second).changes == ()


def test_a_change_is_better_if_a_failure_succeeds_now(make_result: MakeResult) -> None:
    right, wrong = make_result(), make_result(said="Bern")
    assert Change(wrong, right).better is True
    assert Change(right, wrong).better is False
    assert Change(wrong, make_result(given=False)).better is None
    assert Change(right, make_result(said="in Oslo")).better is None


def test_only_questions_in_both_runs_are_compared(
    before: Run, make_result: MakeResult, make_run: MakeRun
) -> None:
    after = make_run(
        make_result("9"), make_result("1"), make_result("2", question="Which town now?"), make_result("99")
    )
    mine, theirs = in_common(before, after)
    assert [one.example.id for one in mine] == [one.example.id for one in theirs] == ["9", "1"]
    found = compare(before, after)
    assert (found.questions, found.left_out) == (2, 18 + 2)


def test_runs_without_a_common_question_are_refused(
    before: Run, make_result: MakeResult, make_run: MakeRun
) -> None:
    other = make_run(make_result("x"))
    with pytest.raises(RunError, match="no question in common: compare runs over the same set"):
        compare(before, other)
    with pytest.raises(RunError, match="none of these questions: make one over this set"):
        regressions(before, other)
    with pytest.raises(RunError, match="no question in common"):
        compare(before, make_run())


def test_the_comparison_as_json_is_complete_and_plain(before: Run, make_result: MakeResult) -> None:
    after = altered(before, make_result, q4={"said": "Bern"})
    record = json.loads(json.dumps(compare(before, after).as_json(), allow_nan=False))
    assert (record["questions"], record["left_out"]) == (20, 0)
    assert record["changes"] == [
        {
            "id": "4",
            "question": "Which town?",
            "first": {"outcome": "right", "given": "Oslo"},
            "second": {"outcome": "wrong", "given": "Bern"},
            "better": False,
        }
    ]
    by_name = {row["name"]: row for row in record["figures"]}
    row = by_name["exact match"]
    assert set(row) == {"name", "first", "second", "low", "high", "p", "better"}
    assert (row["first"], row["second"]) == (0.75, 0.7)
    assert row["low"] <= -0.05 <= row["high"]


def test_comparing_the_same_runs_twice_gives_the_same(before: Run, make_result: MakeResult) -> None:
    after = altered(before, make_result, q4={"said": "Bern"}, q5={"said": "Bern"})
    assert compare(before, after) == compare(before, after)


def test_a_run_as_good_as_the_reference_has_no_regression(before: Run, make_result: MakeResult) -> None:
    assert regressions(before, before) == []
    # One question in twenty does not leave the interval of the exact match.
    names = {one.name for one in regressions(before, altered(before, make_result, q4={"said": "Bern"}))}
    assert "exact match" not in names


def test_a_figure_below_its_interval_is_a_regression_with_a_message(
    before: Run, make_result: MakeResult
) -> None:
    bad = {f"q{number}": {"said": "Bern"} for number in range(20) if number % 4 in {0, 1}}
    found = {one.name: one for one in regressions(before, altered(before, make_result, **bad))}
    reference = {figure.name: figure for figure in figures(before.results)}["exact match"]
    regression = found["exact match"]
    assert regression.value == 0.25 < reference.low
    assert regression.reference == reference
    assert str(regression) == (
        f"exact match is 0.250: the reference has 0.750, 95% {reference.low:.3f} to {reference.high:.3f}"
    )
    assert "risk-coverage area" in found  # lower is better


def test_an_improvement_is_no_regression(before: Run, make_result: MakeResult) -> None:
    good: dict[str, dict[str, Any]] = {f"q{number}": {} for number in range(20) if number % 4 != 3}
    better = altered(before, make_result, **good)
    assert {figure.name: figure.value for figure in figures(better.results)}["exact match"] == 1.0
    assert regressions(before, better) == []
    assert regressions(better, before) != []


def test_latency_is_never_a_regression(before: Run) -> None:
    slow = replace(
        before,
        results=tuple(
            replace(one, reply=replace(one.reply, milliseconds=10_000.0)) for one in before.results
        ),
    )
    assert regressions(before, slow) == []
    assert regressions(slow, before) == []


def test_a_run_over_part_of_the_questions_is_compared_over_that_part(before: Run, make_run: MakeRun) -> None:
    right = [one for one in before.results if one.outcome is Outcome.RIGHT]
    wrong = [one for one in before.results if one.outcome is Outcome.WRONG]
    # The wrong answers were wrong in the reference too.
    assert regressions(before, make_run(*wrong)) == []
    assert regressions(before, make_run(*right)) == []


def test_failures_are_the_most_confident_mistakes_first_and_refusals_last(make_result: MakeResult) -> None:
    results = [
        make_result("right"),
        make_result("sure refusal", given=False, confidence=0.99),
        make_result("wrong", said="Bern", confidence=0.6),
        make_result("invented", gold=[], confidence=0.6),
        make_result("surest", said="Bern", confidence=0.95),
        make_result("abstained", gold=[], given=False),
        make_result("refusal", given=False, confidence=0.1),
    ]
    assert [one.example.id for one in failures(results)] == [
        "surest", "invented", "wrong", "sure refusal", "refusal",
    ]  # fmt: skip


def test_the_committed_reference_fits_its_set_if_there_is_one() -> None:
    if not comparison.REFERENCE.is_file():
        pytest.skip("no reference run is committed yet")
    from eval.dataset import SEEDS, fingerprint  # noqa: PLC0415
    from eval.runs import load  # noqa: PLC0415

    reference = load(comparison.REFERENCE)
    assert reference.complete
    assert reference.dataset["sha256"] == fingerprint(SEEDS)
    assert len(reference.results) == reference.dataset["of"]
    assert regressions(reference, reference) == []
