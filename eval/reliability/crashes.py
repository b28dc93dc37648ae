"""SIGKILL while the next generation is published: `python -m eval.reliability crashes`.

Half of the kills fall before each step of a publish in turn (`steps`: a file opened for writing, written
to, synced, renamed, removed ...), half at a random moment, spread evenly over the time that a publish
takes. After each, opening yields the version before or the one that was being published, whole, and the
next publish works and leaves nothing lying about. Every other time, drawn by chance, the next victim starts
from what that publish made, else from what the kill left, so that what clears up is killed too.

A killed process loses nothing it wrote; what a power cut may lose is `replay`'s part.
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
from pathlib import Path
from typing import Any

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.children import PATIENCE, Child, Send, ask
from eval.reliability.steps import Step, watched

_MEASURED = 5  # publishes that tell how long one takes


def campaign(kills: int, seed: int, folder: Path | None = None) -> Outcome:
    """Kill `kills` publishing processes and return what was left; `folder`: where, in memory by default."""
    began = time.perf_counter()
    with specimen.workplace(folder) as work:
        killing = _Killing(work, random.Random(seed))
        killing.prepare()
        # A publish that is done before its time has come is no kill.
        attempts = 3 * kills + 20
        while sum(killing.kills.values()) < kills and attempts:
            killing.trial()
            attempts -= 1
        killed = sum(killing.kills.values())
        if killed < kills:
            killing.failures.append(f"only {killed} of {kills} kills fell within a publish")
        figures = killing.figures | {"seed": seed}
    return Outcome("crashes", killed, tuple(killing.failures), figures, time.perf_counter() - began)


class _Killing:
    """An index folder under attack.

    `kills` counts them by the last step begun. `version` is what the index serves, `attempt` the latest
    version that a process tried to publish.
    """

    def __init__(self, work: Path, generator: random.Random) -> None:
        self._root, self._spare = work / "one" / "index", work / "other" / "index"
        self._generator = generator
        self._page = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child, and outlives it
        self._turn = 0
        self._by_step = False
        self._seconds = 0.0
        self._version = self._attempt = 0
        self._seen: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.failures: list[str] = []

    @property
    def figures(self) -> dict[str, Any]:
        """What was counted, and how long a publish takes."""
        return {
            **{name: self._seen[name] for name in ("at a step", "at a moment", "old", "new", "done before")},
            "publish, ms": round(1_000 * self._seconds, 1),
            "kills": dict(sorted(self.kills.items())),
        }

    def prepare(self) -> None:
        """Publish undisturbed, for something to lose and to see how long it takes."""
        took = []
        for _ in range(1 + _MEASURED):
            self._attempt += 1
            child = Child(lambda send: self._publish(send, step=None))
            child.receive()
            began = time.perf_counter()
            child.receive()
            took.append(time.perf_counter() - began)
            child.wait()
        self._seconds = statistics.median(took[1:])
        self._version = self._attempt

    def trial(self) -> None:
        """Kill one publish and look at what it left."""
        self._attempt += 1
        self._by_step = not self._by_step
        killed = self._kill_at_step() if self._by_step else self._kill_at_moment()
        self._examine(killed)

    def _kill_at_step(self) -> bool:
        self._turn += 1
        turn = self._turn
        child = Child(lambda send: self._publish(send, step=turn))
        child.receive()
        status = self._end(child)
        if status == 0:  # there are no more steps: begin again with the first
            self._turn = 0
        return self._count("at a step", status)

    def _kill_at_moment(self) -> bool:
        moment = self._generator.uniform(0, self._seconds)
        child = Child(lambda send: self._publish(send, step=None))
        child.receive()
        time.sleep(moment)
        child.kill()
        return self._count("at a moment", child.wait())

    def _end(self, child: Child) -> int:
        try:
            told = child.receive(PATIENCE)
        except TimeoutError:
            child.kill()
            told = {"raised": "it hangs"}
        if told is not None:
            self.failures.extend([f"version {self._attempt}: {told['raised']}"] if "raised" in told else [])
        return child.wait()

    def _count(self, how: str, status: int) -> bool:
        killed = status == -signal.SIGKILL
        self._seen[how if killed else "done before"] += 1
        if killed:
            self.kills[self._last_step()] += 1
        elif status != 0:
            self.failures.append(f"version {self._attempt}: a publish ended with status {status}")
        return killed

    def _publish(self, send: Send, step: int | None) -> None:
        """In a child: publish, and die before the step if one is given."""
        taken = 0

        def before(now: Step) -> None:
            nonlocal taken
            taken += 1
            label = now.label.encode("utf-8")[:1_000]
            self._page[:4] = len(label).to_bytes(4, "little")
            self._page[4 : 4 + len(label)] = label
            if taken == step:
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
        allowed = (self._version, self._attempt) if killed else (self._attempt,)
        self._attempt += 1
        told = ask(self._look)
        if "raised" in told:
            self.failures.append(f"{where}: {told['raised']}")
            self._start_anew()
            return
        if told["version"] not in allowed:
            self.failures.append(f"{where}: version {told['version']} is served, not one of {allowed}")
        if killed:
            self._seen["old" if told["version"] == allowed[0] else "new"] += 1
        self._version = told["version"]
        if self._generator.random() < 0.5:  # noqa: PLR2004 - every other one, by chance
            self._root, self._spare = self._spare, self._root
            self._version = self._attempt
        shutil.rmtree(self._spare)

    def _look(self, send: Send) -> None:
        """In a child: open what a kill left, then see that the next publish works on a copy of it."""
        version = specimen.read(self._root)
        shutil.copytree(self._root, self._spare)
        specimen.publish(self._spare, self._attempt)
        after = specimen.read(self._spare)
        if after != self._attempt:
            raise specimen.NotWholeError(f"the next publish left version {after} serving")
        if left := specimen.litter(self._spare):
            raise specimen.NotWholeError(f"the next publish left {', '.join(left)} lying about")
        send({"version": version})

    def _start_anew(self) -> None:
        for place in (self._root, self._spare):
            shutil.rmtree(place, ignore_errors=True)
        Child(lambda _: specimen.publish(self._root, self._attempt)).wait()
        self._version = self._attempt
