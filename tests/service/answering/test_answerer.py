from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.engine import Filters
from indexer.records import ScoredPassage
from service.answering.answerer import Answerer, check_question
from service.answering.answers import Answer, Reason, Span
from service.answering.confidence.calibration import Calibration
from service.answering.questions.kinds import words_of
from service.answering.reading.reader import Reader
from service.answering.retrieval.retriever import Retriever
from service.answering.same import normalised
from service.answering.settings import MAX_QUESTION, AnswererSettings, RetrieverSettings
from service.errors import ArticleUnknownError, CitationError, QuestionError

MakeAnswerer = Callable[[Path, Path], Answerer]


@pytest.fixture
def small(tmp_path: Path, word_answerer: MakeAnswerer) -> Answerer:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "rain.txt").write_text(
        "It rained in Lahore. The river rose by two metres. Nobody was hurt.", "utf-8"
    )
    (folder / "copy.txt").write_text("A copy says so too. The river rose by two metres.", "utf-8")
    return word_answerer(folder, tmp_path / "index")


def resolve(answerer: Answerer, answer: Answer) -> None:
    """Check that every offset in an answer resolves to the words given with it."""
    quotations = [*([answer.quotation] if answer.quotation else []), *answer.answers, *answer.alternatives]
    for quotation in quotations:
        assert quotation.text == quotation.citation.exact
        for citation in (quotation.citation, *quotation.other_citations):
            text = answerer.article(citation.article_id).text
            assert text[citation.start : citation.end] == citation.exact
            # The same words, but case and white space may differ.
            assert normalised(citation.exact) == normalised(quotation.text)
            assert text[citation.quote_start : citation.quote_end] == citation.quote
            assert citation.passage.start <= citation.start
            assert citation.end <= citation.passage.end
    for read in answer.passages:
        passage = read.scored.passage
        assert answerer.article(passage.article_id).text[passage.start : passage.end] == read.scored.text


def test_an_answer_is_a_sentence_of_an_article_and_resolves(small: Answerer) -> None:
    answer = small.answer("How far did the river rise?")
    assert answer.quotation is not None
    assert answer.quotation.text == "The river rose by two metres."
    resolve(small, answer)


def test_the_same_words_in_two_articles_are_one_answer_with_both_citations(small: Answerer) -> None:
    quotation = small.answer("How far did the river rise?").quotation
    assert quotation is not None
    cited = {citation.article_id for citation in (quotation.citation, *quotation.other_citations)}
    assert cited == {"rain.txt", "copy.txt"}


def test_a_confidence_below_the_threshold_is_an_abstention_that_shows_what_was_read_and_rejected(
    small: Answerer,
) -> None:
    given = small.answer("river", min_confidence=0.0)
    answer = small.answer("river", min_confidence=1.0)
    assert answer.abstained
    assert answer.reason is Reason.LOW_CONFIDENCE
    assert answer.alternatives[0] == given.quotation
    assert 0 < answer.confidence < 1
    assert answer.passages


def test_a_threshold_of_zero_is_not_treated_as_unset(small: Answerer) -> None:
    strict = Answerer(small.index, small._retriever, small._reader, Calibration({}, -9.0, 0.5))
    assert strict.answer("river").abstained
    assert not strict.answer("river", min_confidence=0.0).abstained


def test_the_threshold_in_the_settings_replaces_the_calibrations(small: Answerer) -> None:
    calibration = Calibration({}, 0.0, 0.75)  # every confidence is 0.5
    fitted = Answerer(small.index, small._retriever, small._reader, calibration)
    assert fitted.threshold == 0.75
    assert fitted.answer("river").abstained
    for chosen, abstains in ((0.0, False), (0.5, False), (0.625, True)):
        settings_ = AnswererSettings(min_confidence=chosen)
        answerer = Answerer(small.index, small._retriever, small._reader, calibration, settings_)
        assert answerer.threshold == chosen
        answer = answerer.answer("river")
        assert (answer.threshold, answer.abstained) == (chosen, abstains)
        # A question's own threshold replaces both.
        assert answerer.answer("river", min_confidence=0.9).abstained
        assert not answerer.answer("river", min_confidence=0.1).abstained


def test_filters_that_admit_no_passage_give_an_abstention_with_its_own_reason(small: Answerer) -> None:
    answer = small.answer("river", filters=Filters(article_ids=("none.txt",)))
    assert answer.reason is Reason.NO_PASSAGES
    assert answer.passages == ()
    assert answer.confidence == 0.0


def test_only_passages_that_the_filters_admit_are_read(small: Answerer) -> None:
    answer = small.answer("river", filters=Filters(article_ids=("copy.txt",)))
    assert {read.article.id for read in answer.passages} == {"copy.txt"}


def test_top_k_limits_the_passages_read(small: Answerer) -> None:
    assert len(small.answer("river", top_k=1).passages) == 1


@pytest.mark.parametrize("question", ["", "  \n\t ", "x" * (MAX_QUESTION + 1), "x" * 100_000, "half \ud83d"])
def test_a_question_that_cannot_be_asked_is_refused_with_the_reason(small: Answerer, question: str) -> None:
    with pytest.raises(QuestionError, match="question"):
        small.answer(question)
    with pytest.raises(QuestionError, match="question"):
        small.search(question)


def test_the_longest_question_is_answered(small: Answerer) -> None:
    assert len(check_question(" " + "x" * MAX_QUESTION + "\n")) == MAX_QUESTION
    small.answer("x" * MAX_QUESTION)


@pytest.mark.parametrize("question", ["№ 5", "漢", "مرحبا", "the", "'; DROP TABLE article; --", "%s{}"])
def test_a_question_without_known_words_still_gets_a_valid_response(small: Answerer, question: str) -> None:
    resolve(small, small.answer(question))


@pytest.mark.parametrize("question", ["?", "🌧", "\x00", "\u200b", "\ufeff\u00ad", "\u3164", "\u202e…"])
def test_a_question_in_which_nothing_is_asked_is_refused(small: Answerer, question: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty: ask something"):
        small.answer(question)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Thanks!", Reason.SMALL_TALK),
        ("What can I ask?", Reason.ABOUT_THE_SERVICE),
        ("Summarise the articles", Reason.SUMMARY_REQUEST),
        ("Why?", Reason.INCOMPLETE),
    ],
)
def test_what_no_passage_can_answer_is_answered_without_a_search(
    small: Answerer, question: str, reason: Reason
) -> None:
    answer = small.answer(question, min_confidence=0.0)
    assert (answer.quotation, answer.reason, answer.confidence) == (None, reason, 0.0)
    assert (answer.passages, answer.alternatives, answer.read_as) == ((), (), None)
    assert list(answer.timings_ms) == ["total"]


def test_a_copy_of_an_article_does_not_change_the_confidence(
    tmp_path: Path, word_answerer: MakeAnswerer
) -> None:
    text = "It rained in Lahore. The river rose by two metres. Nobody was hurt."
    confidences = []
    for copies in (1, 3):
        folder = tmp_path / str(copies)
        folder.mkdir()
        for number in range(copies):
            (folder / f"{number}.txt").write_text(text, "utf-8")
        answer = word_answerer(folder, tmp_path / f"index-{copies}").answer("How far did the river rise?")
        assert answer.quotation is not None
        assert len(answer.quotation.other_citations) == copies - 1
        confidences.append(answer.confidence)
    # A term's weight depends on how many sentences contain it, so the features may change a little.
    assert confidences[1] == pytest.approx(confidences[0], abs=0.1)


def test_an_answer_from_text_with_line_breaks_is_the_whole_sentence(
    tmp_path: Path, word_answerer: MakeAnswerer
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    wrapped = (
        "In the first part of the year the company bought\nthree mills and sold them again to the\n"
        "owners of the river.\nThe agreement of July was signed on behalf of\nAcme Holdings and\n"
        "Zenith Partners in Geneva.\nmost of it was kept secret until the spring of\nthe year after.\n"
    )
    (folder / "wrapped.txt").write_text(wrapped, "utf-8")
    answer = word_answerer(folder, tmp_path / "index").answer("Who signed the agreement of July?")
    assert answer.quotation is not None
    assert answer.quotation.text == answer.quotation.citation.quote
    assert answer.quotation.text.startswith("The agreement of July")
    assert answer.quotation.text.endswith("Geneva.")


@pytest.mark.parametrize("top_k", [0, -1])
def test_reading_no_passage_is_refused(small: Answerer, top_k: int) -> None:
    with pytest.raises(QuestionError, match="at least one passage"):
        small.answer("river", top_k=top_k)


def test_threads_share_an_answerer(small: Answerer) -> None:
    questions = [
        "How far did the river rise?",
        "Who was hurt?",
        "Where did it rain?",
        "What does a copy say?",
    ]
    alone = {question: small.answer(question).quotation for question in questions}
    with ThreadPoolExecutor(8) as pool:
        for question, answer in zip(questions * 25, pool.map(small.answer, questions * 25), strict=True):
            assert answer.quotation == alone[question]


def test_an_unknown_article_is_an_error(small: Answerer) -> None:
    with pytest.raises(ArticleUnknownError, match=r"none\.txt"):
        small.article("none.txt")


def test_a_span_that_does_not_resolve_raises_an_error(small: Answerer) -> None:
    class Liar:
        name = "liar"
        fingerprint = ""

        def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:  # noqa: ARG002
            return [Span(replace(passages[0], text="other"), 0, 5, 9.0)]

    liar: Reader = Liar()
    answerer = Answerer(small.index, small._retriever, liar, small._calibration)
    with pytest.raises(CitationError):
        answerer.answer("river")


def offering(
    small: Answerer, *offers: tuple[str, str, float], calibration: Calibration, alternatives: int = 3
) -> Answerer:
    """An answerer whose reader returns these words of these articles, with these scores."""

    def read(_: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        found = []
        for article, words, score in offers:
            (scored,) = [one for one in passages if one.passage.article_id == article]
            start = scored.passage.start + scored.text.index(words)
            found.append(Span(scored, start, start + len(words), score))
        return found

    reader: Any = SimpleNamespace(name="offers", read=read)
    settings_ = AnswererSettings(alternatives=alternatives)
    return Answerer(small.index, small._retriever, reader, calibration, settings_)


def logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def test_alternatives_have_other_words_and_confidences_from_their_own_features(small: Answerer) -> None:
    answerer = offering(
        small,
        ("rain.txt", "by two metres", 2.0),
        ("rain.txt", "two metres", 1.75),
        ("copy.txt", "says so", 1.0),
        ("copy.txt", "by two metres", 0.5),
        ("rain.txt", "Lahore", 0.25),
        ("rain.txt", "Nobody", 0.0),
        calibration=Calibration({"score": 1.0, "margin": 0.5, "support": 2.0}, -1.0, 0.0),
        alternatives=2,
    )
    answer = answerer.answer("How far is Oslo?")
    resolve(answerer, answer)
    assert answer.reader == "offers"
    assert answer.quotation is not None
    assert [one.text for one in (answer.quotation, *answer.alternatives)] == [
        "by two metres",
        "says so",
        "Lahore",
    ]
    assert [one.article_id for one in answer.quotation.other_citations] == ["copy.txt"]
    # "Two metres" overlaps the first: a variant of it, which does not count for its margin.
    assert [one.confidence for one in (answer.quotation, *answer.alternatives)] == pytest.approx(
        [
            logistic(2.0 + 0.5 * (2.0 - 1.0) + 2.0 * math.log(2) - 1.0),
            logistic(1.0 + 0.5 * (1.0 - 2.0) - 1.0),
            logistic(0.25 + 0.5 * (0.25 - 2.0) - 1.0),
        ]
    )


def test_the_margin_counts_the_next_candidate_even_if_it_is_not_shown(small: Answerer) -> None:
    answerer = offering(
        small,
        ("rain.txt", "Lahore", 2.0),
        ("rain.txt", "Nobody", -1.0),
        calibration=Calibration({"margin": 1.0}, 0.0, 0.0),
        alternatives=0,
    )
    answer = answerer.answer("Where is Ada?")
    assert answer.alternatives == ()
    assert answer.confidence == pytest.approx(logistic(3.0))


def test_the_same_words_in_another_case_are_cited_as_written(small: Answerer) -> None:
    answerer = offering(
        small,
        ("rain.txt", "river", 2.0),
        ("copy.txt", "The river", 1.0),
        calibration=Calibration({}, 0.0, 0.0),
    )
    answer = answerer.answer("What is Oslo?")
    resolve(answerer, answer)
    assert answer.quotation is not None
    assert answer.quotation.text == "river"
    assert [one.exact for one in answer.quotation.other_citations] == ["The river"]


TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30),
        st.sampled_from(
            [
                "A b c. ",
                "e\u0301 👩‍👩‍👧! ",
                "مرحبا يا عالم. ",
                "שלום עולם? ",
                "\r\n",
                "\n\n",
                "\u2028",
                "Mr. X went. ",
            ]
        ),
    ),
    min_size=1,
    max_size=25,
).map("".join)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS.filter(lambda text: text.strip()), min_size=1, max_size=4), data=st.data())
def test_every_offset_resolves_over_random_unicode(
    texts: list[str], data: st.DataObject, word_answerer: MakeAnswerer
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "articles")
        folder.mkdir()
        (folder / "anchor.txt").write_text("There is always something to quote.", "utf-8")
        for number, text in enumerate(texts):
            (folder / f"{number}.txt").write_bytes(text.encode("utf-8"))
        answerer = word_answerer(folder, Path(temporary, "index"))
        question = data.draw(st.sampled_from(["A b c", "مرحبا", *texts]))[:MAX_QUESTION]
        if words_of(question):
            resolve(answerer, answerer.answer(question))


@pytest.mark.models
@pytest.mark.parametrize(
    "question",
    [
        "Who is the chief executive of BUCIC?",
        "When was CPEC launched?",
        "What did Pakistan propose at the SCO summit?",
        "Which city hosted the Smart Expo?",
        "What does Huawei do in Brunei?",
    ],
)
def test_every_offset_resolves_over_the_seeds(answerer: Answerer, question: str) -> None:
    answer = answerer.answer(question, min_confidence=0.0)
    assert answer.quotation is not None
    assert len(answer.passages) == 4
    resolve(answerer, answer)


@pytest.mark.models
def test_the_sample_question_is_answered_from_the_right_article(answerer: Answerer) -> None:
    quotation = answerer.answer("Who is the chief executive of BUCIC?").quotation
    assert quotation is not None
    assert quotation.text == "Wang Linghong"
    assert "the CEO of BUCIC" in quotation.citation.quote
    assert quotation.citation.article_id == "000-pakistan-bucic-delegation.txt"


def test_equal_fused_scores_rank_by_passage(small: Answerer) -> None:
    retriever = Retriever(small.index, small._retriever._encoder, RetrieverSettings(dense_weight=0.0))
    found = retriever.retrieve("zzz", 10)
    assert [scored.passage.id for scored in found] == sorted(scored.passage.id for scored in found)
    assert {scored.score for scored in found} == {0.0}
