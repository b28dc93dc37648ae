from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from indexer.errors import DamagedGenerationError
from service.answering.answerer import Answerer
from service.web.operation.generations import RETRY_SECONDS, Reload, Reloader, Serving

NUMBERS = {"one": 1, "two": 2, "three": 3}


@dataclass
class FakeInfo:
    version: str
    generation: str = "gen"

    @property
    def number(self) -> int:
        return NUMBERS.get(self.version, 0)


@dataclass
class FakeIndex:
    info: FakeInfo


class FakeAnswerer:
    def __init__(self, version: str) -> None:
        self.index = FakeIndex(FakeInfo(version))
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def make(version: str) -> Any:
    return FakeAnswerer(version)


@dataclass
class FakeSource:
    named: str | None = "one"
    opens: list[Any] = field(default_factory=list)
    opened: int = 0

    def current(self) -> str | None:
        return self.named

    def open(self) -> Answerer:
        self.opened += 1
        found = self.opens.pop(0)
        if isinstance(found, Exception):
            raise found
        return cast("Answerer", found)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_keeps_its_generation_open() -> None:
    old, new = make("one"), make("two")
    serving = Serving(old)
    with serving.lease() as first:
        serving.replace(new)
        with serving.lease() as second:
            assert (first, second) == (old, new)
        assert old.closed == 0
    assert (old.closed, new.closed) == (1, 0)


def test_a_replaced_generation_without_leases_is_closed_at_once() -> None:
    old = make("one")
    serving = Serving(old)
    serving.replace(make("two"))
    assert old.closed == 1


def test_a_generation_is_closed_once_after_the_last_of_many_leases() -> None:
    """Threads lease and release while generations are swapped; each is closed once, and never in use."""
    made = [make(str(number)) for number in range(200)]
    serving = Serving(made[0])
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with serving.lease() as answerer:
                if cast("FakeAnswerer", answerer).closed:
                    wrong.append("leased a closed generation")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for answerer in made[1:]:
        serving.replace(answerer)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [cast("FakeAnswerer", answerer).closed for answerer in made] == [1] * 199 + [0]


def test_a_lease_ends_with_an_error_too() -> None:
    old = make("one")
    serving = Serving(old)
    with pytest.raises(ZeroDivisionError), serving.lease():
        raise ZeroDivisionError
    serving.replace(make("two"))
    assert old.closed == 1


def test_the_current_generation_is_opened_only_when_it_is_new() -> None:
    served, new = make("one"), make("two")
    serving, source = Serving(served), FakeSource(opens=[new])
    seen: list[Reload] = []
    reloader = Reloader(serving, source, on_check=seen.append)
    assert reloader.check() is Reload.UNCHANGED
    assert source.opened == 0
    source.named = "two"
    assert reloader.check() is Reload.SWAPPED
    assert reloader.check() is Reload.UNCHANGED
    assert (source.opened, served.closed) == (1, 1)
    assert seen == [Reload.UNCHANGED, Reload.SWAPPED, Reload.UNCHANGED]


def test_an_unreadable_pointer_changes_nothing() -> None:
    source = FakeSource(named=None)
    assert Reloader(Serving(make("one")), source).check() is Reload.UNCHANGED
    assert source.opened == 0


def test_a_generation_that_cannot_be_served_leaves_the_old_one_and_is_tried_again_later() -> None:
    served = make("one")
    serving, clock = Serving(served), Clock()
    source = FakeSource("two", [DamagedGenerationError("cut short"), make("two")])
    reloader = Reloader(serving, source, clock=clock)
    assert reloader.check() is Reload.REFUSED
    assert reloader.check() is Reload.UNCHANGED
    clock.now += RETRY_SECONDS - 1
    assert reloader.check() is Reload.UNCHANGED
    with serving.lease() as current:
        assert id(current) == id(served)
    clock.now += 1
    assert reloader.check() is Reload.SWAPPED
    assert (source.opened, served.closed) == (2, 1)


def test_a_different_generation_is_tried_at_once_after_a_refusal() -> None:
    source = FakeSource("two", [DamagedGenerationError("cut short"), make("three")])
    reloader = Reloader(Serving(make("one")), source, clock=Clock())
    assert reloader.check() is Reload.REFUSED
    source.named = "three"
    assert reloader.check() is Reload.SWAPPED


def test_falling_back_to_the_served_generation_is_a_refusal_and_closes_it_again() -> None:
    again = make("one")
    reloader = Reloader(Serving(make("one")), FakeSource("two", [again]), clock=Clock())
    assert reloader.check() is Reload.REFUSED
    assert again.closed == 1


def test_a_damaged_generation_never_makes_the_service_go_back() -> None:
    """The third is current and damaged; the first, the second or (repaired by then) the third is opened."""
    for found, expected in (("one", Reload.REFUSED), ("two", Reload.REFUSED), ("three", Reload.SWAPPED)):
        opened = make(found)
        serving = Serving(make("two"))
        assert Reloader(serving, FakeSource("three", [opened]), clock=Clock()).check() is expected
        assert opened.closed == (expected is Reload.REFUSED)


def test_a_valid_generation_before_a_damaged_one_is_served_and_the_damaged_one_tried_again() -> None:
    clock = Clock()
    source = FakeSource("three", [make("two"), make("three")])
    reloader = Reloader(Serving(make("one")), source, clock=clock)
    assert reloader.check() is Reload.SWAPPED
    assert reloader.check() is Reload.UNCHANGED
    clock.now += RETRY_SECONDS
    assert reloader.check() is Reload.SWAPPED


def test_after_any_error_the_old_generation_stays_and_checks_go_on() -> None:
    class Runtime(Exception):  # noqa: N818 - as other libraries name theirs
        pass

    source = FakeSource("two", [Runtime("odd"), make("three")])
    seen: list[Reload] = []
    reloader = Reloader(Serving(make("one")), source, on_check=seen.append)

    async def watch() -> None:
        watching = asyncio.create_task(reloader.watch(0.01))
        while Reload.REFUSED not in seen:
            await asyncio.sleep(0.005)
        source.named = "three"
        while Reload.SWAPPED not in seen:
            await asyncio.sleep(0.005)
        watching.cancel()

    asyncio.run(asyncio.wait_for(watch(), 20))


def test_without_a_source_nothing_changes() -> None:
    assert Reloader(Serving(make("one")), None).check() is Reload.UNCHANGED


@pytest.mark.models
def test_a_source_sees_each_publication_and_loads_its_models_once(
    tmp_path: Path, encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.baseline import load_baseline  # noqa: PLC0415
    from indexer.build import build  # noqa: PLC0415
    from indexer.corpus import Corpus  # noqa: PLC0415
    from service import loading  # noqa: PLC0415
    from service.settings import Settings  # noqa: PLC0415

    loads: list[str] = []

    def counted(name: str) -> Any:
        loads.append(name)
        return load_baseline(encoder)

    monkeypatch.setattr(loading, "load_reader", counted)
    monkeypatch.setattr(loading, "load_encoder", lambda _: encoder)
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "port.txt").write_text("The port has 3 cranes.", "utf-8")
    build(Corpus(articles), tmp_path / "index", encoder)
    source = loading.AnswererSource(Settings.of(index=tmp_path / "index"))
    serving = Serving(source.open())
    reloader = Reloader(serving, source)
    assert reloader.check() is Reload.UNCHANGED
    (articles / "port.txt").write_text("The port has 4 cranes.", "utf-8")
    build(Corpus(articles), tmp_path / "index", encoder)
    with serving.lease() as before:
        assert reloader.check() is Reload.SWAPPED
        given = before.answer("How many cranes has the port?", min_confidence=0)
        assert (given.generation, given.quotation and given.quotation.text) == (
            "gen-000001",
            "The port has 3 cranes.",
        )
    with serving.lease() as after:
        given = after.answer("How many cranes has the port?", min_confidence=0)
        assert (given.generation, given.quotation and given.quotation.text) == (
            "gen-000002",
            "The port has 4 cranes.",
        )
    assert loads == ["default"]
    (tmp_path / "index" / "CURRENT").write_bytes(b"")
    assert reloader.check() is Reload.UNCHANGED
