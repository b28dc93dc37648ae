"""Hostile requests generated from the OpenAPI description: `python -m eval.reliability hostile`.

Schemathesis reads the description of the application, which serves the seeds, and sends valid and invalid
requests: the documented examples (`examples`); every bound with its neighbours, wrong types, missing fields,
unknown methods (`coverage`); random valid and invalid requests (`fuzzing`); and sequences in which a
response's values are used in the next request (`stateful`). The service requires keys, and each request has
the right one, except those that test a missing key. All of Schemathesis's checks are on; four have nothing to
check, because the interface has no required headers, no deletion, no new resources with addresses and no
resources of one caller: missing_required_header, use_after_free, ensure_resource_availability,
object_level_authorization. In addition, every response that is not a success must be a problem (`refusals`),
each phase must run, and some request of each operation must succeed, as otherwise nothing would have been
tested.

The requests go directly to the application in this process; attacks below HTTP requests, on the socket, are
tested with the server. The same seed sends the same requests.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import schemathesis
from fastapi import FastAPI
from schemathesis import Case, HookContext, Response, engine
from schemathesis.core.failures import Failure
from schemathesis.core.result import Ok
from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.openapi.checks import RejectedPositiveData
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eval.baseline import load_baseline
from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.refusals import faults, is_success
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.index import open_index
from service.answering.answerer import Answerer
from service.answering.retrieval.retriever import Retriever
from service.demo import seeds_folder
from service.loading import build_answerer
from service.settings import Settings
from service.web.access.keys import Scope as KeyScope
from service.web.access.keys import add_key
from service.web.app import create_app

PHASES = ("examples", "coverage", "fuzzing", "stateful")

SECONDS = 60.0
"""The longest time for a request. A batch of follow-ups with several interpretations each is the slowest."""

"""The longest time for a request. The slowest is a batch of follow-ups with several interpretations."""
# between two fields or on an article: (JSON pointer of the error, part of its message).
_BEYOND_SCHEMA = (
    ("/answer", "no article has these words at these offsets"),
    ("/filters", "published_from is later than published_to"),
    ("/filters", "characters together"),
)
_MAX_LINE = 600  # characters of a failure


def campaign(examples: int, seed: int, folder: Path | None = None, *, models: bool = True) -> Outcome:
    """Serve the seeds, send hostile requests and return the outcome.

    `examples`: random requests for each operation and random phase, 1 or more. `models`: use the shipped
    encoder and reader; otherwise hashed words and the sentence baseline, which is much faster.
    """
    began = time.perf_counter()
    with specimen.workplace(folder) as work:
        encoder: Encoder = load_encoder() if models else specimen.WordEncoder()
        build(Corpus(seeds_folder()), work / "index", encoder)
        settings = Settings.of(
            index=work / "index",
            feedback=work / "feedback.sqlite",
            keys=work / "keys.json",
            queue_timeout=SECONDS,
        )
        keys = {scope: add_key(work / "keys.json", scope, scope) for scope in get_args(KeyScope)}
        answerer = _answerer(encoder, settings, models=models)
        try:
            tally = fuzz(create_app(answerer, settings.web), examples, seed, keys)
        finally:
            answerer.close()
    figures = {**tally.figures, "models": models, "examples": examples, "seed": seed}
    trials = sum(tally.requests.values())
    return Outcome("hostile", trials, tuple(tally.failures), figures, time.perf_counter() - began)


def _answerer(encoder: Encoder, settings: Settings, *, models: bool) -> Answerer:
    index = open_index(settings.index)
    if models:
        return build_answerer(index, encoder, settings)
    return Answerer(index, Retriever(index, encoder), *load_baseline(encoder))


def fuzz(app: FastAPI, examples: int, seed: int, keys: Mapping[str, str]) -> Tally:
    """Send an application the requests generated from its description, and return the tally.

    `keys`: the key for each security scheme of the description.
    """
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            # These report a slow machine, not a fault of the service.
            "suppress-health-check": ["all"],
            "workers": 1,
            # A cache would make the requests depend on earlier runs.
            "cache": {"enabled": False},
            "auth": {"openapi": {name: {"bearer": key} for name, key in keys.items()}} if keys else {},
            "continue-on-failure": True,
            "generation": {
                "max-examples": examples,
                "database": "none",
                "no-shrink": True,
                # With random keys most requests would end with 401.
                "with-security-parameters": False,
            },
            "checks": {"max_response_time": SECONDS},
            # Longer payloads are truncated after the checks, and a truncated problem cannot be parsed.
            "output": {"truncation": {"max-recorded-payload-size": 100_000}},
        }
    )
    description = schemathesis.openapi.from_asgi("/openapi.json", _Served(app), config=config)
    description.hook("filter_failure")(_counts)
    # An operation that cannot be read is reported as an error of the run.
    operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
    tally = Tally({operation.label for operation in operations})
    for event in engine.from_schema(description).execute():
        tally.add(event)
    tally.conclude()
    return tally


class _Served:
    """An application as behind a server: an exception after the 500 response is not raised."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception:
            if not started:
                raise


def _counts(_: HookContext, failure: Failure, __: Case[Any], response: Response) -> bool:
    """Return whether a failure counts; not if the refusal has a reason that a schema cannot express."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    errors = json.loads(response.content).get("errors") or []
    return len(errors) != 1 or not any(
        errors[0]["pointer"] == pointer and words in errors[0]["message"] for pointer, words in _BEYOND_SCHEMA
    )


class Tally:
    """Counts over the requests and their responses. `failures`: one line for each distinct failure."""

    def __init__(self, operations: set[str]) -> None:
        self.requests: Counter[str] = Counter()
        self.failures: dict[str, None] = {}
        self._missed = set(operations)
        self._statuses: Counter[str] = Counter()
        self._checks: Counter[str] = Counter()
        self._slowest = 0.0
        self._phases: set[str] = set()

    @property
    def figures(self) -> dict[str, Any]:
        """Requests by phase, responses by status, checks by name, and the longest response time."""
        return {
            "requests": dict(self.requests),
            "statuses": dict(sorted(self._statuses.items())),
            "checks": dict(sorted(self._checks.items())),
            "slowest_s": round(self._slowest, 3),
        }

    def add(self, event: events.EngineEvent) -> None:
        """Count an event of the run."""
        if isinstance(event, events.ScenarioFinished):
            self._add_scenario(event.phase.value, event.recorder)
        elif isinstance(event, events.PhaseFinished):
            if event.status is not engine.Status.SKIP:
                self._phases.add(event.phase.name.value)
        elif isinstance(event, events.NonFatalError):
            self._fail(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            self._fail(f"the run was aborted: {event.exception!r}")
        elif isinstance(event, events.Interrupted):
            raise KeyboardInterrupt

    def conclude(self) -> None:
        """Add failures for the phases and operations that were not tested."""
        for phase in PHASES:
            if phase not in self._phases:
                self._fail(f"the phase {phase} did not run")
        for operation in sorted(self._missed):
            self._fail(f"{operation}: no request succeeded")

    def _add_scenario(self, phase: str, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            self.requests[phase] += 1
            case = recorder.cases[case_id].value
            label, response = case.operation.label, interaction.response
            request = f"{interaction.request.method} {interaction.request.uri}"
            if response is None:
                self._fail(f"{label}: no response: {request}")
                continue
            self._statuses[str(response.status_code)] += 1
            self._slowest = max(self._slowest, response.elapsed)
            if is_success(response.status_code):
                self._missed.discard(label)
            if interaction.request.method != "HEAD":
                headers = {name: values[0] for name, values in response.headers.items()}
                for fault in faults(response.status_code, headers, response.content):
                    self._fail(f"{label}: {fault}: {request}")
        for checks in recorder.checks.values():
            for check in checks:
                self._checks[check.name] += 1
                if check.failure_info is not None:
                    failure, sample = check.failure_info.failure, check.failure_info.code_sample
                    self._fail(f"{failure.operation}: {check.name}: {failure}: {sample}")

    def _fail(self, failure: str) -> None:
        line = " ".join(failure.split())
        self.failures[line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…"] = None
