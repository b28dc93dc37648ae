"""Counts and timings for Prometheus. No label value comes from a request's content."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from service.answering.answers import Answer
from service.web.operation.admission import Admission
from service.web.operation.generations import Reload, Serving

# Seconds. An answer takes about 0.2 s on two cores; the longest wait is the queue timeout.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The metrics of one application, in a registry of its own. Safe between threads."""

    def __init__(self, serving: Serving, admission: Admission) -> None:
        self._serving = serving
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "quoth_request_duration_seconds",
            "Time from a request's first line to the last byte of its response.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "quoth_stage_duration_seconds",
            "Time of a stage of answering.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "quoth_answers",
            "Questions, by whether they were answered.",
            ("outcome",),
            registry=self._registry,
        )
        self._refusals = Counter(
            "quoth_refusals", "Requests refused, by reason.", ("reason",), registry=self._registry
        )
        self._reloads = Counter(
            "quoth_reloads",
            "New generations, by whether they were swapped in or refused.",
            ("outcome",),
            registry=self._registry,
        )
        waiting = Gauge("quoth_queue_depth", "Questions in the queue.", registry=self._registry)
        waiting.set_function(lambda: admission.waiting)
        running = Gauge("quoth_answering", "Questions being answered.", registry=self._registry)
        running.set_function(lambda: admission.running)
        self._generation = Gauge(
            "quoth_generation_info",
            "The served generation and the models, as labels.",
            ("generation", "encoder", "reader"),
            registry=self._registry,
        )
        self._articles = Gauge(
            "quoth_articles", "Articles in the served generation.", registry=self._registry
        )
        self._passages = Gauge(
            "quoth_passages", "Passages in the served generation.", registry=self._registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route`: the path's template, never the path itself. `seconds`: its duration."""
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
        """Count a check that found a new generation."""
        if outcome is not Reload.UNCHANGED:
            self._reloads.labels(outcome.value).inc()

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        with self._serving.lease() as answerer:
            info, models = answerer.index.info, answerer.models
        # One generation is served at a time, so there is one series.
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
