"""What is wrong with a response that is not a success: the promise of RFC 9457 problems, put to the test."""

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
# What a traceback, an object's representation or a module's name looks like. None of it is English.
_INTERNALS = re.compile(
    r"Traceback|site-packages|\.py\b|<[\w.]+ object|0x[0-9a-f]{6,}"
    rf"|\b(?:{'|'.join(_OURS + _THEIRS)})\.[a-z_]"
)
_HERE = Path(__file__).resolve().parents[2]


def is_success(status: int) -> bool:
    """Whether a response did what was asked."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def faults(status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Yield what is amiss with a response; nothing for a success.

    A response of any other status must be a whole problem, hold the request id of its header and the status
    that was sent, say what to do, and tell nothing of the inside. `headers`: by names in lower case. A
    request for the headers alone has no body: do not ask of it.
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
    told = body.decode("utf-8")
    for internal in (*_INTERNALS.findall(told), *(place for place in _places() if place in told)):
        yield f"{status} tells an internal: {internal}"


def _places() -> tuple[str, ...]:
    """Folders of this machine that no response may name."""
    return tuple({str(place) for place in (_HERE, Path.home(), Path(sys.prefix), Path.cwd())} - {"/"})
