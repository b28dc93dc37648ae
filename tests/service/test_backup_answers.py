"""A restored index gives the same answers in every field: text, confidence, citation, generation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.backup import back_up, restore
from indexer.engines.faiss.index import open_index
from service.loading import build_answerer
from service.settings import Settings
from service.web.schemas.answers import AnswerResponse

_QUESTIONS = (
    "Who is the chief executive of BUCIC?",
    "Which countries belong to the Shanghai Cooperation Organisation?",
    "What does the Digital Silk Road consist of?",
    "When did the delegation visit Gwadar?",
    "How many moons does Jupiter have?",
)


def _answers(index: Path, encoder: Encoder, reader: str) -> list[dict[str, Any]]:
    """The endpoint's response to each question, without the request id and the timings."""
    opened = open_index(index)
    try:
        answerer = build_answerer(opened, encoder, Settings.of(reader=reader))
        answers = [AnswerResponse.of(answerer.answer(question), "") for question in _QUESTIONS]
    finally:
        opened.close()
    return [json.loads(answer.model_dump_json(exclude={"request_id", "timings_ms"})) for answer in answers]


@pytest.mark.models
@pytest.mark.parametrize("reader", ["default", "small"])
def test_a_restored_index_answers_like_the_original(
    seeds_index_folder: Path, encoder: Encoder, small_model: Path, tmp_path: Path, reader: str
) -> None:
    reader = {"default": "default", "small": str(small_model)}[reader]
    lost = tmp_path / "index"
    shutil.copytree(seeds_index_folder, lost)
    before = _answers(lost, encoder, reader)
    back_up(lost, tmp_path / "quoth.tar")
    shutil.rmtree(lost)

    restore(tmp_path / "quoth.tar", tmp_path / "elsewhere" / "index")

    assert _answers(tmp_path / "elsewhere" / "index", encoder, reader) == before
    assert sum(answer["answer"] is not None for answer in before) >= 2
    assert {answer["generation"] for answer in before} == {"gen-000001"}
