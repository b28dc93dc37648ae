from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.dataset import SEEDS, DatasetError, load_examples
from indexer.corpus import Corpus
from indexer.records import Article, Metadata

ROOT = Path(__file__).resolve().parents[2]
TEXT = "It rained. Two came."


def find(article_id: str) -> Article | None:
    return Article.create("a.txt", TEXT, Metadata()) if article_id == "a.txt" else None


def line(**changes: Any) -> str:
    record = {
        "id": "1",
        "question": "How many came?",
        "kind": "how-many",
        "split": "dev",
        "answerable": True,
        "answers": [{"article": "a.txt", "start": 11, "end": 14, "text": "Two"}],
    }
    return json.dumps({**record, **changes})


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_a_well_formed_set_loads(tmp_path: Path) -> None:
    (example,) = load_examples(write(tmp_path, line(), ""), find)
    assert example.answerable
    assert example.answers[0].text == "Two"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        (line(id=2), "line 2, id: not str"),
        (line(id="2", question=" "), "line 2, question: empty"),
        (line(id="2", split="train"), "line 2, split: 'train'"),
        (line(id="2", answerable=False), "line 2, answerable: does not agree"),
        (line(id="2", answers=None), "line 2, answers: not list"),
        (
            line(id="2", answers=[{"article": "a.txt", "start": "11"}]),
            r"line 2, answers\[0\], start: not int",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "start": 10, "end": 13, "text": "Two"}]),
            "does not stand in a.txt",
        ),
        (
            line(id="2", answers=[{"article": "b.txt", "start": 11, "end": 14, "text": "Two"}]),
            "no article 'b.txt'",
        ),
        (line(), "line 2, id: '1' stands twice"),
    ],
)
def test_a_fault_names_its_line_and_field(tmp_path: Path, bad: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_examples(write(tmp_path, line(), bad), find)


def test_an_empty_or_missing_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no questions"):
        load_examples(write(tmp_path, ""), find)
    with pytest.raises(DatasetError, match="cannot be read"):
        load_examples(tmp_path / "none.jsonl", find)


def test_the_seeds_set_fits_the_seeds_and_is_spread_over_them() -> None:
    articles = {
        article.id: article
        for article in Corpus(ROOT / "seeds").articles(lambda failure: pytest.fail(str(failure)))
    }
    examples = load_examples(SEEDS, articles.get)
    answerable = [example for example in examples if example.answerable]
    assert len(answerable) >= 150
    assert len(examples) - len(answerable) >= 75
    by_article = Counter(span.article for example in answerable for span in example.answers[:1])
    assert min(by_article[name] for name in articles) >= 30
    splits = Counter(example.split for example in examples)
    assert abs(splits["dev"] - splits["test"]) <= 5
    assert len({example.question for example in examples}) == len(examples)
