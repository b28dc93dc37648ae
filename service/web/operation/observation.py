"""Logs and counts each request, without what was asked."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.answering.answers import Answer
from service.web.operation.logs import FIELDS
from service.web.operation.metrics import METHODS, OTHER, Metrics

log = logging.getLogger(__name__)

ANSWERS = "quoth.answers"
"""Where in an ASGI scope the request's answers are stored, for the log and the metrics."""

# Monitoring requests these every few seconds; they are logged only when they fail.
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
UNMATCHED = "unmatched"


class ObservationMiddleware:
    """Times each request, and logs and counts it when it ends.

    The log has the request's id, method, route (the path's template: the path and the query may hold a
    question or an article's name), status, seconds, bytes sent, the key's name, and how many of the answers
    in `scope[ANSWERS]` are abstentions. `questions`: log the questions too.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, questions: bool = False) -> None:
        self._app = app
        self._metrics = metrics
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status, sent = 500, 0  # an unexpected error becomes a 500 further out
        answers: list[Answer] = []
        scope[ANSWERS] = answers

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._metrics.request(scope["method"], route, status, seconds)
            for answer in answers:
                self._metrics.answered(answer)
            if status >= HTTPStatus.BAD_REQUEST or route not in _QUIET:
                fields = {
                    "request_id": scope.get("quoth.request_id"),
                    # A client may send any token as the method.
                    "method": scope["method"] if scope["method"] in METHODS else OTHER,
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 4),
                    "bytes": sent,
                }
                # A refusal under load is no failure.
                failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
                level = logging.ERROR if failed and status != HTTPStatus.SERVICE_UNAVAILABLE else logging.INFO
                log.log(level, "request", extra={FIELDS: {**fields, **self._outcome(scope, answers)}})

    def _outcome(self, scope: Scope, answers: list[Answer]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if (key := scope.get("quoth.key")) is not None:
            fields["key"] = key.name
        if answers:
            fields["generation"] = answers[0].generation
            fields["questions"] = len(answers)
            fields["abstained"] = sum(answer.quotation is None for answer in answers)
            if self._questions:
                fields["asked"] = [answer.question for answer in answers]
        return fields
