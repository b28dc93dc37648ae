"""The segmenter: exact offsets in any text, and sentence ends where a reader puts them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.boilerplate import is_boilerplate
from indexer.records import Segment, SegmentKind
from indexer.segmenter import blocks, sentence_offsets

# What breaks segmenters: white space of every kind, marks that end sentences in many scripts,
# abbreviations, emoji made of several code points, combining marks, right-to-left text and controls.
AWKWARD = [
    *"aZ0.!?;:,()[]\"'“”«»…–—\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\u00a0\u3000\u200b\ufeff\u200f",
    *"。！？｡؟۔।॥།\x00é漢字한ก\U00020000İß",
    *[
        "e\u0301",
        "😀",
        "👨‍👩‍👧",
        "🇵🇰",
        "שלום",
        "مرحبا",
        "\r\n",
        "\n\n",
        " ",
        ". ",
        "Mr. ",
        "U.S. ",
        "e.g. ",
        "1. ",
    ],
    *["https://x.y/z?q=1.2", "Hello", "the ", "\nHot Topics\n", "\nRelevant Read: other\n", "w" * 300],
]
any_text = st.lists(st.sampled_from(AWKWARD), max_size=40).map("".join) | st.text(max_size=200)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_offsets(text)]


@given(any_text)
@settings(max_examples=600, deadline=None)
# sentencex panics on these texts.
@pytest.mark.slow
@example("B\u2028.")
@example("B\x85.")
@example("漢\x0bB\u3000\u00a0.")
@example("a\u3000. b")
@example("\x1c.\x85!")
@example("Ends.\u2028Starts.")
def test_sentences_are_in_order_trimmed_and_leave_out_only_white_space_and_boilerplate(text: str) -> None:
    position = 0
    for start, end in sentence_offsets(text):
        assert position <= start < end <= len(text)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        assert_nothing_lost(text[position:start])
        position = end
    assert_nothing_lost(text[position:])


def assert_nothing_lost(gap: str) -> None:
    assert all(not line.strip() or is_boilerplate(line) for line in gap.splitlines())


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), st.sampled_from(["de", "ar", "zh", "xx"])
)
@settings(max_examples=150, deadline=None)
def test_every_character_is_kept_in_any_language(text: str, language: str) -> None:
    found = "".join(text[start:end] for start, end in sentence_offsets(text, language=language))

    assert re.sub(r"\s", "", found) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there! Three?", ["One here.", "Two there!", "Three?"]),
        ("Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]),
        ("It rose 3.5 percent. It fell.", ["It rose 3.5 percent.", "It fell."]),
        ("今日は晴れ。明日は雨。", ["今日は晴れ。", "明日は雨。"]),
        ("  Padded.  \n", ["Padded."]),
        ("No full stop", ["No full stop"]),
        (
            "The board meets at 6 p.m. Friday in Lund. It ends late.",
            ["The board meets at 6 p.m. Friday in Lund.", "It ends late."],
        ),
        ("Gates close at 9:15 a.m. CET for all.", ["Gates close at 9:15 a.m. CET for all."]),
        ("It closes at 5 p.m. The warden locks it.", ["It closes at 5 p.m.", "The warden locks it."]),
        ("She moved to the U.S. They stayed.", ["She moved to the U.S.", "They stayed."]),
        ("The U.S. Treasury said so.", ["The U.S. Treasury said so."]),
        (
            "It weighs approx. 40 kg. See para. 7, Vol. 2 and Figs. 3 and 4.",
            ["It weighs approx. 40 kg.", "See para. 7, Vol. 2 and Figs. 3 and 4."],
        ),
        (
            "We saw Amb. Hult near Ft. Bragg. So did Gov. Ek.",
            ["We saw Amb. Hult near Ft. Bragg.", "So did Gov. Ek."],
        ),
        ("It is an app. Dora made it.", ["It is an app.", "Dora made it."]),
        ("He said no. She agreed.", ["He said no.", "She agreed."]),
        ("He ran 5 ft. Bo saw it.", ["He ran 5 ft.", "Bo saw it."]),
        ("J. K. Holm and A.B. Lind wrote it. It sold.", ["J. K. Holm and A.B. Lind wrote it.", "It sold."]),
        ("Built with .NET and ASP.NET Core. It runs.", ["Built with .NET and ASP.NET Core.", "It runs."]),
        ("See example.Com for it. Go.", ["See example.Com for it.", "Go."]),
        (
            "It ran 8 yr. old code in the bldg. of Acme Inc. in Lund.",
            ["It ran 8 yr. old code in the bldg. of Acme Inc. in Lund."],
        ),
        ("It starts on Feb. 7 or Mon. Feb. 9.", ["It starts on Feb. 7 or Mon. Feb. 9."]),
        ("‘Don’t run! Walk!’ says the coach.", ["‘Don’t run! Walk!’ says the coach."]),
        ("'Wait! Not yet!' says the coach. They wait.", ["'Wait! Not yet!' says the coach.", "They wait."]),
        ("“Is it safe?” Coach Lind asked. It is.", ["“Is it safe?” Coach Lind asked.", "It is."]),
        (
            'One has a 40" screen. The other has a 55" screen.',
            ['One has a 40" screen.', 'The other has a 55" screen.'],
        ),
        ("The boys' hats fell. The girls' did not.", ["The boys' hats fell.", "The girls' did not."]),
        ("Well… it rained... and poured.", ["Well… it rained... and poured."]),
        ("Countdown! host quits. He is 60.", ["Countdown! host quits.", "He is 60."]),
        ("i went home. it was late.", ["i went home.", "it was late."]),
        ("(It rained.) The match went on.", ["(It rained.)", "The match went on."]),
        ("1. Mix the flour. 2. Add water.", ["1. Mix the flour.", "2. Add water."]),
        ("• It is red. It is big.", ["• It is red.", "It is big."]),
        ("(b) No horses. No carts.", ["(b) No horses.", "No carts."]),
        ("II. The mill", ["II. The mill"]),
        ("", []),
        (" \n\t\u3000\u2028\n", []),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_break_ends_a_sentence_when_lines_are_paragraphs() -> None:
    assert sentences("A heading\nThe text begins. It goes on.") == [
        "A heading",
        "The text begins.",
        "It goes on.",
    ]


def test_a_line_break_does_not_end_a_sentence_in_wrapped_text() -> None:
    wrapped = "The ministers met in the\ncapital and agreed on the\nplan. They left."

    assert sentences(wrapped) == ["The ministers met in the\ncapital and agreed on the\nplan.", "They left."]


def test_a_blank_line_ends_a_sentence_even_in_wrapped_text() -> None:
    wrapped = "The ministers met in the\ncapital and agreed\n \nnext paragraph goes\non here"

    assert sentences(wrapped) == [
        "The ministers met in the\ncapital and agreed",
        "next paragraph goes\non here",
    ]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_line_break_ends_a_line_and_two_of_them_a_paragraph(end: str) -> None:
    text = f"A heading{end}{end}The ministers met in{end}the capital.{end}{end}They left."

    assert sentences(text) == ["A heading", f"The ministers met in{end}the capital.", "They left."]
    assert sentences(f"A heading{end}The text begins.") == ["A heading", "The text begins."]


def test_list_items_are_units_in_wrapped_text_and_the_text_after_them_begins_anew() -> None:
    introduction = "The choir of the mill, which has sung since\nthe fire, has these voices in\nits front:"
    items = [
        "- soprano: Maj Berg, who also sings in the\n  opera of the town",
        "- bass: Ole Dahl of the village of\nHov",
        "- tenor: Per",
    ]
    after = "The next concert is in June and will be\nheld in the barn."

    assert sentences("\n".join([introduction, *items, after])) == [introduction, *items, after]


@pytest.mark.parametrize("marks", ["-–*•", "1.2.3.", "1)2)3)", "a)b)c)", "(a)(b)(c)", "(i)(ii)(iii)"])
def test_a_list_item_may_have_any_usual_marker(marks: str) -> None:
    size = 1 if marks[0] == "-" else marks.index(marks[-1], 1) + 1
    found = re.findall(r"\(\w+\)|\w[.)]", marks) if size > 1 else [marks[0]] * 3
    items = [
        f"{mark} the {name} of the town" for mark, name in zip(found, ["mill", "barn", "well"], strict=True)
    ]
    text = "\n".join(
        ["We saw these places on the way to the\nsea in the summer of last year and\nthen home:", *items]
    )

    assert sentences(text)[1:] == items


def test_a_line_of_wrapped_prose_may_begin_with_a_dash_or_a_number() -> None:
    text = (
        "the mill of the town\n– as we all know – burnt down in\n12) the winter, and was built\nagain in May."
    )

    assert sentences(text) == [text]


def test_a_table_row_is_one_sentence() -> None:
    text = (
        "The fares of the ferry will be\nkept for the year:\nGuest\tFare\nAdult\t9. Or 8 in May.\nand so\non."
    )

    assert sentences(text)[1:] == ["Guest\tFare", "Adult\t9. Or 8 in May.", "and so\non."]


def test_no_sentence_crosses_the_bounds_of_segments() -> None:
    text = "Rules. Of the house\n\nCome in. Sit down\n\nOne\t" + "Two. Three. " * 40 + "\tEnd"
    item = text.index("in. Sit")
    row = text.index("One")
    segments = [
        Segment(0, len(text), SegmentKind.SECTION, "Rules"),
        Segment(item, item + 11, SegmentKind.ITEM),
        Segment(row, row + 3, SegmentKind.CELL),
        Segment(row + 4, len(text) - 4, SegmentKind.CELL),
        Segment(len(text) - 3, len(text), SegmentKind.CELL),
    ]

    found = [text[start:end] for start, end in sentence_offsets(text, segments)]

    assert found[:5] == ["Rules. Of the house", "Come", "in.", "Sit dow", "n"]
    assert found[5:8] == ["One", "Two.", "Three."]
    assert found[-2:] == ["Three.", "End"]


@given(any_text, st.data())
@settings(max_examples=200, deadline=None)
def test_with_any_segments_nothing_is_lost_and_no_item_is_crossed(text: str, data: st.DataObject) -> None:
    bounds = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    kinds = data.draw(st.sampled_from([[SegmentKind.ITEM, SegmentKind.SECTION], [SegmentKind.CELL]]))
    segments = [
        Segment(start, end, data.draw(st.sampled_from(kinds)), "words")
        for start, end in zip(bounds[::2], bounds[1::2], strict=False)
    ]
    position = 0
    for start, end in sentence_offsets(text, segments):
        assert position <= start < end <= len(text)
        assert_nothing_lost(text[position:start])
        position = end
        for one in segments:
            if one.kind == SegmentKind.ITEM:
                assert not start < one.start < end
                assert not start < one.end < end
    assert_nothing_lost(text[position:])


def test_windows_line_ends_cut_as_plain_ones_do() -> None:
    assert sentences("First line\r\n\r\nSecond line\r\n") == ["First line", "Second line"]


def test_boilerplate_is_in_no_block_and_separates_its_neighbours() -> None:
    text = "The report goes\non here and\nRelevant Read: elsewhere\nthen it ends\nat last"

    assert [text[start:end] for start, end in blocks(text)] == [
        "The report goes\non here and",
        "then it ends\nat last",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        *("The fox, e.g. Mr. Smith's, sat down. ", "今日は晴れ。明日は雨。", "word ", "“", "(a. ", "1. "),
        *("漢", "\u0301", " ", "a\u2028", "“He said (so. ", "w" * 300 + ". "),
    ],
)
@pytest.mark.timeout(60)
def test_the_time_for_a_long_line_is_linear_and_nothing_is_lost(unit: str) -> None:
    """Some of these, given whole, keep sentencex busy for minutes."""
    text = "Begun." + unit * (600_000 // len(unit)) + "Ended."
    found = sentence_offsets(text)
    position = 0
    for start, end in found:
        assert not text[position:start].strip()
        assert 0 < end - start <= 10_000
        position = end
    assert position == len(text)


def test_sentences_of_a_long_line_are_those_of_its_parts() -> None:
    """The line is longer than what is segmented at once; no sentence is cut at the end of a part."""
    parts = [f"The fox number {number} met Mr. Smith in the U.S. on a Monday." for number in range(2_000)]
    assert sentences(" ".join(parts)) == parts


def test_a_run_of_text_longer_than_any_sentence_is_cut_at_white_space() -> None:
    words = " ".join(f"word{number}" for number in range(5_000))
    found = sentences(words)
    assert " ".join(found) == words
    assert len(found) > 1
