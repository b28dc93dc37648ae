"""A small model learns from a teacher's scores, beside the references (Hinton, Vinyals and Dean, 2015).

Both backbones cut words alike, so a teacher's scores fit a student's context tokens one for one. They are
computed once and kept in 16 bits.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from eval.training.features import Feature, Group
from eval.training.model import OUTSIDE, Scorer, SpanModel, collate, group_loss, log_probabilities, predict
from eval.training.relations import Relations
from eval.training.trainer import Loss

Scores = dict[str, npt.NDArray[np.float16]]
"""By `key(feature)`: `float16 (2, 1 + context tokens)`, the no-answer token first."""


def key(feature: Feature) -> str:
    """Return what names a window, whatever the backbone; the checksum tells its text from another's."""
    return f"{feature.example}#{feature.window}-{zlib.crc32(feature.offsets.tobytes()):08x}"


def teacher_scores(
    model: Scorer,
    features: Sequence[Feature],
    pad_id: int,
    path: Path,
    *,
    part: int = 4_000,
    say: Callable[[str], None] = print,
) -> Scores:
    """Return the teacher's scores, from `path`; the missing ones are computed and kept there."""
    found = kept_scores(path) if path.is_file() else {}
    missing = [feature for feature in features if key(feature) not in found]
    for start in range(0, len(missing), part):
        chosen = missing[start : start + part]
        scores = predict(model, chosen, pad_id)
        for feature in chosen:
            found[key(feature)] = _shared(scores[id(feature)], feature)
        scratch = path.with_suffix(".part.npz")
        np.savez(scratch, **found)  # type: ignore[arg-type]
        scratch.replace(path)
        say(f"scores: {len(found):,} of {len(features):,} windows")
    return found


def kept_scores(path: Path) -> Scores:
    """Return the scores that a file holds."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _shared(scores: npt.NDArray[np.float32], feature: Feature) -> npt.NDArray[np.float16]:
    kept = np.concatenate([scores[:, :1], scores[:, feature.first : feature.last]], axis=1)
    return kept.astype(np.float16)


def distillation_loss(
    scores: Scores, pad_id: int, *, temperature: float, share: float, relations: Relations | None = None
) -> Loss:
    """Return `share` of the divergence from the teacher and `1 - share` of the loss against the references.

    The divergence is of the distributions softened by `temperature`, times its square, which keeps its
    gradients in proportion. A question with a window that has no scores is learnt from the references alone:
    so a model can learn something new while it keeps what its teacher knows (Li and Hoiem, 2016).
    `relations`, if given, adds what it makes of the windows with scores.
    """

    def loss(model: SpanModel, groups: Sequence[Group]) -> torch.Tensor:
        taught = [group for group in groups if all(key(feature) in scores for feature in group)]
        untaught = [group for group in groups if not all(key(feature) in scores for feature in group)]
        # Those with a teacher first, so that theirs are the first rows.
        features = [feature for group in (*taught, *untaught) for feature in group]
        rows = sum(map(len, taught))
        ids, mask, legal = collate(features, pad_id)
        states = model.hidden(ids, mask)
        mine = model.scored(states)
        parts: list[torch.Tensor] = []
        if taught:
            first, allowed = mine[:, :rows], legal[:rows]
            theirs = torch.full_like(first, OUTSIDE)
            for row, feature in enumerate(features[:rows]):
                kept = torch.from_numpy(scores[key(feature)].astype(np.float32))
                theirs[:, row, 0] = kept[:, 0]
                theirs[:, row, feature.first : feature.last] = kept[:, 1:]
            soft_mine = log_probabilities(first / temperature, allowed)
            soft_theirs = log_probabilities(theirs / temperature, allowed)
            apart = (soft_theirs.exp() * (soft_theirs - soft_mine)).sum(dim=-1).mean()
            both = share * temperature**2 * apart + (1 - share) * group_loss(first, allowed, taught)
            if relations is not None:
                both = both + relations.apart(states[:rows], features[:rows], [*map(key, features[:rows])])
            parts.append(both * len(taught) / len(groups))
        if untaught:
            parts.append(group_loss(mine[:, rows:], legal[rows:], untaught) * len(untaught) / len(groups))
        return torch.stack(parts).sum()

    return loss
