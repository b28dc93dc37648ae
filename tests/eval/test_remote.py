"""A service over HTTP: the real application, and services that are busy, slow, gone or not Quoth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from eval.dataset import DatasetError, Example, GoldSpan, load_examples
from eval.remote import RemoteSystem
from eval.runs import Result, ask_all
from eval.systems import LocalSystem, Place, UnreachableError
from service.answering.answerer import Answerer
from service.settings import Settings
from service.web.access.keys import add_key
from service.web.app import create_app

TEXTS = {
    "rain.txt": "The river rose by two metres in May. Nobody was hurt in the town of Bern.",
    "by region/south é/road #1?.txt": "A road was built to the port. It cost nine million francs.",
    "100% & more+.txt": "Naïve 漢字 \U0001f600 cafés opened in Lund; they were full by noon.",
}


@pytest.fixture(scope="module")
def answerer(
    tmp_path_factory: pytest.TempPathFactory, word_answerer: Callable[[Path, Path], Answerer]
) -> Answerer:
    folder = tmp_path_factory.mktemp("articles")
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return word_answerer(folder, tmp_path_factory.mktemp("made") / "index")


@pytest.fixture(scope="module")
def client(answerer: Answerer) -> Iterator[httpx.Client]:
    with TestClient(create_app(answerer, Settings().web)) as client:
        yield client


@pytest.fixture
def remote(client: httpx.Client) -> RemoteSystem:
    return RemoteSystem("http://testserver/", client=client)


def ask(question: str, *answers: GoldSpan) -> Example:
    return Example("1", question, "how", "test", answers)


def test_a_key_in_the_address_is_used_and_never_repeated(answerer: Answerer, tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys.json", "evaluation")
    with TestClient(create_app(answerer, Settings.of(keys=tmp_path / "keys.json").web)) as client:
        with pytest.raises(UnreachableError, match="401"):
            _ = RemoteSystem("http://testserver/", client=client).articles
        remote = RemoteSystem(f"http://any:{key}@testserver/", client=client)
        assert len(remote.articles) == len(TEXTS)
        assert key not in str(remote.facts)
        with pytest.raises(UnreachableError) as refused:
            _ = RemoteSystem("http://any:quoth_other@testserver", client=client).articles
        assert "quoth_other" not in str(refused.value)


def test_the_facts_are_those_the_service_reports(remote: RemoteSystem, answerer: Answerer) -> None:
    assert remote.facts == {
        "mode": "http",
        "url": "http://testserver",
        "generation": "gen-000001",
        "threshold": answerer.threshold,
        **answerer.models,
    }
    assert remote.threshold == answerer.threshold


def test_chosen_options_are_in_the_facts(client: httpx.Client) -> None:
    remote = RemoteSystem("http://testserver", top_k=2, min_confidence=0.75, client=client)
    assert remote.threshold == remote.facts["threshold"] == 0.75
    assert remote.facts["settings"] == {"top_k": 2}
    assert len(remote.ask(ask("What did the road cost?")).passages) == 2
    assert RemoteSystem("http://testserver", min_confidence=0.0, client=client).threshold == 0.0


def test_articles_with_unusual_names_are_fetched(remote: RemoteSystem, answerer: Answerer) -> None:
    assert [article.id for article in remote.articles] == sorted(TEXTS)
    for name, text in TEXTS.items():
        found = remote.find_article(name)
        assert found is not None
        assert (found.id, found.text) == (name, text)
        expected = [Place(name, one.start, one.end) for one in answerer.index.passages(name)]
        assert remote.passages(name) == expected
        assert expected


@pytest.mark.parametrize("name", ["none.txt", "", "..", "../rain.txt", "/etc/passwd", "rain.txt/", "?", "%"])
def test_an_article_that_is_not_there_is_none(remote: RemoteSystem, name: str) -> None:
    assert remote.find_article(name) is None
    assert remote.passages(name) == []


def test_a_list_of_several_pages_is_read_to_its_end(
    remote: RemoteSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.remote._PAGE", 2)
    assert [article.id for article in remote.articles] == sorted(TEXTS)


@pytest.mark.parametrize(
    "question",
    ["How far did the river rise?", "What did the road cost?", "Which cafés 漢字 \U0001f600 opened? "],
)
def test_a_reply_over_http_equals_the_local_one(
    remote: RemoteSystem, answerer: Answerer, question: str
) -> None:
    over_http, within = remote.ask(ask(question)), LocalSystem(answerer, {}).ask(ask(question))
    assert over_http.candidate is not None
    assert (over_http.candidate, over_http.passages) == (within.candidate, within.passages)
    assert over_http.confidence == pytest.approx(within.confidence)
    assert over_http.milliseconds > 0


def test_a_service_with_a_high_threshold_withholds_nothing(
    word_answerer: Callable[[Path, Path], Answerer], tmp_path: Path
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "rain.txt").write_text(TEXTS["rain.txt"], "utf-8")
    strict = word_answerer(tmp_path / "articles", tmp_path / "index")
    strict._calibration = type(strict._calibration)(strict._calibration.weights, 0.0, 1.0)
    with TestClient(create_app(strict, Settings().web)) as client:
        remote = RemoteSystem("http://testserver", client=client)
        found: list[Result] = []
        ask_all(remote, [ask("How far did the river rise?")], found.append)
    assert remote.threshold == 1.0
    assert found[0].candidate
    assert found[0].given == ""


def test_a_set_is_checked_against_the_services_articles(remote: RemoteSystem, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(
        '{"question": "Who?", "answers": ["nine million francs"]}\n'
        '{"question": "Where?", "answers": [{"article": "rain.txt", "text": "Bern"}]}\n',
        "utf-8",
    )
    first, second = load_examples(path, remote)
    assert first.answers == (GoldSpan("by region/south é/road #1?.txt", 38, 57, "nine million francs"),)
    assert [span.article for span in second.answers] == ["rain.txt"]
    path.write_text('{"question": "Who?", "answers": [{"article": "x.txt", "text": "y"}]}', "utf-8")
    with pytest.raises(DatasetError, match=r"there is no article 'x\.txt'"):
        load_examples(path, remote)


def test_a_question_that_the_service_refuses_names_the_reason(remote: RemoteSystem) -> None:
    with pytest.raises(UnreachableError, match=r"/v1/answer answered 422: .*question"):
        remote.ask(ask("x" * 1_001))


@pytest.mark.parametrize("name", ["100%25.txt", "a/b.txt", "a?b#c&d=e+f.txt", "é 漢\u2028.txt", "%2e%2e/x"])
def test_an_articles_name_survives_one_url_decoding(name: str) -> None:
    asked: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200, json={"text": "x", "passages": []})

    assert system(handler).find_article(name) is not None
    (path,) = asked
    assert b"?" not in path
    assert unquote(path.decode("ascii")) == f"/v1/articles/{name}"


Handler = Callable[[httpx.Request], httpx.Response]


def system(handler: Handler, slept: list[float] | None = None) -> RemoteSystem:
    client = httpx.Client(transport=httpx.MockTransport(handler), follow_redirects=True)
    return RemoteSystem("http://quoth.test", client=client, sleep=(slept if slept is not None else []).append)


READY = {
    "status": "ok",
    "generation": "gen-000001",
    "threshold": 0.25,
    "reader": {"name": "r", "sha256": "00"},
    "encoder": {"name": "e", "sha256": "11"},
}


class Busy:
    """Answers some requests with a status, then like a service that is ready."""

    def __init__(self, times: int, status: int, headers: dict[str, str], body: str = "try later") -> None:
        self.times = times
        self._status, self._headers, self._body = status, headers, body
        self.asked = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked <= self.times:
            return httpx.Response(self._status, headers=self._headers, text=self._body)
        return httpx.Response(200, json=READY)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "120"}, 10.0),  # at most `_LONGEST_WAIT_S`
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0),
        ({"retry-after": "\u00b2"}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_busy_service_is_asked_again_after_its_retry_after(
    status: int, headers: dict[str, str], waits: float
) -> None:
    slept: list[float] = []
    busy = Busy(2, status, {name: value for name, value in headers.items() if value.isascii()})
    assert system(busy, slept).threshold == 0.25
    assert slept == [waits, waits]
    assert busy.asked == 3


def test_a_service_that_stays_busy_is_given_up() -> None:
    slept: list[float] = []
    busy = Busy(99, 503, {"retry-after": "2"}, "Service Unavailable")
    with pytest.raises(UnreachableError, match=r"//quoth\.test/readyz answered 503: Service Unav"):
        _ = system(busy, slept).threshold
    assert (busy.asked, slept) == (4, [2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status_code": 500, "json": {"title": "Broken", "detail": "The disk is full"}}, "500: The disk is"),
        ({"status_code": 401, "json": {"title": "Who are you?"}}, "401: Who are you"),
        ({"status_code": 404, "text": "<html>nothing here</html>"}, "404: Not Found"),
        ({"status_code": 502, "json": ["bad"]}, "502: Bad Gateway"),
        ({"status_code": 599, "text": ""}, "599: no reason given"),
    ],
)
def test_a_refusal_is_reported_in_the_services_words(response: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreachableError, match=rf"/readyz answered {reason}"):
        _ = system(lambda _: httpx.Response(**response)).facts


@pytest.mark.parametrize(
    "body",
    ["<html>", "", "[]", "7", "null", '{"status": "ok"}', '{"status": "ok", "threshold": "high"}'],
)
def test_a_service_that_is_not_quoth_is_an_error(body: str) -> None:
    with pytest.raises(UnreachableError, match=r"what answers at http://quoth\.test is not Quoth"):
        _ = system(lambda _: httpx.Response(200, text=body)).facts


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"answer": None, "confidence": 0.5},
        {"answer": None, "confidence": None, "passages": []},
        {"answer": None, "confidence": 0.5, "passages": [{}]},
        {"answer": {"text": "x"}, "confidence": 0.5, "passages": []},
        {"answer": {"citation": {"article_id": "a"}}, "confidence": 0.5, "passages": []},
    ],
)
def test_an_answer_of_another_shape_is_an_error(body: object) -> None:
    with pytest.raises(UnreachableError, match="is not Quoth, or another version of it"):
        system(lambda _: httpx.Response(200, json=body)).ask(ask("Who?"))


@pytest.mark.parametrize("body", [{}, [], {"text": "x"}, {"passages": []}, {"text": "x", "passages": [{}]}])
def test_an_article_of_another_shape_is_an_error(body: object) -> None:
    with pytest.raises(UnreachableError, match="is not Quoth"):
        system(lambda _: httpx.Response(200, json=body)).find_article("a.txt")


@pytest.mark.parametrize("body", [{}, [], {"articles": [7], "total": 1}, {"articles": [{}], "total": "1"}])
def test_a_list_of_another_shape_is_an_error(body: object) -> None:
    with pytest.raises(UnreachableError, match="is not Quoth"):
        _ = system(lambda _: httpx.Response(200, json=body)).articles


def test_an_abstention_over_http_has_no_candidate() -> None:
    body: dict[str, Any] = {"answer": None, "confidence": 0.0, "passages": []}
    reply = system(lambda _: httpx.Response(200, json=body)).ask(ask("Who?"))
    assert (reply.candidate, reply.confidence, reply.passages) == (None, 0.0, ())


def test_only_chosen_options_are_sent() -> None:
    sent: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        return httpx.Response(200, json={"answer": None, "confidence": 0.0, "passages": []})

    system(handler).ask(ask("Who?"))
    assert sent == [b'{"question":"Who?","min_confidence":0.0}']


def test_a_redirect_is_followed() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "http":
            return httpx.Response(308, headers={"location": str(request.url.copy_with(scheme="https"))})
        if request.method == "POST":
            return httpx.Response(200, json={"answer": None, "confidence": 0.0, "passages": []})
        return httpx.Response(200, json=READY)

    remote = system(handler)
    assert remote.facts["url"] == "http://quoth.test"
    assert remote.ask(ask("Who?")).candidate is None


def test_a_slow_service_and_a_missing_one_have_different_errors() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out", request=request)

    with pytest.raises(UnreachableError, match="/readyz gave no answer in time"):
        _ = system(slow).threshold

    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match=r"no service answers at .*\(refused\): start one with"):
        _ = system(gone).threshold


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9",  # the discard port: nothing listens
        "http://localhost:99999",
        "localhost:8000",
        "ftp://localhost",
        "http://",
        "",
        "http://[::1",
        "http://a b",
        "http://\u2028",
        f"http://{'x' * 70}.test",
    ],
)
def test_an_address_where_nothing_answers_says_what_to_do(url: str) -> None:
    with pytest.raises(UnreachableError, match="start one with `quoth serve`, or check the address"):
        _ = RemoteSystem(url).facts


def test_a_question_that_is_not_valid_unicode_is_a_quoth_error(remote: RemoteSystem) -> None:
    with pytest.raises(UnreachableError):
        remote.ask(ask("\ud800"))
