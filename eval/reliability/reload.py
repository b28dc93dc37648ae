"""New generations published while questions are answered: no request may fail or mix generations.

One article states the number of its edition. It is published repeatedly, by another process than the service,
while questions about it and other articles arrive at a fixed rate. The promise: no request fails; every
answer is from the one generation that it names, in its quotation and in the passages it shows; and the 99th
percentile of the latency is at most `SLOWER` times that without publishing.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx

from eval.benchmark.load import Sample, Send, arrivals, asking, connect, offer, percentile, saturate
from eval.benchmark.serving import serving
from eval.reliability.campaign import Outcome
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.encoders.loading import load_encoder
from service.demo import seeds_folder

SLOWER = 2.0
SHARE = 0.5
"""The load, as a share of the peak throughput."""

QUESTIONS = (
    "How many cranes has the harbour of Aldport?",
    "Which edition of the harbour's register is this?",
    "Who is the chief executive of BUCIC?",
    "When was CPEC launched?",
)
_ARTICLE = "harbour.txt"
_CLIENTS = 4
_RELOAD_S = 0.2


def edition(number: int) -> str:
    """Return the text of an edition of the article."""
    return (
        f"This is edition {number} of the register of the harbour of Aldport.\n\n"
        f"In edition {number} the harbour of Aldport has {number} cranes.\n"
    )


def campaign(publications: int, pause: float, seconds: float, seed: int, reader: str = "default") -> Outcome:
    """Publish `publications` generations under load, `pause` seconds apart, and check every answer.

    `seconds`: the length of the load without publishing, for comparison.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        publisher = _Publisher(folder, load_encoder())
        publisher.publish()
        settings = {"reload_seconds": str(_RELOAD_S), "reader": reader}
        work = partial(_publish, publisher.publish, publications, pause)
        with serving(publisher.index, folder / "log", settings) as served:
            steady, busy = asyncio.run(_ask(served.url, work, seconds, seed))
        texts = publisher.texts
    failures = [f"steady: {fault}" for sample in steady if (fault := check(sample, texts))]
    failures += [f"publishing: {fault}" for sample in busy if (fault := check(sample, texts))]
    served_generations = {sample.body["generation"] for sample in busy if sample.status == httpx.codes.OK}
    steady_p99 = percentile([sample.seconds for sample in steady], 99)
    busy_p99 = percentile([sample.seconds for sample in busy], 99)
    if steady_p99 is not None and busy_p99 is not None and busy_p99 > SLOWER * steady_p99:
        failures.append(f"the 99th percentile was {busy_p99 / steady_p99:.1f} times that without publishing")
    figures = {
        "seed": seed,
        "publications": publications,
        "generations_that_answered": len(served_generations),
        "requests": len(busy),
        "steady_requests": len(steady),
        "failed": sum(sample.status != httpx.codes.OK for sample in busy),
        "steady_p50_ms": _round(percentile([sample.seconds for sample in steady], 50)),
        "steady_p99_ms": _round(steady_p99),
        "p50_ms": _round(percentile([sample.seconds for sample in busy], 50)),
        "p99_ms": _round(busy_p99),
    }
    return Outcome("reload", len(busy), tuple(failures), figures, time.perf_counter() - began)


def check(sample: Sample, texts: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the fault of a response, None if there is none. `texts`: generation -> article -> text."""
    if sample.status != httpx.codes.OK:
        return f"status {sample.status}"
    generation = sample.body["generation"]
    articles = texts.get(generation)
    if articles is None:
        return f"{generation} was never published"
    quoted = [
        (read["article_id"], read["start"], read["end"], read["text"]) for read in sample.body["passages"]
    ]
    for one in (sample.body["answer"], *sample.body["alternatives"]):
        if one is not None:
            cited = one["citation"]
            if cited["sha256"] != _sha256(articles.get(cited["article_id"], "")):
                return f"an answer of {generation} cites another text of {cited['article_id']}"
            quoted.append((cited["article_id"], cited["start"], cited["end"], one["text"]))
    for article_id, start, end, text in quoted:
        if articles.get(article_id, "")[start:end] != text:
            return f"an answer of {generation} shows words that are not in its {article_id}"
    return None


class _Publisher:
    """Publishes the articles; `texts` holds the articles' texts of each generation."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self.index = folder / "index"
        self.texts: dict[str, dict[str, str]] = {}
        self._folder = folder / "articles"
        self._folder.mkdir()
        self._encoder = encoder
        self._number = 0
        for seed in seeds_folder().iterdir():
            if seed.is_file():
                (self._folder / seed.name).write_bytes(seed.read_bytes())

    def publish(self) -> None:
        """Publish the next edition."""
        self._number += 1
        (self._folder / _ARTICLE).write_text(edition(self._number), "utf-8")
        report = build(Corpus(self._folder), self.index, self._encoder)
        articles = Corpus(self._folder).articles(lambda _: None)
        self.texts[report.generation] = {article.id: article.text for article in articles}


async def _ask(
    url: str, work: Callable[[], None], seconds: float, seed: int
) -> tuple[list[Sample], list[Sample]]:
    async with connect(url) as client:
        send = asking(client, QUESTIONS)
        await saturate(send, _CLIENTS, seconds / 8)
        rate = SHARE * len(await saturate(send, _CLIENTS, seconds / 4)) / (seconds / 4)
        steady = await offer(send, arrivals(rate, seconds, seed))
        busy = await _offer_until(send, rate, seed, asyncio.to_thread(work))
        # Wait until the last generation is served, and ask it.
        await asyncio.sleep(2 * _RELOAD_S + 1)
        busy += [await send(number) for number in range(len(QUESTIONS))]
    return steady, busy


async def _offer_until(send: Send, rate: float, seed: int, work: Any) -> list[Sample]:  # noqa: ANN401 - a coroutine
    """Offer questions in rounds of five seconds until some work is done."""
    working = asyncio.create_task(work)
    samples: list[Sample] = []
    while not working.done():
        seed += 1
        samples += await offer(send, arrivals(rate, 5.0, seed))
    await working
    return samples


def _publish(publish: Callable[[], None], publications: int, pause: float) -> None:
    for _ in range(publications):
        time.sleep(pause)
        publish()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _round(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)
