"""Serves `/widget.js` and the modules it imports: without comments, compressed, to any site."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

_HERE = Path(__file__).parent
_ENTRY = "quoth-chat-define.js"

# Comments on lines of their own, a quarter of the size compressed. No string in the modules has such a line.
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:.|\n)*?\*/|//.*)[ \t]*\n", re.MULTILINE)

# An Accept-Encoding header with `gzip`, unless its weight is 0.
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")

_HEADERS = {
    # Any site may load the modules, and only these files.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    # Revalidated on each use, mostly by a 304: a page never mixes modules of two releases.
    "cache-control": "public, no-cache",
    "vary": "accept-encoding",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it is sent: plain or gzip-compressed, with one ETag for both."""

    plain: bytes
    zipped: bytes
    etag: str


def load_modules(folder: Path) -> dict[str, Module]:
    """Return the modules of a folder by the name they are served under; the entry is `widget.js`."""
    modules = {}
    for path in sorted(folder.glob("*.js")):
        plain = _COMMENT.sub("", path.read_text("utf-8")).encode()
        name = "widget.js" if path.name == _ENTRY else path.name
        # Weak, as both encodings share it.
        etag = f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"'
        modules[name] = Module(plain, gzip.compress(plain, 9, mtime=0), etag)
    return modules


MODULES = load_modules(_HERE)


@router.get("/widget.js")
async def entry(request: Request) -> Response:
    """Send the module that a site's script tag names."""
    return _respond(request, MODULES["widget.js"])


@router.get("/quoth-chat{rest:path}.js")
async def module(rest: str, request: Request) -> Response:
    """Send a module that it imports."""
    found = MODULES.get(f"quoth-chat{rest}.js")
    if found is None:
        raise HTTPException(404)
    return _respond(request, found)


def _respond(request: Request, module: Module) -> Response:
    headers = {**_HEADERS, "etag": module.etag}
    cached = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if module.etag in cached or "*" in cached:
        return Response(status_code=304, headers=headers)
    if not _GZIP.search(request.headers.get("accept-encoding", "")):
        return Response(module.plain, media_type="text/javascript", headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(module.zipped, media_type="text/javascript", headers=headers)
