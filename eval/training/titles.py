"""Context words in training: the title of a text's article, shown to the reader before the text.

At run time a reader is shown the context words of a passage, its title and headings, where they hold words
of the question that the passage lacks (`service.answering.reading.reader`). A model that never saw them loses
accuracy. One that saw only true titles would trust them too much: a question about one thing, asked of an
article about another, has no answer.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from eval.studies.examples import ContextExample
from eval.training.negatives import replaced
from eval.training.swaps import Change, other_name, pools
from eval.training.wording import content
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
    """Return a share of the examples whose question names what their title does, asked about another thing.

    A name in the question that is in the title is replaced by another of its kind, a work's title by that
    of another work of its kind in the set, and the true title is shown: the text answers the question for
    another thing than the one asked about.
    """
    draw = random.Random(seed)
    pool = pools((example.question, example.text) for example in examples)
    works = _works(examples)
    found = []
    for example in examples:
        if not example.title or draw.random() >= share:
            continue
        change = other_name(example.question, example.text, pool, draw, title=example.title)
        change = change or _other_work(example, works, draw)
        if change is not None:
            changed = replaced(example, *change, "/title")
            found.append(replace(changed, context=f"{example.title}."))
    return found


_KINDS_OF_WORK = {
    "film": "film", "movie": "film", "series": "series", "sitcom": "series", "show": "series", "song": "song",
    "single": "song", "novel": "book", "book": "book", "album": "album", "soundtrack": "album",
    "game": "game",
    "band": "band", "musical": "musical", "play": "musical",
}  # fmt: skip
_WORK = re.compile(rf"\b({'|'.join(_KINDS_OF_WORK)})\b")
_MAKER = re.compile(r"\b(?:actor|actress|singer|director|writer|player|character|producer|company)\b")
_DEFINED = re.compile(r"\b(?:is|was)\s(?:an?|the)\s(.{0,80})")


def _works(examples: Sequence[ContextExample]) -> dict[tuple[str, str], list[str]]:
    """Return the titles of works by their set and kind."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in {one.title: one for one in examples if one.title}.values():
        if (kind := kind_of_work(example.title, example.text)) is not None:
            found[example.source, kind].append(_plain(example.title))
    return found


def _plain(title: str) -> str:
    return re.sub(r"\s*\([^)]*\)$", "", title)


def kind_of_work(title: str, text: str) -> str | None:
    """Return the kind of work that a title is of, as its brackets or the start of its text say, or None."""
    if bracketed := re.search(r"\(([^)]*)\)$", title):
        words = _WORK.findall(bracketed[1].casefold())
        return _KINDS_OF_WORK[words[-1]] if words else None
    defined = _DEFINED.search(text[:200])
    if defined is None or _plain(title).casefold() not in text[:200].casefold():
        return None
    word = _WORK.search(defined[1])
    if word is None or _MAKER.search(defined[1]):
        return None
    return _KINDS_OF_WORK[word[1]]


def _other_work(
    example: ContextExample, works: Mapping[tuple[str, str], Sequence[str]], draw: random.Random
) -> Change | None:
    """Return where the question has its title, a work's, and another of that kind."""
    title, question = _plain(example.title), example.question
    kind = kind_of_work(example.title, example.text)
    place = re.search(rf"(?i)(?<![\w-]){re.escape(title)}(?![\w’'-])", question)
    if kind is None or place is None:
        return None
    present = {*content(example.text), *content(question), *content(example.title)}
    choices = [one for one in works[example.source, kind] if content(one) and not present & {*content(one)}]
    if not choices:
        return None
    other = draw.choice(choices)
    return place.span(), other.casefold() if question == question.lower() else other
