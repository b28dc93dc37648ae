"""Lists and tables in plain text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.formats.layout import find_segments
from indexer.records import Segment, SegmentKind


def found(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.label) for one in find_segments(text)]


def test_an_item_is_labelled_with_the_sentence_before_its_list() -> None:
    text = "It was cold. Bring these:\n\n* a coat\n* gloves of\n  wool\n\nThat is all."

    assert found(text) == [("* a coat", "Bring these:"), ("* gloves of\n  wool", "Bring these:")]
    assert {one.kind for one in find_segments(text)} == {SegmentKind.ITEM}


def test_an_inner_list_is_labelled_with_the_item_it_is_in() -> None:
    text = "We sell:\n1. fruit:\n   - pears\n   - plums\n2. bread"

    assert found(text) == [
        ("1. fruit:", "We sell:"),
        ("- pears", "fruit:"),
        ("- plums", "fruit:"),
        ("2. bread", "We sell:"),
    ]


def test_a_list_without_words_before_it_has_no_label() -> None:
    assert found("- one\n- two") == [("- one", ""), ("- two", "")]


def test_the_items_of_a_numbered_list_share_a_label_over_paragraphs() -> None:
    text = "Do this:\n\n1. Stir\n\nUse a spoon.\n\n2. Bake"

    assert found(text) == [("1. Stir", "Do this:"), ("2. Bake", "Do this:")]


def test_a_heading_with_a_number_is_not_introduced_by_the_paragraph_before() -> None:
    assert found("We met.\n\n4. Methods\n\nWe counted.")[0] == ("4. Methods", "")


def test_cells_between_tabs_have_the_headings_of_their_row_and_column() -> None:
    assert found("Fares:\nGuest\tFare\nAdult\t9 kr\nChild\t4 kr\n") == [
        ("Guest", "\t"),
        ("Fare", "\t"),
        ("Adult", "\tGuest"),
        ("9 kr", "Adult\tFare"),
        ("Child", "\tGuest"),
        ("4 kr", "Child\tFare"),
    ]


def test_a_rule_of_dashes_marks_the_headings_and_empty_cells_are_left_out() -> None:
    text = "| Guest | 2023 | 2024 |\n|---|---|---|\n| Adult |  | 9 |\n| Child | 3 | 4 |"

    assert found(text)[3:] == [
        ("Adult", "\tGuest"),
        ("9", "Adult\t2024"),
        ("Child", "\tGuest"),
        ("3", "Child\t2023"),
        ("4", "Child\t2024"),
    ]


def test_columns_may_be_aligned_by_spaces() -> None:
    text = "Town     Mayor      Since\nHov      Maj Berg    2011\nLund     Ole         1998"

    assert found(text)[3:] == [
        ("Hov", "\tTown"),
        ("Maj Berg", "Hov\tMayor"),
        ("2011", "Hov\tSince"),
        ("Lund", "\tTown"),
        ("Ole", "Lund\tMayor"),
        ("1998", "Lund\tSince"),
    ]


def test_two_columns_of_words_have_no_heading_above() -> None:
    assert found("chair\tMaj\nclerk\tOle")[1] == ("Maj", "chair\t")


def test_prose_is_no_table() -> None:
    assert found("It rained.  Then it\nstopped.  All was\nwell.  The end") == []
    assert found("\tIt rained all day.\n\tThen it stopped.") == []
    assert found("Home | News | About") == []


@given(
    st.lists(
        st.sampled_from(
            [*"aZ1.)-*|\t \n\r•", "  ", "\n\n", "1. ", "- ", "(a) ", "word ", "漢", "\u2028", "|---|\n", ": "]
        ),
        max_size=60,
    ).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_segments_of_one_kind_are_trimmed_in_order_and_do_not_overlap(text: str) -> None:
    segments = find_segments(text)
    assert list(segments) == sorted(segments, key=lambda one: one.start)
    for kind in SegmentKind:
        position = 0
        for one in [one for one in segments if one.kind == kind]:
            assert position <= one.start < one.end <= len(text)
            assert text[one.start : one.end] == text[one.start : one.end].strip()
            position = one.end


def test_a_long_text_takes_linear_time() -> None:
    text = "\ta b\n" * 20_000 + "a  b\n" * 20_000 + "a | b\n\n" * 20_000 + "- a\n" * 20_000
    assert Segment(len(text) - 4, len(text) - 1, SegmentKind.ITEM, "a | b") in find_segments(text)[-1:]
