"""Question sets: JSONL, each line a question with every acceptable span, checked against the articles."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import QuothError
from indexer.records import Article

SEEDS = Path(__file__).parent / "datasets" / "seeds.jsonl"
SPLITS = ("dev", "test")


class DatasetError(QuothError):
    """A question set is missing, malformed or does not fit the articles; names the line and the field."""


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """An acceptable answer: `article.text[start:end] == text`."""

    article: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A question with every acceptable answer; none for a question that the articles do not answer.

    `kind` is what is asked for, or why there is no answer. `split`: nothing is tuned on `test`.
    """

    id: str
    question: str
    kind: str
    split: str
    answers: tuple[GoldSpan, ...]

    @property
    def answerable(self) -> bool:
        """Whether the articles answer it."""
        return bool(self.answers)


def load_examples(path: Path, find_article: Callable[[str], Article | None]) -> list[Example]:
    """Load a question set and check every gold span against its article.

    Raises:
        DatasetError: no file, a malformed line, an answer that is not in its article, or no questions.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    examples: list[Example] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        example = _parse(line, place)
        if example.id in seen:
            raise DatasetError(f"{place}, id: {example.id!r} stands twice")
        seen.add(example.id)
        for span in example.answers:
            _check(span, find_article(span.article), place)
        examples.append(example)
    if not examples:
        raise DatasetError(f"{path} holds no questions")
    return examples


def _parse(line: str, place: str) -> Example:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{place}: not JSON ({error})") from error
    if not isinstance(record, dict):
        raise DatasetError(f"{place}: not a JSON object")
    spans = tuple(
        GoldSpan(
            _field(answer, "article", str, f"{place}, answers[{position}]"),
            _field(answer, "start", int, f"{place}, answers[{position}]"),
            _field(answer, "end", int, f"{place}, answers[{position}]"),
            _field(answer, "text", str, f"{place}, answers[{position}]"),
        )
        for position, answer in enumerate(_field(record, "answers", list, place))
    )
    if _field(record, "answerable", bool, place) != bool(spans):
        raise DatasetError(f"{place}, answerable: does not agree with answers")
    split = _field(record, "split", str, place)
    if split not in SPLITS:
        raise DatasetError(f"{place}, split: {split!r} is none of {', '.join(SPLITS)}")
    question = _field(record, "question", str, place)
    if not question.strip():
        raise DatasetError(f"{place}, question: empty")
    return Example(
        _field(record, "id", str, place), question, _field(record, "kind", str, place), split, spans
    )


def _field(record: Any, name: str, kind: type, place: str) -> Any:  # noqa: ANN401 - any JSON
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise DatasetError(f"{place}, {name}: not {kind.__name__}")
    return value


def _check(span: GoldSpan, article: Article | None, place: str) -> None:
    if article is None:
        raise DatasetError(f"{place}, answers: there is no article {span.article!r} in the index")
    if not 0 <= span.start < span.end or article.text[span.start : span.end] != span.text:
        raise DatasetError(
            f"{place}, answers: {span.text!r} does not stand in {span.article} at {span.start}-{span.end}"
        )
