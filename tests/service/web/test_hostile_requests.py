"""Handwritten requests meant to break the service: each gets a right answer or a problem, in bounded time."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.app import create_app

pytestmark = pytest.mark.slow

SECONDS = 2.0
"""Processor time allowed for a request; each takes a small part of it."""

TEXT = "The port has 3 cranes. It was built in 1964. Ada leads it. Bo led it before her. Oslo is far away."
SECRET = "zebrafinch"  # noqa: S105 - in a file beside the articles; no response may hold it
POSTS = ("/v1/answer", "/v1/answers", "/v1/search", "/v1/feedback")
DEEP = 100_000


@pytest.fixture(scope="module")
def client(
    word_answerer: Callable[[Path, Path], Answerer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    place = tmp_path_factory.mktemp("hostile")
    articles = place / "articles"
    articles.mkdir()
    (articles / "port.txt").write_text(TEXT, "utf-8")
    (articles / "town.txt").write_text("The town has 12 streets. Its mayor is Cy. The port is near.", "utf-8")
    (place / "secret.txt").write_text(SECRET, "utf-8")
    settings = Settings.of(workers=1, feedback=place / "feedback.sqlite")
    app = create_app(word_answerer(articles, place / "index"), settings.web)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def ask(client: TestClient, method: str, path: str, body: bytes | None = None, **headers: str | bytes) -> Any:
    """Return the response, which must take little time, and be a complete problem if it is an error."""
    named: dict[str, Any] = {"content-type": "application/json"}
    named.update({name.replace("_", "-"): value for name, value in headers.items()})
    began = time.process_time()
    response = client.request(method, path, content=body, headers=named)
    assert time.process_time() - began < SECONDS
    assert SECRET not in response.text
    if response.status_code >= 400 and not response.headers["content-type"].startswith("text/html"):
        check_problem(response)
    return response


def post(client: TestClient, path: str, body: object) -> Any:
    return ask(client, "POST", path, body if isinstance(body, bytes) else json.dumps(body).encode())


def check_problem(response: Any) -> None:
    assert response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    assert body["remedy"]
    for internal in ("Traceback", ".py", "site-packages", "object at", "pydantic", "/tmp"):  # noqa: S108 - sought
        assert internal not in response.text


def pointers(response: Any) -> list[str]:
    assert response.status_code == 422
    return [fault["pointer"] for fault in response.json()["errors"]]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"[" * DEEP, 400, id="deep list"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, 400, id="deep list, closed"),
        pytest.param(b'{"a":' * DEEP, 400, id="deep object"),
        pytest.param(b'{"question":' + b"[" * 900 + b"]" * 900 + b"}", 422, id="deep enough to be read"),
        pytest.param(b'{"question":' + b"1" * 5_000 + b"}", 400, id="more digits than Python reads"),
        pytest.param(b'{"question":1e999}', 422, id="infinite number"),
        pytest.param(b'{"question":-Infinity}', 422, id="infinity"),
        pytest.param(b"NaN", 422, id="no number"),
        pytest.param(b'{"question":"a\x00b"}', 422, id="raw NUL"),
        pytest.param(b'{"question":"\xe2\x82"}', 400, id="half a character"),
        pytest.param(b'{"question":"\xed\xa0\x80"}', 422, id="surrogate in UTF-8"),
        pytest.param('{"question":"Übersee?"}'.encode("latin-1"), 400, id="Latin-1"),
        pytest.param(b"question=cranes", 422, id="form"),
        pytest.param(b'{"question":"' + b"x" * 999_000 + b'"}', 422, id="long question"),
        pytest.param(b'{"question":"' + b"x" * 1_000_000 + b'"}', 413, id="too large"),
    ],
)
def test_a_body_that_is_no_request_is_refused(
    client: TestClient, path: str, body: bytes, status: int
) -> None:
    assert post(client, path, body).status_code == status


@pytest.mark.parametrize("half", ["\ud800", "a\udc00b"])
def test_half_a_surrogate_pair_is_refused_in_every_field(client: TestClient, half: str) -> None:
    question = {"question": "How many cranes?"}
    quoted = {"article_id": "port.txt", "start": 0, "end": 8, "text": "The port"}
    feedback = {**question, "request_id": "r", "verdict": "up", "answer": quoted}
    for path, body, pointer in (
        ("/v1/answer", {"question": half}, "/question"),
        ("/v1/search", {"question": half}, "/question"),
        ("/v1/answer", {**question, "filters": {"publishers": ["a", half]}}, "/filters/publishers/1"),
        ("/v1/search", {**question, "filters": {"article_ids": [half]}}, "/filters/article_ids/0"),
        ("/v1/answer", {**question, "previous": {"question": half}}, "/previous/question"),
        ("/v1/answer", {**question, "previous": {**question, "answer": half}}, "/previous/answer"),
        ("/v1/answer", {**question, "previous": {**question, "article_id": half}}, "/previous/article_id"),
        ("/v1/feedback", {**feedback, "question": half}, "/question"),
        ("/v1/feedback", {**feedback, "request_id": half}, "/request_id"),
        ("/v1/feedback", {**feedback, "reason": half}, "/reason"),
        ("/v1/feedback", {**feedback, "answer": {**quoted, "text": half}}, "/answer/text"),
        ("/v1/feedback", {**feedback, "answer": {**quoted, "article_id": half}}, "/answer/article_id"),
    ):
        assert pointers(post(client, path, body)) == [pointer], (path, body)
    # It cannot be repeated as a field's name either.
    assert post(client, "/v1/answer", {**question, half: 1}).status_code == 422


QUESTIONS = {
    "combining marks": "\u0301" * 1_000,
    "a letter under many marks": ("a" + "\u0300" * 99) * 10,
    "emoji": "👩‍👩‍👧" * 200,
    "zero width": "\u200b" * 1_000,
    "right to left": "\u202ehow many cranes\u202c \u05d0\u0627 cranes",
    "control characters": "cranes" + "".join(map(chr, range(1, 32))) * 30 + "port",
    "NUL": "\x00" * 1_000,
    "private use": "\U0010ffff" * 1_000,
    "no characters": "\ufffe\uffff" * 500,
    "one word": "x" * 1_000,
    "long when normalised": "\ufdfa" * 1_000,
    "the model's own marks": "[CLS] [SEP] [PAD] [MASK] " * 40,
    "markup": "<script>alert(1)</script>{{ 7 * 7 }}${7*7}",
    "commands": "'; DROP TABLE passages; -- `id` $(id) | id",
    "names": "Aa " * 333,
    "words that lean": "who is he is it is this that " * 34,
    "names joined": "It of the " * 100,
}


@pytest.mark.slow
@pytest.mark.parametrize("question", [pytest.param(text, id=name) for name, text in QUESTIONS.items()])
def test_any_text_may_be_asked(client: TestClient, question: str) -> None:
    previous = {"question": question[:1_000], "answer": (question * 2)[:2_000], "article_id": question}
    for asked, turns in (
        (question, {}),
        (question, {"previous": previous}),
        ("And who leads it?", {"previous": previous}),
    ):
        answered = post(client, "/v1/answer", {"question": asked, **turns})
        if not any(map(str.isalnum, asked)):
            assert (answered.status_code, pointers(answered)) == (422, ["/question"])
            continue
        assert answered.status_code == 200
        assert answered.json()["question"] == asked.strip()
        if answered.json()["answer"] is None:
            assert answered.json()["abstained"]["code"] == "incomplete"
            continue
        citation = answered.json()["answer"]["citation"]
        text = client.get(f"/v1/articles/{citation['article_id']}").json()["text"]
        assert text[citation["start"] : citation["end"]] == answered.json()["answer"]["text"]
    visible = any(map(str.isalnum, question))
    found = post(client, "/v1/search", {"question": question})
    assert found.status_code == (200 if visible else 422)
    assert not visible or found.json()["question"] == question.strip()
    page = client.get("/", params={"q": question})
    assert page.status_code == (200 if visible else 422)
    assert "<script>alert" not in page.text


def test_questions_too_long_and_blank_are_refused(client: TestClient) -> None:
    blanks = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u3000"
    for question in (blanks, "x" * 1_001, "👩" * 1_001, " " * 500_000):
        assert pointers(post(client, "/v1/answer", {"question": question})) == ["/question"]
    padded = post(client, "/v1/answer", {"question": " " * 100_000 + "cranes" + blanks})
    assert padded.json()["question"] == "cranes"


@pytest.mark.parametrize(
    ("literal", "status"),
    [
        *((literal, 200) for literal in ("1", "50", "null", "1E0")),
        *((literal, 422) for literal in ("0", "-1", "51", "1.5", "true", '"5"', "[]", "{}", "NaN", "1e999")),
        *((literal, 422) for literal in ("9223372036854775808", "1e300", "-0", "1" * 4_300)),
        ("1" * 4_301, 400),
    ],
)
@pytest.mark.parametrize("path", ["/v1/answer", "/v1/search"])
def test_the_number_of_passages_is_a_whole_number_from_1_to_50(
    client: TestClient, path: str, literal: str, status: int
) -> None:
    response = post(client, path, b'{"question":"cranes","top_k":' + literal.encode() + b"}")
    assert response.status_code == status
    if status == 422:
        assert pointers(response) == ["/top_k"]


@pytest.mark.parametrize(
    ("literal", "status"),
    [
        *((literal, 200) for literal in ("0", "1", "0.5", "1e-400", "-0.0", "null")),
        *((literal, 422) for literal in ("1.0000001", "-1e-9", "1e999", "NaN", "-Infinity", '""', "[]")),
        *((literal, 422) for literal in ("true", "false", '"0.5"')),
    ],
)
def test_the_least_confidence_is_a_number_from_0_to_1(client: TestClient, literal: str, status: int) -> None:
    response = post(client, "/v1/answer", b'{"question":"cranes","min_confidence":' + literal.encode() + b"}")
    assert response.status_code == status
    if status == 422:
        assert pointers(response) == ["/min_confidence"]


@pytest.mark.parametrize(
    ("day", "status"),
    [
        *((day, 200) for day in ("0001-01-01", "9999-12-31", "2024-02-29")),
        *((day, 422) for day in ("10000-01-01", "2024-02-30", "-2024-01-01", "2024-1-1", "", " 2024-01-31")),
        *((day, 422) for day in ("1706659200", "2024-01-31T00:00:00", "2024-01-31\n", "٢٠٢٤-٠١-٣١")),
        *((day, 422) for day in (1706659200, 0, True, 1e999, ["2024-01-31"])),
    ],
)
def test_a_date_is_an_existing_day(client: TestClient, day: object, status: int) -> None:
    for name in ("published_from", "published_to"):
        response = post(client, "/v1/search", {"question": "cranes", "filters": {name: day}})
        assert response.status_code == status
        if status == 422:
            assert pointers(response) == [f"/filters/{name}"]


def test_of_duplicate_fields_the_last_counts(client: TestClient) -> None:
    body = b'{"question":"town","top_k":9,"question":"How many cranes?","top_k":1}'
    found = post(client, "/v1/search", body).json()
    assert (found["question"], len(found["passages"])) == ("How many cranes?", 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_are_read(client: TestClient, encoding: str) -> None:
    answered = post(client, "/v1/answer", '{"question":"Überhaupt 👩 cranes?"}'.encode(encoding))
    assert answered.json()["question"] == "Überhaupt 👩 cranes?"


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"),
        *("multipart/form-data; boundary=x", "application/jsonl", "application/json, text/html", "*/*", ""),
        *("application/ json", "json", "a" * 5_000, "application/" + "x" * 5_000 + "+json;", b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_other_media_types_are_not_read_as_json(client: TestClient, path: str, kind: str | bytes) -> None:
    body = b'{"question":"How many cranes?"}'
    if kind == "application/" + "x" * 5_000 + "+json;":
        assert ask(client, "POST", "/v1/answer", body, content_type=kind).status_code == 200
    else:
        assert pointers(ask(client, "POST", path, body, content_type=kind)) == [""]


@pytest.mark.parametrize(
    "kind", ["APPLICATION/JSON", "application/json; charset=utf-16", "application/json;a"]
)
def test_json_media_types_are_read(client: TestClient, kind: str) -> None:
    body = b'{"question":"How many cranes?"}'
    assert ask(client, "POST", "/v1/answer", body, content_type=kind).status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_nothing_is_decompressed(client: TestClient, path: str) -> None:
    packed = gzip.compress(b'{"question":"How many cranes?"}' + b" " * 10_000_000)
    for coding in ("gzip", "x-gzip", "deflate", "gzip, gzip", "identity"):
        assert ask(client, "POST", path, packed, content_encoding=coding).status_code == 400


@pytest.mark.parametrize("prefix", ["/v1/articles/", "/articles/"])
@pytest.mark.parametrize(
    "trick",
    [
        *("..%2fsecret.txt", "%2e%2e/secret.txt", "..%5csecret.txt", "%2e%2e%2fsecret.txt%00port.txt"),
        *("..%252fsecret.txt", "....//secret.txt", "..;/secret.txt", "%c0%ae%c0%ae%2fsecret.txt"),
        *("%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "C:%5cwindows%5cwin.ini", "%5c%5chost%5cshare"),
        *(
            "port.txt%00",
            "port.txt%00.html",
            "%00port.txt",
            "port.txt%20",
            "port.txt/",
            "/port.txt",
            "PORT.TXT",
        ),
        *("port%E2%80%AE.txt", "%ff%fe", "%ed%a0%80", "%", "%zz", "%0d%0aX-Injected:%20yes", "*", "%25s%25n"),
        *("a" * 30_000, quote("漢" * 3_000), "%7b%7b7*7%7d%7d", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
    ],
)
def test_an_address_leads_to_no_file_and_to_no_other_article(
    client: TestClient, prefix: str, trick: str
) -> None:
    response = ask(client, "GET", prefix + trick)
    assert response.status_code == 404
    assert "x-injected" not in response.headers
    if not response.headers["content-type"].startswith("application/problem+json"):
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "<script>alert" not in response.text
        assert "49" not in response.text


@pytest.mark.parametrize(
    ("start", "end", "marked"),
    [
        *(("0", "8", True), ("0", str(len(TEXT)), True)),
        *(("0", str(len(TEXT) + 1), False), ("1000000", "1000008", False), ("0", "9" * 4_000, False)),
        *(("8", "0", False), ("3", "3", False)),
    ],
)
def test_a_span_outside_the_article_is_not_marked(
    client: TestClient, start: str, end: str, marked: bool
) -> None:
    page = ask(client, "GET", f"/articles/port.txt?start={start}&end={end}")
    assert page.status_code == 200
    assert ('<mark id="quote">' in page.text) is marked


@pytest.mark.parametrize(
    "number", ["-1", "1.5", "1e3", "x", "", "٣", "0x1", "nan", "9" * 5_000, "1,2", "1%00"]
)
def test_an_offset_that_is_not_a_number_is_refused(client: TestClient, number: str) -> None:
    for path, name in (("/articles/port.txt", "end"), ("/v1/articles", "offset"), ("/v1/articles", "limit")):
        assert pointers(ask(client, "GET", f"{path}?{name}={number}")) == [f"/{name}"]


def test_an_offset_beyond_the_articles_lists_none(client: TestClient) -> None:
    for offset in (2, 2**31, 2**63, 10**300):
        listed = ask(client, "GET", f"/v1/articles?offset={offset}").json()
        assert (listed["articles"], listed["total"]) == ([], 2)
    for limit in (0, 1_001, 10**300):
        assert pointers(ask(client, "GET", f"/v1/articles?limit={limit}")) == ["/limit"]


@pytest.mark.parametrize(
    "path", ["/", "/v1/articles", "/articles/port.txt", "/livez", "/v1/articles/port.txt"]
)
def test_unknown_query_parameters_are_ignored(client: TestClient, path: str) -> None:
    many = "&".join(["a=1"] * 10_000)
    assert ask(client, "GET", f"{path}?{many}").status_code == 200
    assert ask(client, "GET", f"{path}?{'&' * 10_000}%ff%fe=%00&=&a==").status_code == 200


def test_the_page_accepts_a_question_that_is_not_utf_8(client: TestClient) -> None:
    page = ask(client, "GET", "/?q=ferry%ff%fe%00%ed%a0%80")
    assert page.status_code == 200
    refused = ask(client, "GET", "/?q=" + "x" * 30_000)
    assert refused.status_code == 422


def search(client: TestClient, **filters: object) -> Any:
    return post(client, "/v1/search", {"question": "cranes", "filters": filters})


def test_a_filter_has_at_most_1000_entries(client: TestClient) -> None:
    names = [f"{number}-{'x' * 40}" for number in range(1_000)]
    assert search(client, publishers=names, article_ids=names).json()["passages"] == []
    assert len(search(client, article_ids=[*names[:-1], "port.txt"]).json()["passages"]) > 0
    assert len(search(client, article_ids=["port.txt"] * 1_000).json()["passages"]) > 0
    for name in ("publishers", "article_ids"):
        assert pointers(search(client, **{name: ["x"] * 1_001})) == [f"/filters/{name}"]
        assert pointers(search(client, **{name: ["x"] * 150_000})) == [f"/filters/{name}"]
        assert pointers(search(client, **{name: [""]})) == [f"/filters/{name}/0"]
    assert search(client, article_ids=["port.txt\x00", "../port.txt", "%"]).json()["passages"] == []


def test_the_entries_of_both_filters_have_at_most_100000_characters_together(client: TestClient) -> None:
    publishers = ["é" * 500] * 60  # 30,000 characters, 60,000 bytes
    article_ids = ["漢" * 2_000] * 35  # 70,000 characters
    assert search(client, publishers=publishers, article_ids=article_ids).json()["passages"] == []
    described = search(client, publishers=[*publishers, "x"], article_ids=article_ids)
    assert pointers(described) == ["/filters"]
    message = "publishers and article_ids have 100,001 characters together; at most 100,000 are allowed"
    assert described.json()["detail"] == f"filters: {message}"
    asked = {"question": "cranes", "filters": {"publishers": ["x" * 500] * 201}}
    assert pointers(post(client, "/v1/answer", asked)) == ["/filters"]
    (result,) = post(client, "/v1/answers", {"requests": [asked]}).json()["results"]
    assert [fault["pointer"] for fault in result["problem"]["errors"]] == ["/filters"]
    for name, length in (("publishers", 501), ("article_ids", 2_001)):
        assert pointers(search(client, **{name: ["x" * length]})) == [f"/filters/{name}/0"]


def test_the_previous_turn_may_name_unknown_articles_and_words(client: TestClient) -> None:
    previous = {
        "question": "What is the port?",
        "answer": "no words of any article",
        "article_id": "none.txt",
    }
    body = {"question": "And who leads it?", "previous": previous}
    assert post(client, "/v1/answer", body).status_code == 200
    blank = {**body, "previous": {"question": " ", "answer": "", "article_id": ""}}
    assert post(client, "/v1/answer", blank).status_code == 200
    offsets = {**body, "previous": {**previous, "start": 10**30, "end": -1}}
    assert pointers(post(client, "/v1/answer", offsets)) == ["/previous/start", "/previous/end"]
    for name, length in (("question", 1_001), ("answer", 2_001), ("article_id", 2_001)):
        long = {**body, "previous": {**previous, name: "x" * length}}
        assert pointers(post(client, "/v1/answer", long)) == [f"/previous/{name}"]


def test_each_question_of_a_batch_gets_its_own_result(client: TestClient) -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    items = [
        1,
        None,
        "x",
        [],
        {},
        deep,
        {"question": deep},
        {"question": "x" * 1_001},
        {"question": "cranes"},
    ]
    body = post(client, "/v1/answers", {"requests": items}).json()
    assert [result["status"] for result in body["results"]] == [422] * 8 + [200]
    assert all(result["problem"]["errors"] for result in body["results"][:-1])
    wrong: tuple[object, ...] = ([1] * 300_000, [], "x", None, {"0": {}}, 1e999)
    for requests in wrong:
        assert pointers(post(client, "/v1/answers", {"requests": requests})) == ["/requests"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        *((10**6, 10**6 + 8), (8, 0), (0, 0), (-8, 8), (0, -90), (0, 2**31), (2**63, 2**63 + 8)),
        *((0, 10**30), (10**30, 10**30 + 8), (0, 1e999), ("0", "8"), (False, 8), (0.5, 8), (None, None)),
    ],
)
def test_a_verdict_on_words_at_impossible_offsets_is_refused(
    client: TestClient, start: object, end: object
) -> None:
    words = {"article_id": "port.txt", "start": start, "end": end, "text": "The port"}
    body = {"request_id": "r", "question": "cranes", "verdict": "up", "answer": words}
    assert all(pointer.startswith("/answer") for pointer in pointers(post(client, "/v1/feedback", body)))


@pytest.mark.parametrize("end", [len(TEXT) + 1, 2**31, 2**63, 10**300])
def test_a_verdict_on_words_that_end_beyond_their_article_is_refused(client: TestClient, end: int) -> None:
    # Slicing accepts them; the database does not.
    words = {"article_id": "port.txt", "start": len(TEXT) - 5, "end": end, "text": TEXT[-5:]}
    body = {"request_id": "r", "question": "cranes", "verdict": "up", "answer": words}
    assert pointers(post(client, "/v1/feedback", body)) == ["/answer"]
    assert post(client, "/v1/feedback", {**body, "answer": {**words, "end": len(TEXT)}}).status_code == 201


def test_a_verdict_may_hold_any_text(client: TestClient) -> None:
    for text in ("\x00", "\u202e", "\x1b[31m", "'); DROP TABLE feedback; --", "\n{}", "\U0010ffff"):
        body = {"request_id": text, "question": text, "verdict": "down", "reason": text}
        assert post(client, "/v1/feedback", body).status_code == 201


def test_long_field_names_are_not_repeated_in_full(client: TestClient) -> None:
    question = {"question": "cranes"}
    long = post(client, "/v1/answer", {**question, "k" * 900_000: 1})
    many = post(client, "/v1/answer", {**question, **{f"{number}{'k' * 900}": 1 for number in range(900)}})
    for response in (long, many):
        assert response.status_code == 422
        assert len(response.content) < 50_000


@pytest.mark.slow
@pytest.mark.parametrize("path", POSTS)
def test_too_many_fields_are_one_error(client: TestClient, path: str) -> None:
    # Reporting each of them would take half a second.
    many = {str(number): 1 for number in range(80_000)}
    assert pointers(post(client, path, many)) == [""]
    if path == "/v1/answers":
        (result,) = post(client, path, {"requests": [many]}).json()["results"]
        assert [fault["pointer"] for fault in result["problem"]["errors"]] == [""]


@pytest.mark.parametrize("path", ["/v1/answer/", "/v1/articles/port.txt/", "/articles", "/livez/"])
def test_an_almost_right_path_is_not_found(client: TestClient, path: str) -> None:
    # A redirect's address would come from the Host header.
    method = "POST" if path == "/v1/answer/" else "GET"
    response = ask(client, method, path, b"{}", host="evil.example")
    assert response.status_code == 404
    assert "evil" not in response.text


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "X" * 5_000]
)
def test_an_unsupported_method_is_refused_and_the_right_one_named(client: TestClient, method: str) -> None:
    for path, allowed in (("/v1/answer", "POST"), ("/v1/articles", "GET"), ("/", "GET"), ("/livez", "GET")):
        response = ask(client, method, path, b"{}")
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert ask(client, method, "/none").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        *({"host": "["}, {"host": "a/b?c#d"}, {"host": b"\xff"}, {"host": "a@b:99999999"}, {"host": ""}),
        *({"x_request_id": "a" * 65}, {"x_request_id": "a b"}, {"x_request_id": b"\xc3\xa9"}),
        *({"accept": "x" * 50_000}, {"cookie": "a=b;" * 5_000}, {"range": "bytes=0-"}, {"expect": "a cat"}),
        *({"authorization": "Basic ////"}, {"if_none_match": "*"}, {"forwarded": "for=unknown"}),
    ],
)
def test_headers_change_no_answer(client: TestClient, headers: dict[str, str | bytes]) -> None:
    for method, path, body, status in (
        ("POST", "/v1/answer", b'{"question":"cranes"}', 200),
        ("GET", "/v1/articles/none.txt", None, 404),
        ("GET", "/", None, 200),
    ):
        response = ask(client, method, path, body, **headers)
        assert response.status_code == status
        assert response.headers["x-request-id"].isalnum()
        assert response.headers["x-request-id"] != "a" * 65
