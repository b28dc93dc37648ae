"""Answers on the terminal: the article's own words, marked by style alone, and no control characters."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from indexer.records import Article, Metadata, Passage, ScoredPassage
from service.answering.answers import Answer, Citation, Quotation, ReadPassage, Reason
from service.console import apart, print_answer, print_answer_json

_STYLE = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(autouse=True)
def _no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes stdout for a terminal of 40 columns."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)


def cite(text: str, words: str, name: str = "a.txt", metadata: Metadata | None = None) -> Citation:
    start = text.index(words)
    end = start + len(words)
    return Citation(
        article_id=name,
        metadata=metadata or Metadata(),
        start=start,
        end=end,
        quote=text,
        quote_start=0,
        quote_end=len(text),
        passage=Passage(0, name, 0, len(text)),
        sha256="ab" * 32,
        prefix=text[:start],
        exact=words,
        suffix=text[end:],
    )


def answer(
    quotation: Quotation | None, *texts: str, confidence: float = 0.9, threshold: float = 0.5
) -> Answer:
    read = [
        ReadPassage(
            number,
            ScoredPassage(Passage(number, f"{number}.txt", 0, len(text)), text, 0.5, 0.5, 1.0, ()),
            Article.create(f"{number}.txt", text, Metadata()),
        )
        for number, text in enumerate(texts, start=1)
    ]
    return Answer(
        question="Who?",
        quotation=quotation,
        reason=None if quotation else Reason.LOW_CONFIDENCE,
        confidence=confidence,
        threshold=threshold,
        alternatives=(),
        passages=tuple(read),
        generation="gen-000001",
        encoder="encoder",
        reader="reader",
    )


def quoted(text: str, words: str) -> Answer:
    return answer(Quotation(words, 0.9, cite(text, words)), text)


SENTENCE = "Ada Lovelace, who wrote the first program, died in 1852 and is remembered for her notes."


def test_an_answer_is_its_words_then_its_sentence_then_its_places(capsys: pytest.CaptureFixture[str]) -> None:
    metadata = Metadata("Title", "Publisher", "Author", datetime.date(2024, 1, 24))
    quotation = Quotation(
        "Ada Lovelace",
        0.614,
        cite(SENTENCE, "Ada Lovelace", metadata=metadata),
        (cite("By Ada Lovelace.", "Ada Lovelace", "b.txt"),),
    )
    print_answer(answer(quotation, SENTENCE))
    assert capsys.readouterr().out.splitlines() == [
        "Ada Lovelace",
        "confidence 0.61",
        "",
        f"  {SENTENCE}",
        "",
        "Title · Author · Publisher · 2024-01-24",
        "a.txt:0-12",
        "(the article states no title, publisher or date)",
        "b.txt:3-15",
    ]


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_exactly_the_sentence_and_marks_the_answer_by_style(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_answer(quoted(SENTENCE, "1852"))
    printed = capsys.readouterr().out
    assert "died in \x1b[1;4;33m1852\x1b[0m and" in printed
    assert f"  {SENTENCE}" in _STYLE.sub("", printed).splitlines()


@pytest.mark.usefixtures("terminal")
def test_no_color_keeps_bold_and_underline_and_drops_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    print_answer(quoted(SENTENCE, "1852"))
    printed = capsys.readouterr().out
    assert "\x1b[1;4m1852\x1b[0m" in printed
    assert {style for found in _STYLE.findall(printed) for style in found[2:-1].split(";")} <= {
        "0",
        "1",
        "2",
        "4",
    }


@pytest.mark.parametrize("colour", [True, False])
def test_an_article_cannot_write_to_the_terminal(
    colour: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    evil = "It was \x1b[2J\x9b1m\rbuilt\u202e in [red]1871[/red]\u2066 :smile:"
    metadata = Metadata("T\x1b]0;title\x07", "P\u202e", None, None)
    citation = cite(evil, "1871[/red]\u2066", "n\x1b[31m.txt", metadata)
    print_answer(answer(Quotation(citation.exact, 0.9, citation), evil))
    print_answer(answer(None, evil))
    printed = _STYLE.sub("", capsys.readouterr().out)
    assert not set(printed) & set("\x1b\x9b\r\x07\u202e\u2066")
    assert "  It was \\x1b[2J\\x9b1m\\x0dbuilt\\u202e in [red]1871[/red]\\u2066 :smile:\n" in printed
    assert "T\\x1b]0;title\\x07 · P\\u202e\n" in printed
    assert f"n\\x1b[31m.txt:{citation.start}-{citation.end}\n" in printed


def test_json_holds_the_exact_words_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "It was \x9b2J\u202ebuilt in 1871\x7f."
    print_answer_json(quoted(evil, "1871\x7f"))
    printed = capsys.readouterr().out
    assert not set(printed) & set("\x9b\u202e\x7f")
    body = json.loads(printed)
    assert body["answer"]["text"] == "1871\x7f"
    assert body["answer"]["citation"]["quote"] == evil


def test_line_breaks_and_tabs_in_a_sentence_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(quoted("First line,\nsecond\tline\n\nlast line.", "line\n\nlast"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["line", "", "last", "confidence 0.90"]
    assert [" ".join(line.split()) for line in lines[5:9]] == ["First line,", "second line", "", "last line."]
    assert all(line.startswith("  ") for line in lines[5:9])


def test_an_abstention_shows_the_nearest_passages(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(
        answer(None, "One.", "Two\nlines " + "x" * 200, "Three.", "Four.", confidence=0.04, threshold=0.5)
    )
    assert capsys.readouterr().out.splitlines() == [
        "The articles do not say.",
        "Nearest passages:",
        "  1.txt:0-4  One.",
        f"  2.txt:0-210  Two lines {'x' * 89}…",
        "  3.txt:0-6  Three.",
    ]


def test_an_abstention_shows_what_was_rejected_and_does_not_contradict_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    abstention = answer(None, "One or two.", confidence=0.0412, threshold=0.0447)
    rejected = Quotation("two", 0.0412, cite("One or two.", "two"))
    print_answer(replace(abstention, alternatives=(rejected,)))
    assert capsys.readouterr().out.splitlines()[1:3] == [
        "The best candidate has a confidence of 0.041; 0.045 is needed. Not confident enough:",
        "  two  a.txt:7-10",
    ]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_own_words(reason: Reason, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for one in Reason:
        print_answer(replace(answer(None), reason=one))
        said[one] = capsys.readouterr().out
    assert list(said.values()).count(said[reason]) == 1


def test_the_day_of_the_last_change_is_shown_if_it_is_another(capsys: pytest.CaptureFixture[str]) -> None:
    published = datetime.date(2024, 1, 24)
    for modified, shown in (
        (datetime.date(2024, 5, 5), "2024-01-24 · updated 2024-05-05"),
        (published, "2024-01-24"),
    ):
        metadata = Metadata(published=published, modified=modified)
        print_answer(answer(Quotation("Ada", 0.9, cite("Ada.", "Ada", metadata=metadata)), "Ada."))
        assert capsys.readouterr().out.splitlines()[-2] == shown


def test_no_passage_means_that_the_filters_match_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(replace(answer(None), reason=Reason.NO_PASSAGES))
    assert capsys.readouterr().out == "No article matches these filters.\n"


@pytest.mark.parametrize(
    ("first", "second", "texts"),
    [
        (0.04, 0.5, ("0.04", "0.50")),
        (0.041, 0.044, ("0.041", "0.044")),
        (0.0404, 0.04, ("0.0404", "0.0400")),
        (0.04, 0.040000001, ("0.040000000", "0.040000001")),
        (0.3, 0.1 + 0.2, ("0.3", "0.30000000000000004")),
    ],
)
def test_two_numbers_are_printed_with_the_decimals_that_tell_them_apart(
    first: float, second: float, texts: tuple[str, str]
) -> None:
    assert apart(first, second) == texts


def printed_lines(answer: Answer, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_answer(answer)
    return capsys.readouterr().out.splitlines()


def test_several_answers_name_their_numbered_sentences(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed_lines(sample_answers["list"], capsys) == [
        "Mara Ellison",
        "confidence 0.91 · sentence 1",
        "",
        "Tomas Quill",
        "confidence 0.84 · sentence 1",
        "",
        "Ines Okafor",
        "confidence 0.62 · sentence 2",
        "",
        "sentence 1",
        "  Mara Ellison began the design of the lighthouse at Port Wren, which Tomas Quill finished.",
        "",
        "A tower for Port Wren · The Wren Courier",
        "tower.txt:0-12",
        "tower.txt:68-79",
        "",
        "sentence 2",
        "  The stairs of the lighthouse were drawn by Ines Okafor, an engineer.",
        "",
        "(the article states no title, publisher or date)",
        "survey.txt:43-54",
    ]


def test_parts_head_their_answers_and_a_part_without_one_is_named(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed_lines(sample_answers["parts"], capsys)
    assert lines[:3] == ["who began the design:", "Mara Ellison", "confidence 0.91 · sentence 1"]
    assert [line for line in lines if line.endswith(":")] == [
        "who began the design:",
        "who drew the stairs:",
        "who finished it:",
    ]
    assert printed_lines(sample_answers["missing part"], capsys)[:6] == [
        "who began the design:",
        "Mara Ellison",
        "confidence 0.91",
        "",
        "The articles do not say: what did <b>it</b> cost",
        "",
    ]


@pytest.mark.usefixtures("terminal")
def test_an_enumeration_is_printed_once_with_its_items_marked(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    print_answer(sample_answers["enumeration"])
    printed = capsys.readouterr().out
    items = [f"\x1b[1;4;33m{item}\x1b[0m" for item in ("timber", "wool", "smoked fish")]
    assert "{}, {} and {}.".format(*items) in printed
    assert "confidence 0.90\n" in _STYLE.sub("", printed)
    assert printed.count("wool") == 2


def test_what_a_sentence_says_to_a_yes_no_question_stands_beside_its_confidence(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("yes", "no"):
        lines = printed_lines(sample_answers[name], capsys)
        assert lines[1] == f"confidence 0.90 · says {name}"
        assert lines[0] in lines[3]
    rejected = replace(sample_answers["no"], quotation=None, answers=(), reason=Reason.LOW_CONFIDENCE)
    rejected = replace(
        rejected, alternatives=sample_answers["no"].answers, passages=answer(None, "x").passages
    )
    assert printed_lines(rejected, capsys)[2].endswith("survey.txt:69-101  (says no)")


def test_a_part_cannot_write_to_the_terminal(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "who \x1b[2J\u202e[red]did\r\nit[/red]"
    sample = sample_answers["missing part"]
    hostile = replace(sample.answers[0], part=evil)
    lines = printed_lines(
        replace(sample, quotation=hostile, answers=(hostile,), unanswered=(evil, "why")), capsys
    )
    assert lines[0] == "who \\x1b[2J\\u202e[red]did it[/red]:"
    assert lines[4] == "The articles do not say: who \\x1b[2J\\u202e[red]did it[/red]; why"


def test_json_has_every_answer_with_its_part_and_polarity(
    sample_answers: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    print_answer_json(sample_answers["missing part"])
    body = json.loads(capsys.readouterr().out)
    assert body["answers"] == [body["answer"]]
    assert body["answer"]["part"] == "who began the design"
    assert body["unanswered"] == ["what did <b>it</b> cost"]
    print_answer_json(sample_answers["no"])
    assert json.loads(capsys.readouterr().out)["answer"]["polarity"] == "says_no"
    print_answer_json(sample_answers["enumeration"])
    body = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in body["answers"]] == ["timber", "wool", "smoked fish"]
    assert body["answer"]["text"] == "timber, wool and smoked fish"
