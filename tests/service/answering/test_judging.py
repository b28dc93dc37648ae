"""Which candidates may answer a question of a kind, and the reason where none does."""

from __future__ import annotations

import pytest

from indexer.records import Metadata, Passage
from service.answering.answers import Citation, Quotation, Reason
from service.answering.judging import judged, reason_after_reading, reason_unread
from service.answering.questions.followups import Turn
from service.answering.questions.kinds import QuestionKind, kind_of

COST = Turn("How much did the Ulvik ferry cost?", "5 million crowns", "a.txt")


def quotation(sentence: str, words: str, confidence: float = 0.9, article: str = "a.txt") -> Quotation:
    start = sentence.index(words)
    citation = Citation(
        article_id=article,
        metadata=Metadata(),
        start=start,
        end=start + len(words),
        quote=sentence,
        quote_start=0,
        quote_end=len(sentence),
        passage=Passage(0, article, 0, len(sentence)),
        sha256="ab" * 32,
        prefix=sentence[:start],
        exact=words,
        suffix=sentence[start + len(words) :],
    )
    return Quotation(words, confidence, citation)


def kept(question: str, candidate: Quotation, previous: Turn | None = COST) -> bool:
    return bool(judged([candidate], question, kind_of(question), previous))


def test_a_negated_question_takes_only_words_of_a_sentence_that_states_a_negation() -> None:
    question = "Which towns are not on the coast of Mora?"
    positive = quotation("Ulvik lies on the coast of Mora.", "Ulvik", 0.9)
    negative = quotation("Aas does not lie on the coast.", "Aas", 0.4)
    found = judged([positive, negative], question, kind_of(question))
    assert [(one.text, one.confidence) for one in found] == [("Aas", 0.4), ("Ulvik", 0.0)]


@pytest.mark.parametrize(
    ("question", "repeated"),
    [
        ("Why?", True),
        ("What else did it cost?", True),
        ("And the Mora quay?", True),
        ("And the ferry's crew?", False),  # the sentence is about the ferry
        ("How much did it cost?", False),
    ],
)
def test_the_previous_answer_is_not_given_again_where_something_else_is_asked(
    question: str, repeated: bool
) -> None:
    candidate = quotation("The ferry cost 5 million crowns.", "5 million")
    assert kept(question, candidate) is not repeated
    elsewhere = quotation("The quay cost 5 million crowns.", "5 million", article="b.txt")
    assert kept("And the Mora quay?", elsewhere)


@pytest.mark.parametrize(
    ("question", "sentence", "words", "answers"),
    [
        ("Why?", "It cost 5 million crowns because steel was dear.", "steel was dear", True),
        (
            "Why?",
            "Ulvik paid 5 million crowns to replace the old wooden boat.",
            "to replace the old wooden boat",
            True,
        ),
        ("Why?", "It cost 5 million crowns to build.", "to build", False),
        ("Why?", "It cost 5 million crowns, the town said.", "the town said", False),
        ("When?", "In May the 5 million crowns were paid.", "May", True),
        ("When?", "The ferry sailed in May.", "May", False),  # of another thing
        ("When?", "Eva Oh paid the 5 million crowns.", "Eva Oh", False),
        ("Who said so?", "It cost 5 million crowns, the town said.", "the town", True),
        ("Who said so?", "Eva Oh paid the 5 million crowns.", "Eva Oh", False),
        ("And in 2021?", "It cost 9 million in 2020.", "9 million", False),
        ("And in 2021?", "It cost 9 million in 2021.", "9 million", True),
    ],
)
def test_a_question_that_says_little_needs_a_sentence_that_fits(
    question: str, sentence: str, words: str, answers: bool
) -> None:
    assert kept(question, quotation(sentence, words)) is answers


def test_each_kind_has_its_reason() -> None:
    assert reason_unread(QuestionKind.SMALL_TALK) is Reason.SMALL_TALK
    assert reason_unread(QuestionKind.ABOUT_THE_SERVICE) is Reason.ABOUT_THE_SERVICE
    assert reason_unread(QuestionKind.SUMMARY_REQUEST) is Reason.SUMMARY_REQUEST
    assert reason_unread(QuestionKind.INCOMPLETE) is Reason.INCOMPLETE
    assert reason_after_reading(QuestionKind.NEGATED, found=True) is Reason.NEGATED
    assert reason_after_reading(QuestionKind.OTHER_LANGUAGE, found=True) is Reason.OTHER_LANGUAGE
    assert reason_after_reading(QuestionKind.ORDINARY, found=True) is Reason.LOW_CONFIDENCE
    assert reason_after_reading(QuestionKind.NEGATED, found=False) is Reason.NO_PASSAGES
