"""Postings counted by hand, and the best of them against a plain sort of every sum."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.faiss import postings
from indexer.engines.faiss.postings import Postings


def _postings(*terms: dict[int, float], count: int) -> Postings:
    """Each term's scores by passage."""
    return Postings(
        np.array([score for term in terms for _, score in sorted(term.items())], np.float32),
        np.array([passage for term in terms for passage in sorted(term)], np.int32),
        np.cumsum([0, *map(len, terms)]),
        count,
    )


def test_the_passages_of_a_term_are_contiguous_and_ascending() -> None:
    built = postings.build([[0, 1, 0], [], [2, 1]])

    assert built.starts.tolist() == [0, 1, 3, 4]
    assert built.passages.tolist() == [0, 0, 2, 2]
    assert built.count == 3
    # n = 3, an average length of 5/3; term 0: df 1, tf 2, length 3; term 1: df 2; term 2: df 1, length 2.
    norms = [1.5 * (0.25 + 0.75 * length / (5 / 3)) for length in (3, 0, 2)]
    idf = [math.log(1 + (3 - df + 0.5) / (df + 0.5)) for df in (1, 2, 1)]
    expected = [
        idf[0] * 2 / (norms[0] + 2),
        idf[1] / (norms[0] + 1),
        idf[1] / (norms[2] + 1),
        idf[2] / (norms[2] + 1),
    ]
    np.testing.assert_allclose(built.scores, expected, rtol=1e-6)


def test_passages_counted_in_chunks_make_one_index() -> None:
    rng = np.random.default_rng(0)
    count = 9_001  # more than are counted together
    documents = [rng.integers(0, 50, size=rng.integers(0, 6)).tolist() for _ in range(count)]
    built = postings.build(documents)

    held = [Counter(document) for document in documents]
    for term in (0, 17, 49):
        here = slice(built.starts[term], built.starts[term + 1])
        assert built.passages[here].tolist() == [number for number in range(count) if held[number][term]]
    last = max(number for number in range(count) if held[number][17])
    df = sum(17 in one for one in held)
    average = sum(map(len, documents)) / count
    norm = 1.5 * (0.25 + 0.75 * len(documents[last]) / average)
    score = math.log(1 + (count - df + 0.5) / (df + 0.5)) * held[last][17] / (norm + held[last][17])
    assert built.look_up([17], np.array([last]))[0] == pytest.approx(score, rel=1e-6)


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_without_any_term_nothing_is_found(documents: list[list[int]]) -> None:
    built = postings.build(documents)

    assert built.sums([]).tolist() == [0] * len(documents)
    assert built.best([], 3)[0].tolist() == []


_TERMS = st.lists(
    st.dictionaries(st.integers(0, 30), st.sampled_from([0.5, 0.5, 1.0, 1.25, 3.0]), max_size=31),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(_TERMS, st.data(), st.integers(1, 40), st.none() | st.lists(st.booleans(), min_size=31, max_size=31))
@settings(max_examples=300, deadline=None)
def test_the_best_are_those_of_a_sort_of_all_sums(
    terms: list[dict[int, float]], data: st.DataObject, count: int, allowed: list[bool] | None
) -> None:
    found = _postings(*terms, count=31)
    asked = data.draw(st.lists(st.integers(0, len(terms) - 1), max_size=6))
    sums = [sum(terms[term].get(passage, 0.0) for term in asked) for passage in range(31)]

    mask = None if allowed is None else np.array(allowed)
    ids, scores = found.best(asked, count, mask)

    admitted = [number for number in range(31) if sums[number] > 0 and (allowed is None or allowed[number])]
    expected = sorted(admitted, key=lambda number: (-sums[number], number))[:count]
    assert ids.tolist() == expected
    assert scores.tolist() == [sums[number] for number in expected]
    anywhere = np.array([30, 0, 7, 7], np.int64)
    assert found.look_up(asked, anywhere).tolist() == [sums[number] for number in (30, 0, 7, 7)]
    assert found.sums(asked).tolist() == sums
