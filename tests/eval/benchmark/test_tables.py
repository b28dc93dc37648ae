"""The benchmarks' commands, each run once at a small size: their figures are consistent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from eval.benchmark import footprint, indexing, stages, throughput
from eval.benchmark.floor import Products
from eval.benchmark.record import write_record
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from service.answering.loading import MODELS

SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("benchmark") / "index"
    build(Corpus(SEEDS), out, encoder)
    return out


def test_the_products_have_as_many_weights_as_a_transformers_layers() -> None:
    # MiniLM: four square matrices of attention and two of the feed-forward network, in each of six layers.
    assert Products(6, 384, 1_536).weights == 6 * (4 * 384 * 384 + 384 * 1_536 + 1_536 * 384)


def test_the_floor_is_measured_as_often_as_asked() -> None:
    times = Products(1, 32, 64).seconds(16, rounds=4)
    assert len(times) == 4
    assert all(0 < seconds < 10 for seconds in times)


def test_a_record_holds_its_environment(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", "a command", figures=[1, 2])
    write_record(None, "another")
    record = json.loads((tmp_path / "record.json").read_text("utf-8"))
    assert {"command", "created", "commit", "libraries", "hardware", "figures"} == set(record)
    assert (record["command"], record["figures"]) == ("a command", [1, 2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.json"]


@pytest.mark.models
def test_the_stages_of_a_question_add_up_to_its_time(index: Path) -> None:
    found = stages.ask(
        index, MODELS / "default", 4, ["When was CPEC launched?", "Who leads BUCIC?"], rounds=2
    )
    assert len(found) == 4
    for one in found:
        assert set(one.stages) == set(stages.STAGES)
        # The answerer reports times rounded to a thousandth of a millisecond.
        assert all(seconds > -1e-5 for seconds in one.stages.values())
        assert one.stages["span model"] == max(one.stages.values())
        assert 4 * 20 < one.tokens < 4 * 256


@pytest.mark.models
@pytest.mark.server
def test_a_start_of_the_service_is_measured(index: Path, small_model: Path) -> None:
    start = footprint._start(index, str(small_model))
    assert 0 < start.ready_s < start.answered_s < 120
    assert 30 < start.ready_mb <= start.peak_mb
    assert not start.torch


def test_dependencies_of_dependencies_are_found() -> None:
    needed = footprint._dependencies("quoth")
    assert {"quoth", "faiss-cpu", "numpy", "torch", "sentence-transformers", "starlette"} <= needed
    assert "pytest" not in needed
    assert footprint._installed_bytes("faiss-cpu") > 1_000_000


@pytest.mark.models
@pytest.mark.server
def test_throughput_counts_answers_and_restores_the_cores(
    index: Path, small_model: Path, tmp_path: Path
) -> None:
    before = os.sched_getaffinity(0)
    record = tmp_path / "record.json"
    throughput.main(index=index, reader=str(small_model), clients=[2], seconds=1, rounds=1, json_=record)
    assert os.sched_getaffinity(0) == before
    alone, both = json.loads(record.read_text("utf-8"))["results"]
    assert (alone["cores"], alone["clients"], both["clients"]) == (1, 1, 2)
    assert alone["failed"] == both["failed"] == 0
    assert both["rounds"][0] > 0
    assert both["p50"] <= both["p95"] <= both["p99"]


@pytest.mark.models
def test_both_encoders_embed_the_same_passages(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    indexing.main(articles=SEEDS, copies=1, rounds=1, json_=record)
    found = json.loads(record.read_text("utf-8"))
    assert found["least_cosine"] > 0.9995
    assert len(found["seconds"]) == 2
