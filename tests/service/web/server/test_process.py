"""A server in a process of its own: signals, and the memory that a hostile body takes."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

ROOT = Path(__file__).resolve().parents[4]
MAX_BODY = 100_000
# Seconds for scheduling on a busy machine, and for the interval at which uvicorn checks for the end.
SLACK = 1.0

# The service's own parts around handlers that take a given time, in threads.
SERVICE = """
import json, logging, socket, sys, threading, time
from fastapi import FastAPI, Request
from service.web import problems
from service.web.operation.lifecycle import Lifecycle, StoppingMiddleware
from service.web.settings import ConnectionSettings
from service.web.middleware import BodyLimitMiddleware, RequestIdMiddleware
from service.web.server.process import serve

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
lifecycle = Lifecycle()
app = FastAPI()
problems.install(app)

@app.get("/readyz")
async def readyz(request: Request):
    if lifecycle.stopping:
        return problems.respond(problems.problem(request, 503, "The service is stopping."))
    return {"status": "ok"}

@app.get("/sleep")
def sleep(seconds: float):
    time.sleep(seconds)
    return {"slept": seconds}

@app.get("/spin")
def spin(seconds: float):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return {"spun": seconds}

@app.get("/leave")
def leave(seconds: float):
    threading.Thread(target=time.sleep, args=(seconds,)).start()
    return {"left": seconds}

@app.post("/count")
def count(body: dict[str, str]):
    return {"count": len(body)}

app.add_middleware(BodyLimitMiddleware, max_bytes=int(sys.argv[2]), seconds=120)
app.add_middleware(StoppingMiddleware, lifecycle=lifecycle, open_paths=["/readyz"])
app.add_middleware(RequestIdMiddleware)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
serve(app, listener, ConnectionSettings(**json.loads(sys.argv[1])), on_stopping=lifecycle.stop)
print("returned", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Process:
    """A running service."""

    popen: subprocess.Popen[str]
    port: int

    def get(self, path: str, timeout: float = 30) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal and return when it was sent."""
        self.popen.send_signal(sent)
        return time.monotonic()

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: its status, standard output and standard error."""
        out, err = self.popen.communicate(timeout=60)
        return self.popen.returncode, out, err

    def memory(self, name: str) -> int:
        """`VmRSS`, or `VmHWM`, its maximum, in bytes."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text("ascii")
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1_024


@contextlib.contextmanager
def service(**limits: float) -> Iterator[Process]:
    popen = subprocess.Popen(
        [sys.executable, "-c", SERVICE, json.dumps(limits), str(MAX_BODY)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert popen.stdout is not None
        process = Process(popen, int(popen.stdout.readline()))
        assert process.get("/readyz")[0] == 200
        yield process
    finally:
        popen.kill()
        popen.communicate()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "the condition was never true"
        time.sleep(0.01)


def refused(process: Process) -> bool:
    try:
        socket.create_connection(("127.0.0.1", process.port), timeout=5).close()
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_at_a_signal_readiness_flips_accepted_requests_finish_and_the_status_is_0(
    sent: signal.Signals,
) -> None:
    with service(drain_seconds=0.5, grace_seconds=20) as process, ThreadPoolExecutor(20) as pool:
        idle, partial = [socket.create_connection(("127.0.0.1", process.port), timeout=20) for _ in range(2)]
        partial.sendall(b"GET /sleep?seconds=0 HTTP/1.1\r\n")
        accepted = [pool.submit(process.get, "/sleep?seconds=1.5") for _ in range(16)]
        time.sleep(0.5)
        began = process.stop(sent)
        wait_until(lambda: process.get("/readyz")[0] == 503)
        assert not any(request.done() for request in accepted)
        status, headers, body = process.get("/sleep?seconds=0")
        assert status == 503
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert json.loads(body)["status"] == 503
        wait_until(lambda: refused(process))
        assert time.monotonic() - began >= 0.5
        assert idle.recv(1) == b""
        assert partial.recv(1_000).startswith(b"HTTP/1.1 503 ")
        idle.close()
        partial.close()
        assert [request.result()[0] for request in accepted] == [200] * 16
        # Requests that were under way when it began to stop close their connections.
        assert {request.result()[1]["connection"] for request in accepted} == {"close"}
        status, out, err = process.end()
        assert time.monotonic() - began < 20
    assert (status, out) == (0, "returned\n")
    assert "ERROR" not in err
    assert "unfinished" not in err


def test_under_load_every_request_is_answered_or_refused() -> None:
    outcomes: list[object] = []
    stopped = threading.Event()

    def load(process: Process) -> None:
        while not stopped.is_set():
            try:
                outcomes.append(process.get("/sleep?seconds=0.05")[0])
            except ConnectionRefusedError:
                outcomes.append("refused")
                return
            except (ConnectionError, http.client.HTTPException) as error:
                outcomes.append(repr(error))
                return

    with service(drain_seconds=0.5, grace_seconds=20) as process, ThreadPoolExecutor(12) as pool:
        loading = [pool.submit(load, process) for _ in range(12)]
        time.sleep(1)
        began = process.stop()
        status, _, err = process.end()
        took = time.monotonic() - began
        stopped.set()
        for each in loading:
            each.result()
    assert status == 0, err
    assert took < 20
    lost = [outcome for outcome in outcomes if outcome not in (200, 503, "refused")]
    # A connection made between the last accept and the closing of the listener is reset by the system.
    assert len(lost) <= 1, lost
    assert outcomes.count(200) > 12
    assert "ERROR" not in err


@pytest.mark.parametrize("path", ["/sleep", "/spin"])
def test_requests_longer_than_the_grace_are_cut_off_and_the_status_is_0(path: str) -> None:
    with service(drain_seconds=0.2, grace_seconds=2) as process, ThreadPoolExecutor(3) as pool:
        requests = [pool.submit(process.get, f"{path}?seconds=30") for _ in range(3)]
        time.sleep(0.5)
        began = process.stop()
        status, out, err = process.end()
        took = time.monotonic() - began
        for request in requests:
            assert isinstance(request.exception(), ConnectionError | http.client.HTTPException)
    assert (status, out) == (0, "")
    assert 2 <= took < 2 + SLACK
    assert "WARNING service.web.server.process stopped 2 s after the signal with 3 requests unfinished" in err
    assert "Traceback" not in err


def test_another_thread_does_not_outlast_the_grace() -> None:
    with service(drain_seconds=0, grace_seconds=2) as process:
        assert process.get("/leave?seconds=30")[0] == 200
        began = process.stop()
        status, _, err = process.end()
    assert status == 0
    assert time.monotonic() - began < 2 + SLACK
    assert "with 0 requests unfinished" in err


def test_a_disconnected_client_s_request_does_not_outlast_the_grace() -> None:
    with service(drain_seconds=0, grace_seconds=2) as process:
        with socket.create_connection(("127.0.0.1", process.port)) as connected:
            connected.sendall(b"GET /sleep?seconds=30 HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.3)
        began = process.stop()
        assert process.end()[0] == 0
    assert time.monotonic() - began < 2 + SLACK


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with service(drain_seconds=0.5, grace_seconds=30) as process, ThreadPoolExecutor(1) as pool:
        request = pool.submit(process.get, "/sleep?seconds=20")
        time.sleep(0.5)
        process.stop()
        wait_until(lambda: process.get("/readyz")[0] == 503)
        began = process.stop(second)
        status = process.end()[0]
        assert request.exception() is not None
    assert status == -second
    assert time.monotonic() - began < SLACK


def test_a_response_in_parts_does_not_wait_for_an_acknowledgement() -> None:
    with service() as process:
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=30)
        taken = []
        with contextlib.closing(connection):
            for _ in range(40):
                began = time.perf_counter()
                connection.request("GET", "/sleep?seconds=0")
                assert connection.getresponse().read() == b'{"slept":0.0}'
                taken.append(time.perf_counter() - began)
        # A client first acknowledges at once, later after 40 ms unless it has something to send.
        assert sorted(taken[20:])[5] < 0.03, taken


def test_an_idle_service_stops_quickly() -> None:
    with service(drain_seconds=0, grace_seconds=30) as process:
        process.get("/sleep?seconds=0")
        began = process.stop()
        status, out, err = process.end()
    assert (status, out) == (0, "returned\n")
    assert "WARNING" not in err
    assert time.monotonic() - began < 5


def until_answered(process: Process, pieces: Iterator[bytes]) -> tuple[int, int]:
    """Send pieces until there is a response; return its status and the bytes that were sent."""
    sent = 0
    with socket.create_connection(("127.0.0.1", process.port), timeout=120) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer: list[int] = []

        def read() -> None:
            response = http.client.HTTPResponse(connected)
            response.begin()
            assert response.headers["content-type"] == "application/problem+json"
            assert json.loads(response.read())["status"] == response.status
            answer.append(response.status)

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        with contextlib.suppress(ConnectionError):
            connected.sendall(
                b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            for piece in pieces:
                if answer:
                    break
                connected.sendall(piece)
                sent += len(piece)
        reading.join()
    return answer[0], sent


@pytest.mark.parametrize(("size", "count"), [(1_000_000, 1_000), (1, 2_000_000), (2, 1_000_000)])
def test_a_body_without_end_gets_413_and_takes_little_memory(size: int, count: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
    with service() as process:
        for _ in range(2):  # what is loaded for the first one does not count as growth
            assert until_answered(process, iter([b"1\r\nx\r\nz\r\n"]))[0] == 400
        before = process.memory("VmRSS")
        status, sent = until_answered(process, (chunk for _ in range(count)))
        grown = process.memory("VmHWM") - before
        assert process.get("/readyz")[0] == 200
    assert status == 413
    assert sent < len(chunk) * count
    assert grown < 20_000_000
