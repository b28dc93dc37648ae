"""Spans: joint search of the logits, widening to words, trimming, sentences, and grouping by words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.reading.spans import Candidate, Logits, distinct, search, sentence_of

#        0   4   8  11 14  18 20   25
TEXT = "Ada met Bo in Rome, then Oslo"
OFFSETS = np.array(
    [(0, 3), (4, 7), (8, 10), (11, 13), (14, 18), (18, 19), (20, 24), (25, 29)], dtype=np.int32
)
STARTS = np.array([0.0, -1.0, 3.0, 0.0, 2.0, -5.0, 0.0, 1.0], dtype=np.float32)
ENDS = np.array([1.0, -1.0, 2.0, 0.0, 2.5, -5.0, 0.0, 1.5], dtype=np.float32)


def test_the_best_spans_are_pairs_of_a_start_and_an_end() -> None:
    assert search(STARTS, ENDS, OFFSETS, count=6) == [
        Candidate(8, 18, 5.5),  # Bo in Rome
        Candidate(8, 10, 5.0),  # Bo
        Candidate(8, 29, 4.5),  # Bo in Rome, then Oslo
        Candidate(14, 18, 4.5),  # Rome
        Candidate(14, 29, 3.5),  # Rome, then Oslo
        Candidate(8, 13, 3.0),  # Bo in; as good as "Bo in Rome, then", and before it
    ]


def test_the_no_answer_score_is_subtracted_from_each() -> None:
    found = search(STARTS, ENDS, OFFSETS, no_answer=6.25, count=3)
    assert found == [Candidate(8, 18, -0.75), Candidate(8, 10, -1.25), Candidate(8, 29, -1.75)]


def test_no_span_crosses_a_sentence() -> None:
    regions = np.array([0, 0, 0, 0, 0, 0, 1, 1], dtype=np.int32)
    assert search(STARTS, ENDS, OFFSETS, regions, count=5) == [
        Candidate(8, 18, 5.5),
        Candidate(8, 10, 5.0),
        Candidate(14, 18, 4.5),
        Candidate(8, 13, 3.0),
        Candidate(0, 18, 2.5),  # as good as "Oslo", and before it
    ]


def test_no_span_is_longer_than_allowed() -> None:
    assert search(STARTS, ENDS, OFFSETS, longest=1, count=3) == [
        Candidate(8, 10, 5.0),
        Candidate(14, 18, 4.5),
        Candidate(25, 29, 2.5),
    ]
    assert search(STARTS, ENDS, OFFSETS, longest=2, count=3) == [
        Candidate(8, 10, 5.0),
        Candidate(14, 18, 4.5),
        Candidate(8, 13, 3.0),
    ]


def test_a_span_never_ends_before_it_starts() -> None:
    # The best end is before the best start, so that they cannot be combined.
    starts = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0], dtype=np.float32)
    ends = np.array([8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -2.0], dtype=np.float32)
    assert search(starts, ends, OFFSETS, count=2) == [Candidate(0, 3, 8.0), Candidate(25, 29, 7.0)]


def test_equal_scores_are_ordered_by_place_and_the_first_are_kept() -> None:
    flat = np.zeros(8, dtype=np.float32)
    assert [(found.start, found.end) for found in search(flat, flat, OFFSETS, count=10)] == [
        *[(0, end) for end in (3, 7, 10, 13, 18, 19, 24, 29)],
        (4, 7),
        (4, 10),
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_nan_or_infinite_logit_gives_no_candidate(value: float) -> None:
    starts = STARTS.copy()
    starts[2] = value
    assert search(starts, ENDS, OFFSETS, count=2) == [Candidate(14, 18, 4.5), Candidate(14, 29, 3.5)]


def test_no_tokens_or_a_count_of_zero_give_no_candidates() -> None:
    none = np.empty(0, dtype=np.float32)
    assert search(none, none, np.empty((0, 2), dtype=np.int32)) == []
    assert search(STARTS, ENDS, OFFSETS, count=0) == []


def by_two_loops(
    starts: Logits, ends: Logits, regions: Sequence[int] | None, longest: int
) -> list[tuple[float, int, int]]:
    found = [
        (float(starts[first]) + float(ends[last]), first, last)
        for first in range(len(starts))
        for last in range(first, len(starts))
        if last - first + 1 <= longest and (regions is None or regions[first] == regions[last])
    ]
    return sorted(found, key=lambda one: (-one[0], one[1], one[2]))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 24),
    levels=st.sampled_from([1, 2, 4, None]),
    sentences=st.none() | st.integers(1, 5),
    longest=st.integers(1, 30),
    count=st.integers(1, 400),
)
@example(seed=0, size=24, levels=1, sentences=None, longest=30, count=7)
@example(seed=1, size=20, levels=2, sentences=3, longest=4, count=20)
def test_the_search_equals_two_nested_loops(
    *, seed: int, size: int, levels: int | None, sentences: int | None, longest: int, count: int
) -> None:
    draw = np.random.default_rng(seed)
    # With few levels most scores are shared by many spans.
    starts, ends = (
        (draw.normal(size=(2, size)) if levels is None else draw.integers(levels, size=(2, size)) / 2)
        .astype(np.float32)
    )  # fmt: skip
    regions = None if sentences is None else np.sort(draw.integers(sentences, size=size)).astype(np.int32)
    offsets = np.array([(3 * place, 3 * place + 2) for place in range(size)], dtype=np.int32)
    no_answer = float(draw.integers(-8, 8)) / 4
    expected = by_two_loops(starts, ends, None if regions is None else regions.tolist(), longest)[:count]
    found = search(starts, ends, offsets, regions, no_answer=no_answer, longest=longest, count=count)
    assert found == [Candidate(3 * first, 3 * last + 2, score - no_answer) for score, first, last in expected]


# Words, punctuation, combining marks, emoji of several code points, other scripts, control characters.
AWKWARD = [
    *"aZ09 .,!?'-–\n\t\x00\u00a0\u200b\u200d\u2028。漢字ก\U00020000İß½²Ⅷ_€%",
    *[
        "e\u0301",
        "\u0301",
        "\u0323\u0307",
        "\ufe0f",
        "👩‍👩‍👧",
        "🇵🇰",
        "1️⃣",
        "شَرِكَة",
        "हिन्दी",
        "한국",
        "א\u05b8",
        ". ",
    ],
]
any_text = st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=30).map("".join) | st.text(min_size=1)


def test_the_sentence_of_a_token_is_the_one_it_starts_in() -> None:
    offsets = np.array([(0, 2), (3, 5), (5, 6), (7, 9), (10, 12), (20, 21)], dtype=np.int32)
    assert sentence_of(offsets, [(3, 6), (7, 10), (10, 15)]).tolist() == [-1, 0, 0, 1, 2, -1]
    assert sentence_of(offsets, []).tolist() == [-1] * 6
    assert sentence_of(offsets[:0], [(3, 6)]).tolist() == []


@settings(max_examples=300, deadline=None)
@given(text=any_text)
def test_every_character_is_in_the_sentence_that_holds_it(text: str) -> None:
    sentences = sentence_offsets(text)
    offsets = np.array([(place, place + 1) for place in range(len(text))], dtype=np.int32)
    expected = [-1] * len(text)
    for number, (start, end) in enumerate(sentences):
        expected[start:end] = [number] * (end - start)
    found = sentence_of(offsets, sentences)
    assert found.dtype == np.int32
    assert found.tolist() == expected


def span(text: str, start: int, score: float, article: str = "a.txt", passage: int = 0) -> Span:
    end = start + len(text)
    scored = ScoredPassage(Passage(passage, article, start, end), text, 0.0, 0.0, 0.0, ())
    return Span(scored, start, end, score)


def test_spans_with_other_words_are_separate_groups_best_first() -> None:
    rome, oslo, bern = span("Rome", 40, 3.0), span("Oslo", 0, 2.0), span("Bern", 80, 1.0)
    assert distinct([rome, oslo, bern]) == [[rome], [oslo], [bern]]


def test_a_span_that_overlaps_a_better_one_is_dropped() -> None:
    best = span("in Rome", 10, 3.0)
    inside, around, across = span("Rome", 13, 2.5), span("Bo in Rome", 7, 2.0), span("Rome, then", 13, 1.0)
    beside = span(", then", 17, 0.5)
    assert distinct([best, inside, around, across, beside]) == [[best], [beside]]


def test_a_span_that_overlaps_only_a_variant_is_kept() -> None:
    best, variant, other = span("in Rome", 10, 3.0), span("Rome, then Oslo", 13, 2.0), span("Oslo", 24, 1.0)
    assert distinct([best, variant, other]) == [[best], [other]]


def test_spans_at_one_place_of_two_articles_do_not_overlap() -> None:
    here, there = span("Rome", 10, 3.0), span("Oslo", 10, 2.0, article="b.txt")
    assert distinct([here, there]) == [[here], [there]]


def test_spans_of_two_passages_of_an_article_can_overlap() -> None:
    here, there = span("in Rome", 10, 3.0), span("Rome", 13, 2.0, passage=1)
    assert distinct([here, there]) == [[here]]


def test_the_same_words_in_several_places_are_one_group_best_place_first() -> None:
    spans = [
        span("the Mayor", 10, 5.0),
        span("a clerk", 100, 4.0),
        span("mayor", 200, 3.0),
        span("Mayor,", 10, 2.0, article="b.txt"),
    ]
    assert distinct(spans) == [[spans[0], spans[2], spans[3]], [spans[1]]]


def test_the_requested_number_of_groups_is_returned_with_all_their_places() -> None:
    spans = [
        span("Rome", 0, 5.0),
        span("Oslo", 10, 4.0),
        span("Bern", 20, 3.0),
        span("Rome", 30, 2.0),
        span("oslo", 40, 1.0),
    ]
    assert distinct(spans, 2) == [[spans[0], spans[3]], [spans[1], spans[4]]]
    assert distinct(spans, 0) == []
    assert distinct([], 3) == []


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    places=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 20), st.integers(1, 6)), max_size=30
    )
)
def test_kept_spans_do_not_overlap_and_each_dropped_one_overlaps_a_better_one(
    places: list[tuple[str, int, int]],
) -> None:
    words = "rome oslo rome bern oslo rome"
    passages = {
        article: ScoredPassage(Passage(0, article, 0, len(words)), words, 0.0, 0.0, 0.0, ())
        for article in "ab"
    }
    spans = [
        Span(passages[article], start, start + length, -float(rank))
        for rank, (article, start, length) in enumerate(places)
    ]
    groups = distinct(spans)
    kept = [one for group in groups for one in group]
    taken = [(one, {(one.passage.article_id, place) for place in range(one.start, one.end)}) for one in kept]
    assert sum(len(held) for _, held in taken) == len(set().union(*(held for _, held in taken)))
    for one in spans:
        mine = {(one.passage.article_id, place) for place in range(one.start, one.end)}
        better = [other for other, held in taken if held & mine and other.score >= one.score]
        assert better
    for group in groups:
        assert [one.score for one in group] == sorted((one.score for one in group), reverse=True)
        assert len({" ".join(one.text.split()) for one in group}) == 1
    assert [group[0].score for group in groups] == sorted((group[0].score for group in groups), reverse=True)
    # The number of groups requested does not change the first ones.
    for most in range(len(groups) + 2):
        assert distinct(spans, most) == groups[:most]
