"""Page boilerplate: whole lines that belong to the page, and prose that only looks like them."""

from __future__ import annotations

import pytest

from indexer.boilerplate import is_boilerplate


@pytest.mark.parametrize(
    "line",
    [
        "Relevant Read: Xi calls for deeper cooperation",
        "  relevant read:  ",
        "Related Articles",
        "Also read: More of this",
        "Read also: The annex",
        "Previous article",
        "Next post: » What follows",
        "Previous articleChina opens a new port",
        "Hot Topics",
        "Most Read",
        "Share this article",
        "Advertisement",
        "Sign in to continue reading",
        "Leave a Reply",
        "Skip to main content",
        "HOT TOPICS\r",
    ],
)
def test_boilerplate_is_recognised(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Previous articles have shown that trade grew.",
        "Previous article in this series was wrong about the date.",
        "Hot topics at the summit were trade and data.",
        "Share prices rose on Monday.",
        "Related stories were told by the delegates.",
        "Most read the paper in the morning.",
        "The next article of the treaty forbids it.",
        "Advertisement revenue fell.",
        "Relevant Read: " + "a long line is prose " * 10,
    ],
)
def test_prose_is_not_boilerplate(line: str) -> None:
    assert not is_boilerplate(line)


def test_a_line_of_two_hundred_characters_is_the_longest_that_counts() -> None:
    label = "Relevant Read: "

    assert is_boilerplate(label + "x" * (200 - len(label)))
    assert not is_boilerplate(label + "x" * (201 - len(label)))


@pytest.mark.parametrize(
    "line",
    [
        "See also: Smith v. Jones [2001] 5 WLR 23.",
        "Related coverage: none of the policies applies to floods.",
        "Further reading: the committee's report is in the library.",
    ],
)
def test_a_line_that_ends_like_a_sentence_is_not_boilerplate(line: str) -> None:
    assert not is_boilerplate(line)
