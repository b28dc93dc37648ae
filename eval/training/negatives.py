"""Questions that a context does not answer, made from those that it does.

Three kinds, from easy to hard: a passage that retrieval brings for the question from elsewhere; the
question's own paragraph without the sentence that answers; and the question with one thing in it changed.
A context made this way may by chance hold an answer; where a reference answer's words occur in it, it is
left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import bm25s

from eval.training.examples import Example
from eval.training.features import OTHER
from indexer.lexical import question_terms, terms
from indexer.segmenter import sentence_offsets

_WORD = re.compile(r"\w+")
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
    folded = f" {_words(text)} "
    return any(f" {_words(answer)} " in folded for answer in example.answers)


def _words(text: str) -> str:
    # Marks part words: a possessive or a hyphenated word holds its parts.
    return " ".join(_WORD.findall(text.casefold()))


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
            places, scores = index.retrieve(
                [question_terms(example.question)], k=min(_RETRIEVED, len(contexts)), show_progress=False
            )
            likely = [
                contexts[int(place)] for place, score in zip(places[0], scores[0], strict=True) if score > 0
            ]
            likely = [text for text in likely if text != example.context and not holds(text, example)]
            if likely:
                context = likely[min(int(draw.expovariate(0.5)), len(likely) - 1)]
                found.append(replace(example, id=f"{example.id}{OTHER}", context=context, spans=()))
    return found


_NAME = re.compile(r"(?<=\s)[A-Z][\w’'.-]*\w(?:\s(?:of\s|the\s|de\s)?[A-Z][\w’'.-]*\w)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_NOUN = re.compile(r"(?<=\bthe\s)[a-z]{4,}\b(?=\s(?:of|in|for|that|who|to|at|by|on)\b|\?)")
_PARTS = (_NAME, _NUMBER, _NOUN)


def altered(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Return a share of the examples with one thing in the question changed: a name, a number, or a noun.

    What takes its place is of the same kind, from a question with the same first word, and its words do not
    occur in the example's context: which then speaks of something near, and does not answer.
    """
    draw = random.Random(seed)
    pools: dict[tuple[str, int], list[str]] = defaultdict(list)
    for example in examples:
        for kind, pattern in enumerate(_PARTS):
            pools[_asked(example), kind] += pattern.findall(example.question)
    found = []
    for example in examples:
        if draw.random() >= share:
            continue
        places = [
            (kind, part) for kind, pattern in enumerate(_PARTS) for part in pattern.finditer(example.question)
        ]
        draw.shuffle(places)
        for kind, part in places:
            other = draw.choice(pools[_asked(example), kind])
            near = set(terms(example.context)) | set(terms(example.question))
            if not near & set(terms(other)):
                question = example.question[: part.start()] + other + example.question[part.end() :]
                found.append(replace(example, id=f"{example.id}/altered", question=question, spans=()))
                break
    return found


def _asked(example: Example) -> str:
    return example.question.split(maxsplit=1)[0].casefold()
