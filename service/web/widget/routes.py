"""`/widget.js` and the modules it imports: without comments, compressed, and open to every site."""

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

# Whole lines only, which no string of ours holds: a third of what would be sent, for no browser's use.
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:.|\n)*?\*/|//.*)[ \t]*\n", re.MULTILINE)

# `gzip`, unless its weight is 0.
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")

_HEADERS = {
    # Any site may load the modules, and read no more than these files.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    # Asked for again each time, mostly answered by 304: modules of two releases never meet in one page.
    "cache-control": "public, no-cache",
    "vary": "accept-encoding",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it is sent: plain or compressed."""

    plain: bytes
    zipped: bytes
    etag: str


def load_modules(folder: Path) -> dict[str, Module]:
    """Return the modules of a folder by the name they are served under; the entry is `widget.js`."""
    modules = {}
    for path in sorted(folder.glob("*.js")):
        plain = _COMMENT.sub("", path.read_text("utf-8")).encode()
        name = "widget.js" if path.name == _ENTRY else path.name
        # Weak, as it stands for both forms.
        etag = f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"'
        modules[name] = Module(plain, gzip.compress(plain, 9, mtime=0), etag)
    return modules


MODULES = load_modules(_HERE)


@router.get("/widget.js")
async def entry(request: Request) -> Response:
    """The module that a site's script tag names."""
    return _sent(request, MODULES["widget.js"])


@router.get("/quoth-chat{rest:path}.js")
async def module(rest: str, request: Request) -> Response:
    """A module that it imports."""
    found = MODULES.get(f"quoth-chat{rest}.js")
    if found is None:
        raise HTTPException(404)
    return _sent(request, found)


def _sent(request: Request, module: Module) -> Response:
    headers = {**_HEADERS, "etag": module.etag}
    known = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if module.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if not _GZIP.search(request.headers.get("accept-encoding", "")):
        return Response(module.plain, media_type="text/javascript", headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(module.zipped, media_type="text/javascript", headers=headers)
