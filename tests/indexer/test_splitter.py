"""The splitter's guarantees, over random text, with token counters that need no model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.boilerplate import is_boilerplate
from indexer.errors import SettingsError
from indexer.records import Segment, SegmentKind
from indexer.segmenter import sentence_offsets
from indexer.settings import SplitterSettings
from indexer.splitter import CountTokens, split

Offsets = tuple[int, int]

LIMIT = 40
SETTINGS = SplitterSettings(max_tokens=20, overlap_tokens=8)

PIECES = [
    *["Hello ", "the ", "trade ", "grew. ", "Why? ", "Stop! ", "Mr. ", "U.S. ", "3.5 ", "and, ", "…", "—"],
    *[
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "\x0b",
        "\x1c",
        "\x1f",
        "\x85",
        "\u2028",
        "\u00a0",
        "\u3000",
        "\u200b",
        "\ufeff",
    ],
    *["😀", "👨‍👩‍👧 ", "e\u0301", "\u0301", "שלום ", "مرحبا؟ ", "漢字。", "한국 ", "w" * 120, "long " * 60],
    *["\nHot Topics\n", "\nRelevant Read: other news\n", "\nPrevious article\n"],
]
any_text = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=300)
any_settings = st.integers(16, 64).flatmap(
    lambda most: st.builds(
        SplitterSettings, max_tokens=st.just(most), overlap_tokens=st.integers(0, most - 1)
    )
)


def count_words(texts: Sequence[str]) -> list[int]:
    """Like a word-piece counter: five characters of a word make a token."""
    return [sum(-(-len(word) // 5) for word in text.split()) for text in texts]


def count_characters(texts: Sequence[str]) -> list[int]:
    return [sum(not char.isspace() for char in text) for text in texts]


def assert_promises(text: str, passages: list[Offsets]) -> None:
    """Starts and ends strictly increase, and nothing but white space and boilerplate is left out."""
    for before, after in pairwise(passages):
        assert before[0] < after[0]
        assert before[1] < after[1]
    position = 0
    for start, end in passages:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert_nothing_lost(text[position:start])
        assert not any(is_boilerplate(line) for line in text[start:end].split("\n"))
        position = end
    assert_nothing_lost(text[position:])


def assert_nothing_lost(gap: str) -> None:
    assert all(not line.strip() or is_boilerplate(line) for line in gap.split("\n"))


def passages_of(
    text: str, settings: SplitterSettings, count_tokens: CountTokens, *, limit: int
) -> list[Offsets]:
    return split(text, sentence_offsets(text), settings, count_tokens, limit=limit)


def fits(text: str, sentence: Offsets, limit: int) -> bool:
    return count_words([text[slice(*sentence)]])[0] <= limit


@pytest.mark.slow
@given(any_text, any_settings, st.integers(16, 80))
@settings(max_examples=300, deadline=None)
@example("word " * 400, SETTINGS, LIMIT)
@example("w" * 2000, SETTINGS, LIMIT)
@example("one two three. " * 60, SETTINGS, LIMIT)
@example("漢" * 500, SETTINGS, LIMIT)
def test_passages_of_any_text_cover_it_in_order_within_the_limits(
    text: str, chosen: SplitterSettings, limit: int
) -> None:
    passages = passages_of(text, chosen, count_words, limit=limit)
    limit = max(limit, chosen.max_tokens)
    whole = [sentence for sentence in sentence_offsets(text) if fits(text, sentence, limit)]

    assert_promises(text, passages)
    starts, ends = {start for start, _ in whole}, {end for _, end in whole}
    for start, end in whole:
        assert any(first <= start and end <= last for first, last in passages), "a sentence is nowhere whole"
    for start, end in passages:
        cut = [s for s in whole if s[0] < start < s[1] or s[0] < end < s[1]]
        assert not cut, "a passage begins or ends inside a sentence"
        inside = [s for s in whole if start <= s[0] and s[1] <= end]
        if start in starts and end in ends and len(inside) > 1:
            assert sum(count_words([text[slice(*s)] for s in inside])) <= chosen.max_tokens
        assert count_words([text[start:end]])[0] <= limit


@given(any_text)
@settings(max_examples=100, deadline=None)
def test_neighbours_overlap_by_whole_sentences_only(text: str) -> None:
    passages = passages_of(text, SETTINGS, count_words, limit=10_000)
    sentences = sentence_offsets(text)

    for before, after in pairwise(passages):
        shared = [s for s in sentences if after[0] <= s[0] and s[1] <= before[1]]
        if after[0] < before[1]:
            assert (after[0], before[1]) == (shared[0][0], shared[-1][1])


@given(st.text(st.sampled_from("aé😀\u0301漢 \n\u3000\u00a0.,"), min_size=1, max_size=400))
@settings(max_examples=150, deadline=None)
def test_a_sentence_above_the_limit_is_cut_without_loss(text: str) -> None:
    passages = passages_of(
        text,
        SplitterSettings(max_tokens=16, overlap_tokens=0),
        count_characters,
        limit=16,
    )

    assert_promises(text, passages)
    assert all(count <= 16 for count in count_characters([text[start:end] for start, end in passages]))
    covered = {position for start, end in passages for position in range(start, end)}
    assert all(position in covered or char.isspace() for position, char in enumerate(text))


def numbered(count: int) -> tuple[str, list[str]]:
    """Sentences of four tokens each."""
    sentences = [f"Line {number:02d} it is." for number in range(count)]
    return " ".join(sentences), sentences


def test_windows_and_overlap_are_as_computed_by_hand() -> None:
    text, lines = numbered(8)

    passages = passages_of(
        text,
        SplitterSettings(max_tokens=16, overlap_tokens=4),
        count_words,
        limit=LIMIT,
    )

    assert [text[start:end] for start, end in passages] == [
        " ".join(lines[0:4]),
        " ".join(lines[3:7]),
        " ".join(lines[4:8]),  # the last one reaches back for context
    ]


def test_without_overlap_windows_share_nothing() -> None:
    text, lines = numbered(8)

    passages = passages_of(
        text,
        SplitterSettings(max_tokens=16, overlap_tokens=0),
        count_words,
        limit=LIMIT,
    )

    assert [text[start:end] for start, end in passages] == [" ".join(lines[0:4]), " ".join(lines[4:8])]


def test_a_sentence_longer_than_a_window_is_a_passage_by_itself() -> None:
    long = "Longer " * 14 + "ends."  # 29 tokens, above max_tokens and below the limit
    text = f"Short one. {long} Short two."

    passages = passages_of(text, SETTINGS, count_words, limit=LIMIT)

    assert [text[start:end] for start, end in passages] == ["Short one.", long, "Short two."]


def test_no_passage_spans_boilerplate() -> None:
    text = "Before it.\nRelevant Read: elsewhere\nAfter it."

    passages = passages_of(text, SETTINGS, count_words, limit=LIMIT)

    assert [text[start:end] for start, end in passages] == ["Before it.", "After it."]


def test_repeated_sentences_get_their_own_offsets() -> None:
    sentence = "Same words here."  # 3 tokens, 17 characters with the space after it
    text = f"{sentence} " * 15

    passages = passages_of(
        text,
        SplitterSettings(max_tokens=16, overlap_tokens=0),
        count_words,
        limit=LIMIT,
    )

    assert passages == [(0, 84), (85, 169), (170, 254)]


@pytest.mark.parametrize("text", ["", " \n\u3000", "Hot Topics\n\nAdvertisement"])
def test_a_text_without_sentences_has_no_passages(text: str) -> None:
    assert passages_of(text, SETTINGS, count_words, limit=LIMIT) == []


@pytest.mark.parametrize(("most", "overlap"), [(15, 0), (513, 0), (16, 16), (16, -1), (150, 200)])
def test_settings_out_of_range_are_refused(most: int, overlap: int) -> None:
    with pytest.raises(SettingsError, match="choose"):
        SplitterSettings(max_tokens=most, overlap_tokens=overlap)


def test_white_space_is_not_repeated_where_a_sentence_is_cut() -> None:
    text = "a" * 15 + "  aa"
    passages = passages_of(
        text,
        SplitterSettings(max_tokens=16, overlap_tokens=0),
        count_characters,
        limit=16,
    )
    assert [text[start:end] for start, end in passages] == ["a" * 15, "aa"]


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["The fox sat down there. ", "!", "word ", "1. ", "long" * 50 + " "])
def test_tokens_are_counted_in_small_batches(unit: str) -> None:
    """A tokenizer takes half a kilobyte of memory for each token of a call."""
    asked: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        counts = count_characters(texts)
        asked.append(sum(counts))
        return counts

    text = unit * (400_000 // len(unit))
    passages = passages_of(text, SETTINGS, count, limit=LIMIT)
    assert_promises(text, passages)
    assert max(asked) <= 1_000 * LIMIT


def items_of(text: str) -> list[Segment]:
    """An item for each line."""
    found, start = [], 0
    for line in text.split("\n"):
        found.append(Segment(start, start + len(line), SegmentKind.ITEM))
        start += len(line) + 1
    return found


def test_a_passage_ends_before_an_item_that_it_has_no_room_for() -> None:
    items = [f"Item {number:02d} is.\nAnd more {number:02d}." for number in range(4)]  # 3 and 3 tokens
    text = "\n".join(items)
    segments = [Segment(text.index(item), text.index(item) + len(item), SegmentKind.ITEM) for item in items]
    chosen = SplitterSettings(max_tokens=16, overlap_tokens=4)

    passages = split(
        text, sentence_offsets(text, segments), chosen, count_words, limit=LIMIT, segments=segments
    )

    assert [text[start:end] for start, end in passages] == ["\n".join(items[:2]), "\n".join(items[2:])]


@pytest.mark.slow
@given(any_text, any_settings)
@settings(max_examples=200, deadline=None)
def test_a_passage_starts_in_an_item_only_if_the_item_is_longer_than_a_passage(
    text: str, chosen: SplitterSettings
) -> None:
    segments = items_of(text)
    sentences = sentence_offsets(text, segments)
    passages = split(text, sentences, chosen, count_words, limit=10_000, segments=segments)

    assert_promises(text, passages)
    for start, _ in passages:
        for item in segments:
            inside = [s for s in sentences if item.start <= s[0] and s[1] <= item.end]
            if inside and inside[0][0] < start < item.end:
                assert sum(count_words([text[slice(*s)] for s in inside])) > chosen.max_tokens
