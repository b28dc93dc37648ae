"""An enumeration is divided between its items, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answering.extents.enumerations import items, separated, unwrapped

ENUMERATIONS = {
    "wharves, sidings and cranes": ["wharves", "sidings", "cranes"],
    "the abbot and the miller": ["the abbot", "the miller"],
    "Ada Brandt (text) and Ole Vik (music)": ["Ada Brandt (text)", "Ole Vik (music)"],
    "Lund, Malmö, and Gary, Indiana": ["Lund", "Malmö", "Gary, Indiana"],
    "May 5, 2010 and June 3, 2011": ["May 5, 2010", "June 3, 2011"],
    "1,000 and 2,500 kroner": ["1,000", "2,500 kroner"],
    "barley, 3D and 4D printing, and hops": ["barley", "3D and 4D printing", "hops"],
    "Cash; cheques, drafts and orders; and cards": ["Cash", "cheques, drafts and orders", "cards"],
    "both Norway and Latvia": ["Norway", "Latvia"],
    "the mayor , the clerk , and Ms Holm": ["the mayor", "the clerk", "Ms Holm"],
    "diesel, petrol or steam": ["diesel", "petrol", "steam"],
    "tin\nzinc\ncopper": ["tin", "zinc", "copper"],
    "- tin\n- zinc and lead\n- copper": ["tin", "zinc and lead", "copper"],
    "passports as well as visas": ["passports", "visas"],
    "open a school, and train its staff": ["open a school", "train its staff"],
    "Peru, Trinidad and Tobago and Chile": ["Peru", "Trinidad and Tobago", "Chile"],
    "sales, research and development, and law": ["sales", "research and development", "law"],
    "refund and/or replacement": ["refund", "replacement"],
    "tables • chairs • lamps": ["tables", "chairs", "lamps"],
    "kites * dolls * balls": ["kites", "dolls", "balls"],
    "those who have paid and those who have not": ["those who have paid", "those who have not"],
    "- The gate is shut\n- The lamp is lit": ["The gate is shut", "The lamp is lit"],
    "the gate is shut; the lamp is lit": ["the gate is shut", "the lamp is lit"],
    "the mayor and the clerk of Lund": ["the mayor", "the clerk of Lund"],
    "the mayor and two clerks": ["the mayor", "two clerks"],
}


@pytest.mark.parametrize("text", ENUMERATIONS)
def test_an_enumeration_has_its_items(text: str) -> None:
    assert [text[start:end] for start, end in items(text, 0, len(text))] == ENUMERATIONS[text]


@pytest.mark.parametrize(
    "text",
    [
        "Uppsala",
        "Gary, Indiana",
        "May 5, 2010",
        "1,000,000",
        "the Ministry of Trade and Industry",
        "Marks & Spencer",
        "research and development",
        "the high and fluctuating costs",
        "smart and digital services",
        "between Lund and Malmö",
        "from Oslo to Bergen and Voss",
        "Ada Brandt, who led the survey and the census",
        "Brandt, Chair of the Board for Roads and Rail",
        "“Salt and Sand”",
        "Halvorsen Shipping, Inc",
        "the fee was raised and it was paid",
        "our firm is committed to sound and lasting service and repair",
        "the fee is due, but the tenant can object and appeal",
        "a combination of heat and damp",
        "the governor and mayor of Lund",
        "Bosnia and Herzegovina",
        "a fall in prices, thereby helping trade and industry",
        "3 * 4",
        "Heading of a page\n\nThe gate is shut",
        "",
        ", ,",
    ],
)
def test_other_words_are_one_item(text: str) -> None:
    assert items(text, 0, len(text)) == [(0, len(text))]


def test_offsets_count_in_the_whole_text() -> None:
    text = "They sell rope, tar and nails here, and coal."
    start, end = text.index("rope"), text.index(" here")
    assert [text[first:last] for first, last in items(text, start, end)] == ["rope", "tar", "nails"]


@given(st.text(alphabet=st.sampled_from("ab C1,;&\n-()\"“”'é and or "), max_size=60), st.integers(0, 60))
def test_items_are_in_order_apart_and_within_the_span(text: str, start: int) -> None:
    start = min(start, len(text))
    found = items(text, start, len(text))
    places = [place for one in found for place in one]
    assert places == sorted(places)
    assert start <= places[0]
    assert places[-1] <= len(text)
    if len(found) > 1:
        assert all(any(char.isalnum() for char in text[first:last]) for first, last in found)


def test_hostile_text_is_divided_in_a_short_time() -> None:
    began = time.process_time()
    for text in ("and ", "a, ", "both ", "(", "between a ", "a, and ", "who, and "):
        for size in (2_000, 100_000):
            items(text * (size // len(text)), 0, size // len(text) * len(text))
    assert time.process_time() - began < 5


def test_only_separators_stand_between_neighbours() -> None:
    text = "rope, tar and nails; later coal"
    places = {
        word: (text.index(word), text.index(word) + len(word)) for word in ("rope", "tar", "nails", "coal")
    }
    assert separated(text, [places["rope"], places["tar"], places["nails"]])
    assert not separated(text, [places["rope"], places["nails"]])
    assert not separated("rope (new), tar", [(0, 4), (12, 15)])


def test_a_title_in_quotation_marks_is_one_item() -> None:
    text = "She wrote “Salt and Sand” and sold “rope and tar”."
    for words, count in (("Salt and Sand", 1), ("rope and tar", 2)):
        start = text.index(words)
        assert len(items(text, start, start + len(words))) == count


def test_a_line_that_was_wrapped_separates_nothing() -> None:
    text = "- rope, tar and other\r\n  goods of the\nharbour\n- nails"
    plain = unwrapped(text, [(0, text.index("\n- nails")), (text.index("- nails"), len(text))])
    assert len(plain) == len(text)
    assert [text[start:end] for start, end in items(plain, 0, len(text))] == [
        "rope, tar and other\r\n  goods of the\nharbour",
        "nails",
    ]
    assert unwrapped("rope\ntar", []) == "rope\ntar"
