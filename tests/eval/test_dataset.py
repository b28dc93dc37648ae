from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.dataset import (
    SEEDS,
    DatasetError,
    GoldSpan,
    fingerprint,
    load_examples,
    occurrences,
    question_kind,
    read_text,
)
from indexer.corpus import Corpus
from indexer.records import Article, Metadata

ROOT = Path(__file__).resolve().parents[2]


class Shelf:
    """Articles in memory; as in an index, the list has no texts."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    @property
    def articles(self) -> Sequence[Article]:
        return [Article.create(name, "", Metadata()) for name in self._texts]

    def find_article(self, article_id: str) -> Article | None:
        text = self._texts.get(article_id)
        return None if text is None else Article.create(article_id, text, Metadata())


SHELF = Shelf({"a.txt": "It rained. Two came.", "notes/b #1?.md": "Two of 21% came, two left. Was it two?"})


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
    (example,) = load_examples(write(tmp_path, line(), ""), SHELF)
    assert example.answerable
    assert example.answers == (GoldSpan("a.txt", 11, 14, "Two"),)
    assert example.references == ["Two"]
    assert (example.id, example.question, example.kind, example.split, example.context) == (
        "1", "How many came?", "how-many", "dev", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[" * 100_000, "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        ("null", "line 2: not a JSON object"),
        (line(id=2), "line 2, id: not str"),
        (line(id="\ud800"), "line 2, id: half a surrogate pair at character 0"),
        (line(id="2", question=" "), "line 2, question: empty"),
        (line(id="2", question=None), "line 2, question: not str"),
        (line(id="2", question="x" * 1_001), "line 2, question: 1,001 characters, at most 1,000 are allowed"),
        (line(id="2", question="Who is \udc00?"), "line 2, question: half a surrogate pair at character 7"),
        (line(id="2", split="train"), "line 2, split: 'train'"),
        (line(id="2", split=None), "line 2, split: not str"),
        (line(id="2", kind=7), "line 2, kind: not str"),
        (line(id="2", answerable=False), "line 2, answerable: does not agree"),
        (line(id="2", answerable="yes"), "line 2, answerable: not bool"),
        (line(id="2", answers=[]), "line 2, answerable: does not agree"),
        (line(id="2", answers=None), "line 2, answers: not list"),
        (line(id="2", answers=[7]), r"line 2, answers\[0\], text: not str"),
        (line(id="2", answers=[" "]), r"line 2, answers\[0\], text: empty"),
        (line(id="2", answers=["Two", "Five"]), r"line 2, answers\[1\]: 'Five' is in no article"),
        (line(id="2", answers=["1%"]), r"line 2, answers\[0\]: '1%' is in no article"),
        (line(id="2", answers=[{"text": "Two"}]), r"line 2, answers\[0\], article: not str"),
        (
            line(id="2", answers=[{"article": "a.txt", "text": "Two", "start": "11", "end": 14}]),
            r"line 2, answers\[0\], start: not int",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "text": "Two", "start": True, "end": 14}]),
            r"line 2, answers\[0\], start: not int",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "text": "Two", "start": 11}]),
            r"line 2, answers\[0\], end: not int",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "start": 10, "end": 13, "text": "Two"}]),
            r"line 2, answers\[0\]: 'Two' is not in a.txt at 10-13",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "start": -9, "end": -6, "text": "Two"}]),
            r"line 2, answers\[0\]: 'Two' is not in a.txt at -9--6",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "start": 11, "end": 10**30, "text": "Two"}]),
            r"line 2, answers\[0\]: 'Two' is not in a.txt",
        ),
        (
            line(id="2", answers=[{"article": "a.txt", "text": "left"}]),
            r"line 2, answers\[0\]: 'left' is not in a.txt",
        ),
        (
            line(id="2", answers=[{"article": "c.txt", "start": 11, "end": 14, "text": "Two"}]),
            r"line 2, answers\[0\], article: there is no article 'c.txt' in the index",
        ),
        (line(), "line 2, id: '1' is used twice"),
    ],
)
def test_an_error_names_its_line_and_field(tmp_path: Path, bad: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_examples(write(tmp_path, line(), bad), SHELF)


def test_an_empty_or_missing_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no questions: write one a line"):
        load_examples(write(tmp_path, "", " ", "\t"), SHELF)
    for missing in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(DatasetError, match="cannot be read"):
            load_examples(missing, SHELF)


def test_an_answer_with_its_article_is_found_at_every_occurrence_there(tmp_path: Path) -> None:
    answers = [{"article": "notes/b #1?.md", "text": "two"}]
    (example,) = load_examples(write(tmp_path, line(answers=answers)), SHELF)
    assert [(span.article, span.start, span.end) for span in example.answers] == [
        ("notes/b #1?.md", 17, 20),
        ("notes/b #1?.md", 34, 37),
    ]


def test_an_answer_in_plain_words_is_found_in_every_article(tmp_path: Path) -> None:
    (example,) = load_examples(write(tmp_path, line(answers=["Two"])), SHELF)
    assert example.answers == (GoldSpan("a.txt", 11, 14, "Two"), GoldSpan("notes/b #1?.md", 0, 3, "Two"))


def test_optional_fields_have_defaults(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"question": "Who, and how many, came?", "answers": ["Two"]}',
        "",
        '{"question": "Who left?", "answers": []}',
    )
    first, second = load_examples(path, SHELF)
    assert (first.id, first.kind, first.split) == ("1", "who", "test")
    assert (second.id, second.kind, second.answerable) == ("3", "unanswerable", False)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many came?", "how-many"),
        ("how much is it", "how-much"),
        ("HOW did they come?", "how"),
        ("In which town?", "which"),
        ("To whom was it given?", "who"),
        ("Whose was it?", "who"),
        ("Name the town.", "other"),
        ("The wholesale price?", "other"),
    ],
)
def test_the_kind_is_the_question_word(question: str, kind: str) -> None:
    assert question_kind(question) == kind


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{line()}\r\n\r\n{line(id='2')}\r\n".encode())
    assert [example.id for example in load_examples(path, SHELF)] == ["1", "2"]
    path.write_bytes(f"{line()}\r\n\r\n{line(id=3)}\r\n".encode())
    with pytest.raises(DatasetError, match="line 3, id: not str"):
        load_examples(path, SHELF)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_inside_a_json_string_ends_no_line(tmp_path: Path, separator: str) -> None:
    asked = f"How many{separator}came?"
    path = write(tmp_path, line(question=asked).replace(json.dumps(separator)[1:-1], separator), line(id=2))
    assert separator in path.read_text("utf-8")
    with pytest.raises(DatasetError, match="line 2, id"):
        load_examples(path, SHELF)
    (example,) = load_examples(write(tmp_path, path.read_text("utf-8").split("\n")[0]), SHELF)
    assert example.question == asked


def test_a_gzipped_set_is_read_and_has_the_fingerprint_of_its_text(tmp_path: Path) -> None:
    plain, packed = write(tmp_path, line()), tmp_path / "set.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert load_examples(packed, SHELF) == load_examples(plain, SHELF)
    assert fingerprint(packed) == fingerprint(plain)
    assert fingerprint(packed) != fingerprint(write(tmp_path, line(id="2")))


def test_a_damaged_gzipped_set_is_an_error(tmp_path: Path) -> None:
    data = bytearray(gzip.compress("\n".join(line(id=str(number)) for number in range(50)).encode()))
    damaged = {
        "not gzip": b"{}",
        "cut short": bytes(data[:-20]),
        "without its end": bytes(data[:-8]),
        "almost empty": b"\x1f",
    }
    for place in range(10, len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 0x55
        damaged[f"altered at {place}"] = bytes(flipped)
    path = tmp_path / "set.jsonl.gz"
    for what, content in damaged.items():
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="cannot be read"):
            pytest.fail(f"{what}: {read_text(path)!r}")


def test_what_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    for data in ("{}".encode("utf-16"), b'{"question": "Caf\xe9?"}'):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="cannot be read: 'utf-8' codec"):
            load_examples(path, SHELF)


@pytest.mark.parametrize(
    ("text", "words", "places"),
    [
        ("21% or 1%", "1%", [7]),
        ("cat concat cats cat", "cat", [0, 16]),
        ("a.b axb", "a.b", [0]),  # not a regular expression
        ("(x) (x)", "(x)", [0, 4]),
        ("na na na", "na na", [0, 3]),  # overlapping occurrences
        ("naïve naï", "naï", [6]),
        ("one_two one", "one", [8]),
        ("", "x", []),
    ],
)
def test_words_occur_only_as_whole_words(text: str, words: str, places: list[int]) -> None:
    assert [*occurrences(text, words)] == [(place, place + len(words)) for place in places]


@settings(deadline=None)
@given(
    st.text(alphabet="ab1%. é漢_\u0301\U0001f600", max_size=30),
    st.text(alphabet="ab1%. é漢_\u0301\U0001f600", min_size=1, max_size=3),
)
def test_every_whole_word_occurrence_is_found_and_no_other(text: str, words: str) -> None:
    def in_word(char: str) -> bool:
        return char.isalnum() or char == "_"

    expected = []
    for start in range(len(text) - len(words) + 1):
        end = start + len(words)
        joined_before = words[0].isalnum() and start > 0 and in_word(text[start - 1])
        joined_after = words[-1].isalnum() and end < len(text) and in_word(text[end])
        if text[start:end] == words and not joined_before and not joined_after:
            expected.append((start, end))
    assert [*occurrences(text, words)] == expected


def test_the_seeds_set_fits_the_seeds_and_is_spread_over_them() -> None:
    articles = {
        article.id: article.text
        for article in Corpus(ROOT / "seeds").articles(lambda failure: pytest.fail(str(failure)))
    }
    examples = load_examples(SEEDS, Shelf(articles))
    answerable = [example for example in examples if example.answerable]
    assert len(answerable) >= 150
    assert len(examples) - len(answerable) >= 75
    by_article = Counter(span.article for example in answerable for span in example.answers[:1])
    assert min(by_article[name] for name in articles) >= 30
    splits = Counter(example.split for example in examples)
    assert abs(splits["dev"] - splits["test"]) <= 5
    assert len({example.question for example in examples}) == len(examples)
    assert all(re.search(r"\w", example.question) for example in examples)
