"""Context words: what names a passage's document and section."""

from __future__ import annotations

import pytest

from indexer.context import passage_contexts, path_words
from indexer.records import Article, Metadata, Segment, SegmentKind

TEXT = "Leave\n\nAsk first.\n\nWithout pay\n\nUp to 80 hours.\n\n- a\n- b"


def article(name: str, *segments: Segment, **stated: str) -> Article:
    return Article.create(name, TEXT, Metadata(**stated), segments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Borea/Privacy.md", ["Borea", "Privacy"]),
        ("PrivacyPolicy.md", ["PrivacyPolicy", "Privacy", "Policy"]),
        ("norms/rfc2616.txt", ["norms", "rfc2616", "rfc", "2616"]),
        ("terms_of_use-2024.html", ["terms", "of", "use", "2024"]),
        ("docs/index.html", []),
        ("017-harbour.txt", ["harbour"]),
        ("000_34361ce36fc35469.txt", []),
        ("a/3f2504e0-4f89-11d3-9a0c-0305e82c3301.html", []),
        ("7-seas/x.txt", ["seas"]),
    ],
)
def test_path_words_are_those_that_may_name_the_document(path: str, words: list[str]) -> None:
    assert path_words(path) == words


def test_title_publisher_and_further_words_of_the_path_are_the_context() -> None:
    named = article("Borea/Privacy.md", title="Privacy Notice", publisher="Borea Ltd.")
    assert passage_contexts(named, [(0, 17)]) == ["Privacy Notice. Borea Ltd."]
    other = article("terms/Borea/Privacy.md", title="Privacy Notice")
    assert passage_contexts(other, [(0, 17)]) == ["Privacy Notice. terms Borea."]


def test_a_publisher_that_the_title_names_is_not_repeated() -> None:
    named = article("a.txt", title="Borea privacy notice", publisher="borea")
    assert passage_contexts(named, [(0, 17)]) == ["Borea privacy notice."]


def test_headings_above_a_passage_are_context_but_not_the_one_it_begins_with() -> None:
    sections = (
        Segment(0, 19, SegmentKind.SECTION, "Leave"),
        Segment(19, len(TEXT), SegmentKind.SECTION, "Leave › Without pay"),
    )
    found = passage_contexts(article("1.txt", *sections), [(0, 17), (7, 17), (19, 48), (32, 48)])
    assert found == ["", "Leave.", "Leave.", "Leave. Without pay."]


def test_the_words_that_introduce_a_list_are_context_where_the_passage_lacks_them() -> None:
    items = (
        Segment(49, 52, SegmentKind.ITEM, "Up to 80 hours."),
        Segment(53, 56, SegmentKind.ITEM, "Up to 80 hours."),
    )
    found = passage_contexts(article("1.txt", *items), [(32, 56), (53, 56)])
    assert found == ["", "Up to 80 hours."]


def test_a_long_title_is_cut_between_words() -> None:
    (found,) = passage_contexts(article("1.txt", title="word " * 50), [(0, 17)])
    assert found == ("word " * 20).strip() + "."
