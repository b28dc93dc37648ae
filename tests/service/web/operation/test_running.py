"""The running service: overload, reloading, stopping, metrics and logs."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.build import build
from indexer.corpus import Corpus
from indexer.engines.faiss.index import open_index
from indexer.settings import BuildSettings, SplitterSettings
from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.access.keys import add_key
from service.web.app import create_app
from service.web.operation import logs
from service.web.rate import Rate
from service.web.settings import LogSettings, WebSettings

SECRET = "zebrafinch"  # noqa: S105 - a word that no log may hold


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "port.txt").write_text("The port has 3 cranes. It was built in 1964.", "utf-8")
    return articles


@pytest.fixture
def answerer(folder: Path, word_answerer: Callable[[Path, Path], Answerer]) -> Answerer:
    return word_answerer(folder, folder.parent / "index")


def settings(**changed: Any) -> WebSettings:
    return Settings.of(workers=1, **changed).web


@contextmanager
def serving(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


class Held:
    """An answerer that waits until the test lets it answer."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answerer, name)

    def answer(self, *arguments: Any, **named: Any) -> Any:
        self.begun.release()
        self.go_on.wait(20)
        return self._answerer.answer(*arguments, **named)


def figures(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


QUESTION = {"question": "How many cranes has the port?"}


def test_with_a_full_queue_questions_are_refused_with_retry_after(answerer: Answerer) -> None:
    held: Any = Held(answerer)
    app = create_app(held, settings(queue_size=1))
    with serving(app) as client, ThreadPoolExecutor(8) as pool:
        first = pool.submit(client.post, "/v1/answer", json=QUESTION)
        assert held.begun.acquire(timeout=10)
        second = pool.submit(client.post, "/v1/answer", json=QUESTION)
        while app.state.admission.waiting < 1:
            pass
        for method, path, body in (
            ("POST", "/v1/answer", QUESTION),
            ("POST", "/v1/answers", {"requests": [QUESTION]}),
            ("POST", "/v1/search", QUESTION),
            ("GET", "/?q=cranes", None),
        ):
            refused = client.request(method, path, json=body)
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.json()["type"] == "urn:quoth:problem:unavailable"
        # Requests that compute nothing are still answered.
        assert client.get("/v1/articles").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert figures(client)[("quoth_queue_depth", ())] == 1
        held.go_on.set()
        assert [first.result(10).status_code, second.result(10).status_code] == [200, 200]
        after = figures(client)
        assert after[("quoth_refusals_total", (("reason", "overload"),))] == 4
        assert after[("quoth_queue_depth", ())] == after[("quoth_answering", ())] == 0


def test_a_stopping_service_refuses_new_requests_and_finishes_the_others(answerer: Answerer) -> None:
    held: Any = Held(answerer)
    app = create_app(held, settings())
    with serving(app) as client, ThreadPoolExecutor(2) as pool:
        assert client.get("/readyz").status_code == 200
        begun = pool.submit(client.post, "/v1/answer", json=QUESTION)
        assert held.begun.acquire(timeout=10)
        app.state.lifecycle.stop()
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
        for path in ("/v1/answer", "/v1/feedback"):
            refused = client.post(path, json=QUESTION)
            assert (refused.status_code, refused.headers["connection"]) == (503, "close")
            assert refused.headers["content-type"] == "application/problem+json"
            assert "retry-after" in refused.headers
        assert not begun.done()
        held.go_on.set()
        assert begun.result(10).status_code == 200


def republish(folder: Path, text: str, word_encoder: Any) -> None:
    (folder / "port.txt").write_text(text, "utf-8")
    build(
        Corpus(folder),
        folder.parent / "index",
        word_encoder,
        BuildSettings(SplitterSettings(max_tokens=30, overlap_tokens=10)),
    )


class IndexSource:
    def __init__(self, folder: Path, like: Answerer, encoder: Any) -> None:
        self._root = folder.parent / "index"
        self._like = like
        self._encoder = encoder

    def current(self) -> str | None:
        return (self._root / "CURRENT").read_text("ascii").split()[1]

    def open(self) -> Answerer:
        from service.answering.retrieval.retriever import Retriever  # noqa: PLC0415
        from service.answering.settings import RetrieverSettings  # noqa: PLC0415

        index = open_index(self._root)
        retriever = Retriever(index, self._encoder, RetrieverSettings())
        return Answerer(index, retriever, self._like._reader, self._like._calibration)


def test_a_published_generation_is_served_on_reload_and_by_itself(
    folder: Path, answerer: Answerer, word_encoder: Any
) -> None:
    source = IndexSource(folder, answerer, word_encoder)
    for seconds in (0.05, 0.0):
        app = create_app(source.open(), settings(reload_seconds=seconds), source)
        with serving(app) as client:
            before = client.post("/v1/answer", json=QUESTION).json()
            republish(folder, f"The port has 4 cranes. It was built in {seconds} years.", word_encoder)
            if seconds:
                while client.get("/readyz").json()["generation"] == before["generation"]:
                    pass
            else:
                assert client.post("/v1/admin/reload").json()["outcome"] == "swapped"
            after = client.post("/v1/answer", json=QUESTION).json()
            assert after["generation"] > before["generation"]
            assert after["answer"]["text"] == "The port has 4 cranes."
            assert figures(client)[("quoth_reloads_total", (("outcome", "swapped"),))] == 1
            assert client.post("/v1/admin/reload").json() == {
                "outcome": "unchanged",
                "generation": after["generation"],
            }


def test_a_damaged_generation_leaves_the_old_one_and_is_counted(
    folder: Path, answerer: Answerer, word_encoder: Any
) -> None:
    source = IndexSource(folder, answerer, word_encoder)
    with serving(create_app(answerer, settings(reload_seconds=0), source)) as client:
        republish(folder, "The port has 5 cranes.", word_encoder)
        (damaged,) = (folder.parent / "index").glob("gen-000002/corpus.sqlite")
        damaged.write_bytes(damaged.read_bytes()[:-1])
        assert client.post("/v1/admin/reload").json() == {"outcome": "refused", "generation": "gen-000001"}
        assert client.post("/v1/answer", json=QUESTION).json()["answer"]["text"] == "The port has 3 cranes."
        assert figures(client)[("quoth_reloads_total", (("outcome", "refused"),))] == 1


def test_metrics_count_questions_and_their_outcomes(answerer: Answerer) -> None:
    with serving(create_app(answerer, settings())) as client:
        for minimum in (0, 0, 1):
            client.post("/v1/answer", json={**QUESTION, "min_confidence": minimum})
        client.post("/v1/answers", json={"requests": [QUESTION, QUESTION]})
        client.get("/", params={"q": "How many cranes?"})
        client.post("/v1/answer", json={"question": " "})
        client.request("BREW", "/v1/answer")
        found = figures(client)
    assert found[("quoth_answers_total", (("outcome", "answered"),))] == 5
    assert found[("quoth_answers_total", (("outcome", "abstained"),))] == 1
    for stage in ("retrieve", "read", "total"):
        assert found[("quoth_stage_duration_seconds_count", (("stage", stage),))] == 6
    counted = "quoth_request_duration_seconds_count"
    post = (("method", "POST"), ("route", "/v1/answer"))
    assert found[(counted, (*post, ("status", "200")))] == 3
    assert found[(counted, (*post, ("status", "422")))] == 1
    assert found[(counted, (("method", "other"), ("route", "/v1/answer"), ("status", "405")))] == 1
    (information,) = [labels for name, labels in found if name == "quoth_generation_info"]
    assert dict(information) == {"generation": "gen-000001", "encoder": "words", "reader": "sentence"}
    assert found[("quoth_articles", ())] == 1


@pytest.mark.slow
def test_no_label_value_comes_from_a_request(answerer: Answerer) -> None:
    with serving(create_app(answerer, settings())) as client:
        for number in range(50):
            client.get(f"/nothing/{number}")
            client.get(f"/v1/articles/none-{number}.txt")
            client.get(f"/articles/none-{number}.txt", params={"start": number})
            client.request(f"VERB{number}", f"/x{number}")
            client.get(f"/quoth-chat-{number}.js")
        text = client.get("/metrics").text
    series = [line for line in text.splitlines() if line.startswith("quoth_request_duration_seconds_count")]
    assert len(series) <= 6
    assert not re.search(r"none-\d|nothing/|VERB\d|x\d", "\n".join(series))


def test_logs_hold_no_question_no_key_and_no_forged_line(answerer: Answerer) -> None:
    """A secret word is sent in every way; then the log is searched for it."""
    stream = io.StringIO()
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    logs.configure(LogSettings(log_format="json"), stream=stream)
    forged = f'{SECRET}\n{{"level": "error"}}\r\nforged'

    class Failing:
        index, threshold, models = answerer.index, answerer.threshold, answerer.models

        def answer(self, question: str, **_: Any) -> None:
            raise ValueError(f"cannot read {question!r}")

    failing: Any = Failing()
    try:
        for subject in (answerer, failing):
            with serving(create_app(subject, settings(feedback=Path("/dev/null/none")))) as client:
                client.post("/v1/answer", json={"question": SECRET})
                client.post("/v1/answer", json={"question": forged})
                client.post("/v1/answer", json={"question": "x", SECRET: SECRET})
                client.post("/v1/answer", content=f'{{"question": "{SECRET}'.encode())
                client.post("/v1/answers", json={"requests": [{"question": SECRET}, {"question": 1}]})
                client.post("/v1/search", json={"question": SECRET, "filters": {"article_ids": [SECRET]}})
                client.post("/v1/feedback", json={"question": SECRET, "verdict": "right", "answer": None})
                client.get("/", params={"q": forged})
                client.get(f"/{SECRET}")
                client.get(f"/v1/articles/{SECRET}")
                client.get(f"/articles/{SECRET}", params={"start": SECRET})
                client.request(SECRET, "/v1/answer")
                secrets = {
                    "authorization": f"Bearer {SECRET}",
                    "x-request-id": f"{SECRET} \t",
                    "cookie": SECRET,
                    "user-agent": SECRET,
                    "referer": SECRET,
                }
                client.post("/v1/answer", json=QUESTION, headers=secrets)
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(events) > 26
    assert SECRET not in stream.getvalue().lower()
    assert "forged" not in stream.getvalue()
    requests = [event for event in events if event["message"] == "request"]
    assert len(requests) == 26
    assert {"request_id", "method", "route", "status", "seconds", "bytes"} <= set(requests[0])
    answered = next(event for event in requests if event["status"] == 200 and event["route"] == "/v1/answer")
    assert (answered["generation"], answered["questions"], answered["abstained"]) == ("gen-000001", 1, 0)


def test_questions_are_logged_if_enabled(answerer: Answerer) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    logs.configure(LogSettings(log_format="json"), stream=stream)
    try:
        with serving(create_app(answerer, settings(log_questions=True))) as client:
            client.post("/v1/answer", json={"question": SECRET}, headers={"x-request-id": "abc-1"})
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
    event = json.loads(stream.getvalue())
    assert (event["asked"], event["request_id"]) == ([SECRET], "abc-1")


def test_only_the_frame_ancestors_may_frame_the_page(answerer: Answerer) -> None:
    for frames, said in (((), "'none'"), (("https://a.example", "https://b.example"), None)):
        with serving(create_app(answerer, settings(frame_ancestors=frames))) as client:
            policy = client.get("/").headers["content-security-policy"]
        assert f"frame-ancestors {said or ' '.join(frames)};" in policy
        assert "default-src 'none'" in policy


def test_keys_and_rates_hold_over_the_whole_application(answerer: Answerer, tmp_path: Path) -> None:
    asking = add_key(tmp_path / "keys.json", "reader", "ask", Rate.parse("3/hour"))
    ruling = add_key(tmp_path / "keys.json", "ruler", "admin")
    app = create_app(answerer, settings(keys=tmp_path / "keys.json", allowed_origins=("https://a.example",)))
    with serving(app) as client:

        def status(method: str, path: str, key: str | None = None, **more: Any) -> int:
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            return client.request(method, path, headers=headers, **more).status_code

        for path in ("/livez", "/readyz", "/openapi.json", "/widget.js", "/style.css"):
            assert status("GET", path) == 200
        for path in ("/", "/v1/articles", "/articles/port.txt", "/metrics", "/nothing"):
            assert status("GET", path) == 401
        refused = client.post("/v1/answer", json=QUESTION, headers={"origin": "https://a.example"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://a.example"
        assert refused.json()["type"] == "urn:quoth:problem:no-key"
        assert status("GET", "/metrics", asking) == 403
        assert status("POST", "/v1/admin/reload", asking) == 403
        assert status("POST", "/v1/answer", ruling, json=QUESTION) == 403
        assert status("GET", "/metrics", ruling) == 200
        assert status("POST", "/v1/admin/reload", ruling) == 200
        assert status("POST", "/v1/answer", asking, json=QUESTION) == 200
        # Four questions are more than the rate ever allows, three more than it allows now.
        assert status("POST", "/v1/answers", asking, json={"requests": [QUESTION] * 4}) == 422
        over = client.post(
            "/v1/answers", json={"requests": [QUESTION] * 3}, headers={"authorization": f"Bearer {asking}"}
        )
        assert over.status_code == 429
        assert int(over.headers["retry-after"]) > 1_000
        assert over.headers["ratelimit-policy"] == '"default";q=3;w=3600'
        assert status("POST", "/v1/answers", asking, json={"requests": [QUESTION] * 2}) == 200
        assert status("GET", "/v1/articles", asking) == 429


def test_a_request_for_another_host_name_is_refused(answerer: Answerer) -> None:
    with serving(create_app(answerer, settings(allowed_hosts=("localhost",)))) as client:
        assert client.get("/livez", headers={"host": "localhost:8000"}).status_code == 200
        refused = client.get("/livez", headers={"host": "rebound.example"})
        assert refused.status_code == 421
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["x-request-id"] == refused.json()["request_id"]


def test_an_internal_error_has_the_headers_of_every_response(answerer: Answerer) -> None:
    class Failing:
        index, threshold, models = answerer.index, answerer.threshold, answerer.models

        def answer(self, *_: Any, **__: Any) -> None:
            raise ValueError("a defect")

    failing: Any = Failing()
    with serving(create_app(failing, settings(allowed_origins=("https://a.example",)))) as client:
        response = client.post("/v1/answer", json=QUESTION, headers={"origin": "https://a.example"})
        whole = client.post("/v1/answers", json={"requests": [QUESTION]})
    assert response.status_code == whole.status_code == 500
    assert response.json()["type"] == "urn:quoth:problem:internal"
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert response.headers["access-control-allow-origin"] == "https://a.example"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_invalid_questions_of_a_batch_get_problems_and_take_no_slot(answerer: Answerer) -> None:
    app = create_app(answerer, settings())
    with serving(app) as client:
        items: list[Any] = [{"question": " "}, 1, {**QUESTION, "typo": 1}]
        refused = client.post("/v1/answers", json={"requests": items})
        assert [result["status"] for result in refused.json()["results"]] == [422, 422, 422]
        assert app.state.admission.average_seconds == 0
        mixed = client.post("/v1/answers", json={"requests": [items[0], QUESTION, items[1], QUESTION]})
        assert [result["status"] for result in mixed.json()["results"]] == [422, 200, 422, 200]
        assert figures(client)[("quoth_answers_total", (("outcome", "answered"),))] == 2
