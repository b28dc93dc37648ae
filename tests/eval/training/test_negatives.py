"""Unanswerable questions: checked by means other than those that make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from eval.studies.examples import ContextExample
from eval.training.features import OTHER
from eval.training.negatives import altered, exchanged, retrieved, without_answer

Kind = Callable[[Sequence[ContextExample], float, int], list[ContextExample]]

FILLER = (
    "The valley is wide and green in spring. Farmers grow wheat and barley along the lower slopes. "
    "In winter the roads are closed for many weeks."
)


def example(name: str, question: str, text: str, *answers: str, source: str = "made") -> ContextExample:
    spans = tuple((text.index(answer), text.index(answer) + len(answer)) for answer in answers)
    return ContextExample.of(name, source, question, text, spans)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def test_every_sentence_with_an_answer_is_cut_out() -> None:
    text = f"The bridge was built by Ann Moor. {FILLER} It was opened by Bo Lund. Nobody came."
    (cut,) = without_answer([example("a", "Who came?", text, "Ann Moor", "Bo Lund")], 1.0, 0)
    assert cut.text == f"{FILLER} Nobody came."
    assert (cut.spans, cut.question, cut.source) == ((), "Who came?", "made")
    assert cut.id != "a"
    assert not cut.id.endswith(OTHER)


def test_an_answer_over_two_sentences_removes_both() -> None:
    text = f"It rained. It snowed all day. Then it froze. {FILLER}"
    (cut,) = without_answer([example("a", "What came?", text, "snowed all day. Then it froze")], 1.0, 0)
    assert cut.text == f"It rained. {FILLER}"


def test_a_text_that_still_contains_a_references_words_is_left_out() -> None:
    again = f"The bridge was built by Ann Moor. {FILLER} It is called the “Old ann moor bridge” now."
    assert without_answer([example("a", "Who built it?", again, "Ann Moor")], 1.0, 0) == []
    # Parts of words do not count.
    part = f"The bridge was built by Ann. {FILLER} Joannis crossed it, and Annie, too."
    assert len(without_answer([example("a", "Who built it?", part, "Ann")], 1.0, 0)) == 1


def test_the_remaining_text_must_be_long_enough_and_something_must_be_cut() -> None:
    nineteen, twenty = (" ".join(["Wheat", *["grows"] * count, "here."]) for count in (17, 18))
    assert without_answer([example("a", "Who?", f"Ann came. {nineteen}", "Ann")], 1.0, 0) == []
    (cut,) = without_answer([example("a", "Who?", f"Ann came. {twenty}", "Ann")], 1.0, 0)
    assert cut.text == twenty
    assert without_answer([example("a", "Who?", f"Ann came. {twenty}")], 1.0, 0) == []


PEOPLE = ["Ann Moor", "Bo Lund", "Cy Hart", "Di Voss", "Ed Marsh", "Flo Reed"]
PLACES = ["Lahore", "Tromsø", "Quito", "Perth", "Accra", "Osaka"]
YEARS = ["1901", "1912", "1923", "1,934", "1945", "1956"]


def towns() -> list[ContextExample]:
    """Questions about different towns, three per text, each with something to replace."""
    found = []
    for number, (person, place, year) in enumerate(zip(PEOPLE, PLACES, YEARS, strict=True)):
        text = f"In {year} the bridge of {place} was built by {person}. {FILLER}"
        found += [
            example(f"who-{number}", f"Who built the bridge of {place} in {year}?", text, person),
            example(f"where-{number}", f"Where did {person} build a bridge?", text, place),
            example(f"when-{number}", f"When did {person} build the bridge of {place}?", text, year),
        ]
    return found


def test_an_altered_question_has_one_thing_from_another_question() -> None:
    by_id = {one.id: one for one in towns()}
    pool = set(PEOPLE) | set(PLACES) | set(YEARS)
    kinds = set()
    made = [one for seed in range(10) for one in altered([*by_id.values()], 1.0, seed)]
    assert len(made) > 5 * len(by_id)
    for one in made:
        before = by_id[one.id.removesuffix("/altered")]
        assert one.id != before.id
        assert (one.text, one.source, one.spans) == (before.text, before.source, ())
        # Exactly one of the replaceable things is another one, and nothing else differs.
        (removed,) = [thing for thing in pool if thing in before.question and thing not in one.question]
        (added,) = [thing for thing in pool if thing in one.question and thing not in before.question]
        assert before.question.replace(removed, added) == one.question
        assert not words(added) & words(one.text)
        kinds.add(next(kind for kind in (0, 1, 2) if removed in (PEOPLE, PLACES, YEARS)[kind]))
        assert any(added in group and removed in group for group in (YEARS, PEOPLE + PLACES))
    assert kinds == {0, 1, 2}


def on_filler(*questions: str) -> list[ContextExample]:
    """Questions on a text that shares no word with any of them."""
    return [example(f"{number}", question, FILLER, "spring") for number, question in enumerate(questions)]


def alterations(questions: Sequence[ContextExample]) -> dict[str, set[str]]:
    """Each question -> all alterations of it over many draws."""
    before = {f"{one.id}/altered": one.question for one in questions}
    found: dict[str, set[str]] = {one.question: set() for one in questions}
    for seed in range(40):
        for one in altered(questions, 1.0, seed):
            found[before[one.id]].add(one.question)
    return found


def test_a_plain_word_is_replaced_by_one_after_the_same_word_with_the_same_ending() -> None:
    found = alterations(
        on_filler(
            "What is the height of it?",
            # For a plain word the first word does not matter, and two letters of ending are enough.
            "Where was the yacht put?",
            # Another ending; only the last letter equal; the only word after its predecessor.
            "How good was the price?",
            "Where was the coast?",
            "Which freight was it?",
            "Is it a bright one?",
        )
    )
    assert found == {
        "What is the height of it?": {"What is the yacht of it?"},
        "Where was the yacht put?": {"Where was the height put?"},
        "How good was the price?": set(),
        "Where was the coast?": set(),
        "Which freight was it?": set(),
        "Is it a bright one?": set(),
    }


def test_the_word_before_is_compared_without_case() -> None:
    assert alterations(on_filler("What wool is it?", "So what tool is it?")) == {
        "What wool is it?": {"What tool is it?"},
        "So what tool is it?": {"So what wool is it?"},
    }


def test_function_words_are_never_replaced_and_never_a_replacement() -> None:
    questions = on_filler("Who would rule it?", "Who could rule it?", "Who should rule it?", "Who held it?")
    assert alterations(questions) == {one.question: set() for one in questions}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who saw the king's hat?", "Who saw the ring’s end?"),
        ("Is it the half-blown egg?", "Is it the half-known egg?"),
        ("Is it the blown-up egg?", "Is it the known-of egg?"),
        ("Who saw the cat?", "Who saw the bat?"),
        ("Is it the, long, way?", "Is it the, song, way?"),
    ],
)
def test_parts_of_words_short_words_and_words_after_punctuation_are_not_replaced(
    one: str, other: str
) -> None:
    assert alterations(on_filler(one, other)) == {one: set(), other: set()}


def test_a_name_and_a_number_come_from_a_question_with_the_same_first_word() -> None:
    questions = on_filler(
        "Who met Ann Moor?",
        "who met Bo Lund?",
        "When was Cy Hart 9?",
        "When was it 12,000?",
        "Was it 7 or Di Voss?",
    )
    assert alterations(questions) == {
        "Who met Ann Moor?": {"Who met Bo Lund?"},
        "who met Bo Lund?": {"who met Ann Moor?"},
        "When was Cy Hart 9?": {"When was Cy Hart 12,000?"},
        "When was it 12,000?": {"When was it 9?"},
        "Was it 7 or Di Voss?": set(),
    }


def test_names_numbers_and_words_are_replaced_equally_often() -> None:
    # Each question has four replaceable words, one name and one number.
    rows = [
        ("bakers", "boxes", "landing", "hunter", "Lahore", "1901"),
        ("sailors", "dishes", "parting", "summer", "Quito", "1912"),
        ("doctors", "pies", "meeting", "master", "Perth", "1923"),
        ("tailors", "shoes", "crossing", "number", "Accra", "1934"),
        ("waiters", "wages", "building", "corner", "Osaka", "1945"),
        ("printers", "stones", "evening", "letter", "Turin", "1956"),
    ]
    questions = on_filler(
        *(
            f"Why had {who} the {what} of a {doing} in one {when} of {place} in {year}?"
            for who, what, doing, when, place, year in rows
        )
    )
    lowered = [[part.casefold() for part in row] for row in rows]
    by_id = {f"{one.id}/altered": words(one.question) for one in questions}
    kinds = ["word", "word", "word", "word", "name", "number"]
    counts = dict.fromkeys(kinds, 0)
    for seed in range(150):
        for one in altered(questions, 1.0, seed):
            (added,) = words(one.question) - by_id[one.id]
            counts[next(kinds[row.index(added)] for row in lowered if added in row)] += 1
    total = sum(counts.values())
    assert total > 800
    # Not exactly a third: if a kind finds no replacement, the next one is tried.
    assert all(0.22 < count / total < 0.48 for count in counts.values()), counts


def test_nothing_that_the_text_mentions_is_a_replacement() -> None:
    text = f"Ann Moor met Bo Lund. {FILLER}"
    asked = [
        example("a", "Who did Ann Moor meet?", text, "Bo Lund"),
        example("b", "Who did Bo Lund meet?", text, "Ann Moor"),
    ]
    assert [one for seed in range(20) for one in altered(asked, 1.0, seed)] == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        # The replacement itself, another form of it, and the replacement in the question.
        ("What is the height of it?", f"Its weight is 9 g. {FILLER}"),
        ("What is the height of it?", f"Weighted, it is 9 g; its Weights are many. {FILLER}"),
        ("Is weight or the height of it known?", FILLER),
    ],
)
def test_a_replacement_is_not_a_word_of_the_text_or_the_question(question: str, text: str) -> None:
    other = example("b", "Where was the weight put?", FILLER, "spring")
    alone = example("a", "What is the height of it?", FILLER, "spring")
    assert alterations([alone, other])[alone.question] == {"What is the weight of it?"}
    assert alterations([example("a", question, text), other])[question] == set()


def rivers() -> list[ContextExample]:
    found = []
    for number in range(12):
        name = f"River{number}"
        text = f"The length of the {name} is {100 + number} km, from the hills to the coast. {FILLER}"
        found.append(example(f"{number}", f"What is the length of the {name}?", text, f"{100 + number} km"))
    return found


def test_a_retrieved_text_is_another_one_without_a_references_words() -> None:
    asked = rivers()
    # A second text with the same answer, the best match after the question's own.
    asked.append(example("twin", "Who?", f"The length of River3, the River3 of songs, is 103 km. {FILLER}"))
    found = [one for seed in range(10) for one in retrieved(asked, 1.0, seed)]
    by_id = {one.id: one for one in asked}
    texts = {one.text for one in asked}
    assert len(found) > 10 * 10
    for one in found:
        before = by_id[one.id.removesuffix(OTHER)]
        assert one.id.endswith(OTHER)
        assert one.question == before.question
        assert one.spans == ()
        assert one.text in texts - {before.text}
        assert all(answer not in one.text for answer in before.references)
    # "Who?" shares no term with any text: nothing is retrieved.
    assert {one.id for one in found} == {f"{one.id}{OTHER}" for one in asked if one.id != "twin"}


def test_a_retrieved_text_matches_the_question_and_is_of_its_own_set() -> None:
    asked = [
        example("a", "How deep is the lake at Moor?", "The lake at Moor is 9 m deep.", "9 m", source="one"),
        example("b", "Who?", "How deep the lake at Lund is, nobody knows.", source="one"),
        *(example(f"{number}", "Who?", f"Bread {number} is sold.", source="one") for number in range(40)),
        example("c", "Who?", "How deep is the lake at Moor? How deep is it?", source="two"),
    ]
    found = [
        one
        for seed in range(60)
        for one in retrieved(asked[:1] + asked[1:], 1.0, seed)
        if one.id == "a/other"
    ]
    assert len(found) == 60
    taken = [one.text for one in found]
    assert asked[-1].text not in taken
    # The best one is drawn most often.
    assert max(set(taken), key=taken.count) == asked[1].text


def test_a_set_of_one_text_retrieves_nothing() -> None:
    assert retrieved(rivers()[:1], 1.0, 0) == []


def many(count: int) -> list[ContextExample]:
    return [
        example(f"{number}-{one.id}", one.question, one.text, *one.references)
        for number in range(count // 18)
        for one in towns()
    ]


KINDS: list[Kind] = [without_answer, altered, retrieved]


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_the_examples_is_drawn_by_the_seed(kind: Kind) -> None:
    asked = many(540)
    everything = kind(asked, 1.0, 0)
    assert len(everything) > 0.9 * len(asked)
    assert kind(asked, 0.0, 0) == []
    some = kind(asked, 0.3, 0)
    # Four standard deviations of a binomial share.
    assert abs(len(some) / len(everything) - 0.3) < 4 * (0.3 * 0.7 / len(asked)) ** 0.5
    assert kind(asked, 0.3, 0) == some
    assert [one.id for one in kind(asked, 0.3, 1)] != [one.id for one in some]
    ids = {one.id for one in everything}
    assert len(ids) == len(everything)
    assert {one.id for one in some} <= ids | {f"{one.id}/altered" for one in asked}
    assert not ids & {one.id for one in asked}


def bridges() -> list[ContextExample]:
    text = (
        "Ann Moor built the bridge of Lahore in 1901. It fell down. "
        "Later Bo Lund met the queen of Quito in 1923, who gave him 75 coins. "
        "When did Cy Hart die of May fever?"
    )
    return [
        example("who", "Who built the bridge of Lahore in 1901?", text, "Ann Moor"),
        example("where", "Where did Ann Moor build it?", text, "Lahore"),
        example("plain", "who built the bridge?", text, "Ann Moor"),
    ]


def test_an_exchanged_name_or_number_occurs_elsewhere_in_the_text() -> None:
    found: dict[str, set[str]] = {}
    for seed in range(60):
        for one in exchanged(bridges(), 1.0, seed):
            assert one.spans == ()
            assert one.text == bridges()[0].text
            found.setdefault(one.id.removesuffix("/exchanged"), set()).add(one.question)
    assert found == {
        "who": {
            # A name after the same word, and no month for a place; a number with as many digits; nothing
            # from the answer's own sentence.
            "Who built the bridge of Quito in 1901?",
            "Who built the bridge of Lahore in 1923?",
        },
        "where": {"Where did Cy Hart build it?"},
    }


def test_nothing_is_exchanged_for_the_answers_own_words_wherever_they_occur() -> None:
    text = "Ann Moor built the bridge of Lahore. Later Ann Moor met the king of Lahore. It rained."
    asked = [example("who", "Who built the bridge of Lahore?", text, "Ann Moor")]
    assert [one for seed in range(20) for one in exchanged(asked, 1.0, seed)] == []


def test_a_capitalised_question_word_is_not_a_name() -> None:
    questions = on_filler(" How was it?", " When was it?", "He saw How?", "So it is When?")
    assert alterations(questions) == {one.question: set() for one in questions}
