"""Two rankings -> one. Pure functions over scores of the same passages."""

from __future__ import annotations

import numpy as np

from indexer.arrays import Scores
from service.answering.settings import Fusion

RANK_CONSTANT = 60
"""k of reciprocal rank fusion, as Cormack, Clarke and Büttcher (SIGIR 2009) set it."""


def convex(dense: Scores, lexical: Scores, weight: float) -> Scores:
    """Return `weight` x dense + (1 - `weight`) x lexical, each scaled to [0, 1] for this question.

    `dense` holds cosines and `lexical` BM25 scores, both `float32 (n,)`. Each is scaled from its smallest
    possible value (-1 and 0) to the largest one present: Bruch, Gai and Ingber, "An Analysis of Fusion
    Functions for Hybrid Retrieval" (TOIS 2023), call it the theoretical minimum-maximum scaling.
    """
    return np.asarray(weight * _scale(dense, -1.0) + (1.0 - weight) * _scale(lexical, 0.0), dtype=np.float32)


def reciprocal_rank(dense: Scores, lexical: Scores, weight: float = 0.5) -> Scores:
    """Return the weighted sum of 1 / (60 + rank) over both rankings, scaled so that 1 is first in both.

    Ranks are 1-based; a passage that shares no term with the question (score 0) has no lexical rank.
    """
    by_dense = 1.0 / (RANK_CONSTANT + _ranks(dense))
    by_lexical = np.where(lexical > 0, 1.0 / (RANK_CONSTANT + _ranks(lexical)), 0.0)
    fused = (weight * by_dense + (1.0 - weight) * by_lexical) * (RANK_CONSTANT + 1)
    return np.asarray(fused, dtype=np.float32)


def fuse(method: Fusion, dense: Scores, lexical: Scores, weight: float) -> Scores:
    """Fuse by the named method: `convex` or `reciprocal_rank`."""
    return {"convex": convex, "reciprocal-rank": reciprocal_rank}[method](dense, lexical, weight)


def _scale(scores: Scores, least: float) -> Scores:
    most = float(scores.max(initial=least))
    return (scores - least) / (most - least) if most > least else np.zeros_like(scores)


def _ranks(scores: Scores) -> Scores:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1, dtype=np.float32)
    return ranks
