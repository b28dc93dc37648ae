"""Text -> index terms, and the words of a question that count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.analyzer import is_function_word, question_terms, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Connecting connected connections", ["connect", "connect", "connect"]),
        ("Café CAFE cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("ＦＵＬＬ ﬁbre", ["full", "fibr"]),
        ("5G, US$3.5bn", ["5g", "us", "3", "5bn"]),
        ("Straße", ["strass"]),
        ("", []),
        ("😀 — …", []),
    ],
)
def test_terms_are_folded_and_stemmed(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_question_s_function_words_are_left_out() -> None:
    assert question_terms("Who has visited the port?") == ["visit", "port"]


def test_a_question_of_function_words_alone_keeps_them() -> None:
    assert question_terms("Who are you?") == ["who", "are", "you"]


@pytest.mark.parametrize("word", ["the", "whom", "between", "would", "port", "near", "visited", "th", "9"])
def test_the_function_words_are_those_that_a_question_does_without(word: str) -> None:
    assert is_function_word(word) == (word in {"the", "whom", "between", "would"})
    assert question_terms(f"{word} rail") == [*([] if is_function_word(word) else terms(word)), "rail"]


def test_threads_stem_independently() -> None:
    """PyStemmer's objects may not be shared between threads."""
    texts = [f"connecting connected connections {number}" for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(terms, texts))
    assert found == [["connect", "connect", "connect", str(number)] for number in range(200)]
