"""Who may ask for what: keys and their scopes, other sites' pages, and the names that the service goes by.

Without a key file every path is open to whoever reaches the service. With one, a request needs a key, by
`Authorization: Bearer KEY` or as the password of HTTP Basic, which lets a browser ask its user for it; never
in the address, which ends up in logs and histories.

What a browser sends by itself proves nothing about who wanted it sent: credentials it remembers, or merely
its place on the machine where the service listens to loopback. FastAPI reads no JSON from the kinds of body
that a form of any site may send, but a request without a body, as to `/v1/admin/reload`, would pass. So what
changes something is refused to other sites' pages, unless it carries a Bearer key, which no browser adds.
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
"""Where in a request's scope the `Key` lies that opened the service to it."""

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")
"""The names of this machine to itself."""

_BEARER = 'Bearer realm="Quoth"'
_BASIC = 'Basic realm="Quoth", charset="UTF-8"'
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Paths:
    """Which paths need no key, and which one for administration; all others need one for asking.

    Each is a whole path, or with a `*` at its end all that begin so. What is named twice is not open.
    """

    open: tuple[str, ...] = (
        *("/livez", "/readyz", "/openapi.json"),
        *("/widget.js", "/quoth-chat*", "/style.css", "/icon.svg"),
    )
    admin: tuple[str, ...] = ("/metrics*", "/v1/admin*")

    def is_open(self, path: str) -> bool:
        """Tell whether this path needs no key."""
        return _stands_in(path, self.open) and not self.is_admin(path)

    def is_admin(self, path: str) -> bool:
        """Tell whether this path needs a key for administration."""
        return _stands_in(path, self.admin)


def _stands_in(path: str, named: tuple[str, ...]) -> bool:
    return any(path.startswith(one[:-1]) if one.endswith("*") else path == one for one in named)


def route_path(scope: Scope) -> str:
    """Return the path that routes see: without the prefix under which the application is served, if any."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def is_preflight(scope: Scope) -> bool:
    """Tell whether this is a browser's question if a site may ask. It carries no key, and gets nothing."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)


class AccessMiddleware:
    """Asks for keys, and refuses what other sites' pages make a browser send.

    401 without a key that is known, with `WWW-Authenticate`; `Basic` stands there only when a browser opens a
    page, as any other request would bring up a dialog in the middle of one. 403 with a key of the other
    scope: neither scope opens the other's paths. 403 also for a method other than GET, HEAD and OPTIONS that
    another site's page sends without a Bearer key; but where no key is needed a page of one of `origins`
    (`*` for all) may ask. The `Key` is put in `scope[KEY]`.
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
                    # A line each: browsers do not look for a second scheme within one.
                    response.headers.append("www-authenticate", challenge)
                await response(scope, receive, send)
                return
        elif scope["type"] == "websocket" and self._keyring is not None:
            # There is none; should one come, it will not come past the keys.
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _refuse(self, scope: Scope, headers: Headers) -> _Refusal | None:
        path = route_path(scope)
        shown = _Shown.of(headers)
        admin = self._paths.is_admin(path)
        if scope["method"] not in _SAFE and self._is_forged(headers, shown, admin=admin):
            return _Refusal(403, "Another site's page has sent this, and may not.")
        if self._keyring is None or is_preflight(scope) or self._paths.is_open(path):
            return None
        key = None if shown is None else self._keyring.find(shown.key)
        if key is None:
            detail = "A key is needed here." if shown is None else "This key is not known."
            challenges = (_BEARER, _BASIC) if _opens_page(scope, headers) else (_BEARER,)
            return _Refusal(401, detail, challenges)
        needed: KeyScope = "admin" if admin else "ask"
        if key.scope != needed:
            return _Refusal(403, f"This key is for scope {key.scope}; here one for {needed} is needed.")
        scope[KEY] = key
        return None

    def _is_forged(self, headers: Headers, shown: _Shown | None, *, admin: bool) -> bool:
        if shown is not None and shown.scheme == "bearer":
            return False
        # Browsers that are asked to let a listed site in still keep their credentials from it.
        allowed = shown is None and not admin and bool(self._origins & {"*", headers.get("origin", "")})
        return not allowed and _is_from_elsewhere(headers)


class HostMiddleware:
    """Answers 421 to requests that are addressed to a name not in `hosts`; an empty list allows any.

    Keeps other sites' pages out where the service listens to loopback: a page may point its own name there
    (DNS rebinding) and is then of the same origin to the browser, but the name still stands in the request.
    Names stand without a port, in any case; an IPv6 address with or without its brackets.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(_bracketed(host.lower()) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] == "http" and self._hosts:
            named = Headers(scope=scope).getlist("host")
            match = _HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
            if match is None or match[1] not in self._hosts:
                detail = "This service does not go by the name that the request is addressed to."
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
class _Shown:
    """The key that a request shows, and by which scheme."""

    scheme: str
    key: bytes

    @classmethod
    def of(cls, headers: Headers) -> _Shown | None:
        """Read the header; None without one, with two, or with what is neither Bearer nor Basic."""
        given = headers.getlist("authorization")
        scheme, _, rest = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        scheme, credentials = scheme.lower(), rest.strip().encode("latin-1")
        if scheme == "bearer":
            return cls(scheme, credentials)
        if scheme != "basic":
            return None
        try:
            user_and_password = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return None
        return cls(scheme, user_and_password.partition(b":")[2])


def _opens_page(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and "text/html" in headers.get("accept", "").lower()


def _is_from_elsewhere(headers: Headers) -> bool:
    """Tell whether a browser says that a page of another origin sends this.

    Browsers send `Sec-Fetch-Site` where the connection is safe (HTTPS, loopback), and no page can forge it;
    elsewhere there is `Origin`, which all of them send with what changes something. Other clients send
    neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
