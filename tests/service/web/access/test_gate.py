"""Keys, scopes, cross-site requests and host names, with an application that returns the key of a request."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.types import Message

from service.web import problems
from service.web.access.gate import KEY, LOOPBACK_HOSTS, AccessMiddleware, HostMiddleware, Paths
from service.web.access.keyring import Keyring
from service.web.access.keys import add_key, remove_key

OPEN = (
    *("/livez", "/readyz", "/openapi.json", "/widget.js"),
    *("/quoth-chat.js", "/quoth-chat-dom.js", "/style.css", "/icon.svg"),
)
ASKING = ("/", "/v1/answer", "/v1/articles/a.txt", "/articles/a.txt", "/livez/", "/widget.jsx", "/nothing")
ADMIN = ("/metrics", "/metrics/", "/v1/admin/reload", "/v1/admin")
PAGE = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Question(BaseModel):
    question: str


def application(*, hosts: tuple[str, ...] = (), **access: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/{path:path}")
    def who(path: str, request: Request) -> dict[str, str | None]:
        key = request.scope.get(KEY)
        return {"path": path, "name": key and key.name, "scope": key and key.scope}

    @app.post("/v1/answer")
    def answer(body: Question) -> str:
        return body.question

    @app.post("/v1/admin/reload")
    def reload() -> str:
        return "reloaded"

    @app.delete("/v1/feedback")
    def forget(body: Annotated[str, Body()] = "") -> str:
        return body

    problems.install(app)
    app.add_middleware(AccessMiddleware, **access)
    app.add_middleware(HostMiddleware, hosts=hosts)
    return app


def serve(**settings: Any) -> TestClient:
    return TestClient(application(**settings), raise_server_exceptions=False)


class Kept:
    """A service with a key of each scope."""

    def __init__(self, path: Path) -> None:
        self.ask = add_key(path, "newsroom", "ask")
        self.admin = add_key(path, "ops", "admin")
        self.ring = Keyring(path)
        self.client = serve(keyring=self.ring)

    def get(self, path: str, authorization: str | None = None, **headers: str) -> Any:
        if authorization is not None:
            headers["authorization"] = authorization
        return self.client.get(path, headers=headers)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "keys.json")


def basic(key: str, user: str = "me") -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def challenges(response: Any) -> list[str]:
    return [str(value) for value in response.headers.get_list("www-authenticate")]


def refused(response: Any, status: int) -> str:
    """A refusal is a problem; returns its detail."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["remedy"]
    return str(body["detail"])


def test_without_keys_everything_is_open() -> None:
    client = serve()
    for path in (*OPEN, *ASKING, *ADMIN):
        assert client.get(path).status_code == 200
    assert client.get("/", headers={"authorization": "Bearer whatever"}).json()["name"] is None


@pytest.mark.parametrize("path", OPEN)
def test_open_paths_need_no_key_and_accept_any(kept: Kept, path: str) -> None:
    for authorization in (None, "Bearer wrong", f"Bearer {kept.ask}", f"Bearer {kept.admin}"):
        response = kept.get(path, authorization)
        assert response.status_code == 200
        assert response.json()["name"] is None


@pytest.mark.parametrize(("paths", "scope"), [(ASKING, "ask"), (ADMIN, "admin")])
def test_each_scope_opens_its_paths_and_no_others(kept: Kept, paths: tuple[str, ...], scope: str) -> None:
    own, other = (kept.ask, kept.admin) if scope == "ask" else (kept.admin, kept.ask)
    for path in paths:
        refused(kept.get(path), 401)
        refused(kept.get(path, "Bearer quoth_wrong"), 401)
        response = kept.get(path, f"Bearer {own}")
        assert response.status_code == 200
        assert response.json()["scope"] == scope
        assert scope in refused(kept.get(path, f"Bearer {other}"), 403)
        assert challenges(kept.get(path, f"Bearer {other}")) == []


def test_a_key_may_be_the_password_of_any_user(kept: Kept) -> None:
    for user in ("me", "", "öäü"):
        assert kept.get("/", basic(kept.ask, user)).json()["name"] == "newsroom"
    refused(kept.get("/", basic("wrong")), 401)
    refused(kept.get("/", basic(kept.ask + ":x")), 401)
    refused(kept.get("/", basic("x:" + kept.ask)), 401)
    refused(kept.get("/", basic(kept.ask).replace("Basic ", "Basic !")), 401)
    refused(kept.get("/", basic("", kept.ask)), 401)


def test_case_and_spaces_of_the_scheme_are_ignored(kept: Kept) -> None:
    for written in (f"bearer {kept.ask}", f"BEARER   {kept.ask} ", basic(kept.ask).replace("Basic", "bAsIc")):
        assert kept.get("/", written).status_code == 200


@pytest.mark.parametrize(
    "written",
    [
        *[
            "",
            "KEY",
            "Bearer",
            "Bearer ",
            "Bearer\u00ff",
            "Bearer \u00ff\u00fe",
            "Bearer KEY KEY",
            "Digest KEY",
        ],
        *["Basic", "Basic !!!", "Basic KEY", "Basic bWU=", "Basic bWU6w/8="],
    ],
)
def test_invalid_credentials_are_refused(kept: Kept, written: str) -> None:
    value = written.replace("KEY", kept.ask).encode("latin-1")
    refused(kept.client.get("/", headers=[(b"authorization", value)]), 401)


def test_two_headers_are_refused_even_if_one_is_right(kept: Kept) -> None:
    for first, second in ((kept.ask, "wrong"), ("wrong", kept.ask), (kept.ask, kept.ask)):
        headers = [("authorization", f"Bearer {first}"), ("authorization", f"Bearer {second}")]
        refused(kept.client.get("/", headers=headers), 401)


def test_a_key_in_the_address_opens_nothing(kept: Kept) -> None:
    for name in ("key", "api_key", "access_token", "token", "authorization"):
        refused(kept.client.get("/", params={name: kept.ask}), 401)
    refused(kept.get("/", cookie=f"key={kept.ask}"), 401)


def test_basic_is_offered_only_when_a_browser_opens_a_page(kept: Kept) -> None:
    bearer, dialog = 'Bearer realm="Quoth"', 'Basic realm="Quoth", charset="UTF-8"'
    assert challenges(kept.get("/", **PAGE)) == [bearer, dialog]
    assert challenges(kept.get("/", basic("wrong"), **PAGE)) == [bearer, dialog]
    assert challenges(kept.get("/", accept="*/*")) == [bearer]
    assert challenges(kept.get("/")) == [bearer]
    assert challenges(kept.client.post("/v1/answer", json={"question": "Who?"}, headers=PAGE)) == [bearer]


def test_a_refusal_repeats_no_key(kept: Kept) -> None:
    for response in (kept.get("/", f"Bearer {kept.admin}"), kept.get("/", "Bearer quoth_guess")):
        assert kept.admin not in response.text
        assert "quoth_guess" not in response.text


def test_a_preflight_needs_no_key_but_other_options_do(kept: Kept) -> None:
    asking = {"origin": "https://example.org", "access-control-request-method": "POST"}
    assert kept.client.options("/v1/answer", headers=asking).status_code == 405  # from the application
    refused(kept.client.options("/v1/answer"), 401)


def test_a_refused_body_is_not_read(kept: Kept) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        scope = {"type": "http", "method": "POST", "path": "/v1/answer", "headers": [], "query_string": b""}
        await AccessMiddleware(application(), kept.ring)(scope, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 401


def test_a_path_behind_a_prefix_is_the_same_path(kept: Kept) -> None:
    client = TestClient(application(keyring=kept.ring), root_path="/quoth")
    for prefix in ("", "/quoth"):
        assert client.get(f"{prefix}/livez").status_code == 200
        refused(client.get(f"{prefix}/metrics", headers={"authorization": f"Bearer {kept.ask}"}), 403)
        refused(client.get(f"{prefix}/"), 401)
    refused(client.get("/quothmetrics"), 401)


def test_open_and_admin_paths_can_be_chosen(kept: Kept) -> None:
    client = serve(keyring=kept.ring, paths=Paths(open=("/free*", "/secret"), admin=("/secret*",)))
    assert client.get("/free/lunch").status_code == 200
    for path in ("/livez", "/secret", "/secrets"):
        refused(client.get(path), 401)


def test_a_removed_key_is_refused(tmp_path: Path) -> None:
    now = [0.0]
    path = tmp_path / "keys.json"
    key = add_key(path, "a")
    client = serve(keyring=Keyring(path, lambda: now[0]))
    headers = {"authorization": f"Bearer {key}"}
    assert client.get("/", headers=headers).status_code == 200
    remove_key(path, "a")
    now[0] = 1.5
    refused(client.get("/", headers=headers), 401)


def test_a_websocket_is_closed_where_keys_are_required(kept: Kept) -> None:
    sent: list[Message] = []

    async def inner(*_: Any) -> None:
        raise AssertionError

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(AccessMiddleware(inner, kept.ring)({"type": "websocket", "path": "/livez"}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


# Cross-site requests


ELSEWHERE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
FORGED = (
    ELSEWHERE,
    {"sec-fetch-site": "same-site", "origin": "http://testserver:8001"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver:8001"},
    {"origin": "http://testserver.evil.example"},
)
OWN: tuple[dict[str, str], ...] = (
    {},
    {"sec-fetch-site": "same-origin", "origin": "http://testserver"},
    {"sec-fetch-site": "none"},
    {"origin": "http://testserver"},
    {"origin": "https://TestServer"},  # a proxy may end TLS
    {"sec-fetch-site": "same-origin", "origin": "https://quoth.example"},  # and it may rename
)


@pytest.mark.parametrize("headers", FORGED)
def test_cross_site_posts_are_refused_without_keys(headers: dict[str, str]) -> None:
    client = serve()
    assert "Another site" in refused(client.post("/v1/admin/reload", headers=headers), 403)
    refused(client.delete("/v1/feedback", headers=headers), 403)
    refused(client.post("/v1/answer", json={"question": "Who?"}, headers=headers), 403)
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", FORGED)
def test_cross_site_posts_with_remembered_credentials_are_refused(
    kept: Kept, headers: dict[str, str]
) -> None:
    remembered = {**headers, "authorization": basic(kept.admin)}
    for origins in ((), ("*",), (headers.get("origin", ""),)):
        client = serve(keyring=kept.ring, origins=origins)
        assert "Another site" in refused(client.post("/v1/admin/reload", headers=remembered), 403)
        asked = client.post(
            "/v1/answer",
            json={"question": "Who?"},
            headers={**headers, "authorization": basic(kept.ask)},
        )
        assert "Another site" in refused(asked, 403)


@pytest.mark.parametrize("headers", OWN)
def test_same_origin_pages_and_programs_are_allowed(kept: Kept, headers: dict[str, str]) -> None:
    assert serve().post("/v1/answer", json={"question": "Who?"}, headers=headers).json() == "Who?"
    for authorization in (basic(kept.admin), f"Bearer {kept.admin}"):
        asked = kept.client.post("/v1/admin/reload", headers={**headers, "authorization": authorization})
        assert asked.json() == "reloaded"


@pytest.mark.parametrize("headers", FORGED)
def test_cross_site_posts_with_a_bearer_key_are_allowed(kept: Kept, headers: dict[str, str]) -> None:
    asked = kept.client.post(
        "/v1/answer",
        json={"question": "Who?"},
        headers={**headers, "authorization": f"Bearer {kept.ask}"},
    )
    assert asked.json() == "Who?"


def test_an_allowed_origin_may_ask_but_not_administer() -> None:
    for origins in (("https://evil.example",), ("*",)):
        client = serve(origins=origins)
        assert client.post("/v1/answer", json={"question": "Who?"}, headers=ELSEWHERE).json() == "Who?"
        refused(client.post("/v1/admin/reload", headers=ELSEWHERE), 403)
    other = {"sec-fetch-site": "cross-site", "origin": "https://other.example"}
    listed = serve(origins=("https://evil.example",))
    refused(listed.post("/v1/answer", json={"question": "Who?"}, headers=other), 403)


@pytest.mark.parametrize(
    "kind",
    [
        *[None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
        *["text/plain; application/json", "text/plain;charset=utf-8", "text/plain, application/json"],
    ],
)
def test_a_body_of_a_media_type_that_forms_can_send_is_not_read_as_json(kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    asked = serve().post("/v1/answer", content=b'{"question": "Who?"}', headers=headers)
    refused(asked, 422)


# Host names


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LocalHost:1", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("evil.example#localhost", 421),
        ("localhost:evil", 421),
        ("localhost:80:80", 421),
        ("[::1", 421),
        ("::1", 421),
        ("[::1].evil.example", 421),
        ("127.0.0.2", 421),
        ("", 421),
        ("localhost, evil.example", 421),
    ],
)
def test_only_allowed_host_names_are_answered(host: str, status: int) -> None:
    response = serve(hosts=LOOPBACK_HOSTS).get("/", headers={"host": host})
    assert response.status_code == status
    if status == 421:
        assert "is not one of the service's" in refused(response, 421)


def test_case_and_ipv6_brackets_of_allowed_hosts_are_ignored() -> None:
    client = serve(hosts=("Quoth.Example", "2001:DB8::1"))
    assert client.get("/", headers={"host": "quoth.example:443"}).status_code == 200
    assert client.get("/", headers={"host": "[2001:db8::1]:8000"}).status_code == 200
    refused(client.get("/", headers={"host": "2001:db8::1"}), 421)


def test_two_host_headers_are_refused_and_an_empty_list_allows_any() -> None:
    both = [("host", "localhost"), ("host", "localhost")]
    refused(serve(hosts=LOOPBACK_HOSTS).get("/", headers=both), 421)
    assert serve().get("/", headers={"host": "any.example"}).status_code == 200
