"""Questions without spans -> examples, labelled by a teacher (self-training; Scudder, 1965).

Each of SQuAD's training questions here comes with the sentence that holds its answer. A teacher reads that
sentence alone, which leaves few ways to be wrong, and where it is sure its span becomes the reference. The
context is wider than what the teacher read: the sentences around, which mostly are of the same paragraph.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.studies.reading import whole_passage
from eval.training.examples import ContextExample
from service.answering.reader import Reader
from service.answering.spans import distinct

SURE = 0.6
"""The share of the best span in the softmax over the spans of different places that makes a label."""

_AROUND = 4  # sentences on each side of the one with the answer, at most
_WORDS = 150


def contexts(sentences: Sequence[str]) -> list[tuple[str, int]]:
    """Return for each sentence the text around it and where in it the sentence starts.

    Consecutive pairs of the data are of one paragraph or of neighbours; the same sentence, asked several
    questions, stands there once.
    """
    runs = [place for place, one in enumerate(sentences) if place == 0 or one != sentences[place - 1]]
    unique = [sentences[place] for place in runs]
    number = {place: row for row, place in enumerate(runs)}
    found, row = [], 0
    for place in range(len(sentences)):
        row = number.get(place, row)
        near = dict.fromkeys([unique[row], *unique[max(0, row - _AROUND) : row + 1 + _AROUND]])
        others = [sentence for sentence in near if sentence != unique[row]]
        before = [sentence for sentence in others if sentence in unique[max(0, row - _AROUND) : row]]
        after = [sentence for sentence in others if sentence not in before]
        while sum(len(one.split()) for one in [*before, unique[row], *after]) > _WORDS and (before or after):
            # The side with more is shortened, from its far end.
            if len(before) >= len(after):
                before = before[1:]
            else:
                after = after[:-1]
        head = " ".join(before)
        start = len(head) + 1 if head else 0
        found.append((" ".join([*before, unique[row], *after]), start))
    return found


def labelled(
    teacher: Reader, pairs: Sequence[tuple[str, str]], on_progress: Callable[[], None] = lambda: None
) -> list[ContextExample]:
    """Return the questions with the spans that the teacher is sure of.

    `pairs`: questions, each with the sentence that holds its answer, in the order of their text.
    """
    found = []
    around = contexts([sentence for _, sentence in pairs])
    for number, ((question, sentence), (context, start)) in enumerate(zip(pairs, around, strict=True)):
        on_progress()
        spans = teacher.read(question, [whole_passage(ContextExample("", "", question, sentence, ()))])
        groups = distinct(spans)
        if not groups:
            continue
        best = groups[0][0]
        share = 1 / sum(math.exp(group[0].score - best.score) for group in groups)
        if share >= SURE:
            place = (start + best.start, start + best.end)
            found.append(ContextExample(f"squad-{number}", "squad", question, context, (place,)))
    return found


def kept_labels(
    path: Path, teacher: Callable[[], Reader], pairs: Sequence[tuple[str, str]]
) -> list[ContextExample]:
    """Return the labelled questions that a file holds; if it is not there, `teacher` first makes them."""
    if not path.is_file():
        records = [json.dumps(asdict(one)) + "\n" for one in labelled(teacher(), pairs)]
        path.write_text("".join(records), "utf-8")
    return [_example(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _example(record: dict[str, Any]) -> ContextExample:
    return ContextExample(**record | {"spans": tuple((start, end) for start, end in record["spans"])})
