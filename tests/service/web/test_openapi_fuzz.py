"""Requests drawn from the OpenAPI description: a short campaign, and that it finds faults.

Schemathesis changes Hypothesis for the whole process it is loaded into (failing examples are no longer
printed), so it is run in processes of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eval.reliability.hostile_command import ToolMissingError, hostile
from eval.reliability.refusals import faults

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]

CAMPAIGN = """
from eval.reliability.hostile_command import hostile
from indexer.cli import run_commands
run_commands(hostile)
"""

# An application with a fault on each path but one, which its description does not mention.
FAULTY = """
import json, sys
from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse, PlainTextResponse
from eval.reliability.hostile import fuzz
from service.web import problems
from service.web.middleware import RequestIdMiddleware

app = FastAPI(docs_url=None, redoc_url=None)

@app.get("/crashes")
def crashes(number: int) -> int:
    return 1 // max(number, 0)

@app.get("/plain")
def plain(number: int) -> int:
    raise HTTPException(404)

@app.get("/undescribed")
def undescribed() -> int:
    return JSONResponse("no number")

@app.get("/accepts")
def accepts(number: str) -> str:
    return number

@app.get("/sound")
def sound() -> int:
    return 1

problems.install(app)
app.add_middleware(RequestIdMiddleware)
described = app.openapi()
accepting = described["paths"]["/accepts"]["get"]["parameters"][0]
accepting["schema"] = {"type": "integer", "minimum": 1}

@app.middleware("http")
async def spoil(request, call_next):
    response = await call_next(request)
    if request.url.path == "/plain" and response.status_code == 404:
        return PlainTextResponse('File "/srv/service/app.py", line 1', 404)
    return response

tally = fuzz(app, 5, 0, {})
json.dump({"failures": [*tally.failures], "figures": tally.figures}, sys.stdout)
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_no_request_drawn_from_the_description_breaks_the_service() -> None:
    done = run(CAMPAIGN, "--no-models", "--examples", "4", "--json")
    assert done.stdout, done.stderr[-2_000:]
    record = json.loads(done.stdout)
    assert record["failures"] == []
    assert done.returncode == 0
    figures = record["figures"]
    assert min(figures["requests"][phase] for phase in ("examples", "coverage", "fuzzing", "stateful")) > 0
    assert record["trials"] == sum(figures["statuses"].values()) > 400
    # Valid requests, requests without a key or with a wrong one, wrong methods, and invalid ones.
    assert (
        {"200", "201", "401", "405", "422"}
        <= set(figures["statuses"])
        <= {
            *("200", "201", "400", "401", "404", "405", "422"),
        }
    )
    assert {
        *("not_a_server_error", "status_code_conformance", "content_type_conformance", "max_response_time"),
        *("response_headers_conformance", "response_schema_conformance", "negative_data_rejection"),
        *("positive_data_acceptance", "missing_required_header", "unsupported_method", "use_after_free"),
        *("ensure_resource_availability", "ignored_auth", "allow_header_conformance"),
    } <= set(figures["checks"])


def test_faults_of_a_service_are_found() -> None:
    done = run(FAULTY)
    assert done.returncode == 0, done.stderr[-2_000:]
    reported: dict[str, list[str]] = {}
    for failure in json.loads(done.stdout)["failures"]:
        reported.setdefault(failure.split(": ")[0], []).append(failure)
    assert any("not_a_server_error" in failure for failure in reported["GET /crashes"])
    assert any("404 comes as text/plain" in failure for failure in reported["GET /plain"])
    assert "GET /plain: no request succeeded" in reported["GET /plain"]
    assert any("response_schema_conformance" in failure for failure in reported["GET /undescribed"])
    assert any("negative_data_rejection" in failure for failure in reported["GET /accepts"])
    assert "GET /sound" not in reported


def test_without_schemathesis_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "eval.reliability.hostile", raising=False)
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    with pytest.raises(ToolMissingError, match="pip install 'schemathesis"):
        hostile()


PROBLEM: dict[str, Any] = {
    "type": "urn:quoth:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "there is no article 'a.txt'",
    "remedy": "See /openapi.json for all endpoints.",
    "instance": "/v1/articles/a.txt",
    "request_id": "r-1",
}
HEADERS = {"content-type": "application/problem+json", "x-request-id": "r-1"}


def test_a_complete_problem_has_no_fault_and_a_success_is_not_checked() -> None:
    assert [*faults(404, HEADERS, json.dumps(PROBLEM).encode())] == []
    assert [*faults(201, {}, b"Traceback")] == []


@pytest.mark.parametrize(
    ("status", "headers", "changed", "fault"),
    [
        (404, {"content-type": "application/json"}, {}, "comes as application/json"),
        (307, {}, {}, "calls itself 404"),
        (404, {}, {"remedy": None}, "remedy"),
        (404, {}, {"title": " "}, "empty title"),
        (404, {"x-request-id": "r-2"}, {}, "request_id 'r-1', its header 'r-2'"),
        (404, {}, {"request_id": ""}, "request_id ''"),
        (404, {}, {"detail": "Traceback (most recent call last)"}, "Traceback"),
        (404, {}, {"detail": "in service.web.routes"}, "service.w"),
        (404, {}, {"detail": "routes.py went wrong"}, ".py"),
        (404, {}, {"detail": "<Route object at 0x7f3a5c2d1e80>"}, "0x7f3a5c2d1e80"),
        (404, {}, {"detail": "see errors.pydantic.dev"}, "pydantic.d"),
        (404, {}, {"detail": f"cannot open {ROOT}/index"}, str(ROOT)),
    ],
)
def test_each_fault_of_a_problem_is_reported(
    status: int, headers: dict[str, str], changed: dict[str, Any], fault: str
) -> None:
    found = [*faults(status, {**HEADERS, **headers}, json.dumps({**PROBLEM, **changed}).encode())]
    assert any(fault in one for one in found), found


def test_a_body_that_is_not_json_is_not_a_problem() -> None:
    assert "no problem as described" in next(faults(500, HEADERS, b"Internal Server Error"))
