"""Shared fixtures of the evaluation's tests: results and runs made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from eval.dataset import Example, GoldSpan
from eval.runs import Result, Run
from eval.systems import Candidate, Place, Reply

MakeResult = Callable[..., Result]
MakeRun = Callable[..., Run]


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for PyTorch: with models as small as the tests', a second thread only costs time."""
    import torch  # noqa: PLC0415 - most of these tests do without it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_result() -> MakeResult:
    """A question with its result; by default "Oslo" in article a.txt is right, given, and in passage 1."""

    def make(
        key: str = "1",
        *,
        gold: Iterable[str] = ("Oslo",),
        said: str | None = "Oslo",
        confidence: float = 0.9,
        given: bool = True,
        cited: str = "a.txt",
        rank: int | None = 1,
        relevant: int = 1,
        question: str = "Which town?",
        milliseconds: float = 10.0,
    ) -> Result:
        # Answers are at 0, 100, 200, ...; a candidate with other words is at 50 and overlaps none.
        answers = tuple(
            GoldSpan("a.txt", 100 * number, 100 * number + len(words), words)
            for number, words in enumerate(gold)
        )
        places = {one.text: one.start for one in answers}
        start = places.get(said or "", 50)
        candidate = None
        if said is not None:
            candidate = Candidate(said, Place(cited, start, start + len(said)), Place(cited, 0, 1_000))
        read = [Place("z.txt", 1_000 * number, 1_000 * number + 9) for number in range(8)]
        if rank is not None:
            read[rank - 1] = Place("a.txt", 0, 1_000)
        return Result(
            Example(key, question, "which", "test", answers),
            Reply(candidate, confidence if candidate else 0.0, (*read,), milliseconds),
            given and candidate is not None,
            relevant if answers else 0,
        )

    return make


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """A run over results."""

    def make(*results: Result, seed: int = 0, complete: bool = True, **system: Any) -> Run:
        return Run(
            {"name": "set.jsonl", "sha256": "ab" * 32, "split": "all", "of": len(results)},
            {"mode": "open", "threshold": 0.5, "reader": {"name": "made up", "sha256": "cd" * 32}, **system},
            {"created": "2024-05-01T12:00:00+00:00", "commit": None, "libraries": {}, "hardware": {}},
            seed,
            complete,
            results,
        )

    return make
