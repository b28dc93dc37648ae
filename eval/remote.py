"""A running service as the system under evaluation: the same questions, over HTTP."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from eval.dataset import Example
from eval.systems import Candidate, Place, Reply, UnreachableError
from indexer.records import Article, Metadata

_TRIES = 4
_LONGEST_WAIT_S = 10.0  # before a busy service is asked again
_BUSY = frozenset({429, 503})
_PAGE = 1_000


class RemoteSystem:
    """A service reached over HTTP. Its articles are fetched from it, because citations count in their texts.

    A key is given as the password in the address, `https://any:KEY@service.example`; no record and no error
    repeats it.
    """

    def __init__(
        self,
        url: str,
        *,
        top_k: int | None = None,
        min_confidence: float | None = None,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        address, self._auth = _without_key(url)
        self._url = address.rstrip("/")
        self._top_k = top_k
        self._min_confidence = min_confidence
        # `trust_env=False`: no proxy from the environment for a service that is named explicitly.
        self._client = client or httpx.Client(timeout=60, trust_env=False, follow_redirects=True)
        self._sleep = sleep

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Mode, address, generation and models, as far as the service reports them."""
        with self._as_quoth():
            reported = {
                name: fact for name, fact in self._ready.items() if name != "status" and fact is not None
            }
        asked = {} if self._top_k is None else {"settings": {"top_k": self._top_k}}
        return {"mode": "http", "url": self._url} | reported | asked | {"threshold": self.threshold}

    @cached_property
    def threshold(self) -> float:
        """Confidence below which an answer is withheld: the chosen one, or else the service's own."""
        if self._min_confidence is not None:
            return self._min_confidence
        with self._as_quoth():
            return float(self._ready["threshold"])

    @cached_property
    def articles(self) -> Sequence[Article]:
        """All articles, without their texts."""
        found: list[Article] = []
        while True:
            page = self._json("GET", f"/v1/articles?offset={len(found)}&limit={_PAGE}")
            with self._as_quoth():
                listed = page["articles"]
                found += [Article.create(str(one["id"]), "", Metadata()) for one in listed]
                if not listed or len(found) >= page["total"]:
                    return found

    def find_article(self, article_id: str) -> Article | None:
        """Return an article with its text, None if there is none."""
        return self._read(article_id)[0]

    def passages(self, article_id: str) -> list[Place]:
        """Return an article's passages in their order."""
        return self._read(article_id)[1]

    def ask(self, example: Example) -> Reply:
        """Put a question; nothing is withheld. The time is what the asker waits, the network included."""
        body: dict[str, Any] = {"question": example.question, "min_confidence": 0.0}
        if self._top_k is not None:
            body["top_k"] = self._top_k
        began = time.perf_counter()
        answer = self._json("POST", "/v1/answer", body)
        milliseconds = 1_000 * (time.perf_counter() - began)
        with self._as_quoth():
            candidate = None
            if answer["answer"] is not None:
                citation = answer["answer"]["citation"]
                article = citation["article_id"]
                candidate = Candidate(
                    citation["exact"],
                    Place(article, citation["start"], citation["end"]),
                    Place(article, citation["passage"]["start"], citation["passage"]["end"]),
                )
            read = tuple(Place(one["article_id"], one["start"], one["end"]) for one in answer["passages"])
            return Reply(candidate, float(answer["confidence"]), read, milliseconds)

    @cached_property
    def _ready(self) -> Any:  # noqa: ANN401 - any JSON
        return self._json("GET", "/readyz")

    @cache  # noqa: B019 - lives as long as the evaluation
    def _read(self, article_id: str) -> tuple[Article | None, list[Place]]:
        found = self._json("GET", f"/v1/articles/{quote(article_id)}", missing=True)
        if found is None:
            return None, []
        with self._as_quoth():
            passages = [Place(article_id, one["start"], one["end"]) for one in found["passages"]]
            return Article.create(article_id, found["text"], Metadata()), passages

    def _json(self, method: str, path: str, body: Any = None, *, missing: bool = False) -> Any:  # noqa: ANN401 - any JSON
        response = self._response(method, path, body)
        if missing and response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.is_error:
            raise UnreachableError(f"{self._url}{path} answered {response.status_code}: {_reason(response)}")
        with self._as_quoth():
            return response.json()

    def _response(self, method: str, path: str, body: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
        """Send a request; ask a busy service again after its Retry-After, `_LONGEST_WAIT_S` at most."""
        for left in reversed(range(_TRIES)):
            try:
                response = self._client.request(method, self._url + path, json=body, auth=self._auth)
            except httpx.ReadTimeout as error:
                raise UnreachableError(
                    f"{self._url}{path} gave no answer in time: ask when the service is less busy"
                ) from error
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise UnreachableError(
                    f"no service answers at {self._url} ({error}): start one with `quoth serve`, "
                    "or check the address"
                ) from error
            if response.status_code not in _BUSY or left == 0:
                break
            retry_after = response.headers.get("retry-after", "")
            self._sleep(min(float(retry_after) if retry_after.isdecimal() else 1.0, _LONGEST_WAIT_S))
        return response

    @contextlib.contextmanager
    def _as_quoth(self) -> Iterator[None]:
        """Turn a response of another shape than Quoth's into an UnreachableError."""
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnreachableError(
                f"what answers at {self._url} is not Quoth, or another version of it "
                f"({type(error).__name__}: {error})"
            ) from error


def _without_key(url: str) -> tuple[str, httpx.BasicAuth | None]:
    try:
        given = httpx.URL(url)
    except httpx.InvalidURL:
        return url, None  # reported by the first request
    if not given.userinfo:
        return url, None
    return str(given.copy_with(userinfo=b"")), httpx.BasicAuth(given.username, given.password)


def _reason(response: httpx.Response) -> str:
    """Why a service refused: the detail or title of its problem, else the status line."""
    try:
        problem = response.json()
        return str(problem.get("detail") or problem.get("title") or problem)
    except (AttributeError, ValueError):
        return response.reason_phrase or "no reason given"
