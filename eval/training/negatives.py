"""Questions that a text does not answer, made from those that it does.

From easy to hard: a passage that retrieval finds elsewhere for the question; the question's own paragraph
without the sentences that answer it; the question with one thing in it replaced by something from another
question; and the question with a name or a number replaced by another of the same paragraph.
A text made this way may by chance hold an answer; one that contains a reference answer's words is left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from eval.studies.examples import ContextExample
from eval.training.exchanges import exchanges
from eval.training.features import OTHER
from eval.training.swaps import Change, other_name, other_number, other_word, pools
from eval.training.wording import put
from indexer.analyzer import terms
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.records import CharRange
from indexer.segmenter import sentence_offsets

_WORD = re.compile(r"\w+")
_RETRIEVED = 8  # passages considered for each question
_MIN_WORDS = 20  # of a text that sentences were cut from


def without_answer(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with the sentences that hold an answer cut out."""
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        answering, others = split_sentences(example)
        left = " ".join(others)
        if answering and len(left.split()) >= _MIN_WORDS and not contains_answer(left, example):
            found.append(example.unanswerable("/cut", text=left))
    return found


def contains_answer(text: str, example: ContextExample) -> bool:
    """Whether a text contains the words of a reference answer."""
    folded = f" {_words(text)} "
    return any(f" {_words(words)} " in folded for words in example.references)


def _words(text: str) -> str:
    # Punctuation separates words: a possessive or a hyphenated word contains its parts.
    return " ".join(_WORD.findall(text.casefold()))


def retrieved(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples, each on another text that BM25 finds for its question in its set."""
    draw = random.Random(seed)
    by_source: dict[str, list[ContextExample]] = defaultdict(list)
    for example in examples:
        by_source[example.source].append(example)
    found = []
    for group in by_source.values():
        texts = list(dict.fromkeys(example.text for example in group))
        index = LexicalIndex.build(texts)
        for example in sampled(group, share, draw):
            numbers, _ = index.search(example.question, _RETRIEVED)
            similar = [texts[int(number)] for number in numbers]
            similar = [one for one in similar if one != example.text and not contains_answer(one, example)]
            if similar:
                text = similar[min(int(draw.expovariate(0.5)), len(similar) - 1)]
                found.append(example.unanswerable(OTHER, text=text))
    return found


def altered(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with one name, number or plain word of the question replaced.

    A name is replaced by another of its kind, from a list or another question; a number by one of the same
    magnitude; a plain word by one that is used alike. The name or number is in the text, so that the change
    can be seen; the replacement is not.
    """
    draw = random.Random(seed)
    pool = pools((example.question, example.text) for example in examples)
    found = []
    for example in sampled(examples, share, draw):
        question, text = example.question, example.text
        makers: list[Callable[[], Change | None]] = [
            lambda: other_name(question, text, pool, draw),  # noqa: B023 - called in this round
            lambda: other_number(question, text, draw),  # noqa: B023
            lambda: other_word(question, text, draw),  # noqa: B023
        ]
        # Draw the kind first: a question has more names than numbers.
        draw.shuffle(makers)
        change = next(filter(None, (make() for make in makers)), None)
        if change is not None:
            found.append(replaced(example, *change, "/altered"))
    return found


def exchanged(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with a name or number of the question replaced by one of its text.

    The replacement is of the same kind and occurs in the example's own text, though in no sentence with an
    answer: everything that the question mentions is there, but not in the relation that it asks about.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        answering, others = split_sentences(example)
        taken = {*terms(" ".join([example.question, *example.references, *answering]))}
        choices = [*exchanges(example.question, example.text, others, taken)]
        if choices:
            found.append(replaced(example, *draw.choice(choices), "/exchanged"))
    return found


def split_sentences(example: ContextExample) -> tuple[list[str], list[str]]:
    """Return the sentences of the text that overlap an answer, and those that do not."""
    answering: list[str] = []
    others: list[str] = []
    for start, end in sentence_offsets(example.text):
        overlaps = any(first < end and start < last for first, last in example.spans)
        (answering if overlaps else others).append(example.text[start:end])
    return answering, others


def sampled(
    examples: Sequence[ContextExample], share: float, draw: random.Random
) -> Iterator[ContextExample]:
    """Yield a share of the examples, each drawn when its turn comes."""
    return (example for example in examples if draw.random() < share)


def replaced(example: ContextExample, part: CharRange, replacement: str, suffix: str) -> ContextExample:
    """Return an example with a part of its question replaced, without gold spans."""
    return example.unanswerable(suffix, question=put(example.question, part, replacement))
