"""Unanswerable questions: checked by means other than those that make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from eval.studies.examples import ContextExample
from eval.training.features import OTHER
from eval.training.kinds import names
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


PEOPLE = ["Ann Moor", "Jane Lund", "Mary Hart", "Ruth Voss", "Lisa Marsh", "Emma Reed"]
PLACES = ["Lisbon", "Naples", "Vienna", "Prague", "Dublin", "Munich"]
YEARS = ["1901", "1912", "1923", "1934", "1945", "1956"]


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


def listed(kind: str) -> set[str]:
    return {item.words for item in names()[kind]}


def test_an_altered_question_has_one_thing_of_the_same_kind_that_the_text_lacks() -> None:
    by_id = {one.id: one for one in towns()}
    kinds = set()
    made = [one for seed in range(5) for one in altered([*by_id.values()], 1.0, seed)]
    assert len(made) > 4 * len(by_id)
    for one in made:
        before = by_id[one.id.removesuffix("/altered")]
        assert (one.text, one.source, one.spans) == (before.text, before.source, ())
        # One run of words differs.
        old, new = before.question.split(), one.question.split()
        start = next(place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
        end = next(place for place, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b)
        removed, added = (" ".join(words[start : len(words) - end]).strip("?") for words in (old, new))
        assert not words(added) & words(one.text)
        if removed in YEARS:
            kinds.add("year")
            assert 0 < abs(int(added) - int(removed)) <= 20
        elif removed in PLACES:
            kinds.add("place")
            assert added in listed("city")
        elif removed == "bridge":
            kinds.add("word")
            assert added in {"tunnel", "canal", "railway", "highway"}
        elif removed == "built":
            assert added in {"demolished", "sold", "rebuilt", "repaired"}
        else:
            kinds.add("person")
            # A surname and a first name may each differ alone.
            assert set(added.split()) <= {word for name in PEOPLE for word in name.split()}
    assert kinds == {"year", "place", "word", "person"}


def alterations(question: str, text: str, *others: ContextExample) -> set[str]:
    """All alterations of a question over many draws."""
    asked = example("asked", question, text, "spring")
    return {
        one.question
        for seed in range(40)
        for one in altered([asked, *others], 1.0, seed)
        if one.id == "asked/altered"
    }


@pytest.mark.parametrize(
    "question",
    [
        "Where is Lisbon?",  # the text does not name it, so that nobody could see the change
        "What came in 1923?",
        "What is the name of it?",  # no word with a sibling
        'Who saw "The author of Lisbon"?',
    ],
)
def test_what_the_text_does_not_name_is_not_altered(question: str) -> None:
    assert alterations(question, FILLER) == set()


def test_nothing_that_the_text_mentions_is_a_replacement() -> None:
    # All other months are in the text, under one name or another.
    months = "January February March April May June July August September October November"
    asked = alterations("What comes in December?", f"In December it rains; not in {months}. {FILLER}")
    assert asked == set()
    assert alterations("What comes in December?", f"In December it rains. {FILLER}") == {
        f"What comes in {month}?" for month in months.split()
    }


def rows() -> list[ContextExample]:
    return [
        example(
            f"{place}",
            f"Who was the editor of {place} in {year}?",
            f"The editor in {year} came to {place}. {FILLER}",
            "spring",
        )
        for place, year in zip(PLACES, YEARS, strict=True)
    ]


def test_names_numbers_and_words_are_replaced_equally_often() -> None:
    counts = {"name": 0, "number": 0, "word": 0}
    for seed in range(60):
        for one in altered(rows(), 1.0, seed):
            place = one.id.removesuffix("/altered")
            year = YEARS[PLACES.index(place)]
            missing = [
                key
                for key, was in (("name", place), ("number", year), ("word", "editor"))
                if was not in one.question
            ]
            assert len(missing) == 1
            counts[missing[0]] += 1
    total = sum(counts.values())
    assert total == 60 * len(PLACES)
    assert all(0.22 < count / total < 0.48 for count in counts.values()), counts


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
        "Ann Moor built the bridge of Lisbon in 1901. It fell down. "
        "Later Jane Lund met the queen of Vienna in 1923, who gave her 75 coins. "
        "When did Ruth Hart die of May fever?"
    )
    return [
        example("who", "Who built the bridge of Lisbon in 1901?", text, "Ann Moor"),
        example("where", "Where did Ann Moor build it well?", text, "Lisbon"),
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
            # A city for a city and a year for a year; nothing from the answer's own sentence.
            "Who built the bridge of Vienna in 1901?",
            "Who built the bridge of Lisbon in 1923?",
        },
        "where": {"Where did Jane Lund build it well?", "Where did Ruth Hart build it well?"},
    }


def exchanges_of(question: str, text: str, answer: str) -> set[str]:
    asked = [example("a", question, text, answer)]
    return {one.question for seed in range(30) for one in exchanged(asked, 1.0, seed)}


def test_nothing_is_exchanged_for_the_answers_own_words_wherever_they_occur() -> None:
    text = "Ann Moor built the bridge of Lisbon. Later Ann Moor met the king of Lisbon. It rained."
    assert exchanges_of("Who built the bridge of Lisbon?", text, "Ann Moor") == set()


def test_what_a_sentence_says_that_may_answer_the_question_is_not_exchanged() -> None:
    text = (
        "The tallest bridge of Lisbon is the Moor. The tallest bridge of Vienna is the Lund. Prague is old."
    )
    question = "What is the tallest bridge of Lisbon?"
    assert exchanges_of(question, text, "the Moor") == {"What is the tallest bridge of Prague?"}
    # A count may be answered by any sentence with a number.
    text = "Ten ships came to Lisbon. Vienna had 12 of them. Prague had none."
    assert exchanges_of("How many ships reached Lisbon?", text, "Ten") == {"How many ships reached Prague?"}


def test_a_name_is_not_exchanged_for_another_spelling_of_itself() -> None:
    text = "The United States sent ships. The US is large. The U.S. and America have many ports."
    assert exchanges_of("When did the United States send ships?", text, "ships") == set()


def test_a_year_keeps_its_place_in_a_question_and_is_not_far() -> None:
    text = (
        "It fell to 40 from 1910 to 1920. Then came 1915, 1935. In 1790 it rained. None saw the war of 1905."
    )
    found = exchanges_of("How low did it fall between 1910 and the war in 1920?", text, "40")
    assert found == {"How low did it fall between 1905 and the war in 1920?",
                     "How low did it fall between 1910 and the war in 1935?",
                     "How low did it fall between 1915 and the war in 1920?",
                     "How low did it fall between 1910 and the war in 1915?"}  # fmt: skip
