"""Near-identical passages count once, and their places are kept."""

from __future__ import annotations

import numpy as np

from indexer.arrays import Vector
from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.retrieval.copies import collapse, other_places

WIRE = (
    "The ferry ran aground near Holm on Sunday. Police questioned the captain of the ferry about it. "
    "Nobody on board was hurt, and all of the passengers were home by night."
)


def scored(
    number: int, text: str, *, article: str | None = None, start: int = 0, context: str = ""
) -> ScoredPassage:
    sentences = tuple((first + start, last + start) for first, last in sentence_offsets(text))
    passage = Passage(number, article or f"{number}.txt", start, start + len(text))
    return ScoredPassage(passage, text, 1.0, 0.0, 0.0, sentences, context)


def apart(one: ScoredPassage) -> Vector:
    """A vector of its own for each passage: none is near another."""
    vector = np.zeros(16, dtype=np.float32)
    vector[one.passage.id] = 1
    return vector


def near(_: ScoredPassage) -> Vector:
    """The same vector for all."""
    return np.ones(1, dtype=np.float32)


def ids(found: list[ScoredPassage]) -> list[int]:
    return [one.passage.id for one in found]


def test_copies_leave_their_room_to_other_passages() -> None:
    ranked = [*(scored(number, WIRE) for number in range(5)), scored(5, "The captain is Sunniva Rask.")]
    found = collapse(ranked, 2, apart)
    assert ids(found) == [0, 5]
    assert ids([*found[0].copies]) == [1, 2, 3, 4]


def test_a_slightly_changed_copy_is_one() -> None:
    changed = WIRE.replace("about it", "about it later")
    assert ids(collapse([scored(0, WIRE), scored(1, changed)], 4, apart)) == [0]


def test_near_vectors_make_copies_unless_a_name_differs() -> None:
    one, other, third = "The port was shut.", "They closed it today.", "They closed Holm today."
    assert ids(collapse([scored(0, one), scored(1, other)], 4, near)) == [0, 1]  # "They" and "The"
    assert ids(collapse([scored(0, "the port was shut"), scored(1, "it closed today")], 4, near)) == [0]
    assert ids(collapse([scored(0, other), scored(1, third)], 4, near)) == [0, 1]


def test_passages_that_give_other_figures_are_not_copies() -> None:
    first = (
        "We keep all of your messages on our servers in Norway for 90 days after you have sent them to us."
    )
    second = first.replace("90", "40")
    assert ids(collapse([scored(0, first), scored(1, second)], 4, near)) == [0, 1]


def test_overlapping_passages_of_one_article_are_not_copies() -> None:
    one, other = scored(0, WIRE, article="a.txt"), scored(1, WIRE, article="a.txt", start=10)
    assert ids(collapse([one, other], 4, apart)) == [0, 1]
    apart_in_it = scored(1, WIRE, article="a.txt", start=500)
    assert ids(collapse([one, apart_in_it], 4, apart)) == [0]


def test_the_words_are_found_in_copies_with_the_same_sentence() -> None:
    copy = scored(1, f"Holm. {WIRE}", start=100)
    rewritten = scored(2, WIRE.replace("near Holm", "off Holm"))
    (found,) = collapse([scored(0, WIRE), copy, rewritten], 4, apart)
    start = WIRE.index("Holm")
    span = Span(found, start, start + 4, 2.5)
    (place,) = other_places(span, "Where did it run aground?")
    assert (place.passage.article_id, place.text, place.start, place.score) == (
        "1.txt",
        "Holm",
        106 + start,
        2.5,
    )


def test_another_documents_copy_is_not_cited_for_a_question_that_names_the_first() -> None:
    text = "We keep messages for 90 days."
    (found,) = collapse([scored(0, text, context="Borea."), scored(1, text, context="Alba.")], 4, apart)
    span = Span(found, 21, 28, 1.0)
    assert other_places(span, "How long does Borea keep messages?") == []
    assert len(other_places(span, "How long are messages kept?")) == 1
