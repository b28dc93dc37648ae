"""`polarity_cases.json` holds questions and sentences; those of `held_out` were written before any tuning.

A label of null is right where a careful reader would not say yes or no from the sentence alone.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.answering.answers import Polarity
from service.answering.yes_no.polarity import is_yes_no, polarity

CASES = json.loads((Path(__file__).parent / "polarity_cases.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Score:
    precision: float
    recall: float


def scored(part: str) -> Score:
    cases = [case for case in CASES if case["set"] == part]
    given = [
        (case["label"], polarity(case["question"], case["sentence"], case.get("context", "")))
        for case in cases
    ]
    right = sum(label == says for label, says in given if says is not None)
    return Score(
        right / sum(says is not None for _, says in given),
        right / sum(label is not None for label, _ in given),
    )


def test_labels_are_right_where_given() -> None:
    score = scored("tuned")
    assert score.precision == 1.0
    assert score.recall >= 0.95


def test_labels_are_right_on_cases_written_before_tuning() -> None:
    score = scored("held_out")
    assert score.precision >= 0.98
    assert score.recall >= 0.9


def test_half_of_the_cases_have_no_label() -> None:
    assert len(CASES) >= 500
    assert sum(case["label"] is None for case in CASES) >= len(CASES) / 2
    assert sum(case["set"] == "held_out" for case in CASES) >= 100


YES_NO = """
Is Acme listed?
Did A sue B?
Can tenants sublet?
Are dogs allowed in the park?
Has the company ever been fined?
Isn't X the chief executive?
Won’t the bridge close?
In 2019, did X buy Y?
Under the lease, may the tenant keep pets?
X owns Y, doesn't it?
X doesn't own Y, does it?
You sell my data, right?
Dogs are allowed?
Tell me whether dogs are allowed.
I wonder if the shop is open on Sundays.
Do you know whether X sued Y?
Is it true that X owns Y?
Please confirm that the fee is refundable.
Does the article say whether anyone was hurt?
Does the policy cover what happens abroad?
Did the minister know who paid?
Is the man who founded Acme alive?
Can I cancel or change my booking?
Do you sell or share my data?
Is the shop open on Sundays or not?
Is any food or drink allowed?
Do you pass on my address to insurers or banks?
Does the club keep or delete old records?
Are minors or visitors insured?
If I move abroad, do I lose my pension?
Can you reach me by phone?
Does a member have a vote?
Did the court in Norwick v. Halden Steel award costs?
I rent a flat. Can I sublet it?
Hello, do you ship to Norway?
can i get a refund
Will Norwick open a store in Leeds?
""".strip().splitlines()

OTHERS = """
Is it red or blue?
Does the landlord or the tenant pay?
Did Mora retire in 1998 or 2004?
Was Lind born in Vienna or Graz?
Is the new hall its first or second there?
According to the report, what does the fund own?
Besides Norwick, where did the firm have offices?
The lake is also called?
Lind would later win what prize?
Could you give me a list of members?
Is the test written or oral?
Do you know who founded Acme?
Do you know the name of the director?
Do you have any idea why it closed?
Can you tell me when it opens?
Can you tell me about X?
Could you explain how it works?
Can you list the members?
Is it known who paid?
Does the article say who was hurt?
In which year did X die?
X was founded in which year?
Did X win, and if so, when?
Is X alive and where does he live?
The chief executive is?
Who is the chief executive?
When X died, who succeeded him?
Name the members.
Dogs are allowed.
opening hours museum
Will Smith's age
May 2019 sales
""".strip().splitlines()


@pytest.mark.parametrize("question", YES_NO)
def test_asks_for_yes_or_no(question: str) -> None:
    assert is_yes_no(question)


@pytest.mark.parametrize("question", OTHERS)
def test_asks_for_something_else(question: str) -> None:
    assert not is_yes_no(question)


@pytest.mark.parametrize(
    "question",
    [
        "Does Norwick own Halden?",
        "Doesn't Norwick own Halden?",
        "Does Norwick not own Halden?",
        "Norwick doesn't own Halden, does it?",
        "Tell me whether Norwick owns Halden.",
    ],
)
def test_a_negated_question_gets_the_label_of_what_it_puts(question: str) -> None:
    assert polarity(question, "Norwick owns Halden.") is Polarity.SAYS_YES
    assert polarity(question, "Norwick does not own Halden.") is Polarity.SAYS_NO


@pytest.mark.parametrize("question", OTHERS)
def test_other_questions_have_no_polarity(question: str) -> None:
    assert polarity(question, question.rstrip("?") + ".") is None


def test_sentences_that_disagree_have_no_label() -> None:
    quote = "Dogs are allowed in the park. Dogs are not allowed in the park."
    assert polarity("Are dogs allowed in the park?", quote) is None


def test_a_reservation_in_the_next_sentence_withholds_the_label() -> None:
    question = "Are dogs allowed in the park?"
    assert polarity(question, "Dogs are allowed in the park. It opened in 1970.") is Polarity.SAYS_YES
    assert polarity(question, "Dogs are allowed in the park. This ends if they bite.") is None


def test_a_heading_of_exceptions_withholds_the_label() -> None:
    sentence = "Dogs are allowed in the park."
    assert polarity("Are dogs allowed in the park?", sentence, "Park rules. Dogs") is Polarity.SAYS_YES
    assert polarity("Are dogs allowed in the park?", sentence, "Park rules. Exceptions") is None


def test_the_title_names_whose_rules_they_are() -> None:
    question = "Are dogs allowed at Greenfield School?"
    assert polarity(question, "Dogs are not allowed.", "Greenfield School Handbook") is Polarity.SAYS_NO
    assert polarity(question, "Dogs are not allowed.", "Highfield School Handbook") is None
    assert polarity(question, "Dogs are not allowed.") is None


@pytest.mark.parametrize(
    "text",
    [
        "is " * 1_300,
        "not " * 1_000,
        "Dogs, " * 650,
        "“" * 3_900,
        "'a " * 1_300,
        "1" * 3_900,
        "in 2014, " * 430,
        "(" * 3_900,
        "a; " * 1_300,
        "Dogs are. " * 390,
        " " * 3_900,
        ": " * 1_900,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_texts_take_no_time(text: str) -> None:
    begin = time.process_time()
    is_yes_no(f"Are dogs {text[:900]}")
    is_yes_no(text[:1_000])
    polarity(f"Are dogs {text[:300]}?", text, text)
    polarity("Are dogs allowed in the park?", text, text * 20)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Was he born in Holm?", "He was born in Holm."),
        ("Does it have a harbour?", "It has a harbour."),
        ("Are their boats insured?", "Their boats are insured."),
    ],
)
def test_a_pronoun_may_be_anyones(question: str, sentence: str) -> None:
    assert polarity(question, sentence) is None


def test_an_expletive_is_no_pronoun() -> None:
    assert polarity("Is it legal to fish?", "It is legal to fish.") is Polarity.SAYS_YES
