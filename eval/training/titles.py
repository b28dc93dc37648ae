"""Context words in training: the title of a text's article, shown to the reader before the text.

At run time a reader is shown the context words of a passage, its title and headings, where they hold words
of the question that the passage lacks (`service.answering.reading.reader`). A model that never saw them loses
accuracy. One that saw only true titles would trust them too much: a question about one thing, asked of an
article about another, has no answer.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from eval.studies.examples import ContextExample
from eval.training.negatives import replaced
from indexer.analyzer import terms
from service.answering.overlap import added_parts


def titled(
    examples: Sequence[ContextExample], seed: int, *, needed: float = 0.8, anyway: float = 0.25
) -> list[ContextExample]:
    """Return the examples, some with their title before the text.

    It is shown to a share `needed` of those whose question has a word that is in the title and not in the
    text, as the reader does it, and to a share `anyway` of the others.
    """
    draw = random.Random(seed)
    found = []
    for example in examples:
        context = f"{example.title}."
        helps = bool(example.title) and bool(added_parts(example.question, context, example.text))
        show = bool(example.title) and draw.random() < (needed if helps else anyway)
        found.append(replace(example, context=context) if show else example)
    return found


def wrong_titles(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples whose question names their title, asked of another title's article.

    The name in the question is replaced by the title of another article of the set, and the true title is
    shown: the text answers the question for another thing than the one asked about.
    """
    draw = random.Random(seed)
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, title in dict.fromkeys((one.source, one.title) for one in examples if one.title):
        by_source[source].append(title)
    found = []
    for example in examples:
        place = example.question.casefold().find(example.title.casefold()) if example.title else -1
        if place < 0 or len(by_source[example.source]) < 2 or draw.random() >= share:  # noqa: PLR2004
            continue
        other = draw.choice([one for one in by_source[example.source] if one != example.title])
        if {*terms(other)} & {*terms(example.text), *terms(example.title)}:
            continue
        changed = replaced(example, (place, place + len(example.title)), other, "/title")
        found.append(replace(changed, context=f"{example.title}."))
    return found
