from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.encoders.encoder import Encoder
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex
from service.answering.answerer import Answerer
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import RetrieverSettings

MakeAnswerer = Callable[[Path, Path], Answerer]


@pytest.fixture
def retriever(tmp_path: Path, word_answerer: MakeAnswerer, word_encoder: Encoder) -> Retriever:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in {
        "a.txt": "Copper is mined in Chile.",
        "b.txt": "Copper copper copper wires.",
        "c.txt": "The museum opens at nine.",
    }.items():
        (folder / name).write_text(text, "utf-8")
    return Retriever(word_answerer(folder, tmp_path / "index").index, word_encoder, RetrieverSettings())


def test_passages_are_returned_best_first_with_both_scores(retriever: Retriever) -> None:
    found = retriever.retrieve("Where is copper mined?", 3)
    assert found[0].text == "Copper is mined in Chile."
    scores = [scored.score for scored in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-6 for score in scores)
    museum = next(scored for scored in found if "museum" in scored.text)
    assert museum.lexical == 0.0
    assert museum.dense < found[0].dense


def test_at_most_the_requested_number_of_passages_is_returned(retriever: Retriever) -> None:
    assert len(retriever.retrieve("copper", 1)) == 1
    assert len(retriever.retrieve("copper", 50)) == 3


def test_filters_that_admit_no_passage_give_an_empty_list(retriever: Retriever) -> None:
    assert retriever.retrieve("copper", 3, Filters(publishers=("Nobody",))) == []


def test_hundreds_of_copies_leave_room_for_the_one_article_that_says_more(
    tmp_path: Path, word_answerer: MakeAnswerer, word_encoder: Encoder
) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number}.txt").write_text("Copper is mined in Chile, copper of all kinds.", "utf-8")
    (folder / "own.txt").write_text("Anna Vik digs.", "utf-8")
    index = word_answerer(folder, tmp_path / "wire-index").index
    retriever = Retriever(index, word_encoder, RetrieverSettings(candidates=20))
    found = retriever.retrieve("Where is copper mined?", 2)
    assert {scored.passage.article_id for scored in found} >= {"own.txt"}
    assert max(len(scored.copies) for scored in found) >= 30


@pytest.mark.models
def test_both_fusions_find_the_seed_article(seeds_index: FaissPassageIndex, encoder: Encoder) -> None:
    for settings in (RetrieverSettings(), RetrieverSettings(fusion="reciprocal-rank", dense_weight=0.5)):
        found = Retriever(seeds_index, encoder, settings).retrieve("What is the Fiber One project?", 1)
        assert found[0].passage.article_id == "001-sco-digital-technology-summit.txt"
