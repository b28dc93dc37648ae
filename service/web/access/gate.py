"""Access control: keys and their scopes, cross-site requests, and host names.

Without a key file every path is open. With one, a request needs a key, as `Authorization: Bearer KEY` or as
the password of HTTP Basic, which lets a browser prompt its user; never in the URL, which ends up in logs and
histories.

A page of any site can make a browser send requests, with the credentials it remembers or, where the service
listens on loopback, simply because it runs on the same machine (CSRF). FastAPI reads no JSON from the media
types that a form can send, but a request without a body, as to `/v1/admin/reload`, would pass. So methods
other than GET, HEAD and OPTIONS are refused to other sites' pages, unless they carry a Bearer key, which no
browser adds.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web import problems
from service.web.access.keyring import Keyring
from service.web.access.keys import Scope as KeyScope

KEY = "quoth.key"
"""Where in an ASGI scope the request's `Key` is stored."""

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")
"""Host names of the loopback interface."""

_BEARER = 'Bearer realm="Quoth"'
_BASIC = 'Basic realm="Quoth", charset="UTF-8"'
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Paths:
    """Which paths need no key, and which need one of scope `admin`; all others need one of scope `ask`.

    A `*` at the end matches every path with this prefix. A path in both lists needs a key.
    """

    open: tuple[str, ...] = (
        *("/livez", "/readyz", "/openapi.json"),
        *("/widget.js", "/quoth-chat*", "/style.css", "/icon.svg"),
    )
    admin: tuple[str, ...] = ("/metrics*", "/v1/admin*")

    def is_open(self, path: str) -> bool:
        """Return whether this path needs no key."""
        return _matches(path, self.open) and not self.is_admin(path)

    def is_admin(self, path: str) -> bool:
        """Return whether this path needs a key of scope `admin`."""
        return _matches(path, self.admin)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(path.startswith(one[:-1]) if one.endswith("*") else path == one for one in patterns)


def route_path(scope: Scope) -> str:
    """Return the path as routes see it: without the prefix that the application is mounted under, if any."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def is_preflight(scope: Scope) -> bool:
    """Return whether this is a CORS preflight. It carries no key and gets no content."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)


class AccessMiddleware:
    """Requires keys, and refuses cross-site requests.

    401 without a known key, with `WWW-Authenticate`; it offers `Basic` only when a browser opens a page,
    since any other request would bring up a login dialog within one. 403 with a key of the other scope. 403
    also for a method other than GET, HEAD and OPTIONS that another site's page sends without a Bearer key;
    but where no key is required, pages of `origins` (`*` for all) may send it. The `Key` is put in
    `scope[KEY]`.
    """

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring | None = None,
        paths: Paths | None = None,
        origins: Collection[str] = (),
    ) -> None:
        self._app = app
        self._keyring = keyring
        self._paths = Paths() if paths is None else paths
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] == "http":
            refused = self._refuse(scope, Headers(scope=scope))
            if refused is not None:
                response = problems.respond(problems.problem(Request(scope), refused.status, refused.detail))
                for challenge in refused.challenges:
                    # One header line each: browsers do not look for a second scheme within a line.
                    response.headers.append("www-authenticate", challenge)
                await response(scope, receive, send)
                return
        elif scope["type"] == "websocket" and self._keyring is not None:
            # The service has no websockets; one added later must not bypass the keys.
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _refuse(self, scope: Scope, headers: Headers) -> _Refusal | None:
        path = route_path(scope)
        credentials = _Credentials.of(headers)
        admin = self._paths.is_admin(path)
        if scope["method"] not in _SAFE and self._is_forged(headers, credentials, admin=admin):
            return _Refusal(403, "Another site's page sent this request, and is not allowed to.")
        if self._keyring is None or is_preflight(scope) or self._paths.is_open(path):
            return None
        key = None if credentials is None else self._keyring.find(credentials.secret)
        if key is None:
            detail = "This path needs a key." if credentials is None else "This key is unknown."
            challenges = (_BEARER, _BASIC) if _opens_page(scope, headers) else (_BEARER,)
            return _Refusal(401, detail, challenges)
        needed: KeyScope = "admin" if admin else "ask"
        if key.scope != needed:
            return _Refusal(403, f"This key has scope {key.scope}; this path needs one of scope {needed}.")
        scope[KEY] = key
        return None

    def _is_forged(self, headers: Headers, credentials: _Credentials | None, *, admin: bool) -> bool:
        if credentials is not None and credentials.scheme == "bearer":
            return False
        # CORS lets a listed site in, but without the browser's credentials.
        allowed = credentials is None and not admin and bool(self._origins & {"*", headers.get("origin", "")})
        return not allowed and _is_cross_site(headers)


class HostMiddleware:
    """Answers 421 to requests whose Host is not in `hosts`; an empty list allows any.

    This protects a service on loopback from DNS rebinding: a page may point its own host name there and is
    then of the same origin to the browser, but its name is still in the request's Host header. `hosts` have
    no port; case is ignored; an IPv6 address may have brackets or not.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(_bracketed(host.lower()) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] == "http" and self._hosts:
            sent = Headers(scope=scope).getlist("host")
            match = _HOST.fullmatch(sent[0].lower()) if len(sent) == 1 else None
            if match is None or match[1] not in self._hosts:
                detail = "The host name of the request is not one of the service's."
                described = problems.problem(Request(scope), 421, detail)
                await problems.respond(described)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    detail: str
    challenges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Credentials:
    """The secret of a request's Authorization header, and its scheme."""

    scheme: str
    secret: bytes

    @classmethod
    def of(cls, headers: Headers) -> _Credentials | None:
        """Parse the header; None without one, with two, or with another scheme than Bearer and Basic."""
        sent = headers.getlist("authorization")
        scheme, _, rest = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
        scheme, value = scheme.lower(), rest.strip().encode("latin-1")
        if scheme == "bearer":
            return cls(scheme, value)
        if scheme != "basic":
            return None
        try:
            user_and_password = base64.b64decode(value, validate=True)
        except binascii.Error:
            return None
        return cls(scheme, user_and_password.partition(b":")[2])


def _opens_page(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and "text/html" in headers.get("accept", "").lower()


def _is_cross_site(headers: Headers) -> bool:
    """Return whether a browser reports that a page of another origin sent this request.

    Browsers send `Sec-Fetch-Site` on secure connections (HTTPS, loopback), and no page can forge it. On
    others they send `Origin` with every method but GET and HEAD. Other clients send neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
