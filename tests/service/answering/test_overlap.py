from __future__ import annotations

from service.answering.overlap import added_parts, asked_terms, coverage


def test_function_words_do_not_count() -> None:
    assert asked_terms("Who leads the ministries?") == {"lead", "ministri"}


def test_coverage_is_the_share_of_terms_that_the_texts_hold_together() -> None:
    assert coverage("Who leads the harbour ministry?", "The ministry leads.", "") == 2 / 3
    assert coverage("Who leads the harbour ministry?", "The ministry leads.", "Harbour") == 1.0
    assert coverage("?", "") == 1.0


def test_a_context_adds_the_parts_with_terms_that_the_text_lacks() -> None:
    context = "Privacy policy. Borea Ltd. Messages: storage."
    assert added_parts("What does Borea keep?", context, "We keep all.") == "Borea Ltd."
    assert added_parts("What does Borea keep in storage?", context, "We keep all.") == "Borea Ltd. storage."
    assert added_parts("What does Borea keep?", context, "Borea keeps all.") == ""
    assert added_parts("What does Alba keep?", context, "We keep all.") == ""
