"""SQuAD-format files: articles of paragraphs, each with its questions (Rajpurkar et al., 2016 and 2018).

Every paragraph becomes an article, so that a question can be put to its own paragraph or to all of them as
one corpus. `is_impossible` and an empty list of answers both mean that the paragraph holds no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.dataset import (
    DatasetError,
    Example,
    GoldSpan,
    check_question,
    check_text,
    field,
    from_json,
    occurrences,
    question_kind,
    read_text,
)
from indexer.corpus import Failure, FileWarning, ignore_warning
from indexer.left_out import LeftOut
from indexer.records import Article, Metadata


@dataclass(frozen=True, slots=True)
class SquadFile:
    """A SQuAD-format file's paragraphs as articles, a source for `indexer.build.build`, and its questions.

    `name` is the file's. `moved` counts answers that are in the paragraph, but not where the file says: the
    nearest occurrence is taken.
    """

    name: str
    paragraphs: tuple[Article, ...]
    examples: tuple[Example, ...]
    moved: int

    @property
    def ignored(self) -> int:
        """No file is left out."""
        return 0

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Nothing is left out."""
        return ()

    def __len__(self) -> int:
        return len(self.paragraphs)

    def articles(
        self,
        on_failure: Callable[[Failure], None],  # noqa: ARG002 - none fails
        on_warning: Callable[[FileWarning], None] = ignore_warning,  # noqa: ARG002
    ) -> Iterator[Article]:
        """Yield each paragraph; none can fail."""
        yield from self.paragraphs


def is_squad(path: Path) -> bool:
    """Whether a file is in SQuAD's format, by its name: `.json` or `.json.gz`, not `.jsonl`."""
    return path.name.removesuffix(".gz").endswith(".json")


def load_squad(path: Path) -> SquadFile:
    """Load a SQuAD-format file and check every answer against its paragraph.

    Raises:
        DatasetError: it cannot be read, is not SQuAD, holds no questions, or an answer is not in its
            paragraph; the message names the place in the file.
    """
    record = from_json(read_text(path), path.name)
    parser = _Parser(path.name)
    for position, article in enumerate(field(record, "data", list, path.name)):
        parser.article(article, f"{path.name}, data[{position}]")
    if not parser.examples:
        raise DatasetError(f"{path} holds no questions: its paragraphs need `qas`, as in SQuAD")
    return SquadFile(path.name, (*parser.paragraphs.values(),), (*parser.examples.values(),), parser.moved)


class _Parser:
    """Collects what a file holds. Paragraphs are kept by their text, so a repeated one is one article."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.paragraphs: dict[str, Article] = {}
        self.examples: dict[str, Example] = {}
        self.moved = 0

    def article(self, record: Any, place: str) -> None:  # noqa: ANN401 - any JSON
        title = record.get("title") if isinstance(record, dict) else None
        if title:
            title = check_text(str(title), f"{place}, title")
        for position, paragraph in enumerate(field(record, "paragraphs", list, place)):
            here = f"{place}, paragraphs[{position}]"
            text = field(paragraph, "context", str, here)
            if not text.strip():
                raise DatasetError(f"{here}, context: empty")
            kept = self.paragraphs.get(text)
            if kept is None:
                number = f"{len(self.paragraphs) + 1:05d}"
                metadata = Metadata(title=title or None)
                kept = Article.create(f"{number} {title}" if title else number, text, metadata)
                self.paragraphs[text] = kept
            for place_of, question in enumerate(field(paragraph, "qas", list, here)):
                self.question(question, kept, f"{here}, qas[{place_of}]")

    def question(self, record: Any, paragraph: Article, place: str) -> None:  # noqa: ANN401 - any JSON
        asked = check_question(field(record, "question", str, place), place)
        key = record.get("id")
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise DatasetError(f"{place}, id: not str")
        key = check_text(str(key), f"{place}, id")
        if key in self.examples:
            raise DatasetError(f"{place}, id: {key!r} is used twice")
        given = [] if record.get("is_impossible") is True else field(record, "answers", list, place)
        answers = tuple(
            dict.fromkeys(
                self.span(answer, paragraph, f"{place}, answers[{position}]")
                for position, answer in enumerate(given)
                # Some converters write an empty answer where there is none.
                if not (isinstance(answer, dict) and answer.get("text") == "")
            )
        )
        kind = question_kind(asked) if answers else "unanswerable"
        self.examples[key] = Example(key, asked, kind, "test", answers, paragraph.id)

    def span(self, answer: Any, paragraph: Article, place: str) -> GoldSpan:  # noqa: ANN401 - any JSON
        words, start = field(answer, "text", str, place), field(answer, "answer_start", int, place)
        if not words.strip():
            raise DatasetError(f"{place}, text: empty")
        # White space around an answer is not part of it: no span of a reader begins or ends with it.
        start += len(words) - len(words.lstrip())
        words = words.strip()
        if start < 0 or paragraph.text[start : start + len(words)] != words:
            # The official evaluation uses the words alone, and the offsets of many files are wrong.
            start = _nearest(paragraph.text, words, start)
            if start < 0:
                raise DatasetError(f"{place}, text: {words!r} is not in its paragraph")
            self.moved += 1
        return GoldSpan(paragraph.id, start, start + len(words), words)


def _nearest(text: str, words: str, start: int) -> int:
    """Where the occurrence of the words nearest to `start` begins; whole words first, -1 for none."""
    begins = [begin for begin, _ in occurrences(text, words)]
    if not begins:
        begins = [match.start() for match in re.finditer(f"(?={re.escape(words)})", text)]
    return min(begins, key=lambda begin: abs(begin - start), default=-1)
