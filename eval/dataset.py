"""Question sets: JSONL, each line a question with its acceptable answers, checked against the articles.

An answer is given with its offsets (`{"article", "start", "end", "text"}`), with its article alone
(`{"article", "text"}`), or as words (`"text"`): then every occurrence of the words counts. A question without
answers is one that the articles do not answer.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eval.metrics import is_right
from indexer.errors import QuothError
from indexer.records import Article
from service.answering.settings import MAX_QUESTION

SEEDS = Path(__file__).parent / "datasets" / "seeds.jsonl"
SPLITS = ("dev", "test")


class DatasetError(QuothError):
    """A question set is missing, malformed or does not fit the articles; the message names line and field."""


class Library(Protocol):
    """Articles in which a set's answers are looked up; an index is one."""

    @property
    def articles(self) -> Sequence[Article]:
        """All articles; their texts may be empty."""
        ...

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, None where no article has this id."""
        ...


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """An acceptable answer: `article.text[start:end] == text`."""

    article: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A question with all its acceptable answers; none for a question that the articles do not answer.

    `kind` groups questions: the question word, or why there is no answer. `split` is `dev` or `test`; nothing
    is tuned on `test`. `context` is the article that the question was written for, if the set says so.
    """

    id: str
    question: str
    kind: str
    split: str
    answers: tuple[GoldSpan, ...]
    context: str | None = None

    @property
    def answerable(self) -> bool:
        """Whether the articles answer it."""
        return bool(self.answers)

    def accepts(self, words: str, article: str) -> bool:
        """Whether these words, cited from this article, are right: one of its acceptable answers."""
        return is_right(words, [gold.text for gold in self.answers if gold.article == article])

    @property
    def references(self) -> list[str]:
        """The words of the acceptable answers."""
        return [span.text for span in self.answers]


def load_examples(path: Path, library: Library) -> list[Example]:
    """Load a question set and check every answer against its article.

    Optional fields: `id` (default: the line's number), `kind` (the question word) and `split` (`test`).

    Raises:
        DatasetError: no file, a malformed line, an answer that is not in its article, or no questions.
    """
    examples: list[Example] = []
    seen: set[str] = set()
    # Not `splitlines`, which also splits at U+2028 and others that JSON allows inside a string.
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        example = _parse(line, number, place, library)
        if example.id in seen:
            raise DatasetError(f"{place}, id: {example.id!r} is used twice")
        seen.add(example.id)
        examples.append(example)
    if not examples:
        raise DatasetError(
            f"{path} holds no questions: write one a line, "
            '{"question": "…", "answers": ["…"]}, with an empty list where the articles do not say'
        )
    return examples


def read_text(path: Path) -> str:
    """Return a set's text, unpacked if it is gzip, without a byte order mark.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a set's text, which identifies the set in a run's record."""
    return hashlib.sha256(read_text(path).encode()).hexdigest()


def from_json(text: str, place: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON text's value.

    Raises:
        DatasetError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: not JSON ({error})") from error


def check_text(text: str, place: str) -> str:
    """Return the text; JSON's escapes can produce text that UTF-8 cannot encode.

    Raises:
        DatasetError: it contains half a surrogate pair.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DatasetError(f"{place}: half a surrogate pair at character {error.start}") from error
    return text


def check_question(question: str, place: str) -> str:
    """Return the question if the service would accept it.

    Raises:
        DatasetError: it is empty or too long.
    """
    if not question.strip():
        raise DatasetError(f"{place}, question: empty")
    if len(question.strip()) > MAX_QUESTION:
        raise DatasetError(
            f"{place}, question: {len(question):,} characters, at most {MAX_QUESTION:,} are allowed"
        )
    return question


def field(record: Any, name: str, kind: type, place: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a field of a JSON object.

    Raises:
        DatasetError: it is missing, of another type or not text; names the place and the field.
    """
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise DatasetError(f"{place}, {name}: not {kind.__name__}")
    return check_text(value, f"{place}, {name}") if isinstance(value, str) else value


_QUESTION_WORD = re.compile(
    r"\b(how (?:many|much|long|often|old|far)|who|when|where|why|which|what|how)(?:m|se)?\b", re.IGNORECASE
)


def question_kind(question: str) -> str:
    """Return a question's kind: its question word, or "other"."""
    found = _QUESTION_WORD.search(question)
    return found[1].lower().replace(" ", "-") if found else "other"


def occurrences(text: str, words: str) -> Iterator[tuple[int, int]]:
    """Yield every occurrence of words in a text as whole words: "1%" is not in "21%"."""
    before, after = (r"\b" if char.isalnum() else "" for char in (words[0], words[-1]))
    # A lookahead, so that overlapping occurrences are found too.
    for match in re.finditer(f"{before}(?={re.escape(words)}{after})", text):
        yield match.start(), match.start() + len(words)


def _parse(line: str, number: int, place: str, library: Library) -> Example:
    record = from_json(line, place)
    if not isinstance(record, dict):
        raise DatasetError(f"{place}: not a JSON object")
    answers = tuple(
        span
        for position, answer in enumerate(field(record, "answers", list, place))
        for span in _spans(answer, f"{place}, answers[{position}]", library)
    )
    if "answerable" in record and field(record, "answerable", bool, place) != bool(answers):
        raise DatasetError(f"{place}, answerable: does not agree with answers")
    split = field({"split": "test", **record}, "split", str, place)
    if split not in SPLITS:
        raise DatasetError(f"{place}, split: {split!r} is not one of {', '.join(SPLITS)}")
    question = check_question(field(record, "question", str, place), place)
    kind = question_kind(question) if answers else "unanswerable"
    return Example(
        field({"id": str(number), **record}, "id", str, place),
        question,
        field({"kind": kind, **record}, "kind", str, place),
        split,
        answers,
    )


def _spans(answer: Any, place: str, library: Library) -> list[GoldSpan]:  # noqa: ANN401 - any JSON
    """The spans of an answer: the one it names, or every occurrence of its words."""
    text = answer if isinstance(answer, str) else field(answer, "text", str, place)
    if not text.strip():
        raise DatasetError(f"{place}, text: empty")
    if isinstance(answer, str):
        found = [
            GoldSpan(listed.id, start, end, text)
            for listed in library.articles
            if (article := library.find_article(listed.id)) is not None
            for start, end in occurrences(article.text, text)
        ]
        if not found:
            raise DatasetError(f"{place}: {text!r} is in no article")
        return found
    name = field(answer, "article", str, place)
    article = library.find_article(name)
    if article is None:
        raise DatasetError(f"{place}, article: there is no article {name!r} in the index")
    if "start" not in answer and "end" not in answer:
        found = [GoldSpan(name, start, end, text) for start, end in occurrences(article.text, text)]
        if not found:
            raise DatasetError(f"{place}: {text!r} is not in {name}")
        return found
    start, end = (field(answer, side, int, place) for side in ("start", "end"))
    if not 0 <= start < end or article.text[start:end] != text:
        raise DatasetError(f"{place}: {text!r} is not in {name} at {start}-{end}")
    return [GoldSpan(name, start, end, text)]
