from __future__ import annotations

import numpy as np
import pytest

from service.answering.retrieval.fusion import convex, reciprocal_rank


def floats(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_convex_scales_from_the_least_possible_to_the_largest_present() -> None:
    fused = convex(floats(0.5, -1.0, 0.2), floats(0.0, 8.0, 4.0), 0.7)
    assert fused == pytest.approx(
        [
            0.7 * 1.5 / 1.5 + 0.3 * 0 / 8,
            0.7 * 0.0 / 1.5 + 0.3 * 8 / 8,
            0.7 * 1.2 / 1.5 + 0.3 * 4 / 8,
        ]
    )


def test_convex_with_a_weight_of_one_or_zero_is_one_of_the_rankings() -> None:
    dense, lexical = floats(0.9, 0.1), floats(1.0, 5.0)
    assert convex(dense, lexical, 1.0).argmax() == 0
    assert convex(dense, lexical, 0.0).argmax() == 1


def test_convex_without_a_shared_term_is_the_dense_ranking() -> None:
    assert convex(floats(0.3, 0.6), floats(0.0, 0.0), 0.5) == pytest.approx([0.5 * 1.3 / 1.6, 0.5])


def test_reciprocal_rank_follows_the_published_formula() -> None:
    fused = reciprocal_rank(floats(0.9, 0.5, 0.1), floats(1.0, 3.0, 2.0))
    assert fused == pytest.approx(
        [
            61 * (0.5 / (60 + 1) + 0.5 / (60 + 3)),
            61 * (0.5 / (60 + 2) + 0.5 / (60 + 1)),
            61 * (0.5 / (60 + 3) + 0.5 / (60 + 2)),
        ]
    )


def test_reciprocal_rank_gives_no_lexical_rank_without_a_shared_term() -> None:
    fused = reciprocal_rank(floats(0.9, 0.5), floats(0.0, 2.0))
    assert fused == pytest.approx([61 * 0.5 / 61, 61 * (0.5 / 62 + 0.5 / 61)])


def test_fusing_nothing_gives_nothing() -> None:
    assert len(convex(floats(), floats(), 0.5)) == 0
    assert len(reciprocal_rank(floats(), floats())) == 0
