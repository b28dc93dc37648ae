"""The commands of the benchmark, each once and as small as it goes: what they print holds together."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from eval.studies.depth import PassageByPassage

from eval.benchmark import footprint, indexing, stages, throughput
from eval.benchmark.floor import Products
from eval.benchmark.record import write_record
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.records import Passage, ScoredPassage
from service.answering.answers import Span
from service.answering.loading import MODELS

SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("benchmark") / "index"
    build(Corpus(SEEDS), out, encoder)
    return out


def test_the_products_are_those_of_a_transformers_layers() -> None:
    # MiniLM's: four square matrices of attention and two of the inner layer, six times.
    assert Products(6, 384, 1_536).weights == 6 * (4 * 384 * 384 + 384 * 1_536 + 1_536 * 384)


def test_the_floor_is_measured_as_often_as_asked() -> None:
    taken = Products(1, 32, 64).seconds(16, rounds=4)
    assert len(taken) == 4
    assert all(0 < seconds < 10 for seconds in taken)


def test_a_record_says_what_it_was_made_with(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", "a command", figures=[1, 2])
    write_record(None, "another")
    record = json.loads((tmp_path / "record.json").read_text("utf-8"))
    assert {"command", "created", "commit", "libraries", "hardware", "figures"} == set(record)
    assert (record["command"], record["figures"]) == ("a command", [1, 2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.json"]


@pytest.mark.models
def test_the_stages_of_a_question_are_its_whole_time(index: Path) -> None:
    found = stages.ask(
        index, MODELS / "default", 4, ["When was CPEC launched?", "Who leads BUCIC?"], rounds=2
    )
    assert len(found) == 4
    for one in found:
        assert set(one.stages) == set(stages.STAGES)
        # What is told is rounded to a thousandth of a millisecond.
        assert all(seconds > -1e-5 for seconds in one.stages.values())
        assert one.stages["span model"] == max(one.stages.values())
        assert 4 * 20 < one.tokens < 4 * 256


@pytest.mark.models
@pytest.mark.server
def test_a_start_of_the_service_is_measured(index: Path) -> None:
    start = footprint._start(index, "sentence")
    assert 0 < start.ready_s < start.answered_s < 120
    assert 30 < start.ready_mb <= start.peak_mb
    assert not start.torch


def test_what_a_distribution_needs_is_found_with_all_that_those_need() -> None:
    needed = footprint._closure("quoth")
    assert {"quoth", "faiss-cpu", "numpy", "torch", "sentence-transformers", "starlette"} <= needed
    assert "pytest" not in needed
    assert footprint._installed("faiss-cpu") > 1_000_000


@pytest.mark.models
@pytest.mark.server
def test_throughput_counts_answers_and_gives_the_cores_back(index: Path, tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    record = tmp_path / "record.json"
    throughput.main(
        index=index, reader="sentence", clients=[2], seconds=1, rounds=1, settled=1.0, json_=record
    )
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


class Counting:
    """Finds each passage's first letter, and counts how often it is asked."""

    name = fingerprint = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def read(self, question: str, passages: list[ScoredPassage]) -> list[Span]:
        self.asked += len(passages)
        return [Span(one.passage, 0, 1, one.text[0], len(question) - one.passage.id) for one in passages]


def test_a_passage_is_read_once_for_a_question_however_often_it_is_looked_at() -> None:
    counting = Counting()
    reader = PassageByPassage(counting)  # type: ignore[arg-type]
    passages = [
        ScoredPassage(Passage(number, f"{number}", 0, 3), f"{number}..", 0.0, 0.0, 0.0, ())
        for number in (2, 0, 1)
    ]
    assert [span.text for span in reader.read("why", passages)] == ["0", "1", "2"]
    assert [span.text for span in reader.read("why", passages[:2])] == ["0", "2"]
    assert counting.asked == 3
    reader.read("when", passages[:1])
    assert counting.asked == 4
