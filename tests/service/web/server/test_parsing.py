"""The checks between a socket and h11, on bytes alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.web.server.framing import Fault
from service.web.server.parsing import GuardedConnection

LIMIT = 32_768
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(pieces: Iterable[bytes]) -> tuple[list[tuple[bytes, bytes]], Fault | None, int]:
    """Target and body of each request, each answered at once; the fault; the number of body events."""
    connection = GuardedConnection(LIMIT)
    requests: list[tuple[bytes, bytes]] = []
    parts = 0
    for piece in pieces:
        connection.receive_data(piece)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                requests.append((event.target, b""))
            elif isinstance(event, h11.Data):
                parts += 1
                target, body = requests.pop()
                requests.append((target, body + bytes(event.data)))
            elif isinstance(event, h11.EndOfMessage):
                connection.send(h11.Response(status_code=204, headers=[]))
                connection.send(h11.EndOfMessage())
            elif event is h11.PAUSED:
                connection.start_next_cycle()
            else:
                assert event is h11.NEED_DATA
                if connection.our_state is connection.their_state is h11.DONE:
                    connection.start_next_cycle()
                break
    return requests, connection.fault, parts


def split(whole: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(edges) if start < end]


def small(whole: bytes) -> list[bytes]:
    """Bytes one by one, or in 500 pieces if they are more."""
    return split(whole, range(0, len(whole), max(1, len(whole) // 500)))


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Requests, and one way to write them as bytes."""
    requests = []
    written = b""
    for number in range(draw(st.integers(1, 4))):
        target = b"/%d" % number
        body = draw(st.binary(max_size=60))
        requests.append((target, body))
        empty_line = draw(st.sampled_from([b"", b"\r\n"]))
        written += empty_line + b"POST %b HTTP/1.1\r\nHost: a\r\n" % target
        if draw(st.booleans()):
            written += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            continue
        written += b"Transfer-Encoding: chunked\r\n\r\n"
        for part in split(body, draw(st.lists(st.integers(0, 100), max_size=8))):
            extension = draw(st.sampled_from([b"", b" ", b";a=1", b' ;a="b c"']))
            written += b"%b%b\r\n%b\r\n" % (
                draw(st.sampled_from([b"%x", b"%X", b"%04x"])) % len(part),
                extension,
                part,
            )
        written += b"0\r\n" + draw(st.sampled_from([b"", b"Digest: x\r\nMore: y\r\n"])) + b"\r\n"
    return requests, written


@pytest.mark.slow
@settings(deadline=None)
@given(streams(), st.lists(st.integers(0, 2_000), max_size=30))
def test_requests_are_parsed_the_same_however_they_are_split(
    stream: tuple[list[tuple[bytes, bytes]], bytes], places: list[int]
) -> None:
    requests, written = stream
    assert read(split(written, places))[:2] == (requests, None)


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=10))
def test_nothing_is_raised_on_any_bytes(junk: bytes, places: list[int]) -> None:
    for start in (b"", b"GET / HTTP/1.1\r\nHost: a\r\n", CHUNKED, CHUNKED + b"1\r\nx\r\n0\r\n"):
        read(split(start + junk, places))


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (b"GET /\r\n", 400),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b" " * 64 + b"a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET /" + b"a" * LIMIT, 414),
        (b"GET /" + b"a" * LIMIT + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * LIMIT, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * LIMIT + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 128 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (CHUNKED[:-2] + b"Content-Length: 1\r\n\r\n", 400),
        (CHUNKED.replace(b"1.1", b"1.0"), 400),
    ],
)
def test_invalid_headers_are_a_fault(written: bytes, status: int) -> None:
    requests, fault, _ = read([written])
    assert requests == []
    assert fault is not None
    assert fault.status == status
    # The same whether it arrives at once or in pieces.
    assert read(small(written))[1] == fault


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n", b"-1\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b"1_0\r\n", b" 1\r\nx\r\n", b"\r\n",
        b"1\nx\r\n", b"1\r\nxy\r\n", b"1\r\nx\n0\r\n\r\n", b"1;a\nb\r\nx\r\n", b"1" * 17 + b"\r\n",
        b"1;" + b"a" * 300, b"1;" + b" " * 100_000 + b"\r\n", b"0\r\nX: " + b"a" * 2 * LIMIT,
        b"0\r\n" + b"X: a\r\n" * LIMIT,
    ],
)  # fmt: skip
def test_an_invalid_chunk_is_a_fault(body: bytes) -> None:
    for pieces in ([CHUNKED + body], small(CHUNKED + body)):
        requests, fault, _ = read(pieces)
        assert requests in ([(b"/", b"")], [(b"/", b"x")])
        assert fault is not None
        assert fault.status == 400


def test_a_whole_url_is_taken_as_its_path() -> None:
    for target, path in (
        (b"http://a/b?c=http://d/", b"/b?c=http://d/"),
        (b"HTTPS://a:1", b"/"),
        (b"http://a?c", b"/?c"),
        (b"*", b"*"),
    ):
        assert read([GET.replace(b"/ ", target + b" ")])[0] == [(path, b"")]


def test_what_follows_the_last_request_is_not_read() -> None:
    last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    requests, fault, _ = read([last + GET, GET])
    assert (requests, fault) == ([(b"/", b"")], None)


def test_chunks_of_a_byte_that_arrive_together_become_one() -> None:
    requests, fault, parts = read([CHUNKED, b"1\r\nx\r\n" * 1_000 + b"0\r\n\r\n"])
    assert (requests, fault) == ([(b"/", b"x" * 1_000)], None)
    assert parts == 1


@pytest.mark.parametrize(
    "written",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b" " * 30_000 + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n" + b" \r\n" * 10_000 + b" \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X:" + b" " * 63 + b"\x00\r\n") * 120 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX:" + (b" " * 63 + b"a") * 120 + b"\x00\r\n\r\n",
        CHUNKED + b"1;" + b" " * 100_000 + b"\n\r\n",
    ],
)
def test_no_request_takes_long_to_refuse(written: bytes) -> None:
    # h11 alone takes seconds for the first and minutes for the last.
    began = time.process_time()
    fault = read([written])[1]
    assert time.process_time() - began < 0.1
    assert fault is not None


def test_begun_and_unread_say_what_is_awaited() -> None:
    connection = GuardedConnection(LIMIT)

    def state(data: bytes) -> tuple[bool, bool]:
        connection.receive_data(data)
        while connection.next_event() not in (h11.NEED_DATA, h11.PAUSED):
            pass
        return connection.begun, connection.unread

    assert (connection.begun, connection.unread) == (False, False)
    assert state(b"POST / HTTP/1.1\r\n") == (True, True)
    assert state(b"Host: a\r\nContent-Length: 2\r\n\r\nx") == (False, True)
    assert state(b"y") == (False, False)
    assert state(b"G") == (False, True)
