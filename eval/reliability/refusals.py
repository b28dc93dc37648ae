"""Check that every response that is not a success is a complete RFC 9457 problem."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

from pydantic import ValidationError

from service.web.problems import MEDIA_TYPE, ProblemModel

_OURS = ("indexer", "service", "eval")
_THEIRS = (
    "anyio",
    "faiss",
    "fastapi",
    "json",
    "openvino",
    "pydantic",
    "pydantic_core",
    "sqlite3",
    "starlette",
)
# Patterns of tracebacks, object representations and module names, which no problem may contain.
_INTERNALS = re.compile(
    r"Traceback|site-packages|\.py\b|<[\w.]+ object|0x[0-9a-f]{6,}"
    rf"|\b(?:{'|'.join(_OURS + _THEIRS)})\.[a-z_]"
)
_HERE = Path(__file__).resolve().parents[2]


def is_success(status: int) -> bool:
    """Return whether a response has a status of success."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def faults(status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Yield the faults of a response; none for a success.

    A response of any other status must be a complete problem with the response's request id and status and a
    remedy, and must not reveal internals. `headers`: by lower-case names. Not for responses to HEAD, which
    have no body.
    """
    if is_success(status):
        return
    if (kind := headers.get("content-type")) != MEDIA_TYPE:
        yield f"{status} comes as {kind}, not as {MEDIA_TYPE}"
        return
    try:
        problem = ProblemModel.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        yield f"{status} is no problem as described: {first['loc']} {first['msg']}"
        return
    if problem.status != status:
        yield f"{status} calls itself {problem.status}"
    if not problem.request_id or problem.request_id != headers.get("x-request-id"):
        yield f"{status} has request_id {problem.request_id!r}, its header {headers.get('x-request-id')!r}"
    for field in ("type", "title", "detail", "remedy", "instance"):
        if not getattr(problem, field).strip():
            yield f"{status} has an empty {field}"
    text = body.decode("utf-8")
    for internal in (*_INTERNALS.findall(text), *(folder for folder in _folders() if folder in text)):
        yield f"{status} reveals an internal: {internal}"


def _folders() -> tuple[str, ...]:
    """Folders of this machine that no response may name."""
    return tuple({str(folder) for folder in (_HERE, Path.home(), Path(sys.prefix), Path.cwd())} - {"/"})
