"""Questions that a context does not answer, made from those that it does.

From easy to hard: a passage that retrieval brings for the question from elsewhere; the question's own
paragraph without the sentence that answers; the question with one thing in it changed for something of
another question's; and with a name in it exchanged for another of the same paragraph.
A context made this way may by chance hold an answer; where a reference answer's words occur in it, it is
left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.training.examples import ContextExample
from eval.training.features import OTHER
from indexer.analyzer import is_function_word, terms
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.segmenter import sentence_offsets

_WORD = re.compile(r"\w+")
_RETRIEVED = 8  # passages looked at for a question


def without_answer(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with the sentences cut out that hold an answer."""
    draw = random.Random(seed)
    found = []
    for example in _drawn(examples, share, draw):
        answering, others = _parted(example)
        left = " ".join(others)
        if answering and len(left.split()) >= 20 and not holds(left, example):  # noqa: PLR2004
            found.append(replace(example, id=f"{example.id}/cut", context=left, spans=()))
    return found


def holds(text: str, example: ContextExample) -> bool:
    """Whether a reference answer's words stand in a text."""
    folded = f" {_words(text)} "
    return any(f" {_words(answer)} " in folded for answer in example.answers)


def _words(text: str) -> str:
    # Marks part words: a possessive or a hyphenated word holds its parts.
    return " ".join(_WORD.findall(text.casefold()))


def retrieved(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples on a like context that BM25 finds for the question in its own set."""
    draw = random.Random(seed)
    by_source: dict[str, list[ContextExample]] = defaultdict(list)
    for example in examples:
        by_source[example.source].append(example)
    found = []
    for group in by_source.values():
        contexts = list(dict.fromkeys(example.context for example in group))
        index = LexicalIndex.build(contexts)
        for example in _drawn(group, share, draw):
            places, _ = index.search(example.question, _RETRIEVED)
            likely = [contexts[int(place)] for place in places]
            likely = [text for text in likely if text != example.context and not holds(text, example)]
            if likely:
                context = likely[min(int(draw.expovariate(0.5)), len(likely) - 1)]
                found.append(replace(example, id=f"{example.id}{OTHER}", context=context, spans=()))
    return found


_NAME = re.compile(r"(?<=\S\s)[A-Z][\w’'.-]*\w(?:\s(?:of\s|the\s|de\s)?[A-Z][\w’'.-]*\w)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_PLAIN = re.compile(r"(?<=\w )[a-z]{4,}\b(?![’'-])")


def altered(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with one thing in the question changed: a name, a number, or a word.

    What takes its place comes from another question: a name or a number from one with the same first word,
    a plain word from behind the same word and with the same ending, so that it mostly is the same part of
    speech. Nothing of it occurs in the example's context: which then speaks of something near, and does not
    answer.
    """
    draw = random.Random(seed)
    pools: dict[_Slot, list[str]] = defaultdict(list)
    for example in examples:
        for slot, part in _parts(example.question):
            pools[slot].append(part[0])
    found = []
    for example in _drawn(examples, share, draw):
        near = set(terms(example.context)) | set(terms(example.question))
        places = _parts(example.question)
        draw.shuffle(places)
        # One kind before the others: a question has more plain words than names and numbers.
        kinds = draw.sample(_KINDS, len(_KINDS))
        for slot, part in sorted(places, key=lambda place: kinds.index(place[0][0])):
            other = draw.choice(pools[slot])
            if not near & set(terms(other)):
                found.append(_changed(example, part, other, "altered"))
                break
    return found


_KINDS = ("name", "number", "word")
_Slot = tuple[str, str]


def _parts(question: str) -> list[tuple[_Slot, re.Match[str]]]:
    """Return what can be changed in a question, each with its kind and what else must be alike."""
    asked = question.split(maxsplit=1)[0].casefold()
    found = [(("name", asked), part) for part in _NAME.finditer(question)]
    found += [(("number", asked), part) for part in _NUMBER.finditer(question)]
    for part in _PLAIN.finditer(question):
        if not is_function_word(part[0]):
            before = question[: part.start()].rsplit(maxsplit=1)[-1].casefold()
            found.append((("word", f"{before} {part[0][-2:]}"), part))
    return found


def exchanged(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with a name or a number of the question exchanged for the context's.

    What takes its place stands in the example's own context, though in no sentence with an answer: all that
    the question names is then spoken of, and only how it goes together is not. A number is exchanged for one
    of as many digits. Now and then such a question has an answer after all.
    """
    draw = random.Random(seed)
    found = []
    for example in _drawn(examples, share, draw):
        answering, others = _parted(example)
        near = set(terms(" ".join([example.question, *example.answers, *answering])))
        choices = []
        for pattern in (_NAME, _NUMBER):
            # A sentence's first word is no name for its capital: the pattern wants a space before it.
            named = [name for sentence in others for name in pattern.findall(sentence)]
            named = [name for name in named if terms(name) and not near & set(terms(name))]
            for part in pattern.finditer(example.question):
                fitting = [name for name in named if pattern is _NAME or len(name) == len(part[0])]
                choices += [(part, name) for name in fitting]
        if choices:
            found.append(_changed(example, *draw.choice(choices), "exchanged"))
    return found


def _parted(example: ContextExample) -> tuple[list[str], list[str]]:
    """Return the sentences of the context that hold an answer, and those that do not."""
    answering: list[str] = []
    others: list[str] = []
    for start, end in sentence_offsets(example.context):
        holds_one = any(first < end and start < last for first, last in example.spans)
        (answering if holds_one else others).append(example.context[start:end])
    return answering, others


def _drawn(examples: Sequence[ContextExample], share: float, draw: random.Random) -> Iterator[ContextExample]:
    """Yield a share of the examples, each drawn when its turn comes."""
    return (example for example in examples if draw.random() < share)


def _changed(example: ContextExample, part: re.Match[str], other: str, kind: str) -> ContextExample:
    """Return an example whose question has something else in the place of a part of it."""
    question = example.question[: part.start()] + other + example.question[part.end() :]
    return replace(example, id=f"{example.id}/{kind}", question=question, spans=())
