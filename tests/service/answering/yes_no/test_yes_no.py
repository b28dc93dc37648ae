"""The parts of `service.answering.yes_no.polarity`: forms of words, claims, opposites."""

from __future__ import annotations

import pytest

from service.answering.yes_no.claims import claim_of, normalised, tokens
from service.answering.yes_no.opposites import Opposition, opposition
from service.answering.yes_no.reservations import is_reserved, without_marks
from service.answering.yes_no.word_forms import Form, forms_of_one


@pytest.mark.parametrize(
    ("one", "other", "forms"),
    [
        ("buy", "bought", (Form.BASE, Form.PAST)),
        ("buy", "acquired", (Form.BASE, Form.PAST)),
        ("stop", "stopped", (Form.BASE, Form.PAST)),
        ("study", "studies", (Form.BASE, Form.S)),
        ("close", "closing", (Form.BASE, Form.ING)),
        ("child", "children", (Form.BASE, Form.S)),
        ("same", "same", (Form.BASE, Form.BASE)),
        ("university", "universe", None),
        ("general", "generic", None),
        ("buy", "sold", None),
    ],
)
def test_forms_of_one_word(one: str, other: str, forms: tuple[Form, Form] | None) -> None:
    assert forms_of_one(one, other) == forms


def test_opposites_are_symmetric_and_say_whether_one_must_hold() -> None:
    assert opposition("open", "closed") is opposition("closed", "open") is Opposition.CONTRADICTORY
    assert opposition("rise", "fall") is Opposition.CONTRARY
    assert opposition("open", "large") is None


@pytest.mark.parametrize(
    ("question", "auxiliaries", "items"),
    [
        ("Are tenants allowed to keep dogs?", ("can",), "tenants keep dogs"),
        ("Does the tenant have to pay?", ("must",), "tenant pay"),
        ("Hasn't Norwick ever been fined?", ("have", "been"), "Norwick fined"),
        ("In 2014, did Norwick buy Halden?", ("did",), "Norwick buy Halden in 2014"),
        ("Norwick owns Halden, doesn't it?", (), "Norwick owns Halden"),
        ("Do you know if the shop is open?", ("is",), "shop open"),
    ],
)
def test_a_claim_is_the_question_without_its_form(
    question: str, auxiliaries: tuple[str, ...], items: str
) -> None:
    claim = claim_of(question)
    assert claim is not None
    assert claim.auxiliaries == auxiliaries
    assert " ".join(item.text for item in claim.items) == items


@pytest.mark.parametrize("question", ["Is it red or blue?", "Who won?", "Can you tell me when it opens?", ""])
def test_other_questions_put_no_claim(question: str) -> None:
    assert claim_of(question) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Tenants aren't permitted to sublet.", "Tenants can not sublet."),
        ("Tenants are prohibited from subletting.", "Tenants can not subletting."),
        ("Tenants don't have to pay.", "Tenants neednot pay."),
        ("Norwick refused to pay $2.5 million.", "Norwick did not pay 2500000 dollars."),
        ("It is 7km long.", "It is 7 km long."),
    ],
)
def test_a_rule_has_one_wording(text: str, same: str) -> None:
    assert normalised(text) == same


def test_a_month_is_no_possibility() -> None:
    assert not is_reserved(tokens("It opened in May 2014."), set())
    assert is_reserved(tokens("It may open in 2014."), set())


def test_only_names_of_the_question_may_stand_in_quotation_marks() -> None:
    assert without_marks("“Halo” was a success.", "Was Halo a success?") == "Halo was a success."
    assert without_marks("“It was a success,” he said.", "Was Halo a success?") is None
