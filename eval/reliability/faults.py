"""The disk refuses while the next generation is published: `python -m eval.reliability faults`.

Each step of a publish (`steps`) in turn fails with each of the errors that a disk gives, once in a way that
passes and once so that from then on nothing can be written, though still removed. Publishing must say so
with a PublishError, or work in spite of it where the step was only to tidy up; the old version or the new
one must serve, whole, with nothing half made beside it that could be served; and once the disk works again
the next publish must work and leave nothing lying about. Unlocking alone never fails: it asks no disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eval.reliability import specimen
from eval.reliability.campaign import Outcome
from eval.reliability.steps import Step, watched
from indexer.engines.faiss.storage import Layout, current_number
from indexer.errors import PublishError, WriterLockedError

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE)
"""No room, a quota, a broken disk, a read-only one, no permission, too many open files."""

_REMOVING = {"unlink", "remove", "rmdir"}
_UNLOCKING = "unlock"
_OLD, _NEW, _NEXT = 2, 3, 4


def campaign(folder: Path | None = None, errors: Sequence[int] = ERRORS) -> Outcome:
    """Let every step fail in every way and return what was left wrong; `errors` are errno's numbers."""
    began = time.perf_counter()
    seen: Counter[str] = Counter()
    failures: list[str] = []
    with specimen.workplace(folder) as work:
        for version in (1, _OLD):
            specimen.publish(work / "sound", version)
        for number in errors:
            for lasting in (False, True):
                failing = _Failing(work, number, lasting=lasting)
                while failing.at_next_step():
                    pass
                seen += failing.seen
                failures += failing.failures
    trials = seen["old"] + seen["new"]
    return Outcome("faults", trials, tuple(failures), dict(seen), time.perf_counter() - began)


class _Failing:
    """A disk that gives one error, from a step on that moves ahead by one each time."""

    def __init__(self, work: Path, number: int, *, lasting: bool) -> None:
        self._sound, self._root = work / "sound", work / "index"
        self._number = number
        self._lasting = lasting
        self._step = 0
        self._failed_at: str | None = None
        self.seen: Counter[str] = Counter()
        self.failures: list[str] = []

    def at_next_step(self) -> bool:
        """Publish with the failure one step later than the last time; False if there was no such step."""
        shutil.rmtree(self._root, ignore_errors=True)
        shutil.copytree(self._sound, self._root)
        self._step += 1
        self._failed_at = None
        taken = 0

        def before(step: Step) -> None:
            nonlocal taken
            if step.call == _UNLOCKING:
                return
            taken += 1
            if taken < self._step or (taken > self._step and not self._lasting):
                return
            if taken == self._step:
                self._failed_at = step.label
            elif step.call in _REMOVING:
                return
            raise OSError(self._number, os.strerror(self._number), str(step.file))

        told = True
        with watched(before):
            try:
                specimen.publish(self._root, _NEW)
                told = False
            except (PublishError, WriterLockedError):
                pass  # a lock that is denied may be held: no system tells the two apart
            except Exception as error:
                self._note(f"{error!r} instead of a PublishError")
        if self._failed_at is not None:
            self._examine(told=told)
        return self._failed_at is not None

    def _examine(self, *, told: bool) -> None:
        try:
            version = specimen.read(self._root)
            self.seen["new" if version == _NEW else "old"] += 1
            self.seen["told"] += told
            if not told and version != _NEW:
                self._note(f"version {version} serves, and nobody was told")
            self._check_generations(version)
            specimen.publish(self._root, _NEXT)
            if (after := specimen.read(self._root)) != _NEXT:
                self._note(f"the next publish left version {after} serving")
            if left := specimen.litter(self._root):
                self._note(f"the next publish left {', '.join(left)} lying about")
        except Exception as error:
            self._note(f"{type(error).__name__}: {error}")

    def _check_generations(self, version: int) -> None:
        """A generation that was not published may stay only where the disk lets nothing be renamed."""
        layout = Layout(self._root)
        current = current_number(layout)
        if current != version:  # each version is the generation of the same number here
            self._note(f"CURRENT names {current} where version {version} serves")
        above = [number for number in layout.numbers() if current is None or number > current]
        if above and not self._lasting:
            self._note(f"{layout.generation(above[0]).name} stays unpublished")

    def _note(self, failure: str) -> None:
        how = "from then on" if self._lasting else "once"
        self.failures.append(f"{os.strerror(self._number)} {how}, at {self._failed_at}: {failure}")
