from __future__ import annotations

import pytest

from eval.studies.paragraphs import SETS, DataMissingError, data_folder, load


def data_is_there() -> bool:
    try:
        data_folder()
    except DataMissingError:
        return False
    return True


def test_a_missing_data_folder_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_DATA", "/nowhere")
    with pytest.raises(DataMissingError, match="set QUOTH_DATA"):
        load("wiki")


@pytest.mark.data
@pytest.mark.skipif(not data_is_there(), reason="the optional data folder is not there (QUOTH_DATA)")
@pytest.mark.parametrize("name", SETS)
def test_every_reference_answer_lies_in_its_paragraph(name: str) -> None:
    paragraphs = load(name)
    texts = {article.id: article.text for article in paragraphs.articles(lambda _: None)}
    assert len(paragraphs.examples) > 1_000
    for example in paragraphs.examples:
        assert example.answers
        for span in example.answers:
            assert span.article == example.context
            assert 0 <= span.start < span.end <= len(texts[span.article])
            assert texts[span.article][span.start : span.end] == span.text
