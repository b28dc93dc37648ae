"""Rate limits over HTTP: who a client is, what a request costs, the headers, and 429."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import RateLimitedError
from service.web import problems
from service.web.access.gate import KEY
from service.web.access.keys import Key
from service.web.access.rates import Limiter
from service.web.access.throttling import RateMiddleware, charge, client_of
from service.web.rate import Rate

CREATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Clock:
    """Nanoseconds that a test advances."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: int) -> None:
        self.now += seconds * 1_000_000_000


class Keys:
    """Replaces the access control: a request's `key` header names its key, and `from` its address."""

    def __init__(self, app: ASGIApp, keys: dict[str, Key]) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        if (name := headers.get(b"key", b"").decode()) in self._keys:
            scope[KEY] = self._keys[name]
        if b"from" in headers:
            scope["client"] = (headers[b"from"].decode(), 1)
        await self._app(scope, receive, send)


def serve(rate: str | None, clock: Clock | None = None, **own: str | None) -> TestClient:
    """An application whose requests cost 1, and `/batch` 1 for each item of its body; keys by their rates."""
    app = FastAPI()
    problems.install(app)

    async def limited(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 429)

    app.add_exception_handler(RateLimitedError, limited)

    @app.get("/{path:path}")
    def get(path: str) -> dict[str, str]:
        return {"path": path}

    @app.post("/batch")
    def batch(body: list[str], request: Request) -> int:
        charge(request, len(body))
        charge(request, 1)  # less than it has already cost changes nothing
        return len(body)

    keys = {
        name: Key(name, "ask", CREATED, None if text is None else Rate.parse(text))
        for name, text in own.items()
    }
    limiter = Limiter(clock=clock or Clock())
    app.add_middleware(RateMiddleware, limiter=limiter, default=Rate.parse(rate) if rate else None)
    app.add_middleware(Keys, keys=keys)
    return TestClient(app, raise_server_exceptions=False)


def standing(response: Any) -> tuple[int, int]:
    """Units that remain and seconds until the next, parsed from the structured field."""
    match = re.fullmatch(r'"default";r=(\d+);t=(\d+)', response.headers["ratelimit"])
    assert match
    return int(match[1]), int(match[2])


def test_each_request_costs_one_and_the_header_says_what_remains() -> None:
    client = serve("60/minute")
    for left in (59, 58, 57):
        response = client.get("/")
        assert response.status_code == 200
        assert response.headers["ratelimit-policy"] == '"default";q=60;w=60'
        assert standing(response) == (left, 1)


def test_a_request_over_the_rate_gets_a_problem_with_retry_after() -> None:
    clock = Clock()
    client = serve("2/hour", clock)
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1800"
    assert standing(refused) == (0, 1800)
    body = refused.json()
    assert body["status"] == 429
    assert body["detail"] == "more than 2/hour requests: ask again in 1800 s"
    clock.pass_seconds(1799)
    assert client.get("/").headers["retry-after"] == "1"
    clock.pass_seconds(1)
    assert client.get("/").status_code == 200


def test_without_a_rate_there_is_no_limit_and_no_header() -> None:
    client = serve(None, a=None)
    for headers in ({}, {"key": "a"}):
        responses = [client.get("/", headers=headers) for _ in range(5)]
        assert {response.status_code for response in responses} == {200}
        assert not any(name.startswith("ratelimit") for name in responses[-1].headers)
    assert client.post("/batch", json=["q"] * 500).json() == 500


def test_a_key_has_its_own_rate_and_its_own_count() -> None:
    client = serve("2/day", big="5/second", a=None, b=None)

    def ask(key: str, times: int) -> list[int]:
        return [client.get("/", headers={"key": key}).status_code for _ in range(times)]

    assert ask("a", 3) == [200, 200, 429]
    assert ask("b", 3) == [200, 200, 429]
    assert ask("big", 6) == [200] * 5 + [429]
    assert client.get("/", headers={"key": "big"}).headers["ratelimit-policy"] == '"default";q=5;w=1'
    assert client.get("/").status_code == 200  # counted by its address


def test_a_key_s_rate_applies_without_a_default_rate() -> None:
    client = serve(None, slow="1/day")
    assert client.get("/", headers={"key": "slow"}).status_code == 200
    assert client.get("/", headers={"key": "slow"}).headers["retry-after"] == "86400"
    assert client.get("/").status_code == 200


def test_health_assets_and_preflights_are_not_counted() -> None:
    client = serve("1/day")
    for path in ("/livez", "/readyz", "/widget.js", "/quoth-chat-dom.js", "/style.css", "/openapi.json"):
        response = client.get(path)
        assert response.status_code == 200
        assert "ratelimit" not in response.headers
    asking = {"origin": "https://example.org", "access-control-request-method": "POST"}
    assert "ratelimit" not in client.options("/batch", headers=asking).headers
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics").status_code == 429


def test_a_batch_costs_one_a_question() -> None:
    client = serve("10/minute")
    response = client.post("/batch", json=["q"] * 4)
    assert response.json() == 4
    assert standing(response)[0] == 6
    assert standing(client.post("/batch", json=["q"] * 6))[0] == 0


def test_a_refused_batch_costs_nothing() -> None:
    client = serve("10/minute")
    client.post("/batch", json=["q"] * 7)
    for _ in range(5):
        refused = client.post("/batch", json=["q"] * 5)
        assert refused.status_code == 429
        assert standing(refused) == (3, 6)
        assert refused.headers["retry-after"] == "12"
    assert client.post("/batch", json=["q"] * 3).status_code == 200


def test_a_batch_larger_than_the_quota_is_invalid() -> None:
    client = serve("10/minute")
    refused = client.post("/batch", json=["q"] * 11)
    assert refused.status_code == 422
    assert "retry-after" not in refused.headers
    assert refused.json()["errors"][0]["pointer"] == "/requests"
    assert "counts as 11 requests, the limit is 10/minute: send fewer" in refused.json()["detail"]
    assert client.post("/batch", json=["q"] * 10).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:0DB8:0:1::1", "2001:db8:0:1::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("testclient", "elsewhere", False),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network_of_64_bits(one: str, other: str, same: bool) -> None:
    client = serve("1/day")
    assert client.get("/", headers={"from": one}).status_code == 200
    assert client.get("/", headers={"from": other}).status_code == (429 if same else 200)


def test_a_key_s_name_is_not_an_address_and_a_socket_without_one_is_a_client() -> None:
    key = Key("192.0.2.1", "ask", CREATED)
    assert client_of({KEY: key, "client": ("192.0.2.2", 1)}) != client_of({"client": ("192.0.2.1", 1)})
    assert client_of({"client": None}) == client_of({})


def test_charging_without_a_limit_does_nothing() -> None:
    charge(Request({"type": "http"}), 1_000)
