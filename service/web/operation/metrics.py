"""What the service counts and times, for Prometheus. No label takes its values from a request's content."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from service.answering.answers import Answer
from service.web.operation.admission import Admission
from service.web.operation.generations import Reload, Serving

# Seconds. An answer takes some 0.2 s on two cores; the longest wait is the queue's patience.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """One application's figures, in a registry of its own. Safe between threads."""

    def __init__(self, serving: Serving, admission: Admission) -> None:
        self._serving = serving
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "quoth_request_duration_seconds",
            "From a request's first line to the last byte of its response.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "quoth_stage_duration_seconds",
            "Time that a stage of answering took.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "quoth_answers", "Questions answered or abstained from.", ("outcome",), registry=self._registry
        )
        self._refusals = Counter(
            "quoth_refusals", "Requests refused, by why.", ("reason",), registry=self._registry
        )
        self._reloads = Counter(
            "quoth_reloads",
            "New generations that were swapped in or refused.",
            ("outcome",),
            registry=self._registry,
        )
        waiting = Gauge("quoth_queue_depth", "Questions that wait.", registry=self._registry)
        waiting.set_function(lambda: admission.waiting)
        running = Gauge("quoth_answering", "Questions that are being answered.", registry=self._registry)
        running.set_function(lambda: admission.running)
        self._generation = Gauge(
            "quoth_generation_info",
            "The generation that is served, and the models.",
            ("generation", "encoder", "reader"),
            registry=self._registry,
        )
        self._articles = Gauge("quoth_articles", "Articles that are served.", registry=self._registry)
        self._passages = Gauge("quoth_passages", "Passages that are served.", registry=self._registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route`: the path's template, never the path itself."""
        known = method if method in METHODS else OTHER
        self._requests.labels(known, route, str(status)).observe(seconds)
        reason = _REASONS.get(status)
        if reason is not None:
            self._refusals.labels(reason).inc()

    def answered(self, answer: Answer) -> None:
        """Count an answer and its stages."""
        self._answers.labels("abstained" if answer.quotation is None else "answered").inc()
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1_000)

    def reloaded(self, outcome: Reload) -> None:
        """Count a look at the index folder that came to something."""
        if outcome is not Reload.UNCHANGED:
            self._reloads.labels(outcome.value).inc()

    def exposition(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        with self._serving.lease() as answerer:
            info, models = answerer.index.info, answerer.models
        # One generation is served at a time, so one series tells which.
        self._generation.clear()
        self._generation.labels(info.generation, models["encoder"]["name"], models["reader"]["name"]).set(1)
        self._articles.set(info.articles)
        self._passages.set(info.passages)
        return generate_latest(self._registry)


_REASONS = {
    401: "no-key",
    403: "not-allowed",
    408: "too-slow",
    413: "too-large",
    421: "other-host",
    429: "rate",
    503: "overload",
}
