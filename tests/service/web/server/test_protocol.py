"""Raw sockets against a real server: every response is HTTP, and nothing is left over."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h11
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from indexer.errors import SettingsError
from service.answering.answerer import Answerer
from service.settings import Settings
from service.web import problems
from service.web.app import create_app
from service.web.middleware import BodyLimitMiddleware, RequestIdMiddleware
from service.web.server.process import QuothServer
from service.web.settings import ConnectionSettings

pytestmark = pytest.mark.server

# Part of everything a test sends; no log may hold it.
CANARY = b"self_check"
GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MAX_BODY = 100_000
BIG = 8_000_000
LIMITS = ConnectionSettings(
    header_seconds=5, idle_seconds=30, write_seconds=1, drain_seconds=0, grace_seconds=5
)


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread of this process."""

    server: QuothServer
    port: int

    def connect(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def open(self) -> int:
        """Connections and requests that the server still holds."""
        return len(self.server.server_state.connections) + len(self.server.server_state.tasks)


@contextlib.contextmanager
def serving(app: ASGIApp, limits: ConnectionSettings) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = QuothServer(app, limits)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield Running(server, listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def answerer(
    word_answerer: Callable[[Path, Path], Answerer], tmp_path_factory: pytest.TempPathFactory
) -> Answerer:
    folder = tmp_path_factory.mktemp("articles")
    (folder / "a.txt").write_text("The lighthouse was built in 1871 by Ada Bell.", "utf-8")
    return word_answerer(folder, folder / "index")


@pytest.fixture(scope="module")
def app(answerer: Answerer) -> FastAPI:
    """The service, and routes that do what a test needs."""
    app = create_app(answerer, Settings.of(max_body_bytes=MAX_BODY).web)

    @app.get("/test/big")
    def big() -> PlainTextResponse:
        return PlainTextResponse("x" * BIG)

    @app.get("/test/slow")
    async def slow() -> PlainTextResponse:
        await asyncio.sleep(0.3)
        return PlainTextResponse("slow")

    @app.post("/test/begun")
    async def begun(request: Request) -> StreamingResponse:
        async def echo() -> AsyncIterator[bytes]:
            yield b"begun"
            with contextlib.suppress(ClientDisconnect):
                await request.body()
                yield b"ended"

        return StreamingResponse(echo())

    return app


@pytest.fixture(scope="module")
def running(app: FastAPI) -> Iterator[Running]:
    with serving(app, LIMITS) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_left(running: Running, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test the server answers, holds nothing, and has logged no error and nothing of a request."""
    caplog.set_level(logging.INFO)
    yield
    assert ask(running, GET).status == 200
    wait_until(lambda: running.open() == 0)
    for record in (*caplog.get_records("call"), *caplog.records):
        assert record.levelno <= logging.WARNING, record.getMessage()
        assert record.exc_info is None
        assert CANARY.decode() not in repr(record.__dict__)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def receive(connected: socket.socket, count: int = 1, method: bytes = b"GET") -> list[Answer]:
    """Read responses with h11's client, which raises if they are not HTTP."""
    client = h11.Connection(h11.CLIENT)
    answers: list[Answer] = []
    while len(answers) < count:
        if client.our_state is h11.IDLE:
            client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
            client.send(h11.EndOfMessage())
            body = b""
        event = client.next_event()
        if event is h11.NEED_DATA:
            client.receive_data(connected.recv(1 << 16))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            headers = {name.decode(): value.decode() for name, value in response.headers}
            answers.append(Answer(response.status_code, headers, body))
            if len(answers) < count:
                client.start_next_cycle()
        else:
            assert isinstance(event, h11.InformationalResponse), event
    return answers


def ask(running: Running, *pieces: bytes) -> Answer:
    with running.connect() as connected:
        for piece in pieces:
            connected.sendall(piece)
        return receive(connected)[0]


def check_problem(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = json.loads(answer.body)
    assert body["status"] == answer.status
    assert body["type"].startswith("urn:quoth:problem:")
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    assert body["title"]
    assert body["detail"]
    assert body["remedy"]
    for internal in (b"Traceback", b".py", b"h11", b"bytearray"):
        assert internal not in answer.body


MALFORMED: dict[str, tuple[bytes, int]] = {
    "no version": (b"GET /self_check\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /self_check\r\n", 400),
    "no target": (b"GET HTTP/1.1\r\nHost: self_check\r\n\r\n", 400),
    "bad method": (b"G(T / HTTP/1.1\r\nHost: self_check\r\n\r\n", 400),
    "empty method": (b" / HTTP/1.1\r\nHost: self_check\r\n\r\n", 400),
    "bad version": (b"GET /self_check HTTP/x.y\r\n\r\n", 400),
    "HTTP/1.10": (b"GET /self_check HTTP/1.10\r\n\r\n", 400),
    "HTTP/3.0": (b"GET /self_check HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary", 400),
    "SSH": (b"SSH-2.0-self_check\r\n", 400),
    "two spaces": (b"GET  /self_check HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a space in the target": (b"GET /can ary HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "bytes above 127 in the target": (b"GET /self_check\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "bare LF": (b"GET /self_check HTTP/1.1\nHost: a\n\n", 400),
    "bare CR": (b"GET /self_check HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n", 400),
    "two empty lines": (b"\r\n\r\nGET /self_check HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "obs-fold": (GET[:-2] + b"X: self_check\r\n folded\r\n\r\n", 400),
    "fold first": (b"GET /self_check HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "NUL in a header": (GET[:-2] + b"X: can\x00ary\r\n\r\n", 400),
    "NUL in a name": (GET[:-2] + b"X\x00: self_check\r\n\r\n", 400),
    "a space before the colon": (GET[:-2] + b"X : self_check\r\n\r\n", 400),
    "no colon": (GET[:-2] + b"self_check\r\n\r\n", 400),
    "no name": (GET[:-2] + b": self_check\r\n\r\n", 400),
    "a run of spaces": (GET[:-2] + b"X:" + b" " * 30_000 + b"\x00\r\n\r\n", 400),
    "no Host": (b"GET /self_check HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (GET[:-2] + b"Host: self_check\r\n\r\n", 400),
    "Host with a path": (b"GET /livez HTTP/1.1\r\nHost: self_check/a\r\n\r\n", 400),
    "Host with half a bracket": (b"GET /livez HTTP/1.1\r\nHost: [self_check\r\n\r\n", 400),
    "Host with a bad port": (b"GET /livez HTTP/1.1\r\nHost: self_check:x\r\n\r\n", 400),
    "CONNECT": (b"CONNECT self_check:443 HTTP/1.1\r\nHost: self_check:443\r\n\r\n", 400),
    "a target without a slash": (b"GET self_check HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "another scheme": (b"GET ftp://self_check/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}self_check", 400),
    "two lengths in one": (POST + b"Content-Length: 2, 3\r\n\r\n{}self_check", 400),
    "length with +": (POST + b"Content-Length: +2\r\n\r\n{}self_check", 400),
    "negative length": (POST + b"Content-Length: -2\r\n\r\n{}self_check", 400),
    "length in hex": (POST + b"Content-Length: 0x2\r\n\r\n{}self_check", 400),
    "length with a fraction": (POST + b"Content-Length: 2.0\r\n\r\n{}self_check", 400),
    "no length": (POST + b"Content-Length: \r\n\r\n{}self_check", 400),
    "length of 5,000 digits": (POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", 400),
    "huge length": (POST + b"Content-Length: 99999999999999999999\r\n\r\n{}self_check", 413),
    "length and chunked": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400),
    "chunked in HTTP/1.0": (CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n", 400),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
    "gzip": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "xchunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "chunk size not hex": (CHUNKED + b"self_check\r\n", 400),
    "chunk size with +": (CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n", 400),
    "chunk size negative": (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", 400),
    "chunk size 0x": (CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n", 400),
    "chunk size empty": (CHUNKED + b"\r\n", 400),
    "chunk size of 30 digits": (CHUNKED + b"f" * 30 + b"\r\ncanary", 400),
    "chunk size huge": (CHUNKED + b"ffffffffffffffff\r\n" + b"self_check" * 50_000, 413),
    "chunk longer than said": (CHUNKED + b"2\r\n{}self_check\r\n0\r\n\r\n", 400),
    "chunk ended by LF": (CHUNKED + b"2\r\n{}\n0\r\n\r\n", 400),
    "chunk line ended by LF": (CHUNKED + b"2\n{}\r\n0\r\n\r\n", 400),
    "chunk extension of 2 MB": (CHUNKED + b"2;self_check=" + b"a" * 2_000_000, 400),
    "chunk extension of spaces": (CHUNKED + b"2;" + b" " * 200_000 + b"\n\r\n{}", 400),
    "trailers of 2 MB": (CHUNKED + b"0\r\n" + b"X: self_check\r\n" * 200_000, 400),
    "target of 100 kB": (b"GET /" + b"self_check" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "target without an end": (b"GET /" + b"self_check" * 200_000, 414),
    "headers of 1 MB": (GET[:-2] + b"X: " + b"self_check" * 200_000 + b"\r\n\r\n", 431),
    "10,000 headers": (GET[:-2] + b"X: self_check\r\n" * 10_000 + b"\r\n", 431),
    "200 short headers": (GET[:-2] + b"X: self_check\r\n" * 200 + b"\r\n", 431),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_an_invalid_request_is_refused_and_the_connection_closed(running: Running, name: str) -> None:
    sent, status = MALFORMED[name]
    with running.connect() as connected:
        with contextlib.suppress(ConnectionError):  # the server may close before it has read all
            connected.sendall(sent)
        (answer,) = receive(connected)
        check_problem(answer, status)
        assert answer.headers["connection"] == "close"
        assert CANARY not in answer.body
        assert connected.recv(1) == b""


VALID: dict[str, tuple[bytes, int]] = {
    "an empty line first": (b"\r\n" + GET, 200),
    "HTTP/1.0 without Host": (b"GET /livez HTTP/1.0\r\n\r\n", 200),
    "a whole URL": (b"GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    "an unknown method": (b"CANARY /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "TRACE": (b"TRACE /livez HTTP/1.1\r\nHost: localhost\r\nX: self_check\r\n\r\n", 405),
    "invalid UTF-8 in the path": (b"GET /v1/articles/%ff%fe%c0%af HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a surrogate in the path": (b"GET /v1/articles/%ed%a0%80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "NUL in the path": (b"GET /v1/articles/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a line in the path": (b"GET /v1/articles/%0d%0aX:self_check HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "percent without digits": (b"GET /v1/articles/%zz%%% HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a path upwards": (b"GET /v1/articles/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "two slashes": (b"GET //[self_check HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "invalid UTF-8 in the query": (b"GET /v1/articles?offset=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 422),
    "invalid UTF-8 in the body": (POST + b"Content-Length: 2\r\n\r\n\xff\xfe", 422),
    "no body": (POST + b"\r\n", 422),
    "deep JSON": (POST + b"Content-Length: 90000\r\n\r\n" + b"[" * 90_000, 400),
    "a header of bytes above 127": (GET[:-2] + b"X: self_check\xff\r\n\r\n", 200),
    "a request id of bytes above 127": (GET[:-2] + b"X-Request-ID: self_check\xff\r\n\r\n", 200),
    "the same length twice": (POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 422),
    "chunks of a byte with extensions": (CHUNKED + b'1;a="b"\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n', 422),
    "websocket": (
        GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: Y2FuYXJ5Y2FuYXJ5Y2FuYQ==\r\n\r\n",
        200,
    ),
    "h2c": (GET[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n", 200),
    "another expectation": (POST + b"Expect: self_check\r\nContent-Length: 2\r\n\r\n{}", 422),
}  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_unusual_but_valid_requests_reach_the_application(running: Running, name: str) -> None:
    sent, status = VALID[name]
    answer = ask(running, sent)
    assert answer.status == status
    if status >= 400:
        check_problem(answer, status)


def test_an_upgrade_is_ignored_without_a_warning(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("websocket", "h2c"):
        ask(running, VALID[name][0])
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    slow, missing = GET.replace(b"livez", b"test/slow"), GET.replace(b"livez", b"self_check")
    with running.connect() as connected:
        connected.sendall((slow + missing + GET) * 9)
        answers = receive(connected, 27)
    assert [answer.status for answer in answers] == [200, 404, 200] * 9
    assert [answer.body for answer in answers[::3]] == [b"slow"] * 9


def test_a_bad_request_after_good_ones_is_refused_in_its_turn(running: Running) -> None:
    with running.connect() as connected:
        connected.sendall(GET.replace(b"livez", b"test/slow") + GET + b"self_check\r\n\r\n" + GET)
        answers = receive(connected, 3)
        assert [answer.status for answer in answers] == [200, 200, 400]
        check_problem(answers[2], 400)
        assert connected.recv(1) == b""


def test_a_client_that_awaits_100_continue_gets_it_or_the_refusal(running: Running) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with running.connect() as connected:
        connected.sendall(head % 2)
        assert connected.recv(1_000).startswith(b"HTTP/1.1 100 ")
        connected.sendall(b"{}")
        check_problem(receive(connected)[0], 422)
    with running.connect() as connected:
        connected.sendall(head % (MAX_BODY + 1))
        check_problem(receive(connected)[0], 413)
        assert connected.recv(1) == b""


CUT_SHORT = [b"GET /self_check", POST + b"Content-Length: 9\r\n\r\n{", CHUNKED + b"5\r\n{"]


@pytest.mark.parametrize("sent", [b"", *CUT_SHORT])
def test_a_client_that_closes_early_is_forgotten(running: Running, sent: bytes) -> None:
    for _ in range(5):
        with running.connect() as connected:
            connected.sendall(sent)
            connected.shutdown(socket.SHUT_RDWR)
        with running.connect() as connected:
            connected.sendall(sent)
            # Closing now resets the connection.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize("sent", CUT_SHORT)
def test_a_client_that_closes_its_side_within_a_request_gets_400(running: Running, sent: bytes) -> None:
    with running.connect() as connected:
        connected.sendall(sent)
        connected.shutdown(socket.SHUT_WR)
        check_problem(receive(connected)[0], 400)
        assert connected.recv(1) == b""


def test_a_client_that_has_closed_its_side_is_still_answered_for_a_while(
    running: Running, app: FastAPI
) -> None:
    slow = GET.replace(b"livez", b"test/slow")
    for sent, statuses in (
        (GET, [200]),
        (slow, [200]),
        (GET + slow + GET, [200] * 3),
        (slow + GET[:9], [200, 400]),
    ):
        with running.connect() as connected:
            connected.sendall(sent)
            connected.shutdown(socket.SHUT_WR)
            assert [answer.status for answer in receive(connected, len(statuses))] == statuses
            assert connected.recv(1) == b""
    limits = ConnectionSettings(linger_seconds=0.1, drain_seconds=0)
    with serving(app, limits) as hasty, hasty.connect() as connected:
        connected.sendall(slow)
        connected.shutdown(socket.SHUT_WR)
        assert connected.recv(1) == b""


def test_a_client_that_disconnects_before_the_response_is_forgotten(running: Running) -> None:
    for path in (b"test/slow", b"test/big"):
        with running.connect() as connected:
            connected.sendall(GET.replace(b"livez", path))
            wait_until(lambda: running.open() > 0)
        with running.connect() as connected:
            connected.sendall(GET.replace(b"livez", path))
            # Closing now resets the connection.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_an_invalid_body_during_a_response_closes_the_connection(running: Running) -> None:
    begun = CHUNKED.replace(b"/v1/answer", b"/test/begun")
    with running.connect() as connected:
        connected.sendall(begun + b"1\r\nx\r\n")
        got = connected.recv(4_096)
        while b"begun" not in got:
            got += connected.recv(4_096)
        connected.sendall(b"self_check\r\n")
        while more := connected.recv(4_096):
            got += more
    assert got.startswith(b"HTTP/1.1 200 ")
    assert b"ended" not in got
    assert got.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_a_client_that_sends_all_before_it_reads_gets_its_413(running: Running, framing: str) -> None:
    # Without lingering the system would reset the connection, and the response would be lost.
    body = b"x" * 3_000_000
    for _ in range(10):
        with running.connect() as connected:
            if framing == "declared":
                connected.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body))
            else:
                connected.sendall(CHUNKED + b"%x\r\n" % len(body))
            for start in range(0, len(body), 100_000):
                connected.sendall(body[start : start + 100_000])
                time.sleep(0.001)
            (answer,) = receive(connected)
            check_problem(answer, 413)
            assert answer.headers["connection"] == "close"
            assert connected.recv(1) == b""


def test_an_unread_body_does_not_keep_the_connection_open(running: Running) -> None:
    with running.connect() as connected:
        connected.sendall(b"POST /self_check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\nx")
        check_problem(receive(connected)[0], 404)
        assert connected.recv(1) == b""
        # The client keeps its side open; the server closes its own.
        wait_until(lambda: running.open() == 0)
    with running.connect() as connected:
        connected.sendall(
            b"POST /self_check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}" + GET
        )
        # A body that has arrived completely is no reason to close.
        assert [answer.status for answer in receive(connected, 2)] == [404, 200]


def test_a_body_that_trickles_gets_408() -> None:
    app = FastAPI()
    problems.install(app)

    @app.post("/v1/answer")
    def read(body: dict[str, str]) -> dict[str, str]:
        return body

    app.add_middleware(BodyLimitMiddleware, max_bytes=MAX_BODY, seconds=1)
    app.add_middleware(RequestIdMiddleware)
    with serving(app, ConnectionSettings(drain_seconds=0)) as running, running.connect() as connected:
        connected.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        connected.settimeout(0.1)
        began = time.monotonic()
        got = b""
        while not got:
            connected.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                got = connected.recv(1, socket.MSG_PEEK)
        assert time.monotonic() - began >= 0.9
        connected.settimeout(20)
        (answer,) = receive(connected)
        check_problem(answer, 408)
        assert answer.headers["connection"] == "close"


def test_a_client_that_reads_nothing_is_cut_off_and_a_slow_one_is_not(running: Running) -> None:
    def connect() -> socket.socket:
        connected = socket.socket()
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connected.settimeout(20)
        connected.connect(("127.0.0.1", running.port))
        connected.sendall(GET.replace(b"livez", b"test/big"))
        return connected

    with connect() as connected:
        wait_until(lambda: running.open() > 0)
        wait_until(lambda: running.open() == 0)
    began = time.monotonic()
    with connect() as connected:
        got = 0
        while got < BIG:
            piece = connected.recv(100_000)
            assert piece, "cut off"
            got += len(piece)
            time.sleep(0.05)
    assert time.monotonic() - began > 3 * LIMITS.write_seconds


def test_200_clients_that_send_headers_slowly_delay_nobody_and_get_408(app: FastAPI) -> None:
    limits = ConnectionSettings(header_seconds=2, drain_seconds=0)
    with serving(app, limits) as running, contextlib.ExitStack() as opened:
        began = time.monotonic()
        slow = [opened.enter_context(running.connect()) for _ in range(200)]
        for number, connected in enumerate(slow):
            connected.sendall(GET[: number % 40])
        assert ask(running, GET).status == 200
        for piece in range(3):
            time.sleep(0.3)
            for connected in slow[40:]:
                with contextlib.suppress(ConnectionError):
                    connected.sendall(b"X%d: self_check\r\n" % piece)
        for number, connected in enumerate(slow):
            if number == 0:  # it has begun no request
                assert connected.recv(1) == b""
            elif number % 40 or number >= 40:
                check_problem(receive(connected)[0], 400, 408)
                assert connected.recv(1) == b""
        assert time.monotonic() - began >= limits.header_seconds
        wait_until(lambda: running.open() == 0)


def test_the_timer_of_a_further_request_starts_with_its_first_byte(app: FastAPI) -> None:
    limits = ConnectionSettings(header_seconds=1, idle_seconds=20, drain_seconds=0)
    with serving(app, limits) as running, running.connect() as connected:
        connected.sendall(GET)
        receive(connected)
        time.sleep(1.5)
        connected.sendall(GET)
        assert receive(connected)[0].status == 200
        connected.sendall(GET[:5])
        began = time.monotonic()
        check_problem(receive(connected)[0], 408)
        assert time.monotonic() - began >= 0.9
        # Also if that byte arrived with the previous request.
        with running.connect() as another:
            another.sendall(GET + GET[:5])
            first, second = receive(another, 2)
            assert (first.status, second.status) == (200, 408)


def test_an_idle_connection_is_closed(app: FastAPI) -> None:
    with (
        serving(app, ConnectionSettings(idle_seconds=1, drain_seconds=0)) as running,
        running.connect() as connected,
    ):
        connected.sendall(GET)
        receive(connected)
        assert connected.recv(1) == b""


def test_connections_over_the_limit_get_503_with_retry_after(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        serving(app, ConnectionSettings(max_connections=3, drain_seconds=0)) as running,
        contextlib.ExitStack() as opened,
    ):
        held = [opened.enter_context(running.connect()) for _ in range(3)]
        wait_until(lambda: running.open() == 3)
        for number in range(20):
            with running.connect() as connected:
                with contextlib.suppress(ConnectionError):
                    connected.sendall(b"" if number % 2 else POST + b"self_check" * 100_000)
                (answer,) = receive(connected)
                check_problem(answer, 503)
                assert int(answer.headers["retry-after"]) > 0
                assert connected.recv(1) == b""
        assert running.open() == 3
        held[0].close()
        wait_until(lambda: running.open() == 2)
        assert ask(running, GET).status == 200
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert logged == ["all 3 connections are in use: further ones get 503"]


def test_the_number_of_refused_connections_is_limited(app: FastAPI) -> None:
    with (
        serving(app, ConnectionSettings(max_connections=1, drain_seconds=0)) as running,
        contextlib.ExitStack() as opened,
    ):
        opened.enter_context(running.connect())
        wait_until(lambda: running.open() == 1)
        more = [opened.enter_context(running.connect()) for _ in range(100)]
        answered = 0
        for connected in more:
            with contextlib.suppress(ConnectionError):
                answered += connected.recv(1) != b""
        assert answered == 64


def test_no_task_is_left_over(app: FastAPI) -> None:
    tasks: list[int] = []

    @app.get("/test/tasks")
    async def count() -> None:
        tasks.append(len(asyncio.all_tasks()))

    counting = GET.replace(b"livez", b"test/tasks")
    with serving(app, ConnectionSettings(header_seconds=1, linger_seconds=0.1, drain_seconds=0)) as running:
        ask(running, counting)
        for sent, _ in (*MALFORMED.values(), *VALID.values()):
            with running.connect() as connected, contextlib.suppress(ConnectionError):
                connected.sendall(sent)
                connected.recv(1)
        wait_until(lambda: running.open() == 0)
        ask(running, counting)
    assert tasks[0] == tasks[1]


def test_uvicorn_has_what_the_protocol_relies_on() -> None:
    assert list(inspect.signature(H11Protocol).parameters) == ["config", "server_state", "app_state", "_loop"]
    methods = "connection_made data_received connection_lost handle_events on_response_complete shutdown"
    for name in (*methods.split(), "eof_received", "_should_upgrade"):
        assert inspect.isfunction(getattr(H11Protocol, name)), name
    protocol, cycle = inspect.getsource(H11Protocol), inspect.getsource(RequestResponseCycle)
    for line in ("self.access_log = ", "self.conn = h11.Connection(", "self.conn.next_event()",
                 "self.conn.receive_data(data)", "self.handle_events()", "self.cycle: ",
                 "self.connections = server_state.", "on_response=self.on_response_complete"):  # fmt: skip
        assert line in protocol, line
    for line in ("self.response_started = False", "self.response_complete = False", "self.on_response()"):
        assert line in cycle, line


@pytest.mark.parametrize(
    "wrong",
    [
        {"header_seconds": 0},
        {"body_seconds": float("nan")},
        {"max_connections": 0},
        {"header_bytes": 1_000},
        {"drain_seconds": 10},
        {"grace_seconds": float("inf")},
    ],
)
def test_limits_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsError, match=name):
        ConnectionSettings(**wrong)  # type: ignore[arg-type]
