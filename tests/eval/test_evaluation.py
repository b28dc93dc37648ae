"""The questions over the seeds, asked of the real readers: figures that no change may lower below a floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval.baseline import load_baseline
from eval.dataset import SEEDS, load_examples
from eval.figures import figures
from eval.runs import Result, ask_all
from eval.studies.calibrate import CachedEncoder
from eval.systems import LocalSystem
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import open_index
from service.answering.answerer import Answerer
from service.answering.retrieval.retriever import Retriever

ROOT = Path(__file__).resolve().parents[2]


# At or a little below the lower ends of the 95% intervals in the README's runs.
FLOORS = {
    "best candidate, token F1": 0.80,
    "best candidate, exact match": 0.70,
    "right article cited": 0.97,
    "AUROC answerable": 0.80,
}
BASELINE_FLOORS = {"best candidate holds the answer": 0.62, "right article cited": 0.95}


def below(measured: dict[str, float], floors: dict[str, float]) -> dict[str, float]:
    """The figures that are below their floors."""
    return {name: measured[name] for name, floor in floors.items() if measured[name] < floor}


@pytest.fixture(scope="module")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("evaluation") / "index"
    quoth = Path(sys.executable).with_name("quoth")
    subprocess.run(
        [quoth, "index", ROOT / "seeds"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "QUOTH_INDEX": str(index)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    return index


@pytest.mark.models
@pytest.mark.timeout(1_200)  # beside other tests, on two cores without AMX
def test_the_default_reader_holds_its_floors_over_the_seeds(seeds_index: Path) -> None:
    quoth = Path(sys.executable).with_name("quoth")
    done = subprocess.run(
        [quoth, "eval", "--split", "test", "--json", "--index", seeds_index],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "QUOTH_READER": "default"},
        check=True,
        capture_output=True,
        text=True,
        timeout=1_100,
    )
    record = json.loads(done.stdout)
    measured = {figure["name"]: figure["value"] for figure in record["figures"]}
    assert measured["passage recall@8"] >= 0.97
    assert below(measured, FLOORS) == {}
    assert record["n"] == len(record["results"]) > 150
    assert record["complete"] is True


@pytest.mark.models
@pytest.mark.timeout(600)
def test_the_baseline_holds_its_floors_over_the_seeds(seeds_index: Path, encoder: Encoder) -> None:
    index = open_index(seeds_index)
    answerer = Answerer(index, Retriever(index, encoder), *load_baseline(CachedEncoder(encoder)))
    asked = [example for example in load_examples(SEEDS, index) if example.split == "test"]
    results: list[Result] = []
    ask_all(LocalSystem(answerer, {}), asked, results.append)
    index.close()
    measured = {figure.name: figure.value for figure in figures(results, samples=1)}
    assert len(results) > 150
    assert measured["passage recall@8"] >= 0.97
    assert below(measured, BASELINE_FLOORS) == {}


@pytest.mark.models
def test_a_missing_split_or_index_is_an_error(tmp_path: Path) -> None:
    for arguments, status, message in (
        (["--split", "train"], 2, "'train' is not one of 'dev', 'test', 'all'"),
        (["--index", str(tmp_path)], 1, "make one with `quoth index"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "eval", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == status
        assert message in done.stderr
