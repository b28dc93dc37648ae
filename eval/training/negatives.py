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
from collections.abc import Iterator, Sequence

from eval.studies.examples import ContextExample
from eval.training.features import OTHER
from indexer.analyzer import is_function_word, terms
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
        answering, others = _split_sentences(example)
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


_NAME = re.compile(r"(?<=\S\s)[A-Z][\w’'.-]*\w(?:\s(?:of\s|the\s|de\s)?[A-Z][\w’'.-]*\w)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_PLAIN = re.compile(r"(?<=\w )[a-z]{4,}\b(?![’'-])")


def altered(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with one name, number or plain word of the question replaced.

    The replacement comes from another question: a name or a number from one with the same first word, a
    plain word from after the same word and with the same ending, so that it is mostly the same part of
    speech. None of its terms occurs in the example's text, which is then on a related subject and does not
    answer.
    """
    draw = random.Random(seed)
    pools: dict[_Slot, list[str]] = defaultdict(list)
    for example in examples:
        for slot, part in _replaceable(example.question):
            pools[slot].append(part[0])
    found = []
    for example in sampled(examples, share, draw):
        present = set(terms(example.text)) | set(terms(example.question))
        parts = _replaceable(example.question)
        draw.shuffle(parts)
        # Draw the kind first: a question has more plain words than names and numbers.
        kinds = draw.sample(_KINDS, len(_KINDS))
        for slot, part in sorted(parts, key=lambda pair: kinds.index(pair[0][0])):
            replacement = draw.choice(pools[slot])
            if not present & set(terms(replacement)):
                found.append(replaced(example, part.span(), replacement, "/altered"))
                break
    return found


_KINDS = ("name", "number", "word")
_Slot = tuple[str, str]
"""A kind, and what a part of another question must share with this one to replace it."""


def _replaceable(question: str) -> list[tuple[_Slot, re.Match[str]]]:
    """Return the parts of a question that can be replaced, each with its slot."""
    first = question.split(maxsplit=1)[0].casefold()
    found = [(("name", first), part) for part in _NAME.finditer(question)]
    found += [(("number", first), part) for part in _NUMBER.finditer(question)]
    for part in _PLAIN.finditer(question):
        if not is_function_word(part[0]):
            before = question[: part.start()].rsplit(maxsplit=1)[-1].casefold()
            found.append((("word", f"{before} {part[0][-2:]}"), part))
    return found


def exchanged(examples: Sequence[ContextExample], share: float, seed: int) -> list[ContextExample]:
    """Return a share of the examples with a name or number of the question replaced by one of its text.

    The replacement occurs in the example's own text, though in no sentence with an answer: everything that
    the question mentions is there, but not in the relation that it asks about. Occasionally such a question
    has an answer after all.
    """
    draw = random.Random(seed)
    found = []
    for example in sampled(examples, share, draw):
        answering, others = _split_sentences(example)
        present = set(terms(" ".join([example.question, *example.references, *answering])))
        choices = []
        for pattern in (_NAME, _NUMBER):
            # A sentence's first word is capitalised anyway: the pattern requires a space before a name.
            named = [match for sentence in others for match in pattern.finditer(sentence)]
            named = [match for match in named if terms(match[0]) and not present & set(terms(match[0]))]
            for part in pattern.finditer(example.question):
                choices += [(part.span(), one[0]) for one in named if _fits(part, one)]
        if choices:
            found.append(replaced(example, *draw.choice(choices), "/exchanged"))
    return found


_TIME = re.compile(
    r"January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
)


def _fits(part: re.Match[str], other: re.Match[str]) -> bool:
    """Whether a name or number of a text can take the place of one of the question, by what it looks like.

    A number has as many characters. A name follows the same word, "in" or "by" or "the", and both or neither
    are of a month or a day, so that it is mostly the same kind of thing.
    """
    if part[0][0].isdigit():
        return len(other[0]) == len(part[0])
    same_word = _word_before(part) == _word_before(other)
    return same_word and bool(_TIME.match(part[0])) == bool(_TIME.match(other[0]))


def _word_before(match: re.Match[str]) -> str:
    words = match.string[: match.start()].split()
    return words[-1].casefold() if words else ""


def _split_sentences(example: ContextExample) -> tuple[list[str], list[str]]:
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
    question = example.question[: part[0]] + replacement + example.question[part[1] :]
    return example.unanswerable(suffix, question=question)
