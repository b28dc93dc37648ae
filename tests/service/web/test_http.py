"""The HTTP interface over the seeds, with the real models."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.errors import QuothError
from service.answering.answerer import Answerer
from service.feedback import FeedbackStore, Quoted
from service.settings import Settings
from service.web.app import create_app
from service.web.schemas.answers import AnswerResponse
from service.web.schemas.questions import MAX_FILTER_CHARACTERS

pytestmark = pytest.mark.models

QUESTION = "Who is the chief executive of BUCIC?"
SEED = "000-pakistan-bucic-delegation.txt"
XINHUA = "002-belt-and-road-smart-expo.txt"


def problem(response: Any, status: int) -> dict[str, Any]:
    """Check that a problem is complete and holds no internals."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:quoth:problem:")
    assert body["title"]
    assert body["detail"]
    assert body["remedy"]
    assert body["request_id"] == response.headers["x-request-id"]
    for internal in ("Traceback", ".py", "site-packages", "0x"):
        assert internal not in response.text
    return body


def article_text(client: TestClient, article_id: str) -> str:
    text: str = client.get(f"/v1/articles/{article_id}").json()["text"]
    return text


def test_an_answer_carries_a_citation_that_resolves(client: TestClient) -> None:
    body = client.post("/v1/answer", json={"question": QUESTION}).json()
    citation = body["answer"]["citation"]
    assert body["abstained"] is None
    assert body["answer"]["text"] == "Wang Linghong"
    assert citation["article_id"] == SEED
    text = article_text(client, SEED)
    assert text[citation["start"] : citation["end"]] == body["answer"]["text"] == citation["exact"]
    assert text[citation["quote_start"] : citation["quote_end"]] == citation["quote"]
    assert citation["title"] is None
    assert citation["published"] == "2024-01-24"
    assert body["generation"] == "gen-000001"
    assert body["model"] == {"reader": "quoth-base", "encoder": "all-MiniLM-L6-v2"}
    assert set(body["timings_ms"]) == {"retrieve", "read", "total"}
    for passage in body["passages"]:
        assert (
            article_text(client, passage["article_id"])[passage["start"] : passage["end"]] == passage["text"]
        )
    assert [passage["rank"] for passage in body["passages"]] == list(range(1, 5))


def test_an_abstention_says_why_and_shows_the_nearest_passages(client: TestClient) -> None:
    body = client.post("/v1/answer", json={"question": QUESTION, "min_confidence": 1}).json()
    assert body["answer"] is None
    assert body["abstained"]["code"] == "low-confidence"
    assert 0 < len(body["alternatives"]) <= 3
    assert body["alternatives"][0]["confidence"] == body["confidence"]
    assert len(body["passages"]) == 4


def test_a_min_confidence_of_zero_always_gives_an_answer(client: TestClient) -> None:
    body = client.post("/v1/answer", json={"question": "colour of the moon", "min_confidence": 0}).json()
    assert body["answer"] is not None
    assert body["threshold"] == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"publishers": ["xinhua  news agency"]}, {XINHUA}),
        ({"published_from": "2020-01-01"}, {SEED, XINHUA}),
        ({"published_from": "2020-09-16", "published_to": "2020-09-16"}, {XINHUA}),
        ({"article_ids": [SEED]}, {SEED}),
        ({"published_to": "2016-09-12"}, {"004-china-asean-smart-cities.txt"}),
    ],
)
def test_filters_limit_which_articles_are_read(
    client: TestClient, filters: dict[str, Any], expected: set[str]
) -> None:
    request = {"question": "smart cities and Pakistan", "filters": filters, "top_k": 50}
    for path in ("/v1/answer", "/v1/search"):
        body = client.post(path, json=request).json()
        assert {passage["article_id"] for passage in body["passages"]} == expected


def test_filters_that_admit_nothing_are_an_abstention(client: TestClient) -> None:
    body = client.post(
        "/v1/answer", json={"question": QUESTION, "filters": {"publishers": ["Nobody"]}}
    ).json()
    assert body["abstained"]["code"] == "no-passages"
    assert body["passages"] == []


def test_search_returns_the_passages_that_an_answer_would_read(client: TestClient) -> None:
    found = client.post("/v1/search", json={"question": QUESTION, "top_k": 4}).json()
    read = client.post("/v1/answer", json={"question": QUESTION, "top_k": 4}).json()
    assert found["passages"] == read["passages"]
    assert len(found["passages"]) == 4


def test_a_batch_gives_each_question_its_own_result(client: TestClient) -> None:
    requests = [{"question": QUESTION}, {"question": ""}, {"query": "typo"}, 7, {"question": "x" * 1_001}]
    body = client.post("/v1/answers", json={"requests": requests}).json()
    assert [result["status"] for result in body["results"]] == [200, 422, 422, 422, 422]
    alone = client.post("/v1/answer", json=requests[0]).json()
    assert body["results"][0]["answer"]["answer"] == alone["answer"]
    assert body["results"][0]["problem"] is None
    assert body["results"][2]["problem"]["errors"][0]["pointer"] in {"/question", "/query"}


@pytest.mark.parametrize("requests", [[], [{"question": QUESTION}] * 33, "one", None])
def test_a_batch_of_none_or_too_many_is_refused(client: TestClient, requests: object) -> None:
    problem(client.post("/v1/answers", json={"requests": requests}), 422)


def test_articles_are_listed_by_page_and_found_by_id(client: TestClient) -> None:
    body = client.get("/v1/articles", params={"offset": 1, "limit": 2}).json()
    assert body["total"] == 5
    assert [article["id"][:3] for article in body["articles"]] == ["001", "002"]
    assert "text" not in body["articles"][0]
    one = client.get(f"/v1/articles/{XINHUA}").json()
    assert one["publisher"] == "Xinhua News Agency"
    assert all(one["text"][p["start"] : p["end"]].strip() for p in one["passages"])


def test_health_names_the_generation_and_the_models(client: TestClient, answerer: Answerer) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["generation"]) == ("ok", "gen-000001")
    assert ready["threshold"] == answerer.threshold
    assert {role: ready[role] for role in ("reader", "encoder")} == answerer.models
    assert len(ready["reader"]["sha256"]) == len(ready["encoder"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/question"),
        ({"question": ""}, "/question"),
        ({"question": "  "}, "/question"),
        ({"question": "x" * 1_001}, "/question"),
        ({"question": "x" * 100_000}, "/question"),
        ({"question": 7}, "/question"),
        ({"question": None}, "/question"),
        ({"question": QUESTION, "top_k": 0}, "/top_k"),
        ({"question": QUESTION, "top_k": 51}, "/top_k"),
        ({"question": QUESTION, "top_k": True}, "/top_k"),
        ({"question": QUESTION, "min_confidence": 1.1}, "/min_confidence"),
        ({"question": QUESTION, "min_confidence": -0.1}, "/min_confidence"),
        ({"question": QUESTION, "filters": {"published_from": "yesterday"}}, "/filters/published_from"),
        ({"question": QUESTION, "filters": {"publisher": "Xinhua"}}, "/filters/publisher"),
        ({"question": QUESTION, "filters": {"published_from": 0}}, "/filters/published_from"),
        ({"question": QUESTION, "filters": {"publishers": [""]}}, "/filters/publishers/0"),
        (
            {"question": QUESTION, "filters": {"published_from": "2024-02-01", "published_to": "2024-01-01"}},
            "/filters",
        ),
        ({"question": QUESTION, "topk": 3}, "/topk"),
        ({"question": QUESTION, "query": 3}, "/query"),
    ],
)
def test_an_invalid_request_names_each_fault(client: TestClient, body: object, pointer: str) -> None:
    described = problem(client.post("/v1/answer", json=body), 422)
    assert [fault["pointer"] for fault in described["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"question": "\\ud800"}',
        b'{"question": NaN}',
        b'{"question": "x", "min_confidence": NaN}',
        b'{"\\ud800": 1, "question": "x"}',
        b"[" * 50_000,
    ],
)
def test_a_body_that_is_no_request_is_a_problem(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/answer", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}
    problem(response, response.status_code)


def test_malformed_json_points_at_the_body(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    described = problem(client.post("/v1/answer", content=b'{"question" 1}', headers=headers), 422)
    assert [fault["pointer"] for fault in described["errors"]] == [""]


def test_readiness_does_not_wait_for_questions(answerer: Answerer) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        index = answerer.index
        threshold = answerer.threshold
        models = answerer.models

        def answer(self, *_: object, **__: object) -> None:
            begun.set()
            go_on.wait(20)
            raise QuothError

    slow: Any = Slow()
    with TestClient(create_app(slow, Settings.of(workers=1).web), raise_server_exceptions=False) as client:
        asking = threading.Thread(target=lambda: client.post("/v1/answer", json={"question": QUESTION}))
        asking.start()
        try:
            assert begun.wait(10)
            assert client.get("/readyz").status_code == 200
            assert client.get("/style.css").status_code == 200
            assert asking.is_alive()
        finally:
            go_on.set()
            asking.join()


def test_a_body_over_the_limit_is_refused_declared_or_streamed(client: TestClient) -> None:
    body = json.dumps({"question": "x" * 1_100_000}).encode()
    problem(client.post("/v1/answer", content=body), 413)
    chunks = (body[place : place + 10_000] for place in range(0, len(body), 10_000))
    problem(client.post("/v1/answer", content=chunks), 413)


def test_unknown_paths_and_methods_get_problems(client: TestClient) -> None:
    problem(client.get("/nothing"), 404)
    problem(client.get("/v1/articles/none.txt"), 404)
    problem(client.get("/v1/articles/..%2f..%2fetc%2fpasswd"), 404)
    assert "POST" in client.get("/v1/answer").headers["allow"]
    problem(client.get("/v1/answer"), 405)
    problem(client.get("/v1/articles", params={"offset": -1}), 422)


def test_an_internal_error_is_a_problem_without_internals(answerer: Answerer) -> None:
    class Broken:
        threshold = 0.5

        def answer(self, *_: object, **__: object) -> None:
            raise RuntimeError("secret path /srv/quoth.py")

        def search(self, *_: object, **__: object) -> None:
            raise QuothError("secret state")

    broken: Any = Broken()
    broken.index = answerer.index
    with TestClient(create_app(broken, Settings().web), raise_server_exceptions=False) as client:
        for path in ("/v1/answer", "/v1/search"):
            response = client.post(path, json={"question": QUESTION})
            problem(response, 500)
            assert "secret" not in response.text


def test_the_clients_request_id_is_kept_only_if_it_is_plain(client: TestClient) -> None:
    assert client.get("/livez", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    forged = client.get("/livez", headers={"x-request-id": 'a" level=error'}).headers["x-request-id"]
    assert forged != 'a" level=error'


def test_openapi_describes_every_endpoint_with_examples_and_problems(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == {
        "/v1/answer",
        "/v1/answers",
        "/v1/search",
        "/v1/articles",
        "/v1/articles/{article_id}",
        "/v1/feedback",
        "/livez",
        "/readyz",
        "/metrics",
        "/v1/admin/reload",
    }
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert "application/problem+json" in operation["responses"]["422"]["content"], path
    components = schema["components"]["schemas"]
    assert components["AnswerRequest"]["properties"]["question"]["examples"] == [QUESTION]
    assert f"{MAX_FILTER_CHARACTERS:,} characters together" in components["FiltersModel"]["description"]
    example = components["AnswerResponse"]["examples"][0]
    AnswerResponse.model_validate_json(json.dumps(example))
    real = client.post("/v1/answer", json={"question": QUESTION, "top_k": 1}).json()
    assert example["answer"]["citation"] == real["answer"]["citation"]
    assert example.keys() == real.keys()
    for one in (example, real):
        assert one["answers"] == [one["answer"]]
    assert example["threshold"] == real["threshold"]
    # On a processor with AMX the model's numbers differ a little, by about 0.006.
    assert example["answer"]["confidence"] == pytest.approx(real["answer"]["confidence"], abs=1e-2)
    assert "HTTPValidationError" not in json.dumps(schema)
    references = {part.split('"')[0] for part in json.dumps(schema).split("#/components/schemas/")[1:]}
    assert references <= set(components)


def test_nothing_is_loaded_from_another_host(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    for path in ("/", f"/?q={QUESTION}", f"/articles/{SEED}", "/style.css"):
        response = client.get(path)
        assert response.status_code == 200
        assert "http://" not in response.text
        assert "https://" not in response.text
        assert response.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_follow_up_is_read_with_the_previous_turn(client: TestClient) -> None:
    body = {
        "question": "When was it launched?",
        "previous": {
            "question": "What is the full name of CPEC?",
            "answer": "China–Pakistan Economic Corridor",
        },
    }
    answered = client.post("/v1/answer", json=body).json()
    assert answered["answer"]["text"] == "2015"
    assert "CPEC" in answered["read_as"] or "Corridor" in answered["read_as"]
    alone = client.post("/v1/answer", json={"question": QUESTION, "previous": body["previous"]}).json()
    assert alone["answer"]["text"] == "Wang Linghong"
    assert alone["read_as"] is None
    problem(client.post("/v1/answer", json={"question": "It?", "previous": {"question": ""}}), 422)


def test_only_the_sites_in_the_settings_may_ask_from_a_browser(answerer: Answerer) -> None:
    asking = {"origin": "https://example.org", "access-control-request-method": "POST"}
    for origins, allowed in (((), None), (("https://example.org",), "https://example.org"), (("*",), "*")):
        with TestClient(create_app(answerer, Settings.of(allowed_origins=origins).web)) as client:
            preflight = client.options("/v1/answer", headers=asking)
            assert preflight.headers.get("access-control-allow-origin") == allowed
            answered = client.get("/livez", headers={"origin": "https://example.org"})
            assert answered.headers.get("access-control-allow-origin") == allowed
            elsewhere = client.get("/livez", headers={"origin": "https://example.com"})
            assert elsewhere.headers.get("access-control-allow-origin") == ("*" if allowed == "*" else None)
            assert "access-control-allow-credentials" not in answered.headers


def test_a_verdict_is_stored_only_on_words_that_an_article_holds(answerer: Answerer, tmp_path: Path) -> None:
    settings = Settings.of(feedback=tmp_path / "feedback.sqlite")
    with TestClient(create_app(answerer, settings.web), raise_server_exceptions=False) as client:
        answered = client.post("/v1/answer", json={"question": QUESTION}).json()
        citation = answered["answer"]["citation"]
        words = {name: citation[name] for name in ("article_id", "start", "end")} | {
            "text": citation["exact"]
        }
        body = {
            "request_id": answered["request_id"],
            "question": QUESTION,
            "verdict": "up",
            "reason": "it says so",
            "answer": words,
        }
        kept = client.post("/v1/feedback", json=body)
        assert (kept.status_code, kept.json()) == (201, {"id": 1})
        assert client.post("/v1/feedback", json={**body, "verdict": "down", "answer": None}).json() == {
            "id": 2
        }
        wrong = problem(client.post("/v1/feedback", json={**body, "answer": {**words, "start": 0}}), 422)
        assert wrong["errors"][0]["pointer"] == "/answer"
        problem(client.post("/v1/feedback", json={**body, "answer": {**words, "article_id": "none"}}), 422)
        problem(client.post("/v1/feedback", json={**body, "verdict": "maybe"}), 422)
    (first, second) = FeedbackStore(settings.web.feedback)
    assert first.quoted == Quoted(**words)
    assert (first.verdict, second.verdict, second.quoted) == ("up", "down", None)
