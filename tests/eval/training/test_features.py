"""Features: tokens and answer positions with a real tokeniser; groups and batches of windows made by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.studies.examples import ContextExample
from eval.training.backbones import small_backbone
from eval.training.features import MAX_TOKENS, OTHER, STRIDE, Feature, Featuriser, Group, batches, grouped

SPECIAL = 3  # [CLS] question [SEP] text [SEP]


@pytest.fixture(scope="module")
def featuriser() -> Featuriser:
    return Featuriser(small_backbone())


def example(text: str, *answers: str, question: str = "What is it?", name: str = "x") -> ContextExample:
    for answer in answers:
        assert text.count(answer) == 1, "a reference that occurs once"
    spans = tuple((text.index(answer), text.index(answer) + len(answer)) for answer in answers)
    return ContextExample.of(name, "made", question, text, spans)


def target(feature: Feature, text: str) -> str:
    """The characters from the one start token to the one end token."""
    (start,), (end,) = feature.starts, feature.ends
    return text[feature.offsets[start - feature.first, 0] : feature.offsets[end - feature.first, 1]]


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It rained in Lahore.", "It"),
        ("It rained in Lahore.", "Lahore"),
        ("It rained in Lahore.", "It rained in Lahore."),
        ("The fee rose to $1,200.50 (20% more) in May.", "$1,200.50"),
        ("The fee rose to $1,200.50 (20% more) in May.", "20% more"),
        ("The fee rose to $1,200.50 (20% more) in May.", "(20% more)"),
        ("Zoë’s café in São Paulo opened.", "Zoë’s café"),
        ("Antidisestablishmentarianism  spread,\nslowly.", "Antidisestablishmentarianism"),
        ("Antidisestablishmentarianism  spread,\nslowly.", "spread,\nslowly"),
        ("He wrote “Ode to Joy”—twice.", "Ode to Joy"),
    ],
)
def test_the_target_tokens_cover_exactly_the_reference(
    featuriser: Featuriser, text: str, answer: str
) -> None:
    (feature,) = featuriser.features([example(text, answer)])
    assert target(feature, text) == answer
    assert feature.answerable
    assert feature.last - feature.first == len(feature.offsets)
    assert feature.last + 1 == len(feature.ids)


@pytest.mark.models
def test_a_reference_inside_a_token_takes_the_whole_token(featuriser: Featuriser) -> None:
    text = "It rained in Lahore."
    (feature,) = featuriser.features([ContextExample.of("x", "made", "Where?", text, ((5, 14),))])
    assert text[5:14] == "ined in L"
    assert target(feature, text) == "rained in Lahore"


@pytest.mark.models
def test_the_windows_of_a_long_text_overlap_and_have_the_answer_only_where_it_is(
    featuriser: Featuriser,
) -> None:
    words = [f"word{number}" for number in range(400)]
    words[200] = "Lahore"
    text = " ".join(words)
    long = example(text, "Lahore")
    features = featuriser.features([long])
    assert [feature.window for feature in features] == list(range(len(features)))
    assert len(features) > 3
    (span,) = long.spans
    holding = 0
    for feature in features:
        assert len(feature.ids) <= MAX_TOKENS + SPECIAL
        if feature.offsets[0, 0] <= span[0] and span[1] <= feature.offsets[-1, 1]:
            assert target(feature, text) == "Lahore"
            holding += 1
        else:
            assert feature.starts == feature.ends == {0: 1.0}
            assert not feature.answerable
    assert 0 < holding < len(features)
    assert features[0].offsets[0, 0] == 0
    assert features[-1].offsets[-1, 1] == len(text)
    for one, two in pairwise(features):
        assert one.offsets[-STRIDE:].tolist() == two.offsets[:STRIDE].tolist()


@pytest.mark.models
def test_windows_are_numbered_within_their_example_and_examples_stay_in_order(featuriser: Featuriser) -> None:
    short, long = "It rained.", "It rained and rained. " * 100
    # More than the 512 that are tokenised at a time, with long texts on both sides of the boundary.
    texts = [long if number in {0, 511, 512, 519} else short for number in range(520)]
    features = featuriser.features([example(text, name=str(number)) for number, text in enumerate(texts)])
    numbers: dict[str, list[int]] = {}
    for feature in features:
        numbers.setdefault(feature.example, []).append(feature.window)
    assert [*numbers] == [str(number) for number in range(520)]
    counts = [len(windows) for windows in numbers.values()]
    assert all(windows == list(range(len(windows))) for windows in numbers.values())
    assert {number for number, count in enumerate(counts) if count > 1} == {0, 511, 512, 519}
    assert len({counts[number] for number in (0, 511, 512, 519)}) == 1


@pytest.mark.models
def test_several_references_share_the_target(featuriser: Featuriser) -> None:
    text = "Ann and Bo came to Lahore."
    spans = ((0, 3), (0, 10), (8, 10), (0, 3))
    (feature,) = featuriser.features([ContextExample.of("x", "made", "Who came?", text, spans)])
    ann, bo = feature.first, feature.first + 2
    assert feature.starts == pytest.approx({ann: 3 / 4, bo: 1 / 4})
    assert feature.ends == pytest.approx({ann: 2 / 4, bo: 2 / 4})


@pytest.mark.models
@settings(deadline=None)
@given(starts=st.lists(st.integers(0, 59), max_size=5), length=st.integers(1, 4))
def test_the_shares_of_references_sum_to_one(featuriser: Featuriser, starts: list[int], length: int) -> None:
    words = [f"w{number:02d}" for number in range(64)]
    spans = tuple((4 * start, 4 * (start + length) - 1) for start in starts)
    (feature,) = featuriser.features([ContextExample.of("x", "made", "Who?", " ".join(words), spans)])
    assert sum(feature.starts.values()) == pytest.approx(1.0)
    assert sum(feature.ends.values()) == pytest.approx(1.0)
    assert feature.answerable == bool(starts)


@pytest.mark.models
def test_a_long_question_leaves_room_for_the_text(featuriser: Featuriser) -> None:
    text = "It rained in Lahore."
    at, over, far, below = (
        featuriser.features([example(text, "Lahore", question=" ".join(["what"] * count))])
        for count in (64, 65, 3_000, 63)
    )
    assert [feature.ids for feature in at] == [feature.ids for feature in over]
    assert [feature.ids for feature in at] == [feature.ids for feature in far]
    assert at[0].first == 1 + 64 + 1
    assert below[0].first == 1 + 63 + 1
    assert all(target(features[0], text) == "Lahore" for features in (at, over, far, below))


@pytest.fixture(scope="module")
def groups_of(window: Callable[..., Feature]) -> Callable[[list[list[int]]], list[Group]]:
    """Lists of lengths -> a group of windows of those lengths each."""

    def make(lengths: list[list[int]]) -> list[Group]:
        return [
            [window([0] * length, example=str(number), number=row) for row, length in enumerate(group)]
            for number, group in enumerate(lengths)
        ]

    return make


def names(found: list[list[Group]]) -> list[list[str]]:
    return [[group[0].example for group in batch] for batch in found]


LENGTHS = st.lists(st.lists(st.integers(3, 260), min_size=1, max_size=12), max_size=40)


@settings(deadline=None)
@given(LENGTHS, st.integers(32, 2_000), st.none() | st.integers(0, 5), st.integers(1, 40))
def test_every_group_is_in_one_batch_and_no_batch_is_too_large(
    groups_of: Callable[[list[list[int]]], list[Group]],
    lengths: list[list[int]],
    tokens: int,
    seed: int | None,
    most: int,
) -> None:
    groups = groups_of(lengths)
    found = batches(groups, tokens=tokens, seed=seed, max_windows=most)
    assert sorted(id(group) for batch in found for group in batch) == sorted(id(group) for group in groups)
    for batch in found:
        windows = [feature for group in batch for feature in group]
        longest = max(len(feature.ids) for feature in windows)
        filled = -(-longest // 32) * 32 * len(windows)
        assert len(batch) == 1 or (filled <= tokens and len(windows) <= most)


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 5))
def test_the_same_seed_gives_the_same_batches(
    groups_of: Callable[[list[list[int]]], list[Group]], lengths: list[list[int]], seed: int
) -> None:
    once, again = (names(batches(groups_of(lengths), tokens=512, seed=seed)) for _ in range(2))
    assert once == again


def test_seeds_shuffle_groups_and_batches_and_no_seed_keeps_their_order(
    groups_of: Callable[[list[list[int]]], list[Group]],
) -> None:
    draw = random.Random(0)
    lengths = [[draw.choice([20, 50])] for _ in range(60)]
    plain, one, two = (names(batches(groups_of(lengths), tokens=320, seed=seed)) for seed in (None, 1, 2))
    assert one != two
    # Not the same batches in another order, either.
    assert {frozenset(batch) for batch in one} != {frozenset(batch) for batch in two}
    for length in (20, 50):
        mine = [int(name) for batch in plain for name in batch if lengths[int(name)] == [length]]
        assert mine == sorted(mine)


def test_batches_that_are_not_full_are_shuffled_too(
    groups_of: Callable[[list[list[int]]], list[Group]],
) -> None:
    sizes = [
        [len(batch) for batch in batches(groups_of([[20]] * 5), tokens=64, seed=seed)] for seed in range(20)
    ]
    assert {size.index(1) for size in sizes} == {0, 1, 2}


def test_a_batch_has_one_padded_length_and_is_filled(
    groups_of: Callable[[list[list[int]]], list[Group]],
) -> None:
    # Padded to 32 or 64; 128 tokens hold four windows of the first length, or two of the second.
    lengths = [[32], [33], [3], [64], [20], [31], [10], [40]]
    assert names(batches(groups_of(lengths), tokens=128, seed=None)) == [
        ["0", "2", "4", "5"], ["1", "3"], ["6"], ["7"],
    ]  # fmt: skip


def test_a_question_on_another_passage_joins_its_group(window: Callable[..., Feature]) -> None:
    one, other, cut, apart = (window([0, 1, 2], example=name) for name in ("X", f"X{OTHER}", "X/cut", "XX"))
    second = window([0, 1, 2], example="X", number=1)
    found = grouped([one, second, cut, apart, other])
    assert [[id(feature) for feature in group] for group in found] == [
        [id(one), id(second), id(other)], [id(cut)], [id(apart)],
    ]  # fmt: skip


@pytest.mark.models
def test_context_words_are_read_before_the_text_and_hold_no_answer(featuriser: Featuriser) -> None:
    plain = example("Lahore is old. It rained in Lahore City.", "Lahore City", question="Where did it rain?")
    titled = replace(plain, context="The weather of Lahore City.")
    (bare,), (feature,) = featuriser.features([plain]), featuriser.features([titled])
    assert len(feature.ids) > len(bare.ids)
    assert feature.ids[feature.first : feature.last] == bare.ids[bare.first : bare.last]
    np.testing.assert_array_equal(feature.offsets, bare.offsets)
    assert target(feature, plain.text) == "Lahore City"
