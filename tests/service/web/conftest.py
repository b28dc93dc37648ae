"""Fixtures of the tests of the service over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from service.answering.answerer import Answerer
from service.answering.answers import Answer
from service.settings import Settings
from service.web.app import create_app


@pytest.fixture(scope="session")
def client(answerer: Answerer) -> Iterator[TestClient]:
    with TestClient(create_app(answerer, Settings().web), raise_server_exceptions=False) as client:
        yield client


class SampleAnswerer:
    """An Answerer over the sample articles that gives each sample's question its answer."""

    def __init__(self, answerer: Answerer, answers: Mapping[str, Answer]) -> None:
        self._answerer = answerer
        self._answers = {answer.question: answer for answer in answers.values()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answerer, name)

    def answer(self, question: str, **_: Any) -> Answer:
        return replace(self._answers[question], generation=self._answerer.index.info.generation)


@pytest.fixture(scope="session")
def sample_answerer(
    sample_folder: Path,
    sample_answers: Mapping[str, Answer],
    word_answerer: Callable[[Path, Path], Answerer],
    tmp_path_factory: pytest.TempPathFactory,
) -> Answerer:
    answerer = word_answerer(sample_folder, tmp_path_factory.mktemp("samples") / "index")
    return cast("Answerer", SampleAnswerer(answerer, sample_answers))
