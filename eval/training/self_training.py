"""Questions without spans -> examples, labelled by a teacher (self-training; Scudder, 1965).

Each of SQuAD's training questions here comes with the sentence that holds its answer. A teacher reads that
sentence alone, where it is seldom wrong; if it is sure, its span becomes the reference. The example's text is
wider than what the teacher read: it adds the sentences around, mostly of the same paragraph.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eval.studies.examples import ContextExample
from eval.studies.reading import whole_passage
from service.answering.reading.reader import Reader
from service.answering.reading.spans import distinct

MIN_SHARE = 0.6
"""A span becomes a label if it has at least this share of the softmax over distinct answers' scores."""

_NEIGHBOURS = 4  # sentences on each side of the one with the answer, at most
_MAX_WORDS = 150


def contexts(sentences: Sequence[str]) -> list[tuple[str, int]]:
    """Return for each sentence the text around it, and the sentence's offset in that text.

    Consecutive sentences come from one paragraph or neighbouring ones; a sentence repeated for several
    questions is taken once.
    """
    runs = [index for index, one in enumerate(sentences) if index == 0 or one != sentences[index - 1]]
    unique = [sentences[index] for index in runs]
    row_of = {index: row for row, index in enumerate(runs)}
    found, row = [], 0
    for index in range(len(sentences)):
        row = row_of.get(index, row)
        near = dict.fromkeys([unique[row], *unique[max(0, row - _NEIGHBOURS) : row + 1 + _NEIGHBOURS]])
        others = [sentence for sentence in near if sentence != unique[row]]
        before = [sentence for sentence in others if sentence in unique[max(0, row - _NEIGHBOURS) : row]]
        after = [sentence for sentence in others if sentence not in before]
        while sum(len(one.split()) for one in [*before, unique[row], *after]) > _MAX_WORDS and (
            before or after
        ):
            # Drop the farthest sentence of the side that has more.
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
    """Return the questions whose span the teacher is sure of, with that span.

    `pairs`: questions, each with the sentence that holds its answer, in the data's order.
    """
    found = []
    around = contexts([sentence for _, sentence in pairs])
    for number, ((question, sentence), (text, start)) in enumerate(zip(pairs, around, strict=True)):
        on_progress()
        spans = teacher.read(question, [whole_passage(ContextExample.of("", "", question, sentence))])
        groups = distinct(spans)
        if not groups:
            continue
        best = groups[0][0]
        share = 1 / sum(math.exp(group[0].score - best.score) for group in groups)
        if share >= MIN_SHARE:
            span = (start + best.start, start + best.end)
            found.append(ContextExample.of(f"squad-{number}", "squad", question, text, [span]))
    return found


def cached_labels(
    path: Path, teacher: Callable[[], Reader], pairs: Sequence[tuple[str, str]]
) -> list[ContextExample]:
    """Return the labelled questions from a file; if it does not exist, `teacher` labels them first."""
    if not path.is_file():
        lines = [json.dumps(_record(one)) + "\n" for one in labelled(teacher(), pairs)]
        path.write_text("".join(lines), "utf-8")
    return [_example(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _record(example: ContextExample) -> dict[str, Any]:
    return {
        "id": example.id,
        "source": example.source,
        "question": example.question,
        "context": example.text,
        "spans": example.spans,
    }


def _example(record: dict[str, Any]) -> ContextExample:
    spans = [(start, end) for start, end in record["spans"]]
    return ContextExample.of(record["id"], record["source"], record["question"], record["context"], spans)
