"""SIGKILL while the next generation is published: `python -m eval.reliability crashes`.

Half of the kills happen before each step of a publish in turn (`steps`: opening a file for writing, writing,
syncing, renaming, removing ...), half at a random moment, uniformly distributed over the duration of a
publish. With `--each-step` there is one kill at each step and none at random moments; this takes seconds.

After each kill, opening must yield the previous version or the one being published, intact; the latter, if
publishing had already returned. The next publish must succeed and leave no temporary files behind. Half of
the time, chosen at random, the next kill hits the result of that publish, otherwise what the last kill left,
so that the cleaning up is killed too.

A killed process loses nothing that it wrote; what a power cut may lose is tested by `replay`.
"""

from __future__ import annotations

import mmap
import os
import random
import shutil
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.children import Child, Send, call
from eval.reliability.steps import Step, watched

SWITCH = "replace .building-current"
"""The step that makes the new generation the one that serves."""
SWITCHED = ", after the switch"
"""Ends the labels of later steps, which may have the same name as earlier ones."""

_MEASURED = 5  # undisturbed publishes, to measure how long one takes
_MAX_STEPS = 500


def campaign(kills: int, seed: int, folder: Path | None = None) -> Outcome:
    """Kill `kills` publishing processes and return the outcome; `folder` as of `specimen.workplace`."""
    began = time.perf_counter()
    with specimen.workplace(folder) as work:
        killing = _Killing(work, random.Random(seed))
        killing.prepare()
        # A publish that finishes before its kill does not count.
        attempts = 3 * kills + 20
        while sum(killing.kills.values()) < kills and attempts:
            killing.trial()
            attempts -= 1
        killed = sum(killing.kills.values())
        if killed < kills:
            killing.failures.append(f"only {killed} of {kills} kills happened during a publish")
        figures = killing.figures | {"seed": seed}
    return Outcome("crashes", killed, tuple(killing.failures), figures, time.perf_counter() - began)


def each_step_campaign(seed: int, folder: Path | None = None) -> Outcome:
    """Kill one publishing process at each step, until a publish has no step left without a kill."""
    began = time.perf_counter()
    with specimen.workplace(folder) as work:
        killing = _Killing(work, random.Random(seed))
        killing.prepare(publishes=2)  # so that the next one removes a generation
        attempts = _MAX_STEPS
        while killing.new_step_trial() and attempts:
            attempts -= 1
        if not attempts:
            killing.failures.append(f"after {_MAX_STEPS} kills a publish still has new steps")
        killed = sum(killing.kills.values())
        figures = killing.figures | {"seed": seed}
    return Outcome("crashes", killed, tuple(killing.failures), figures, time.perf_counter() - began)


class _Killing:
    """An index folder whose writers are killed; `kills` counts the kills by the last step begun.

    `_version` is the version that the index serves, `_attempt` the latest that a process tried to publish.
    """

    def __init__(self, work: Path, generator: random.Random) -> None:
        self._root, self._spare = work / "one" / "index", work / "other" / "index"
        self._generator = generator
        self._page = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child, and outlives it: its last step
        self._turn = 0
        self._by_step = False
        self._seconds = 0.0
        self._version = self._attempt = 0
        self._returned = False  # whether the last publish had returned
        self._seen: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.failures: list[str] = []

    @property
    def figures(self) -> dict[str, Any]:
        """The counts, and the duration of a publish."""
        names = ("at a step", "at a moment", "old", "new", "finished first")
        return {
            **{name: self._seen[name] for name in names},
            "publish, ms": round(1_000 * self._seconds, 1),
            "kills": dict(sorted(self.kills.items())),
        }

    def prepare(self, publishes: int = 1 + _MEASURED) -> None:
        """Publish undisturbed, at least twice, and measure how long a publish takes."""
        seconds = []
        for _ in range(publishes):
            self._attempt += 1
            child = Child(lambda send: self._publish(send, _never))
            child.receive()
            began = time.perf_counter()
            child.receive()
            seconds.append(time.perf_counter() - began)
            child.wait()
        self._seconds = statistics.median(seconds[1:])
        self._version = self._attempt

    def trial(self) -> None:
        """Kill one publish and check what it left."""
        self._attempt += 1
        self._by_step = not self._by_step
        killed = self._kill_at_step() if self._by_step else self._kill_at_moment()
        self._examine(killed)

    def new_step_trial(self) -> bool:
        """Kill a publish at its first step without a kill so far; return False if it had none."""
        self._attempt += 1
        killed = self._kill_when(lambda _, step: step not in self.kills)
        self._examine(killed)
        return killed

    def _kill_at_step(self) -> bool:
        self._turn += 1
        turn = self._turn
        killed = self._kill_when(lambda number, _: number == turn)
        if not killed:  # there are no more steps: start again with the first
            self._turn = 0
        return killed

    def _kill_when(self, condition: Callable[[int, str], bool]) -> bool:
        child = Child(lambda send: self._publish(send, condition))
        child.receive()
        return self._count("at a step", self._end(child))

    def _kill_at_moment(self) -> bool:
        moment = self._generator.uniform(0, self._seconds)
        child = Child(lambda send: self._publish(send, _never))
        child.receive()
        time.sleep(moment)
        child.kill()
        return self._count("at a moment", self._end(child))

    def _end(self, child: Child) -> int:
        try:
            message = child.receive()
        except TimeoutError:
            child.kill()
            message = {"raised": "it hangs"}
        self._returned = message is not None and "raised" not in message
        if message is not None and "raised" in message:
            self.failures.append(f"version {self._attempt}: {message['raised']}")
        return child.wait()

    def _count(self, how: str, status: int) -> bool:
        killed = status == -signal.SIGKILL
        self._seen[how if killed else "finished first"] += 1
        if killed:
            self.kills[self._last_step()] += 1
        elif status != 0:
            self.failures.append(f"version {self._attempt}: a publish ended with status {status}")
        return killed

    def _publish(self, send: Send, condition: Callable[[int, str], bool]) -> None:
        """In a child: publish, and die before the first step whose number and label fit `condition`."""
        number, switched = 0, False

        def before(now: Step) -> None:
            nonlocal number, switched
            number += 1
            label = f"{now.label}{SWITCHED}" if switched else now.label
            switched = switched or now.label == SWITCH
            data = label.encode("utf-8")[:1_000]
            self._page[:4] = len(data).to_bytes(4, "little")
            self._page[4 : 4 + len(data)] = data
            if condition(number, label):
                os.kill(os.getpid(), signal.SIGKILL)

        self._page[:4] = bytes(4)
        send("begun")
        with watched(before):
            specimen.publish(self._root, self._attempt)
        send({"done": True})

    def _last_step(self) -> str:
        length = int.from_bytes(self._page[:4], "little")
        return self._page[4 : 4 + length].decode("utf-8") or "before the first"

    def _examine(self, killed: bool) -> None:
        where = f"version {self._attempt}, killed at {self._last_step()}" if killed else "not killed"
        allowed = (self._attempt,) if self._returned else (self._version, self._attempt)
        self._attempt += 1
        found = call(self._look)
        if "raised" in found:
            self.failures.append(f"{where}: {found['raised']}")
            self._start_over()
            return
        if found["version"] not in allowed:
            self.failures.append(f"{where}: version {found['version']} is served, not one of {allowed}")
        if killed:
            self._seen["old" if found["version"] == self._version else "new"] += 1
        self._version = found["version"]
        if self._generator.random() < 0.5:  # noqa: PLR2004 - half of them, at random
            self._root, self._spare = self._spare, self._root
            self._version = self._attempt
        shutil.rmtree(self._spare)

    def _look(self, send: Send) -> None:
        """In a child: open what the kill left, then check that the next publish succeeds on a copy of it."""
        version = specimen.read(self._root)
        shutil.copytree(self._root, self._spare)
        specimen.publish(self._spare, self._attempt)
        after = specimen.read(self._spare)
        if after != self._attempt:
            raise specimen.NotWholeError(f"the next publish left version {after} serving")
        if left := specimen.leftovers(self._spare):
            raise specimen.NotWholeError(f"the next publish left {', '.join(left)} behind")
        send({"version": version})

    def _start_over(self) -> None:
        for folder in (self._root, self._spare):
            shutil.rmtree(folder, ignore_errors=True)
        Child(lambda _: specimen.publish(self._root, self._attempt)).wait()
        self._version = self._attempt


def _never(number: int, step: str) -> bool:  # noqa: ARG001 - as the other conditions
    return False
