from __future__ import annotations

from service.answering.overlap import adds_terms, asked_terms, coverage


def test_function_words_do_not_count() -> None:
    assert asked_terms("Who leads the ministries?") == {"lead", "ministri"}


def test_coverage_is_the_share_of_terms_that_the_texts_hold_together() -> None:
    assert coverage("Who leads the harbour ministry?", "The ministry leads.", "") == 2 / 3
    assert coverage("Who leads the harbour ministry?", "The ministry leads.", "Harbour") == 1.0
    assert coverage("?", "") == 1.0


def test_a_context_adds_terms_only_if_the_text_lacks_them() -> None:
    assert adds_terms("What does Borea keep?", "Borea.", "We keep all.")
    assert not adds_terms("What does Borea keep?", "Borea.", "Borea keeps all.")
    assert not adds_terms("What does Alba keep?", "Borea.", "We keep all.")
