"""Requests made to break the service, drawn from its own description: `python -m eval.reliability hostile`.

Schemathesis reads the OpenAPI description of the application, over the seeds, and sends what it allows and
what it does not: the documented examples (`examples`); every bound with its neighbours, wrong types, missing
fields, unknown methods (`coverage`); requests drawn by chance, sound and broken (`fuzzing`); and sequences in
which what one response holds goes into the next request (`stateful`). The service asks for keys, and each
request shows the right one, but for those that try without. All of Schemathesis's checks are on; four have
nothing to check in this interface, which has no header that must be sent, nothing that can be deleted, no
new thing with an address of its own and nothing that belongs to one caller: missing_required_header,
use_after_free, ensure_resource_availability, object_level_authorization. On top, whatever is not a success
must be a problem (`refusals`), each phase must run, and of each operation some request must succeed, or else
nothing would have been tested.

The requests go to the application itself, in this process: what a socket brings, before there is a request,
is for the server to withstand. With the same seed the same requests are sent.
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
from service.answering.retriever import Retriever
from service.demo import seeds_folder
from service.loading import build_answerer
from service.settings import Settings
from service.web.access.keys import Scope as KeyScope
from service.web.access.keys import add_key
from service.web.app import create_app

PHASES = ("examples", "coverage", "fuzzing", "stateful")

SECONDS = 60.0
"""Longest that a request may take. The dearest is a batch of follow-ups, each read in several ways."""

# Refused although the description allows them, as JSON Schema cannot say what must hold between two fields
# or in an article: (the fault's JSON pointer, words of its message).
_BEYOND_SCHEMA = (
    ("/answer", "no article has these words at these offsets"),
    ("/filters", "published_from is later than published_to"),
    ("/filters", "characters together"),
)
_SHOWN = 600  # characters of a failure


def campaign(examples: int, seed: int, folder: Path | None = None, *, models: bool = True) -> Outcome:
    """Serve the seeds and send hostile requests; return what did not hold.

    `examples`: requests drawn for each operation in the phases that draw, 1 or more. `models`: with the
    encoder and the reader that come with Quoth; otherwise with hashed words, in far less time.
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
        shown = {scope: add_key(work / "keys.json", scope, scope) for scope in get_args(KeyScope)}
        answerer = _answerer(encoder, settings, models=models)
        try:
            tally = fuzz(create_app(answerer, settings.web), examples, seed, shown)
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
    """Send an application all that its description leads to, and count what came back.

    `keys`: by the names that the description gives to what asks for them.
    """
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            # They tell of a slow machine, not of the service.
            "suppress-health-check": ["all"],
            "workers": 1,
            # What one run learned would change what the next one sends.
            "cache": {"enabled": False},
            "auth": {"openapi": {name: {"bearer": key} for name, key in keys.items()}} if keys else {},
            "continue-on-failure": True,
            "generation": {
                "max-examples": examples,
                "database": "none",
                "no-shrink": True,
                # With keys drawn by chance most requests would come no further than 401.
                "with-security-parameters": False,
            },
            "checks": {"max_response_time": SECONDS},
            # Longer ones are cut, after the checks, and a problem that was cut is none any more.
            "output": {"truncation": {"max-recorded-payload-size": 100_000}},
        }
    )
    description = schemathesis.openapi.from_asgi("/openapi.json", _Served(app), config=config)
    description.hook("filter_failure")(_counts)
    # One that cannot be read comes as an error of the run.
    operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
    tally = Tally({operation.label for operation in operations})
    for event in engine.from_schema(description).execute():
        tally.add(event)
    tally.conclude()
    return tally


class _Served:
    """An application as a server shows it: answered with 500, an unexpected error goes no further."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = answered or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if not answered:
                raise


def _counts(_: HookContext, failure: Failure, __: Case[Any], response: Response) -> bool:
    """Whether a failure is one: not where what was refused is wrong beyond what a schema can say."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    told = json.loads(response.content).get("errors") or []
    return len(told) != 1 or not any(
        told[0]["pointer"] == pointer and words in told[0]["message"] for pointer, words in _BEYOND_SCHEMA
    )


class Tally:
    """What came of the requests. `failures`: a line each, none twice."""

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
        """Requests by phase, responses by status, checks by name, and the longest that a response took."""
        return {
            "requests": dict(self.requests),
            "statuses": dict(sorted(self._statuses.items())),
            "checks": dict(sorted(self._checks.items())),
            "slowest_s": round(self._slowest, 3),
        }

    def add(self, event: events.EngineEvent) -> None:
        """Take in an event of the run."""
        if isinstance(event, events.ScenarioFinished):
            self._add_scenario(event.phase.value, event.recorder)
        elif isinstance(event, events.PhaseFinished):
            if event.status is not engine.Status.SKIP:
                self._phases.add(event.phase.name.value)
        elif isinstance(event, events.NonFatalError):
            self._fail(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            self._fail(f"the run broke off: {event.exception!r}")
        elif isinstance(event, events.Interrupted):
            raise KeyboardInterrupt

    def conclude(self) -> None:
        """Note as failures what was never tested."""
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
            asked = f"{interaction.request.method} {interaction.request.uri}"
            if response is None:
                self._fail(f"{label}: no response: {asked}")
                continue
            self._statuses[str(response.status_code)] += 1
            self._slowest = max(self._slowest, response.elapsed)
            if is_success(response.status_code):
                self._missed.discard(label)
            if interaction.request.method != "HEAD":
                headers = {name: values[0] for name, values in response.headers.items()}
                for fault in faults(response.status_code, headers, response.content):
                    self._fail(f"{label}: {fault}: {asked}")
        for checks in recorder.checks.values():
            for check in checks:
                self._checks[check.name] += 1
                if check.failure_info is not None:
                    failure, sample = check.failure_info.failure, check.failure_info.code_sample
                    self._fail(f"{failure.operation}: {check.name}: {failure}: {sample}")

    def _fail(self, told: str) -> None:
        line = " ".join(told.split())
        self.failures[line if len(line) <= _SHOWN else line[:_SHOWN] + "…"] = None
