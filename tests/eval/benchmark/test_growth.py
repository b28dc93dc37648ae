"""Grown passages, trials refused before they start, and one size measured from end to end."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from eval.benchmark.growth import room, trial
from eval.benchmark.growth.commands import _Trials
from eval.benchmark.growth.material import Real, compare_noise, grown, highest, noise, noisy, write_grown
from eval.benchmark.growth.report import Rows, print_rows
from eval.benchmark.lexical import grown_texts
from indexer.arrays import Vectors

DIMENSION = 64


def unit(count: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def real() -> Real:
    texts = [f"passage{number} tells of topic{number % 7} and of place{number % 3}" for number in range(40)]
    questions = ["topic3 place2", "passage11", "place1", "of what", "topic6 tells", "nothing known"]
    return Real(texts, unit(40, 1), questions, unit(6, 2), np.arange(6))


def test_a_grown_set_is_the_real_vectors_followed_by_copies_with_noise(real: Real) -> None:
    vectors = np.concatenate(list(grown(real.vectors, 130, seed=0, length=0.5)))

    assert vectors.shape == (130, DIMENSION)
    np.testing.assert_array_equal(vectors[:40], real.vectors)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    moved = (vectors[40:] * real.vectors[np.arange(40, 130) % 40]).sum(axis=1)
    assert abs(moved.mean() - 1 / np.sqrt(1 + 0.5**2)) < 0.02
    assert len(np.unique(vectors, axis=0)) == 130


def test_a_smaller_set_is_the_first_part_of_the_real_one(real: Real) -> None:
    (vectors,) = grown(real.vectors, 25, seed=0)
    np.testing.assert_array_equal(vectors, real.vectors[:25])


def test_noise_of_length_0_changes_nothing_and_its_length_grows_with_the_set() -> None:
    vectors = unit(5, 3)
    np.testing.assert_allclose(noisy(vectors, 0.0, np.random.default_rng(0)), vectors, atol=1e-6)
    assert [round(noise(factor), 6) for factor in (0.5, 1, 2, 4, 8)] == [0.1, 0.1, 0.3, 0.5, 0.7]


def test_the_highest_values_of_each_row_are_returned_highest_first() -> None:
    rows = np.array([[3, 1, 2], [0, 5, 5]], dtype=np.float32)
    assert highest(rows, 2).tolist() == [[3, 2], [5, 5]]
    assert highest(rows, 9).tolist() == [[3, 2, 1], [5, 5, 0]]


def test_the_exact_similarities_are_those_to_the_written_vectors(real: Real, tmp_path: Path) -> None:
    write_grown(real, 230, 0, tmp_path / "vectors.npy", tmp_path / "nearest.npy")

    vectors = np.load(tmp_path / "vectors.npy").astype(np.float64)
    expected = -np.sort(-(real.question_vectors.astype(np.float64) @ vectors.T), axis=1)[:, :100]
    np.testing.assert_allclose(np.load(tmp_path / "nearest.npy"), expected, atol=1e-6)
    assert len(vectors) == 230


def test_a_set_that_is_not_grown_has_distance_0_to_itself(real: Real) -> None:
    distances, questions = compare_noise(real, 1, [0.1, 0.9], seed=0)
    assert (distances, questions) == ([0.0, 0.0], 6)
    distances, questions = compare_noise(real, 8, [0.1], seed=0)
    assert questions == 5  # whose passages are among the first five
    assert distances[0] > 0


def test_grown_texts_are_the_real_ones_and_then_their_words_shuffled() -> None:
    texts = ["a b c", "d", "e f g h"]
    made = list(grown_texts(texts, 8))

    assert made[:3] == texts
    assert [len(text.split()) for text in made] == [3, 1, 4, 3, 1, 4, 3, 1]
    assert Counter(" ".join(made[3:6]).split()) == Counter("abcdefgh")
    assert list(grown_texts(texts, 2)) == texts[:2]


def test_a_trial_that_exceeds_memory_disk_or_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(size: int, rows: list[room.Row], kind: str = "hnsw") -> str | None:
        return room.refusal(kind, size, 384, minutes=30, rows=rows, folder=tmp_path)

    rows: list[room.Row] = [
        {"passages": 1_000, "kind": "hnsw", "build_s": 60.0},
        {"passages": 10_000, "kind": "hnsw", "build_s": 300.0},
        {"passages": 10_000, "kind": "flat", "build_s": 1.0},
        {"passages": 50_000, "kind": "hnsw", "skipped": "timeout"},
    ]
    monkeypatch.setattr(room, "_free_memory", lambda: 2_000_000_000)
    assert refused(50_000, rows) is None  # 300 s x 5 x 1.2 is 30 minutes
    assert refused(60_000, rows) == "building takes about 36 minutes, and 30 are allowed"
    assert refused(60_000, []) is None
    assert refused(60_000, rows, "flat") is None
    assert "2.3 GB of memory, and 2.0 GB are free" in str(refused(1_000_000, []))
    assert refused(1_000_000, [], "ivf-sq8") is None
    monkeypatch.setattr(room, "_free_memory", lambda: None)
    assert "GB of disk space" in str(refused(10**12, []))


def test_a_trial_that_fails_or_times_out_reports_the_reason(tmp_path: Path) -> None:
    failed = room.run_trial("build_dense", 1, kind="flat", vectors=str(tmp_path / "none"), folder="")
    assert "build_dense failed: FileNotFoundError" in failed["skipped"]
    late = room.run_trial("build_dense", 1e-4, kind="flat", vectors=str(tmp_path / "none"), folder="")
    assert late["skipped"] == "build_dense took longer than 0.0001 minutes"


def test_rows_stay_in_the_file_until_they_are_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    Rows(path).add({"passages": 1_000, "kind": "flat", "build_s": 1.0})
    Rows(path).add({"passages": 100, "kind": "hnsw", "build_s": 2.0})
    Rows(path).add({"passages": 1_000, "kind": "flat", "build_s": 3.0})

    saved = [(row["passages"], row["kind"], row["build_s"]) for row in json.loads(path.read_text())["rows"]]
    assert saved == [(100, "hnsw", 2.0), (1_000, "flat", 3.0)]


def test_a_size_is_measured_from_end_to_end(
    real: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # On a busy machine a search of microseconds waits for a second thread a thousand times as long.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    rows = Rows(tmp_path / "rows.json")
    _Trials(real, 300, tmp_path / "300", rows, rounds=2, minutes=5).run(["flat", "ivf-sq8"])

    lexical, flat, cells = rows.all
    assert [row["kind"] for row in rows.all] == ["bm25", "flat", "ivf-sq8"]
    assert flat["recall@10"] == flat["recall@100"] == 1.0
    assert 0.9 < cells["recall@10"] <= 1.0
    assert flat["noise"] == pytest.approx(0.1 + 0.2 * np.log2(7.5))
    assert flat["bytes"] == pytest.approx(300 * DIMENSION * 4, abs=200)
    assert lexical["bytes"] > 300 * 8
    for row in (flat, cells):
        assert 0 < row["search_p50_ms"] <= row["search_p95_ms"]
        assert row["search_p50_ms"] < row["retrieve_p50_ms"]
        assert row["similarity"]["1"] >= row["similarity"]["2"] >= row["similarity"]["10"]
    print_rows(rows, [300], ["bm25", "flat", "ivf-sq8"], real)
    printed = capsys.readouterr().out
    assert "among 300, real ones and copies with noise of 0.68" in printed
    assert "bypassing the store (corpus.sqlite) and the builder" in printed


def test_recall_counts_passages_as_near_as_the_last_expected_one(tmp_path: Path) -> None:
    vectors = np.zeros((20, 2), np.float32)
    vectors[:, 0] = np.repeat([1.0, 0.5], 10)
    vectors[9, 0] = 0.5  # ties with all the following ones
    np.save(tmp_path / "vectors.npy", vectors)
    np.save(tmp_path / "nearest.npy", np.repeat([[1.0, 0.5]], [9, 11], axis=1).astype(np.float32))
    material = {"vectors": str(tmp_path / "vectors.npy"), "nearest": str(tmp_path / "nearest.npy")}
    asked = np.array([[1.0, 0.0]], np.float32)

    found = trial._recall([np.array([*range(9), 15, 19])], asked, material)
    assert found["recall@10"] == 1.0
    found = trial._recall([np.array([*range(5), *range(10, 15)])], asked, material)
    assert found["recall@10"] == 1.0  # all of them are as near as the tenth
    vectors[10:15, 0] = 0.4
    np.save(tmp_path / "vectors.npy", vectors)
    assert trial._recall([np.array([*range(5), *range(10, 15)])], asked, material)["recall@10"] == 0.5
