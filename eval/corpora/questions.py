"""The questions over the corpora, checked against the documents as they were fetched.

Texts are read differently from version to version, so answers have no offsets: an answer is its words and the
documents that give it, and a quote from the document proves that the set fits what was fetched.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eval.corpora.sources import CORPORA
from eval.dataset import SEEDS, DatasetError, check_question, check_text, field, from_json, read_text

QUESTIONS = SEEDS.with_name("corpora.jsonl")
UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its accepted answers; none where the corpus speaks of the thing and does not say it.

    `kind`: what the question tries, "unanswerable" without an answer. `documents`: paths below the corpus's
    folder, of those that give an answer or, without one, of one that comes near. `quote`: words of one.
    """

    id: str
    corpus: str
    kind: str
    question: str
    answers: tuple[str, ...]
    documents: tuple[str, ...]
    quote: str

    @property
    def answerable(self) -> bool:
        """Whether the corpus answers it."""
        return bool(self.answers)

    def accepts(self, text: str, document: str) -> bool:
        """Whether these words, cited from this document, are right: they hold a whole accepted answer.

        Stricter than `eval.metrics.is_right`, for which "60 days" agrees with "30 days" by half: the accepted
        answers end with the shortest one that is whole, with its currency and unit.
        """
        return document in self.documents and self.is_held_by(text)

    def is_held_by(self, text: str) -> bool:
        """Whether a text holds the words of an accepted answer."""
        found = words(text)
        return any(holds(found, answer) for answer in self.answers)


def load_questions(path: Path = QUESTIONS) -> list[Question]:
    """Load the questions.

    Raises:
        DatasetError: a line is malformed; the message names line and field.
    """
    found: list[Question] = []
    names = {corpus.name for corpus in CORPORA}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        question = _parse(from_json(line, place), place)
        if question.corpus not in names or not question.id.startswith(f"{question.corpus}-"):
            raise DatasetError(f"{place}, id: {question.id!r} does not begin with the name of a corpus")
        if question.id in {other.id for other in found}:
            raise DatasetError(f"{place}, id: {question.id!r} is used twice")
        if bool(question.answers) == (question.kind == UNANSWERABLE):
            raise DatasetError(f"{place}, kind: does not agree with answers")
        found.append(question)
    return found


def _parse(record: object, place: str) -> Question:
    texts = {name: field(record, name, str, place) for name in ("id", "corpus", "kind", "question", "quote")}
    lists = {name: field(record, name, list, place) for name in ("answers", "documents")}
    for name, values in lists.items():
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise DatasetError(f"{place}, {name}: not a list of words")
        for value in values:
            check_text(value, f"{place}, {name}")
    if not texts["quote"].strip() or not lists["documents"]:
        raise DatasetError(f"{place}: without a quote or a document")
    check_question(texts["question"], place)
    return Question(**texts, answers=(*lists["answers"],), documents=(*lists["documents"],))


def faults(questions: Sequence[Question], folder: Path) -> Iterator[str]:
    """Yield what does not fit the fetched documents: quotes and answers that they do not hold."""
    read = lru_cache(maxsize=None)(lambda path: _readings(path.read_text("utf-8", errors="replace"), path))
    for question in questions:
        paths = [folder / question.corpus / name for name in question.documents]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            yield f"{question.id}: {missing[0]} is missing"
            continue
        yield from _faults(question, [read(path) for path in paths])


def _faults(question: Question, documents: Sequence[Sequence[str]]) -> Iterator[str]:
    if not any(words(question.quote) in text for texts in documents for text in texts):
        yield f"{question.id}: the quote {question.quote!r} is in none of its documents"
    for answer in question.answers:
        if not any(holds(text, answer) for texts in documents for text in texts):
            yield f"{question.id}: the answer {answer!r} is in none of its documents"
    for name, texts in zip(question.documents, documents, strict=True):
        if question.answers and not any(holds(text, one) for text in texts for one in question.answers):
            yield f"{question.id}: {name} holds none of the answers"


_LINK_TARGET = re.compile(r"\]\([^)]*\)")
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_OTHER = re.compile(r"[^\w$€£%]+")


def words(text: str) -> str:
    """Return a text's words in lower case, one space around each; punctuation is dropped, currency is not."""
    return f" {_OTHER.sub(' ', text).strip().casefold()} "


def holds(text_words: str, answer: str) -> bool:
    """Whether a text, as `words` returns it, holds an answer's words in their order."""
    return words(answer) in text_words


def _readings(raw: str, path: Path) -> list[str]:
    """The words of a document: its markup is dropped, and a tag parts words or does not, so HTML has two."""
    if path.suffix != ".html":
        return [words(_LINK_TARGET.sub("]", raw))]
    shown = _HIDDEN.sub(" ", raw)
    return [words(html.unescape(_TAG.sub(gap, shown))) for gap in ("", " ")]
