"""BM25 against its formula written out, and the ranking against a plain sort."""

from __future__ import annotations

import json
import math
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.analyzer import terms
from indexer.arrays import Scores
from indexer.engines.faiss.lexical import FILES, LexicalIndex
from indexer.errors import DamagedGenerationError

# Words that the stemmer leaves alone and that are not function words: the reference needs neither.
WORDS = ["port", "trade", "cloud", "cable", "rail", "summit", "bank", "漢字", "مرحبا", "7"]
documents = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=12)
questions = st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=6).map(" ".join)


def bm25(texts: list[str], question: str) -> list[float]:
    """Robertson's BM25 with Lucene's idf: k1 = 1.5, b = 0.75, idf = ln(1 + (N - df + 0.5) / (df + 0.5))."""
    split = [text.split() for text in texts]
    average = sum(len(words) for words in split) / len(split)
    scores = []
    for words in split:
        score = 0.0
        for term in question.split():
            df = sum(term in other for other in split)
            tf = words.count(term)
            if tf:
                idf = math.log(1 + (len(split) - df + 0.5) / (df + 0.5))
                score += idf * tf / (tf + 1.5 * (1 - 0.75 + 0.75 * len(words) / average))
        scores.append(score)
    return scores


def all_scores(index: LexicalIndex, question: str) -> Scores:
    return index.scores(question, np.arange(len(index)))


@pytest.mark.slow
@given(documents, questions)
@settings(max_examples=200, deadline=None)
@example(["port port trade", "", "cloud"], "port cloud port")
def test_scores_equal_the_formula(texts: list[str], question: str) -> None:
    scores = all_scores(LexicalIndex.build(texts), question)

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, bm25(texts, question), rtol=1e-5, atol=1e-6)


def test_a_score_computed_by_hand() -> None:
    index = LexicalIndex.build(["port port rail", "port", "summit bank"])

    # N = 3, df = 2, tf = 2, length 3 of an average of 2: ln(1 + 1.5 / 2.5) * 2 / (2 + 1.5 * 1.375)
    assert index.scores("port", np.array([2, 0])) == pytest.approx([0, 0.470004 * 2 / 4.0625], abs=1e-6)


@pytest.mark.parametrize("texts", [[""], ["", ""], ["😀 🎉", "👨‍👩‍👧"], ["...", "—"]])
def test_texts_without_words_are_indexed_and_never_found(texts: list[str]) -> None:
    index = LexicalIndex.build(texts)

    assert len(index) == len(texts)
    for question in ("port", "", "😀", "the"):
        assert all_scores(index, question).tolist() == [0] * len(texts)
        assert index.search(question, 5)[0].tolist() == []


@pytest.mark.parametrize("question", ["", "   ", "😀", "?!", "unknown words"])
def test_a_question_without_known_words_scores_nothing(question: str) -> None:
    index = LexicalIndex.build(["port trade", "", "rail"])

    assert all_scores(index, question).tolist() == [0, 0, 0]
    assert [len(part) for part in index.search(question, 5)] == [0, 0]


def test_a_question_of_function_words_alone_still_finds_passages() -> None:
    scores = all_scores(LexicalIndex.build(["who goes", "port"]), "Who?")
    assert scores[0] > 0 == scores[1]


@pytest.mark.slow
@given(documents, questions, st.integers(1, 15), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_search_is_a_sort_by_score_and_then_id(
    texts: list[str], question: str, count: int, seed: int, filtered: bool
) -> None:
    allowed = np.random.default_rng(seed).random(len(texts)) < 0.5 if filtered else None
    index = LexicalIndex.build(texts)
    scores = all_scores(index, question).tolist()
    candidates = [
        number for number, score in enumerate(scores) if score > 0 and (allowed is None or allowed[number])
    ]

    ids, found = index.search(question, count, allowed)

    expected = sorted(candidates, key=lambda number: (-scores[number], number))[:count]
    assert ids.tolist() == expected
    assert found.tolist() == [scores[number] for number in expected]
    assert ids.dtype == np.int64
    assert found.dtype == np.float32


def test_the_files_equal_those_of_bm25s_and_bm25s_reads_them(tmp_path: Path) -> None:
    words = np.random.default_rng(5)
    texts = [" ".join(words.choice(WORDS, size=words.integers(0, 30))) for _ in range(300)]
    LexicalIndex.build(texts).save(tmp_path)
    reference = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    reference.index([terms(text) for text in texts], show_progress=False)
    read = bm25s.BM25.load(tmp_path, show_progress=False, **FILES)

    for question in ("port rail", "cloud cloud bank", "漢字 7 summit trade cable"):
        expected = reference.get_scores(terms(question))
        assert read.get_scores(terms(question)).tobytes() == expected.tobytes()
        index = LexicalIndex.load(tmp_path, len(texts))
        assert all_scores(index, question).tobytes() == expected.tobytes()


@pytest.mark.parametrize("texts", [["port trade", "", "rail rail 漢字"], ["", ""]])
def test_an_index_written_by_bm25s_is_read(texts: list[str], tmp_path: Path) -> None:
    written = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    written.index([terms(text) or [""] for text in texts], show_progress=False)
    written.save(tmp_path, show_progress=False, **FILES)

    index = LexicalIndex.load(tmp_path, len(texts))

    assert index.search("rail", 5)[0].tolist() == ([2] if texts[0] else [])
    assert index.search("", 5)[0].tolist() == []


@pytest.mark.parametrize("texts", [["port trade", "", "rail rail 漢字"], [""], ["😀"]])
def test_a_saved_index_scores_as_before(texts: list[str], tmp_path: Path) -> None:
    index = LexicalIndex.build(texts)
    index.save(tmp_path)

    loaded = LexicalIndex.load(tmp_path, len(texts))

    assert {path.name for path in tmp_path.iterdir()} == set(FILES.values())
    assert len(loaded) == len(texts)
    for question in ("port", "rail 漢字", "unknown", ""):
        np.testing.assert_array_equal(all_scores(loaded, question), all_scores(index, question))


@pytest.mark.parametrize("name", sorted(FILES.values()))
def test_a_missing_file_is_reported_as_damage(name: str, tmp_path: Path) -> None:
    LexicalIndex.build(["port trade", "rail"]).save(tmp_path)
    (tmp_path / name).unlink()

    with pytest.raises(DamagedGenerationError, match="quoth index"):
        LexicalIndex.load(tmp_path, 2)


def _rewrite(path: Path, **fields: object) -> None:
    stated = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**stated, **fields}), "utf-8")


def _change(path: Path, place: int, value: float) -> None:
    array = np.load(path)
    array[place] = value
    np.save(path, array)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("indices_name", 0, 2),  # of two passages
        ("indices_name", -1, -1),
        ("indptr_name", 1, 2**40),
        ("indptr_name", 1, -1),
        ("indptr_name", 0, 1),
        ("indptr_name", -1, 1),
        ("indices_name", 1, 0),  # twice in the same term: 0, 0
        ("data_name", 0, 0),
        ("data_name", 0, -1),
        ("data_name", 0, float("nan")),
    ],
)
def test_invalid_postings_are_reported_as_damage(tmp_path: Path, name: str, place: int, value: float) -> None:
    LexicalIndex.build(["port rail", "bank of port"]).save(tmp_path)
    LexicalIndex.load(tmp_path, 2)
    _change(tmp_path / FILES[name], place, value)
    with pytest.raises(DamagedGenerationError, match="is inconsistent"):
        LexicalIndex.load(tmp_path, 2)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("params_name", {"num_docs": 10**12}),
        ("params_name", {"num_docs": "2"}),
        ("params_name", {"dtype": "float72"}),
        ("params_name", {"int_dtype": "int8"}),
        ("params_name", {"method": "bm25+"}),
        ("params_name", {"backend": "annoy"}),
        ("params_name", {"k2": 1}),
        ("vocab_name", {"port": 99}),
        ("vocab_name", {"port": -1}),
        ("vocab_name", {"port": "0"}),
        ("vocab_name", {"port": [0]}),
    ],
)
def test_parameters_and_terms_that_quoth_does_not_write_are_reported_as_damage(
    tmp_path: Path, name: str, fields: dict[str, object]
) -> None:
    LexicalIndex.build(["port rail", "bank of port"]).save(tmp_path)
    _rewrite(tmp_path / FILES[name], **fields)
    with pytest.raises(DamagedGenerationError, match="quoth index"):
        LexicalIndex.load(tmp_path, 2)


def test_another_number_of_passages_is_reported_as_damage(tmp_path: Path) -> None:
    LexicalIndex.build(["port rail", "bank of port"]).save(tmp_path)
    with pytest.raises(DamagedGenerationError, match="is inconsistent"):
        LexicalIndex.load(tmp_path, 3)
