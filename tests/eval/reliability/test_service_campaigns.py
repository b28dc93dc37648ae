"""The failures that campaigns against a running service detect, and a quick run of each campaign."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.benchmark.load import Load, Sample
from eval.reliability import flood, reload, shutdown
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from service.web.operation.lifecycle import STOPPING

ROOT = Path(__file__).resolve().parents[3]
PROBLEM = "application/problem+json"
ANSWERED = Sample(seconds=0.2, status=200)
REFUSED = Sample(seconds=0.01, status=503, media_type=PROBLEM, retry_after="2", body={"status": 503})


def judged(
    samples: list[Sample], *, peak: float = 10.0, before: float = 0.2, after: float = 0.2
) -> list[str]:
    return flood.judge(samples, Load.of(samples, 1.0), peak, before, after)


def test_a_flood_with_all_promises_kept_has_no_failures() -> None:
    assert judged([ANSWERED] * 10 + [REFUSED] * 40) == []


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([ANSWERED] * 7 + [REFUSED] * 40, "goodput fell to 70%"),
        ([ANSWERED] * 10 + [replace(REFUSED, seconds=0.2)] * 40, "refusals took 200 ms"),
        ([ANSWERED] * 10 + [replace(REFUSED, retry_after="")], "1 refusals were not problems"),
        ([ANSWERED] * 10 + [replace(REFUSED, retry_after="0")], "1 refusals were not problems"),
        ([ANSWERED] * 10 + [replace(REFUSED, media_type="text/plain")], "1 refusals were not problems"),
        ([ANSWERED] * 10 + [REFUSED, replace(REFUSED, status=500)], "1 requests were neither"),
        ([ANSWERED] * 10 + [REFUSED, replace(REFUSED, status=0)], "1 requests were neither"),
    ],
)
def test_each_promise_broken_by_a_flood_is_reported(samples: list[Sample], said: str) -> None:
    (failure,) = judged(samples)
    assert said in failure


def test_a_load_without_refusals_was_not_an_overload() -> None:
    (failure,) = judged([ANSWERED] * 10)
    assert "not an overload" in failure


def test_a_service_that_stays_slow_after_a_flood_is_reported() -> None:
    (failure,) = judged([ANSWERED] * 10 + [REFUSED], after=0.4)
    assert "2.0 times as long" in failure


TEXT = "The port has 3 cranes."
TEXTS = {"gen-000001": {"port.txt": TEXT}, "gen-000002": {"port.txt": "The port has 4 cranes."}}


def body(**changed: Any) -> dict[str, Any]:
    citation = {
        "article_id": "port.txt",
        "start": 13,
        "end": 14,
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    }
    passage = {"article_id": "port.txt", "start": 0, "end": len(TEXT), "text": TEXT}
    whole = {
        "generation": "gen-000001",
        "answer": {"text": "3", "citation": citation},
        "alternatives": [],
        "passages": [passage],
    }
    return whole | changed


def test_an_answer_from_one_generation_has_no_fault() -> None:
    assert reload.check(replace(ANSWERED, body=body()), TEXTS) is None
    assert reload.check(replace(ANSWERED, body=body(answer=None)), TEXTS) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"generation": "gen-000002"}, "cites another text"),
        ({"generation": "gen-000002", "answer": None}, "not in its"),
        ({"generation": "gen-000003"}, "never published"),
        (
            {"alternatives": [{"text": "4", "citation": body()["answer"]["citation"]}]},
            "not in its",
        ),
    ],
)
def test_an_answer_that_mixes_generations_is_reported(changed: dict[str, Any], said: str) -> None:
    fault = reload.check(replace(ANSWERED, body=body(**changed)), TEXTS)
    assert fault is not None
    assert said in fault


def test_a_request_that_fails_while_publishing_is_reported() -> None:
    assert reload.check(replace(ANSWERED, status=500), TEXTS) == "status 500"


STOP = shutdown.Stop(
    samples=[replace(ANSWERED, due=0.5), replace(REFUSED, due=1.2), Sample(seconds=0, status=0, due=2.5)],
    signalled=1.0,
    unready=0.01,
    ended=1.0,
    status=0,
)


def test_a_clean_stop_has_no_failures() -> None:
    assert shutdown.judge(STOP) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"status": -15}, "status -15"),
        ({"ended": 12.0}, "12.0 s to end"),
        ({"unready": None}, "readiness was not refused"),
        ({"samples": [Sample(seconds=1, status=0, due=0.5)]}, "1 requests sent before the signal"),
        ({"samples": [Sample(seconds=1, status=500, due=0.5)]}, "1 requests sent before the signal"),
        (
            {"samples": [replace(REFUSED, due=0.5, body={"detail": STOPPING})]},
            "1 requests sent before the signal",
        ),
        ({"samples": [Sample(seconds=1, status=200, due=2.5)]}, "1 requests were accepted long after"),
    ],
)
def test_each_promise_broken_by_a_stop_is_reported(changed: dict[str, Any], said: str) -> None:
    (failure,) = shutdown.judge(replace(STOP, **changed))
    assert said in failure


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("served") / "index"
    build(Corpus(ROOT / "seeds"), out, encoder)
    return out


# Quick runs, with the fast reader: without AMX, beside other tests, the default one takes seconds a question.
# Promises about times may fail on a busy machine, so only the others are checked.


@pytest.mark.models
@pytest.mark.server
def test_a_short_flood(index: Path) -> None:
    outcome = flood.campaign(index, times=5, seconds=3, seed=1, reader="fast")
    assert outcome.figures["refused"] > 0
    assert outcome.figures["goodput_of_peak"] > 0.4
    timing = ("goodput", "refusals took", "after the flood")
    assert [failure for failure in outcome.failures if not any(word in failure for word in timing)] == []


@pytest.mark.models
@pytest.mark.server
def test_a_few_publications_under_load() -> None:
    outcome = reload.campaign(publications=4, pause=0.5, seconds=4, seed=1, reader="fast")
    assert outcome.figures["generations_that_answered"] >= 2
    assert outcome.figures["failed"] == 0
    assert [failure for failure in outcome.failures if "percentile" not in failure] == []


@pytest.mark.models
@pytest.mark.server
def test_a_stop_under_load(index: Path) -> None:
    outcome = shutdown.campaign(index, stops=1, seed=1, reader="fast")
    assert outcome.figures["statuses"] == [0]
    assert outcome.figures["answered"] > 0
    assert outcome.failures == ()
