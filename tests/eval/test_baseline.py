from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from eval.baseline import BASELINE, SentenceReader, SentenceWeights, load_baseline
from indexer.arrays import Vector, Vectors
from indexer.encoders.encoder import Encoder
from indexer.records import Passage, ScoredPassage
from service.answering.confidence.calibration import Calibration
from service.errors import ReaderError

TEXT = "It rained in Lahore. The river rose by two metres. Nobody was hurt."
FIRST = ScoredPassage(
    Passage(0, "a.txt", 100, 150), TEXT[:50], 1.0, dense=0.6, lexical=2.0, sentences=((100, 120), (121, 150))
)
SECOND = ScoredPassage(
    Passage(1, "a.txt", 121, 167), TEXT[21:], 0.4, dense=0.2, lexical=1.0, sentences=((121, 150), (151, 167))
)


class FixedEncoder:
    """Cosines chosen by hand: the question is the first axis, each sentence is at a chosen angle to it."""

    name = "fixed"
    fingerprint = "0" * 64
    dimension = 2
    max_tokens = 254
    cosines = {  # noqa: RUF012 - a constant of a fake
        "It rained in Lahore.": 0.5,
        "The river rose by two metres.": 0.25,
        "Nobody was hurt.": 0.0,
    }

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_query(self, question: str) -> Vector:  # noqa: ARG002
        return np.array([1.0, 0.0], dtype=np.float32)

    def encode_passages(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None = None,  # noqa: ARG002
    ) -> Vectors:
        rows = [(self.cosines[text], math.sqrt(1 - self.cosines[text] ** 2)) for text in texts]
        return np.array(rows, dtype=np.float32)


def test_features_are_cosine_weighted_share_of_terms_and_the_passages_cosine() -> None:
    reader = SentenceReader(FixedEncoder(), SentenceWeights((0.0, 0.0, 0.0), 0.0))
    spans, features = reader.candidates("How far did the river rise in Lahore?", [FIRST, SECOND])
    assert [span.text for span in spans] == list(FixedEncoder.cosines)
    # Terms: far, river, rise, lahor. Three sentences; "river" and "lahor" occur in one each, the others
    # in none, and a term's weight is ln(1 + 3 / (1 + sentences that hold it)).
    held, absent = math.log(1 + 3 / 2), math.log(1 + 3 / 1)
    share = held / (2 * held + 2 * absent)
    assert features == pytest.approx(
        np.array([[0.5, share, 0.6], [0.25, share, 0.6], [0.0, 0.0, 0.2]]), abs=1e-6
    )


def test_spans_are_ranked_by_the_weighted_features_and_keep_their_places() -> None:
    reader = SentenceReader(FixedEncoder(), SentenceWeights((-2.0, 0.0, 0.0), 1.0))
    spans = reader.read("How far did the river rise?", [FIRST, SECOND])
    assert [(span.text, span.start, span.end) for span in spans] == [
        ("Nobody was hurt.", 151, 167),
        ("The river rose by two metres.", 121, 150),
        ("It rained in Lahore.", 100, 120),
    ]
    assert [span.score for span in spans] == pytest.approx([1.0, 0.5, 0.0], abs=1e-6)


def test_a_sentence_in_two_passages_is_offered_once_from_the_better_one() -> None:
    spans = SentenceReader(FixedEncoder(), SentenceWeights((1.0, 0.0, 0.0), 0.0)).read(
        "river", [FIRST, SECOND]
    )
    shared = [span for span in spans if span.text == "The river rose by two metres."]
    assert [span.passage.id for span in shared] == [0]


def test_no_passages_give_no_spans() -> None:
    assert SentenceReader(FixedEncoder(), SentenceWeights((1.0, 0.0, 0.0), 0.0)).read("river", []) == []


def test_the_stored_baseline_is_loaded_with_its_calibration(word_encoder: Encoder) -> None:
    reader, calibration = load_baseline(word_encoder)
    assert reader.name == "sentence"
    assert reader.fingerprint == hashlib.sha256(BASELINE.read_bytes()).hexdigest()
    stored = json.loads(BASELINE.read_text("utf-8"))["confidence"]
    assert calibration == Calibration(stored["weights"], stored["bias"], stored["threshold"])
    assert 0 < calibration.threshold < 1


def test_a_missing_baseline_says_what_to_do(tmp_path: Path, word_encoder: Encoder) -> None:
    with pytest.raises(ReaderError, match="install Quoth again"):
        load_baseline(word_encoder, tmp_path / "none.json")


@pytest.mark.parametrize(
    "confidence",
    [
        {"features": ["score"], "weights": [1.0], "bias": 0.0, "threshold": 0.5},
        {"weights": {"mood": 1.0}, "bias": 0.0, "threshold": 0.5},
        None,
    ],
)
def test_a_baseline_with_another_confidence_is_refused(
    tmp_path: Path, confidence: object, word_encoder: Encoder
) -> None:
    stored = json.loads((BASELINE).read_text("utf-8")) | {"confidence": confidence}
    path = tmp_path / "other.json"
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ReaderError, match=r"other\.json cannot be read: install Quoth again"):
        load_baseline(word_encoder, path)


def test_a_baseline_fitted_to_other_features_is_refused(tmp_path: Path, word_encoder: Encoder) -> None:
    stored = {
        "reader": {"features": ["length"], "weights": [1.0], "bias": 0.0},
        "confidence": {"weights": {"score": 1.0}, "bias": 0.0, "threshold": 0.5},
    }
    path = tmp_path / "other.json"
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ReaderError, match="other features"):
        load_baseline(word_encoder, path)
