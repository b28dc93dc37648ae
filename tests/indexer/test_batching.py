"""Batches of token ids: each row once, with little padding and a mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.batching import by_length, padded


@given(st.lists(st.integers(0, 600)), st.integers(1, 20))
def test_every_index_is_in_one_batch_and_the_longest_come_first(lengths: list[int], size: int) -> None:
    batches = [*by_length(lengths, size)]
    places = [place for batch in batches for place in batch]
    assert sorted(places) == [*range(len(lengths))]
    assert [lengths[place] for place in places] == sorted(lengths, reverse=True)
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(0 < len(batch) <= size for batch in batches)


def test_rows_of_one_length_keep_their_order() -> None:
    assert [*by_length([3, 5, 3, 5, 3], 2)] == [[1, 3], [0, 2], [4]]


def test_rows_are_padded_to_a_multiple_of_sixteen() -> None:
    ids, mask = padded([[7, 8, 9], [5]], 1)
    assert ids.dtype == mask.dtype == np.int64
    assert ids.tolist() == [[7, 8, 9] + [1] * 13, [5] + [1] * 15]
    assert mask.tolist() == [[1] * 3 + [0] * 13, [1] + [0] * 15]


@pytest.mark.parametrize(("longest", "length"), [(1, 16), (16, 16), (17, 32), (144, 144), (145, 160)])
def test_rows_are_padded_to_the_next_multiple_only(longest: int, length: int) -> None:
    assert padded([[4] * longest, [4]], 0)[0].shape == (2, length)
