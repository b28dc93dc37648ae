"""Fixtures of the tests of the service over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.app import create_app


@pytest.fixture(scope="session")
def client(answerer: Answerer) -> Iterator[TestClient]:
    with TestClient(create_app(answerer, Settings().web), raise_server_exceptions=False) as client:
        yield client
