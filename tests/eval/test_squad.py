from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.dataset import DatasetError, GoldSpan
from eval.squad import SquadFile, is_squad, load_squad
from indexer.build import build
from indexer.corpus import Failure
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import open_index

RIVER = "The Aare rose by 12% in May. In 2012 it fell."
TOWN = "Ada went to Bern."


def asked(key: Any = "q", question: str = "How far?", **answers: Any) -> dict[str, Any]:
    return {"id": key, "question": question, **(answers or {"answers": [answer("12%", RIVER.index("12%"))]})}


def answer(text: Any, start: Any) -> dict[str, Any]:
    return {"text": text, "answer_start": start}


def squad(*questions: Any, context: Any = RIVER, title: Any = "Rivers") -> dict[str, Any]:
    paragraph = {"context": context, "qas": [*questions]}
    return {"version": "v2.0", "data": [{"title": title, "paragraphs": [paragraph]}]}


def load(tmp_path: Path, record: object) -> SquadFile:
    path = tmp_path / "set.json"
    path.write_text(json.dumps(record), "utf-8")
    return load_squad(path)


def fail(failure: Failure) -> None:
    pytest.fail(str(failure))


def test_every_paragraph_is_an_article_and_every_question_has_its_own(tmp_path: Path) -> None:
    record = {
        "data": [
            {
                "title": "Rivers",
                "paragraphs": [{"context": RIVER, "qas": [asked("a"), asked("b", "Why?", answers=[])]}],
            },
            {
                "paragraphs": [
                    {"context": TOWN, "qas": [asked(7, "Where?", answers=[answer("Bern", 12)])]},
                    {"context": RIVER, "qas": [asked("d", "When?", is_impossible=True)]},
                ]
            },
        ]
    }
    file = load(tmp_path, record)
    assert file.name == "set.json"
    assert [(one.id, one.metadata.title, one.text) for one in file.articles(fail)] == [
        ("00001 Rivers", "Rivers", RIVER),
        ("00002", None, TOWN),
    ]
    assert (len(file), file.ignored, file.moved) == (2, 0, 0)
    assert [(one.id, one.context, one.kind, one.answers) for one in file.examples] == [
        ("a", "00001 Rivers", "how-far", (GoldSpan("00001 Rivers", 17, 20, "12%"),)),
        ("b", "00001 Rivers", "unanswerable", ()),
        ("7", "00002", "where", (GoldSpan("00002", 12, 16, "Bern"),)),
        ("d", "00001 Rivers", "unanswerable", ()),
    ]


@pytest.mark.parametrize(
    ("fields", "answerable"),
    [
        ({"answers": [answer("12%", 17)]}, True),  # v1 has no is_impossible
        ({"answers": [answer("12%", 17)], "is_impossible": False}, True),
        ({"answers": []}, False),
        ({"answers": [], "is_impossible": True}, False),
        ({"is_impossible": True}, False),
        ({"answers": [], "is_impossible": True, "plausible_answers": [answer("12%", 17)]}, False),
    ],
)
def test_both_versions_mark_unanswerable_questions(
    tmp_path: Path, fields: dict[str, Any], answerable: bool
) -> None:
    (example,) = load(tmp_path, squad(asked(**fields))).examples
    assert example.answerable is answerable


def test_equal_answers_of_several_annotators_are_one(tmp_path: Path) -> None:
    answers = [answer("12%", 17), answer("12%", 17), answer("by 12%", 14)]
    (example,) = load(tmp_path, squad(asked(answers=answers))).examples
    assert example.references == ["12%", "by 12%"]


@pytest.mark.parametrize(
    ("text", "start", "place", "moved"),
    [
        ("12%", 17, 17, 0),
        ("12", 34, 34, 0),  # part of 2012, as the file says
        ("12%", 0, 17, 1),  # a wrong offset
        ("12%", -1, 17, 1),
        ("12%", 10**30, 17, 1),
        ("in May", 0, 21, 1),
        ("In", 0, 29, 1),  # as a whole word
        ("012", 0, 33, 1),  # never a whole word, but there
        (" 12% ", 16, 17, 0),  # padded, with the offset of the padding
        ("12%\n", 17, 17, 0),
        ("\t12%", 17, 17, 1),
    ],
)
def test_an_answer_is_taken_at_its_offset_or_the_nearest_occurrence(
    tmp_path: Path, text: str, start: int, place: int, moved: int
) -> None:
    file = load(tmp_path, squad(asked(answers=[answer(text, start)])))
    ((span,),) = (example.answers for example in file.examples)
    assert (span.start, span.text) == (place, text.strip())
    assert RIVER[span.start : span.end] == span.text
    assert file.moved == moved


def test_of_several_occurrences_the_nearest_is_taken(tmp_path: Path) -> None:
    context = "one two one two one"
    for start, place in ((1, 0), (5, 8), (11, 8), (13, 16), (99, 16)):
        ((span,),) = (
            example.answers
            for example in load(
                tmp_path, squad(asked(answers=[answer("one", start)]), context=context)
            ).examples
        )
        assert span.start == place


QA = r"data\[0\], paragraphs\[0\], qas\[1\]"


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (7, rf"{QA}, question: not str"),
        (asked("x", " "), rf"{QA}, question: empty"),
        (asked("x", "x" * 1_001), rf"{QA}, question: 1,001 characters"),
        (asked("x", "\ud800?"), rf"{QA}, question: half a surrogate pair"),
        (asked(None), rf"{QA}, id: not str"),
        (asked(True), rf"{QA}, id: not str"),
        (asked(1.5), rf"{QA}, id: not str"),
        (asked("\ud800"), rf"{QA}, id: half a surrogate pair"),
        (asked("q"), rf"{QA}, id: 'q' is used twice"),
        (asked("x", is_impossible=False), rf"{QA}, answers: not list"),
        (asked("x", answers=None), rf"{QA}, answers: not list"),
        (asked("x", answers=["12%"]), rf"{QA}, answers\[0\], text: not str"),
        (asked("x", answers=[answer("12%", "17")]), rf"{QA}, answers\[0\], answer_start: not int"),
        (asked("x", answers=[answer("12%", True)]), rf"{QA}, answers\[0\], answer_start: not int"),
        (asked("x", answers=[answer(" ", 3)]), rf"{QA}, answers\[0\], text: empty"),
        (
            asked("x", answers=[answer("12%", 17), answer("13%", 17)]),
            rf"{QA}, answers\[1\], text: '13%' is not in its paragraph",
        ),
    ],
)
def test_an_error_names_its_place(tmp_path: Path, second: object, message: str) -> None:
    with pytest.raises(DatasetError, match=f"set.json, {message}"):
        load(tmp_path, squad(asked(), second))


def test_the_same_number_as_text_and_as_number_is_one_id(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="id: '7' is used twice"):
        load(tmp_path, squad(asked("7"), asked(7)))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "set.json, data: not list"),
        ({"data": {}}, "set.json, data: not list"),
        ({"data": [7]}, r"data\[0\], paragraphs: not list"),
        ({"data": [{"paragraphs": [7]}]}, r"data\[0\], paragraphs\[0\], context: not str"),
        ({"data": [{"paragraphs": [{"context": "x"}]}]}, r"paragraphs\[0\], qas: not list"),
        (squad(asked(), context=" "), r"paragraphs\[0\], context: empty"),
        (squad(asked(), context="12% \udfff"), r"paragraphs\[0\], context: half a surrogate pair"),
        (squad(asked(), title="\udfff"), r"data\[0\], title: half a surrogate pair"),
        ({"data": []}, "holds no questions"),
        (squad(), "holds no questions"),
    ],
)
def test_a_file_that_is_not_squad_says_where(tmp_path: Path, record: object, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load(tmp_path, record)


@pytest.mark.parametrize("text", ["", "{", '{"data": [}', "[" * 100_000])
def test_a_file_that_is_not_json_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(text, "utf-8")
    with pytest.raises(DatasetError, match=r"set\.json: not JSON"):
        load_squad(path)


def test_a_file_may_be_gzipped_and_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "set.json.gz"
    data = gzip.compress(b"\xef\xbb\xbf" + json.dumps(squad(asked())).encode())
    path.write_bytes(data)
    assert [example.id for example in load_squad(path).examples] == ["q"]
    for damaged in (data[:-9], data[:20] + b"\xff\xff\xff" + data[23:]):
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match="cannot be read"):
            load_squad(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dev-v2.0.json", True),
        ("dev.json.gz", True),
        ("set.jsonl", False),
        ("set.jsonl.gz", False),
        ("json", False),
        ("set.json.txt", False),
    ],
)
def test_a_squad_file_is_known_by_its_name(name: str, expected: bool) -> None:
    assert is_squad(Path(name)) is expected


@settings(deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8") | st.sampled_from(" .,\u0301\u200d\U0001f600\u2028é漢ب"), min_size=1
    ).filter(str.strip),
    st.integers(min_value=0),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=-3, max_value=3),
)
def test_a_gold_span_is_the_paragraphs_own_characters(
    tmp_path_factory: pytest.TempPathFactory, context: str, place: int, length: int, error: int
) -> None:
    start = place % len(context)
    words = context[start : start + length]
    if not words.strip():
        return
    path = tmp_path_factory.mktemp("squad") / "set.json"
    record = squad(asked(answers=[answer(words, start + error)]), context=context)
    path.write_text(json.dumps(record, ensure_ascii=False), "utf-8", newline="\n")
    file = load_squad(path)
    ((span,),) = (example.answers for example in file.examples)
    (paragraph,) = file.paragraphs
    assert paragraph.text == context
    assert paragraph.text[span.start : span.end] == span.text == words.strip()
    if error == 0:
        assert file.moved == 0
        assert span.start == start + len(words) - len(words.lstrip())


def test_a_file_is_a_source_that_an_index_is_built_from(tmp_path: Path, word_encoder: Encoder) -> None:
    generator = random.Random(0)
    words = ["ada", "bern", "came", "rain", "fell", "town"]
    texts = {f"{' '.join(generator.choices(words, k=12)).capitalize()}." for _ in range(20)}
    paragraphs = [{"context": text, "qas": [asked(text, answers=[])]} for text in sorted(texts)]
    file = load(tmp_path, {"data": [{"title": "A/B: «C»", "paragraphs": paragraphs}]})
    report = build(file, tmp_path / "index", word_encoder)
    assert report.articles == len(texts) == len(file)
    index = open_index(tmp_path / "index")
    assert {example.context for example in file.examples} == {article.id for article in index.articles}
    for example in file.examples:
        found = index.find_article(example.context or "")
        assert found is not None
        assert found.text == example.id
    assert index.manifest.source == "set.json"
    index.close()
