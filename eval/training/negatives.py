"""Questions that a context does not answer, made from those that it does.

Three kinds, from easy to hard: a passage that retrieval brings for the question from elsewhere; the
question's own paragraph without the sentence that answers; and a neighbour's question put to it. An
example made this way may by chance hold an answer; where a reference answer's words occur in it, it is
left out.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import bm25s

from eval.metrics import normalise
from eval.training.examples import Example
from indexer.lexical import question_terms, terms
from indexer.segmenter import sentence_offsets

_RETRIEVED = 8  # passages looked at for a question


def without_answer(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Return a share of the examples with the sentences cut out that hold an answer."""
    draw = random.Random(seed)
    found = []
    for example in examples:
        if draw.random() >= share:
            continue
        sentences = sentence_offsets(example.context)
        kept = [
            (start, end)
            for start, end in sentences
            if not any(first < end and start < last for first, last in example.spans)
        ]
        left = " ".join(example.context[start:end] for start, end in kept)
        if len(kept) < len(sentences) and len(left.split()) >= 20 and not holds(left, example):  # noqa: PLR2004
            found.append(replace(example, id=f"{example.id}/cut", context=left, spans=()))
    return found


def holds(text: str, example: Example) -> bool:
    """Whether a reference answer's words stand in a text."""
    folded = f" {normalise(text)} "
    return any(f" {normalise(answer)} " in folded for answer in example.answers)


def retrieved(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Return a share of the examples on a like context that BM25 finds for the question in its own set."""
    draw = random.Random(seed)
    by_source: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_source[example.source].append(example)
    found = []
    for group in by_source.values():
        contexts = list(dict.fromkeys(example.context for example in group))
        index = bm25s.BM25()
        index.index([terms(context) for context in contexts], show_progress=False)
        for example in group:
            if draw.random() >= share:
                continue
            places, _ = index.retrieve(
                [question_terms(example.question)], k=min(_RETRIEVED, len(contexts)), show_progress=False
            )
            likely = [contexts[int(place)] for place in places[0]]
            likely = [text for text in likely if text != example.context and not holds(text, example)]
            if likely:
                context = likely[min(int(draw.expovariate(0.5)), len(likely) - 1)]
                found.append(replace(example, id=f"{example.id}/other", context=context, spans=()))
    return found
