"""An enumeration is divided between its items, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answering.extents.enumerations import items, separated

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
