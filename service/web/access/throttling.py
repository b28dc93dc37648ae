"""Rate limits over HTTP: the cost of a request, the `RateLimit` headers, and 429.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` has the quota `q` and
its window `w` in seconds, `RateLimit` the units that remain, `r`, and the seconds until the next one, `t`.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import QuestionError, RateLimitedError
from service.web import problems
from service.web.access.gate import KEY, Paths, is_preflight, route_path
from service.web.access.keys import Key
from service.web.access.rates import Limiter, Taken
from service.web.rate import Rate

_CHARGE = "quoth.charge"
_POLICY = '"default"'


class RateMiddleware:
    """Limits each client to its rate, and answers 429 to further requests.

    A client is a key, or an address where there is no key; of an IPv6 address the first 64 bits, because one
    household or machine has all the others. A key's own rate takes precedence over `default`; with neither
    there is no limit. A request costs 1 unit, or what its route passes to `charge`; a refused one costs
    nothing. Open paths and preflights are not counted. It runs inside `AccessMiddleware`, which identifies
    the key: a request refused there is not counted, so that nobody can use up another client's rate.
    """

    def __init__(
        self, app: ASGIApp, limiter: Limiter, default: Rate | None = None, paths: Paths | None = None
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._default = default
        self._paths = Paths() if paths is None else paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        rate = self._rate(scope)
        if rate is None:
            await self._app(scope, receive, send)
            return
        charge = _Charge(self._limiter, client_of(scope), rate)
        scope[_CHARGE] = charge

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                charge.describe(message["status"], MutableHeaders(scope=message))
            await send(message)

        try:
            charge.charge_up_to(1)
        except RateLimitedError as error:
            described = problems.problem(Request(scope), 429, str(error))
            await problems.respond(described)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _rate(self, scope: Scope) -> Rate | None:
        if scope["type"] != "http" or is_preflight(scope) or self._paths.is_open(route_path(scope)):
            return None
        key: Key | None = scope.get(KEY)
        return self._default if key is None or key.rate is None else key.rate


def charge(request: Request, units: int) -> None:
    """Make a request cost `units` in all instead of 1: a batch costs one for each question.

    Call it before the work. Without a limit it does nothing.

    Raises:
        RateLimitedError: too few units are left; the request then costs nothing.
        QuestionError: the rate never allows this many at once.
    """
    current: _Charge | None = request.scope.get(_CHARGE)
    if current is not None:
        current.charge_up_to(units)


def client_of(scope: Scope) -> str:
    """Return the name of the client that a request counts for: its key, or its address."""
    key: Key | None = scope.get(KEY)
    if key is not None:
        return f"key {key.name}"
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"  # a Unix socket has no address
    if isinstance(address, ipaddress.IPv6Address):
        # A dual-stack socket shows an IPv4 address this way.
        if address.ipv4_mapped is None:
            return f"network {ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
        address = address.ipv4_mapped
    return f"address {address}"


class _Charge:
    """What one request has been charged so far."""

    def __init__(self, limiter: Limiter, client: str, rate: Rate) -> None:
        self._limiter = limiter
        self._client = client
        self._rate = rate
        self._taken: Taken | None = None

    def charge_up_to(self, units: int) -> None:
        """Charge up to `units`; refund on refusal."""
        if self._taken is not None and units <= self._taken.units:
            return
        self._taken = self._limiter.take(self._client, self._rate, units, self._taken)
        if units > self._rate.quota:
            raise QuestionError(
                f"this counts as {units} requests, the limit is {self._rate}: send fewer questions at once",
                "/requests",
            )
        if self._taken.units < units:
            raise RateLimitedError(str(self._rate), self._taken.retry_in)

    def describe(self, status: int, headers: MutableHeaders) -> None:
        """Add the headers for the client's limit to a response."""
        taken = self._taken
        if taken is None:
            return
        headers["ratelimit-policy"] = f"{_POLICY};q={self._rate.quota};w={self._rate.seconds}"
        headers["ratelimit"] = f"{_POLICY};r={taken.remaining};t={taken.next_in}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            headers.setdefault("retry-after", str(taken.retry_in))
