"""Every figure, computed by hand over results made by hand, and compared with other implementations."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import bootstrap  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score

from eval.figures import MEASURES, Compared, Figure, compared, figures
from eval.runs import Result, RunError
from eval.significance import Difference, draws

MakeResult = Callable[..., Result]

NAMES = [measure.name for measure in MEASURES]


@pytest.fixture(scope="module")
def results(make_result: MakeResult) -> list[Result]:
    """Four answerable and two unanswerable questions, with every outcome."""
    return [
        make_result("right", gold=["in Oslo", "Oslo"], said="Oslo", confidence=0.9, rank=1),
        make_result("wrong", gold=["Bern"], said="the Aare", confidence=0.8, rank=4, milliseconds=20),
        make_result("refused", gold=["Bern in May"], said="Bern in", confidence=0.2, given=False, rank=8),
        make_result("other article", gold=["Rome"], said="Rome", cited="b.txt", confidence=0.7, rank=None),
        make_result("abstained", gold=[], said="Rome", confidence=0.1, given=False, milliseconds=40),
        make_result("invented", gold=[], said="Rome", confidence=0.6, milliseconds=90),
    ]


@pytest.fixture(scope="module")
def measured(results: list[Result]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(results, samples=50)}


@pytest.mark.parametrize(
    ("name", "value", "count", "over"),
    [
        # Right, the other article's "Rome" (the words alone count) and the abstention.
        ("exact match", 3 / 6, 6, "all"),
        ("token F1", 3 / 6, 6, "all"),  # the refused question's candidate was not given
        ("right of what is given", 1 / 4, 4, "answered"),
        # "Bern in" shares 2 of 2 and 3 words with its reference; "Rome" cites an article without the answer.
        ("best candidate is right", 2 / 4, 4, "answerable"),
        ("best candidate holds the answer", 1 / 4, 4, "answerable"),
        ("best candidate, exact match", 2 / 4, 4, "answerable"),
        ("best candidate, token F1", (1 + 0 + 2 * 2 / 5 + 1) / 4, 4, "answerable"),
        ("right article cited", 3 / 4, 4, "answerable"),
        # 4 of 4 characters; 50-58 against 0-4; 50-57 against 0-11; another article.
        ("citation overlap", 1 / 4, 4, "answerable"),
        ("passage recall@1", 1 / 4, 4, "answerable"),
        ("passage recall@4", 2 / 4, 4, "answerable"),
        ("passage recall@8", 3 / 4, 4, "answerable"),
        ("passage reciprocal rank", (1 + 1 / 4 + 1 / 8) / 4, 4, "answerable"),
        ("passage nDCG@8", (1 + 1 / math.log2(5) + 1 / math.log2(9)) / 4, 4, "answerable"),
        ("abstained (recall)", 1 / 2, 2, "unanswerable"),
        ("abstained rightly (precision)", 1 / 2, 2, "abstained"),
        ("refused", 1 / 4, 4, "answerable"),
        # Answerable 0.9, 0.8, 0.2, 0.7 against unanswerable 0.1 and 0.6: only 0.2 < 0.6 is wrong.
        ("AUROC answerable", 7 / 8, 6, "all"),
        # Most confident first: right, wrong, wrong, wrong, right, wrong.
        ("risk-coverage area", (0 + 1 / 2 + 2 / 3 + 3 / 4 + 3 / 5 + 4 / 6) / 6, 6, "all"),
        # One question per bin: 0.1, 0.8, 0.8, 0.7, 0.1, 0.6 apart.
        ("calibration error", (0.1 + 0.8 + 0.8 + 0.7 + 0.1 + 0.6) / 6, 6, "all"),
        ("latency p50, ms", 15.0, 6, "all"),
        ("latency p95, ms", 40 + 0.75 * 50, 6, "all"),
        ("latency p99, ms", 40 + 0.95 * 50, 6, "all"),
    ],
)
def test_a_figure_is_the_one_computed_by_hand(
    measured: dict[str, Figure], name: str, value: float, count: int, over: str
) -> None:
    figure = measured[name]
    assert figure.value == pytest.approx(value)
    assert (figure.count, figure.over) == (count, over)
    assert figure.low <= figure.value <= figure.high
    assert figure.low < figure.high


def test_every_measure_is_computed_above_and_in_order(measured: dict[str, Figure]) -> None:
    assert [*measured] == NAMES
    assert len(NAMES) == 23
    assert [name for name in NAMES if not measured[name].up] == [
        "refused", "risk-coverage area", "calibration error",
        "latency p50, ms", "latency p95, ms", "latency p99, ms",
    ]  # fmt: skip


def test_an_abstention_stays_in_every_denominator(make_result: MakeResult) -> None:
    found = {
        figure.name: figure
        for figure in figures(
            [
                make_result("1"),
                make_result("2", given=False, confidence=0.2),
                make_result("3", gold=[], said=None),
                make_result("4", gold=[], confidence=0.3),
            ],
            samples=10,
        )
    }
    assert (found["exact match"].value, found["exact match"].count) == (0.5, 4)
    assert (found["right of what is given"].value, found["right of what is given"].count) == (0.5, 2)
    assert found["best candidate holds the answer"].value == 1.0
    assert found["refused"].value == 0.5
    assert found["abstained (recall)"].value == 0.5
    assert found["AUROC answerable"].value == 0.75


def test_a_question_without_a_candidate_counts_as_nothing_found(make_result: MakeResult) -> None:
    one = make_result(said=None, rank=None)
    assert (one.candidate, one.given, one.outcome.value) == ("", "", "refused")
    values = {figure.name: figure.value for figure in figures([one], samples=10)}
    assert values["token F1"] == values["citation overlap"] == values["right article cited"] == 0.0
    assert values["passage reciprocal rank"] == values["passage nDCG@8"] == 0.0


def test_ndcg_counts_every_passage_that_holds_an_answer(make_result: MakeResult) -> None:
    def ndcg(one: Result) -> float:
        return {figure.name: figure.value for figure in figures([one], samples=5)}["passage nDCG@8"]

    best_of_two = 1 + 1 / math.log2(3)
    assert ndcg(make_result(rank=1, relevant=2)) == pytest.approx(1 / best_of_two)
    assert ndcg(make_result(rank=2, relevant=2)) == pytest.approx(1 / math.log2(3) / best_of_two)
    # No passage holds the whole answer: the question counts as a miss.
    assert ndcg(make_result(rank=None, relevant=0)) == 0.0


def test_a_figure_without_a_value_is_left_out(make_result: MakeResult) -> None:
    assert figures([]) == []
    answered = {figure.name for figure in figures([make_result()], samples=10)}
    assert set(NAMES) - answered == {
        "abstained (recall)", "abstained rightly (precision)", "AUROC answerable",
    }  # fmt: skip
    abstained = {figure.name for figure in figures([make_result(gold=[], given=False)], samples=10)}
    assert "right of what is given" not in abstained
    assert {"abstained (recall)", "abstained rightly (precision)", "exact match"} <= abstained


@pytest.mark.slow
def test_intervals_are_the_same_for_a_seed_and_hold_no_nan(results: list[Result]) -> None:
    first = figures(results, seed=5, samples=300)
    assert figures(results, seed=5, samples=300) == first
    assert figures(results, seed=6, samples=300) != first
    assert not any(math.isnan(end) for figure in first for end in (figure.low, figure.high))


def many(make_result: MakeResult, count: int, seed: int) -> list[Result]:
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        gold = ["Oslo"] if generator.random() < 0.7 else []
        said = "Oslo" if generator.random() < 0.6 else "Bern"
        # Confidences with two digits, so that there are ties.
        confidence = round(float(np.clip(generator.normal(0.6 if said == "Oslo" else 0.4, 0.2), 0, 1)), 2)
        milliseconds = float(generator.gamma(2, 50))
        found.append(
            make_result(
                str(number), gold=gold, said=said, confidence=confidence,
                given=confidence >= 0.5, milliseconds=milliseconds,
            )
        )  # fmt: skip
    return found


@pytest.mark.slow
def test_figures_and_their_intervals_equal_other_implementations(make_result: MakeResult) -> None:
    results = many(make_result, 200, 1)
    measured = {figure.name: figure for figure in figures(results)}
    confidences = np.array([one.reply.confidence for one in results])
    answerable = np.array([one.example.answerable for one in results])
    # Abstention as a classifier of unanswerable questions.
    barred, withheld = ~answerable, confidences < 0.5
    hits = int((barred & withheld).sum())
    assert measured["abstained (recall)"].value == pytest.approx(hits / barred.sum())
    assert measured["abstained rightly (precision)"].value == pytest.approx(hits / withheld.sum())
    assert measured["AUROC answerable"].value == pytest.approx(roc_auc_score(answerable, confidences))
    other = bootstrap(
        (answerable, confidences), roc_auc_score, n_resamples=500, paired=True, vectorized=False,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    found = measured["AUROC answerable"]
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.015)
    share = measured["abstained rightly (precision)"]
    half = 1.96 * math.sqrt(share.value * (1 - share.value) / share.count)
    assert (share.low, share.high) == pytest.approx((share.value - half, share.value + half), abs=0.02)


def test_each_draw_has_the_value_of_its_own_questions(make_result: MakeResult) -> None:
    results = many(make_result, 30, 2)
    drawn = draws(30, samples=12, seed=4)
    for measure in MEASURES:
        expected = [measure.value([results[place] for place in draw]) for draw in drawn]
        assert measure.resampled(results, drawn).tolist() == pytest.approx(expected, nan_ok=True), (
            measure.name
        )


@pytest.mark.slow
def test_figures_of_thousands_of_questions_take_seconds(make_result: MakeResult) -> None:
    results = many(make_result, 2_000, 3)
    began = time.process_time()
    figures(results, samples=500)
    assert time.process_time() - began < 30


def test_a_record_stores_null_for_nan() -> None:
    figure = Figure("x", 1 / 3, math.nan, 0.5, 7, "all", up=True)
    assert figure.as_json() == {"name": "x", "value": 0.3333, "low": None, "high": 0.5, "n": 7, "over": "all"}


@pytest.mark.slow
def test_runs_over_the_same_questions_are_compared_measure_by_measure(make_result: MakeResult) -> None:
    first = [make_result(str(number), said="Bern" if number % 2 else "Oslo") for number in range(40)]
    second = [make_result(str(number), milliseconds=30.0) for number in range(40)]
    rows = {row.name: row for row in compared(first, second, samples=500)}
    row = rows["exact match"]
    assert (row.first, row.second, row.difference.value) == (0.5, 1.0, 0.5)
    assert 0.3 < row.difference.low < 0.5 < row.difference.high < 0.7
    assert row.better is True
    assert rows["latency p50, ms"].better is None  # beyond chance, but it may be the machine
    assert rows["latency p50, ms"].difference.p == pytest.approx(2 / 501)
    assert rows["refused"].better is None
    assert "AUROC answerable" not in rows  # needs unanswerable questions too
    back = {row.name: row for row in compared(second, first, samples=500)}["exact match"]
    assert (back.difference.low, back.difference.high) == pytest.approx(
        (-row.difference.high, -row.difference.low)
    )


@pytest.mark.parametrize(
    ("value", "significant", "up", "better"),
    [(0.1, True, True, True), (0.1, True, False, False), (-0.1, True, False, True), (0.1, False, True, None)],
)
def test_better_is_higher_or_lower_as_the_measure_says(
    value: float, significant: bool, up: bool, better: bool | None
) -> None:
    low, high = (value - 0.05, value + 0.05) if significant else (-1, 1)
    assert Compared("x", 0.5, 0.5 + value, Difference(value, low, high, 0.01), up).better is better


def test_runs_over_other_questions_are_not_compared(make_result: MakeResult) -> None:
    for second in ([make_result("2")], [], [make_result("1"), make_result("2")]):
        with pytest.raises(RunError, match="not over the same questions"):
            compared([make_result("1")], second)
