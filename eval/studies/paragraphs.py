"""Public question-answering data -> articles and questions, for studies and training.

The files are not part of the project: `QUOTH_DATA` names their folder (default `../shared/data`), and what
needs them fails with a message if they are missing. Each paragraph is an article of its own.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from eval.dataset import Example, GoldSpan, question_kind
from indexer.corpus import Failure, FileWarning, ignore_warning
from indexer.errors import QuothError
from indexer.left_out import LeftOut
from indexer.records import Article, Metadata

SETS = {
    "wiki": "squadshifts_new_wiki.json.gz",
    "reddit": "squadshifts_reddit.json.gz",
    "amazon": "squadshifts_amazon_reviews.json.gz",
    "policy": "policyqa_dev.json.gz",
    "qed": "qed_dev.jsonl.gz",
}
"""The files of the development sets with answer offsets, by the set's short name."""

MORE_SETS = {"squad2": "squad2_part.json.gz", "multispan": "multispanqa_part.jsonl.gz"}
"""Sets of another kind: half of `squad2`'s questions have no answer in their paragraph, and each question of
`multispan` has several answers, all of which it asks for."""


class DataMissingError(QuothError):
    """The optional data folder, or a file in it, is missing."""


class Paragraphs:
    """A development set as an article source for `indexer.build.build`, with its questions."""

    def __init__(self, name: str, articles: list[Article], examples: list[Example]) -> None:
        self._name = name
        self._articles = articles
        self.examples = examples

    @property
    def name(self) -> str:
        """The set's short name."""
        return self._name

    @property
    def ignored(self) -> int:
        """No file is left out."""
        return 0

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Nothing is left out."""
        return ()

    def __len__(self) -> int:
        return len(self._articles)

    def articles(
        self,
        on_failure: Callable[[Failure], None],  # noqa: ARG002 - none fails
        on_warning: Callable[[FileWarning], None] = ignore_warning,  # noqa: ARG002
    ) -> Iterator[Article]:
        """Yield each paragraph; none can fail."""
        yield from self._articles


def data_folder() -> Path:
    """Return the folder of development data.

    Raises:
        DataMissingError: it is missing.
    """
    folder = Path(os.environ.get("QUOTH_DATA", "../shared/data"))
    if not folder.is_dir():
        raise DataMissingError(f"there is no data folder at {folder}: set QUOTH_DATA to one")
    return folder


def load(name: str) -> Paragraphs:
    """Load a development set by its short name, a key of `SETS` or `MORE_SETS`.

    Raises:
        DataMissingError: the data folder or the file is missing.
    """
    path = data_folder() / (SETS | MORE_SETS)[name]
    if not path.is_file():
        raise DataMissingError(f"{path} is missing: QUOTH_DATA names the folder of data")
    articles: list[Article] = []
    examples: list[Example] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = (json.loads(line) for line in file) if ".jsonl" in path.name else [json.load(file)]
        for record in records:
            for number, (title, text, asked) in enumerate(_paragraphs(record), start=len(articles)):
                article_id = f"{name}-{number:05d}"
                articles.append(Article.create(article_id, text, Metadata(title=title)))
                examples.extend(
                    Example(
                        question_id,
                        question,
                        question_kind(question) if answers else "unanswerable",
                        "dev",
                        tuple(GoldSpan(article_id, start, end, text[start:end]) for start, end in answers),
                        context=article_id,
                    )
                    for question_id, question, answers in asked
                )
    return Paragraphs(name, articles, examples)


_Asked = list[tuple[str, str, tuple[tuple[int, int], ...]]]


def _paragraphs(record: dict[str, Any]) -> Iterator[tuple[str | None, str, _Asked]]:
    if "data" in record:  # SQuAD
        for article in record["data"]:
            for paragraph in article["paragraphs"]:
                asked = [
                    (
                        str(question["id"]),
                        question["question"],
                        tuple(
                            (answer["answer_start"], answer["answer_start"] + len(answer["text"]))
                            for answer in question["answers"]
                        ),
                    )
                    for question in paragraph["qas"]
                ]
                yield article.get("title"), paragraph["context"], asked
    elif "structure" in record:  # MultiSpanQA: one question a paragraph, and every answer counts
        spans = tuple((answer["start"], answer["end"]) for answer in record["answers"])
        yield None, record["context"], [(str(record["id"]), record["question"], spans)]
    else:  # QED: one question a paragraph
        answers = tuple(
            (span["start"], span["end"])
            for answer in record["original_nq_answers"]
            for span in answer
            if span["start"] >= 0
        )
        if answers:
            asked = [(str(record["example_id"]), record["question_text"], answers)]
            yield record["title_text"], record["paragraph_text"], asked
