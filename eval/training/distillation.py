"""A small model learns from a teacher's scores as well as the references (Hinton, Vinyals and Dean, 2015).

Both backbones tokenise text the same way, so a teacher's scores match a student's text tokens one to one.
They are computed once and cached in 16 bits.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from eval.training.features import Feature, Group
from eval.training.model import MASKED, Scorer, SpanModel, collate, group_loss, log_probabilities, predict
from eval.training.relations import Relations
from eval.training.trainer import Loss

Scores = dict[str, npt.NDArray[np.float16]]
"""By `window_key(feature)`: `float16 (2, 1 + text tokens)`, the no-answer token first."""


def window_key(feature: Feature) -> str:
    """Return a window's key, the same for every backbone; its checksum changes with the tokens' offsets."""
    return f"{feature.example}#{feature.window}-{zlib.crc32(feature.offsets.tobytes()):08x}"


def teacher_scores(
    model: Scorer,
    features: Sequence[Feature],
    pad_id: int,
    path: Path,
    *,
    chunk: int = 4_000,
    say: Callable[[str], None] = print,
) -> Scores:
    """Return the teacher's scores, cached in `path`; missing ones are computed, `chunk` windows at a time."""
    found = load_scores(path) if path.is_file() else {}
    missing = [feature for feature in features if window_key(feature) not in found]
    for start in range(0, len(missing), chunk):
        chosen = missing[start : start + chunk]
        scores = predict(model, chosen, pad_id)
        for feature in chosen:
            found[window_key(feature)] = _text_scores(scores[id(feature)], feature)
        scratch = path.with_suffix(".part.npz")
        np.savez(scratch, **found)  # type: ignore[arg-type]
        scratch.replace(path)
        say(f"scores: {len(found):,} of {len(features):,} windows")
    return found


def load_scores(path: Path) -> Scores:
    """Load the scores that `teacher_scores` cached in a file."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _text_scores(scores: npt.NDArray[np.float32], feature: Feature) -> npt.NDArray[np.float16]:
    kept = np.concatenate([scores[:, :1], scores[:, feature.first : feature.last]], axis=1)
    return kept.astype(np.float16)


def distillation_loss(
    scores: Scores, pad_id: int, *, temperature: float, share: float, relations: Relations | None = None
) -> Loss:
    """Return `share` times the divergence from the teacher plus `1 - share` times the loss of the references.

    The divergence is between the distributions softened by `temperature`, times its square, which keeps its
    gradients in proportion. A question with a window that has no teacher scores is learnt from the references
    alone, so that a model can learn something new while it keeps what its teacher knows (Li and Hoiem, 2016).
    `relations` adds its loss over the windows with scores.
    """

    def loss(model: SpanModel, groups: Sequence[Group]) -> torch.Tensor:
        taught = [group for group in groups if all(window_key(feature) in scores for feature in group)]
        untaught = [group for group in groups if not all(window_key(feature) in scores for feature in group)]
        # Groups with teacher scores come first, so that theirs are the first rows.
        features = [feature for group in (*taught, *untaught) for feature in group]
        rows = sum(map(len, taught))
        ids, mask, legal = collate(features, pad_id)
        states = model.hidden(ids, mask)
        student = model.score(states)
        parts: list[torch.Tensor] = []
        if taught:
            first, allowed = student[:, :rows], legal[:rows]
            teacher = torch.full_like(first, MASKED)
            for row, feature in enumerate(features[:rows]):
                kept = torch.from_numpy(scores[window_key(feature)].astype(np.float32))
                teacher[:, row, 0] = kept[:, 0]
                teacher[:, row, feature.first : feature.last] = kept[:, 1:]
            soft_student = log_probabilities(first / temperature, allowed)
            soft_teacher = log_probabilities(teacher / temperature, allowed)
            divergence = (soft_teacher.exp() * (soft_teacher - soft_student)).sum(dim=-1).mean()
            both = share * temperature**2 * divergence + (1 - share) * group_loss(first, allowed, taught)
            if relations is not None:
                keys = [window_key(feature) for feature in features[:rows]]
                both = both + relations.loss(states[:rows], features[:rows], keys)
            parts.append(both * len(taught) / len(groups))
        if untaught:
            parts.append(group_loss(student[:, rows:], legal[rows:], untaught) * len(untaught) / len(groups))
        return torch.stack(parts).sum()

    return loss
