"""Examples: the split, detokenised sentences, and the real data if it is available."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.dataset import GoldSpan
from eval.studies.examples import (
    DEVELOPMENT_SHARE,
    SPAN_SETS,
    ContextExample,
    detokenised,
    held_out,
    qamr_examples,
    span_examples,
    squad_pairs,
    stripped,
)
from eval.studies.paragraphs import DataMissingError, data_folder, load

# Treebank tokens, and their ordinary form.
WRITTEN = {
    "-LRB-": "(", "-RRB-": ")", "-lsb-": "[", "-RSB-": "]", "-LCB-": "{", "-rcb-": "}",
    "``": '"', "''": '"', ".": ".", ",": ",", "?": "?", "%": "%", "$": "$", "'s": "'s", "n't": "n't",
    "--": "--", "Lahore": "Lahore", "twenty-four": "twenty-four", "1,200": "1,200", "U.S.": "U.S.", "é": "é",
}  # fmt: skip


def has_data() -> bool:
    try:
        data_folder()
    except DataMissingError:
        return False
    return True


needs_data = pytest.mark.skipif(not has_data(), reason="needs the optional data folder (QUOTH_DATA)")


def test_the_same_groups_are_held_out_everywhere() -> None:
    # Those whose SHA-256, by `sha256sum`, begins with eight digits below 0.12 * 16**8.
    assert [number for number in range(40) if held_out(f"group {number}")] == [5, 8, 11, 18, 30, 39]


def test_the_share_of_groups_held_out_is_the_development_share() -> None:
    count = 20_000
    share = sum(held_out(f"Article {number}") for number in range(count)) / count
    # Four standard deviations of a binomial share.
    deviation = (DEVELOPMENT_SHARE * (1 - DEVELOPMENT_SHARE) / count) ** 0.5
    assert abs(share - DEVELOPMENT_SHARE) < 4 * deviation


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("It rained , and two came .", "It rained, and two came."),
        ("He said `` venite ad me '' , twice .", 'He said "venite ad me", twice.'),
        ("It lives within -LRB- or on -RRB- the sponge .", "It lives within (or on) the sponge."),
        ("the notes -lsb- 3 -rsb- were lost", "the notes [3] were lost"),
        ("They do n't know Ann 's name ; we 'll ask !", "They don't know Ann's name; we'll ask!"),
        ("the drivers ' points", "the drivers' points"),
        ("It cost $ 5 , or 20 % more .", "It cost $5, or 20% more."),
        ("Is it so ? No : wait ...", "Is it so? No: wait..."),
        ("`` Why ? '' he asked", '"Why?" he asked'),
        ("-LRB- `` Yes '' -RRB-", '("Yes")'),
        ("105 -- 18", "105 -- 18"),
        ("U.S. citizens", "U.S. citizens"),
        ("word", "word"),
    ],
)
def test_a_tokenised_sentence_becomes_ordinary_text(tokens: str, text: str) -> None:
    assert detokenised(tokens.split())[0] == text


def test_no_tokens_give_an_empty_text() -> None:
    assert detokenised([]) == ("", [])


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WRITTEN])))
def test_the_offsets_of_each_token_hold_its_ordinary_form_in_order(tokens: list[str]) -> None:
    text, offsets = detokenised(tokens)
    assert [text[start:end] for start, end in offsets] == [WRITTEN[token] for token in tokens]
    reached = 0
    for number, (start, end) in enumerate(offsets):
        # Between two tokens there is at most one space.
        assert text[reached:start] in ({""} if number == 0 else {"", " "})
        assert reached <= start < end
        reached = end
    assert reached == len(text)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [(0, 3, "two"), (0, 4, "two"), (3, 8, "came"), (2, 9, "o\tcame"), (3, 9, "came"), (4, 8, "came")],
)
def test_a_span_is_stripped_of_white_space_at_its_ends(start: int, end: int, words: str) -> None:
    text = "two\tcame\n"
    found = stripped(GoldSpan("a", start, end, text[start:end]))
    assert text[found.start : found.end] == found.text == words
    assert start <= found.start < found.end <= end
    assert found.article == "a"


def test_an_example_gives_the_words_of_its_spans() -> None:
    example = ContextExample.of("1", "made", "Who came?", "Ann and Bo came.", ((0, 3), (8, 10)))
    assert (example.id, example.question) == ("1", "Who came?")
    assert example.spans == ((0, 3), (8, 10))
    assert example.references == ["Ann", "Bo"]
    assert example.example.kind == "who"


def test_an_unanswerable_copy_has_no_spans_and_its_own_id() -> None:
    example = ContextExample.of("1", "made", "Who came?", "Ann came.", ((0, 3),))
    other = example.unanswerable("/other", text="Bo left.")
    assert (other.id, other.question, other.text) == ("1/other", "Who came?", "Bo left.")
    assert other.source == "made"
    assert (other.spans, other.references, other.example.kind) == ((), [], "unanswerable")
    asked = example.unanswerable("/altered", question="Who left?")
    assert (asked.id, asked.question, asked.text) == ("1/altered", "Who left?", "Ann came.")
    assert example.references == ["Ann"]


def packed(path: Path, text: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(text)


def test_articles_are_held_out_whole_and_spans_stripped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paragraph(text: str, answer: str) -> dict[str, Any]:
        place = {"answer_start": text.index(answer), "text": answer}
        return {"context": text, "qas": [{"id": text[:3], "question": "Where?", "answers": [place]}]}

    # The first title is held out and the second is not; by their texts, other paragraphs would be.
    data = [
        {
            "title": "group 5",
            "paragraphs": [paragraph("1: in Lahore now", " Lahore "), paragraph("2: yes", "yes")],
        },
        {"title": "group 6", "paragraphs": [paragraph("3: no", "no"), paragraph("group 8", "group 8")]},
    ]
    packed(tmp_path / "squadshifts_new_wiki.json.gz", json.dumps({"data": data}))
    monkeypatch.setenv("QUOTH_DATA", str(tmp_path))
    kept, taught = (span_examples("wiki", development=side) for side in (True, False))
    assert [(one.text, one.references) for one in kept] == [
        ("1: in Lahore now", ["Lahore"]),
        ("2: yes", ["yes"]),
    ]
    assert [one.text for one in taught] == ["3: no", "group 8"]
    # In the other sets, a paragraph is its own group.
    packed(tmp_path / "squadshifts_reddit.json.gz", json.dumps({"data": data}))
    assert "group 8" in [one.text for one in span_examples("reddit", development=True)]


def test_qamr_examples_have_contiguous_answers_that_no_validator_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(tmp_path / "qamr_wiki_sentences.tsv.gz", "s1\tTwo ships -LRB- of five -RRB- sank .\n")
    rows = [
        "s1\t0\t1\t0\t0\tWhat sank?\t0 1\t7:1\t8:1 0",
        "s1\t0\t1\t0\t0\tHow many were there?\t4\t7:0 4\t8:3 4",
        "s1\t0\t1\t0\t0\tRejected?\t4\t7:4\t8:Invalid",
        "s1\t0\t1\t0\t0\tApart?\t0 4\t7:0 4\t8:1 6",
        "s2\t0\t1\t0\t0\tOf another sentence?\t0\t7:0\t8:0",
    ]
    packed(tmp_path / "qamr_dev.tsv.gz", "".join(f"{row}\n" for row in rows))
    packed(tmp_path / "qamr_test.tsv.gz", f"{rows[0]}\n")
    monkeypatch.setenv("QUOTH_DATA", str(tmp_path))
    found = qamr_examples()
    assert {one.text for one in found} == {"Two ships (of five) sank."}
    assert [(one.question, one.references) for one in found] == [
        ("What sank?", ["Two ships", "ships", "Two ships"]),
        ("How many were there?", ["five", "of five"]),
        ("What sank?", ["Two ships", "ships", "Two ships"]),
    ]
    assert len({one.id for one in found}) == 3


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", SPAN_SETS)
def test_no_group_is_on_both_sides_of_the_split(name: str) -> None:
    source = load(name)
    titles: dict[str, set[str | None]] = {}
    for article in source.articles(lambda _: None):
        titles.setdefault(article.text, set()).add(article.metadata.title)
    training, development = (span_examples(name, development=side) for side in (False, True))
    assert len(training) + len(development) == len(source.examples)
    assert not {example.text for example in training} & {example.text for example in development}
    if name == "wiki":
        taught, kept = (
            {title for example in side for title in titles[example.text]} for side in (training, development)
        )
        assert not taught & kept
        assert kept
    assert 0.08 < len(development) / len(source.examples) < 0.16


@pytest.mark.data
@needs_data
def test_every_example_of_the_data_has_a_unique_id_and_exact_spans() -> None:
    examples = [
        example
        for name in SPAN_SETS
        for side in (False, True)
        for example in span_examples(name, development=side)
    ]
    examples += qamr_examples()
    # The id identifies the windows' group and the teacher's scores.
    assert len({example.id for example in examples}) == len(examples)
    for example in examples:
        assert example.spans
        assert all(0 <= start < end <= len(example.text) for start, end in example.spans)
        assert all(words == words.strip() for words in example.references)
        assert example.question.strip()


@pytest.mark.data
@needs_data
def test_a_qamr_answer_is_the_words_that_its_writer_marked() -> None:
    folder: Path = data_folder()
    with gzip.open(folder / "qamr_wiki_sentences.tsv.gz", "rt", encoding="utf-8") as file:
        sentences = {key: words.split(" ") for key, words in (line.rstrip("\n").split("\t") for line in file)}
    rows: dict[tuple[str, int], list[str]] = {}
    for part in ("dev", "test"):
        with gzip.open(folder / f"qamr_{part}.tsv.gz", "rt", encoding="utf-8") as file:
            rows |= {(part[:3], number): line.split("\t") for number, line in enumerate(file)}
    escapes = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
    examples = qamr_examples()
    assert len(examples) > 0.8 * len(rows)
    checked = 0
    for example in examples:
        part, number = example.id.removeprefix("qamr_").split("-")
        row = rows[part, int(number)]
        marked = sorted({int(token) for token in row[6].split()})
        if marked[-1] - marked[0] != len(marked) - 1:
            continue  # not contiguous, so not a span
        words = [sentences[row[0]][token] for token in marked]
        written = "".join(escapes.get(word.upper(), word) for word in words)
        written = written.replace("``", '"').replace("''", '"')
        assert example.references[0].replace(" ", "") == written
        assert example.question == row[5]
        checked += 1
    assert checked > 0.5 * len(examples)


@pytest.mark.data
@needs_data
def test_squads_questions_come_with_their_sentences() -> None:
    pairs = list(squad_pairs())
    assert len(pairs) > 10_000
    assert pairs[0] == (
        "to whom did the virgin mary allegedly appear in 1858 in lourdes france?",
        "it is a replica of the grotto at lourdes, france where the virgin mary reputedly appeared to saint "
        "bernadette soubirous in 1858.",
    )
    assert all(question and sentence for question, sentence in pairs)
